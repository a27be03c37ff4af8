package stream

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// TestOneReadAtATime: a second one, and Close, are refused at once, and the
// first goes on.
func TestOneReadAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(&fakeShard{id: "s"})
		f.put(f.shards[0], "1", "2", "3")
		m := newMemory()
		o := quiet(drain)
		o.Checkpoints = m.grip()
		r := mustOpen(t, f, o)
		n := 0
		for e, err := range r.Events(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			other := new(collector)
			if err := r.Run(t.Context(), other.handle); err == nil || !strings.Contains(err.Error(), "reading already") {
				t.Errorf("Run beside a loop = %v, want a refusal", err)
			}
			if err := r.RunPages(t.Context(), nil); err == nil {
				t.Error("RunPages beside a loop = nil, want a refusal")
			}
			if _, err := read(t, r); err == nil {
				t.Error("Events beside a loop: want a refusal")
			}
			if err := r.Close(); err == nil || !strings.Contains(err.Error(), "under way") {
				t.Errorf("Close beside a loop = %v, want a refusal", err)
			}
			check(t, "time it took", time.Since(began), time.Duration(0))
			check(t, "events of the second read", len(other.got), 0)
			n++
			_ = e
		}
		check(t, "events", n, 3)
		check(t, "Close", r.Close(), nil)
		check(t, "Close again", r.Close(), nil)
		check(t, "checkpoint", m.saved()["s"], f21(3))
	})
}

// TestAFrozenCallIsRepeated: a process that slept through its call's time has
// learned nothing of the server.
func TestAFrozenCallIsRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(&fakeShard{id: "s"})
		n := 0
		f.onCall = func(ctx context.Context, operation, _ string) error {
			if operation != "GetRecords" {
				return nil
			}
			if n++; n == 3 {
				time.Sleep(10 * time.Minute) // nobody heeds ctx meanwhile
				return ctx.Err()
			}
			return nil
		}
		time.AfterFunc(5*time.Minute, func() { f.put(f.shards[0], "1") })
		o := quiet(drain)
		o.Idle = 2 * time.Minute
		check(t, "events", mustRead(t, mustOpen(t, f, o)), []string{"s/1"})
	})
}

// TestASlowLink: a page that takes 20 seconds is read.
func TestASlowLink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(&fakeShard{id: "s"})
		f.recordsAPage = 1
		f.put(f.shards[0], "1", "2", "3")
		f.onCall = func(ctx context.Context, operation, _ string) error {
			if operation == "GetRecords" {
				return sleep(ctx, 20*time.Second)
			}
			return nil
		}
		o := quiet(drain)
		o.Idle = time.Minute
		check(t, "events", mustRead(t, mustOpen(t, f, o)), []string{"s/1", "s/2", "s/3"})
	})
}

// TestOpenSaysWhatItWaitedFor when its context ends.
func TestOpenSaysWhatItWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := &types.ProvisionedThroughputExceededException{}
		for what, api := range map[string]struct {
			faults map[string][]error
			table  error
			want   error
		}{
			"the stream":      {map[string][]error{"DescribeStream": several(throttleError, 1000)}, nil, throttleError},
			"the checkpoints": {nil, slow, slow},
		} {
			f := newFakeStream(&fakeShard{id: "s"})
			f.faults = map[string][]error{}
			for operation, errs := range api.faults {
				f.faults[operation] = errs
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			_, err := Open(ctx, f, arn, quiet(Options{Checkpoints: TableCheckpoints(&throttledTable{fails: api.table}, "places", "r")}))
			if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, api.want) {
				t.Errorf("Open, waiting for %s, = %v, want both the deadline and %v", what, err, api.want)
			}
		}
	})
}

func several(err error, n int) []error {
	errs := make([]error, n)
	for i := range errs {
		errs[i] = err
	}
	return errs
}

// TestStatsAtTheEnd: nothing is at work any more, and why is told.
func TestStatsAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(&fakeShard{id: "s"})
		f.put(f.shards[0], "1")
		r := mustOpen(t, f, quiet(drain))
		check(t, "before", []any{r.Stats().Reading, r.Stats().Err, r.Stats().Shards[0].State}, []any{false, error(nil), Stopped})
		failing := errors.New("no")
		err := r.Run(t.Context(), func(context.Context, Event) error {
			check(t, "under way", []any{r.Stats().Reading, r.Stats().Shards[0].State}, []any{true, Handling})
			return failing
		})
		time.Sleep(time.Hour)
		s := r.Stats()
		check(t, "after", []any{s.Reading, s.Shards[0].State}, []any{false, Stopped})
		if !errors.Is(s.Err, failing) || !errors.Is(err, failing) {
			t.Errorf("Stats.Err = %v after Run = %v", s.Err, err)
		}
		mustRead(t, r)
		check(t, "Err after Idle", r.Stats().Err, nil)
	})
}

// TestTotalsNeverFall, also when a shard is no longer listed.
func TestTotalsNeverFall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &fakeShard{id: "p"}
		f := newFakeStream(p)
		f.retains = true
		f.put(p, "1", "2", "3")
		r := mustOpen(t, f, quiet(Options{}))
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Hour)
		defer cancel()
		time.AfterFunc(time.Minute, func() {
			f.set(func() { f.close(p); f.shards = append(f.shards, &fakeShard{id: "c", parent: "p"}) })
			f.put(f.shards[1], "4")
		})
		var watching sync.WaitGroup
		watching.Go(func() {
			var before Counts
			for ctx.Err() == nil {
				s := r.Stats().Totals
				if s.Records < before.Records || s.Calls < before.Calls || s.EmptyPages < before.EmptyPages {
					t.Errorf("Totals fell from %+v to %+v", before, s)
					return
				}
				before = s
				time.Sleep(10 * time.Minute)
			}
		})
		r.Run(ctx, func(context.Context, Event) error { return nil })
		watching.Wait()
		check(t, "records, shards", []int64{r.Stats().Totals.Records, int64(len(r.Stats().Shards))}, []int64{4, 1})
	})
}

// TestSaveThrottlesAreCounted.
func TestSaveThrottlesAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(&fakeShard{id: "s"})
		f.put(f.shards[0], "1")
		db := &slowTable{}
		r := mustOpen(t, f, quiet(Options{Checkpoints: TableCheckpoints(db, "places", "r")}))
		db.fails = &types.ProvisionedThroughputExceededException{}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		r.Run(ctx, func(context.Context, Event) error { return nil })
		if n := r.Stats().SaveThrottles; n < 5 {
			t.Errorf("SaveThrottles = %d after a minute of them", n)
		}
		db.fails = nil
		r.Close()
	})
}

// stuckSaves never return before their context ends.
type stuckSaves struct{ stuck bool }

func (s *stuckSaves) Load(context.Context) ([]Checkpoint, error) { return nil, nil }
func (s *stuckSaves) Close() error                               { return nil }
func (s *stuckSaves) Save(ctx context.Context, _, _ []Checkpoint) error {
	if s.stuck {
		<-ctx.Done()
		return ctx.Err()
	}
	return nil
}

// TestGraceBoundsAShutdown: handlers, the last save and Close together.
func TestGraceBoundsAShutdown(t *testing.T) {
	for _, grace := range []time.Duration{0, 30 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			f := newFakeStream(&fakeShard{id: "s"})
			f.put(f.shards[0], "1", "2")
			saves := &stuckSaves{}
			r := mustOpen(t, f, quiet(Options{Checkpoints: saves, Grace: grace}))
			want := grace
			if grace == 0 {
				want = 10 * time.Second // what the documentation says
			}
			ctx, cancel := context.WithCancel(t.Context())
			var ended time.Time
			time.AfterFunc(500*time.Millisecond, func() { saves.stuck = true; ended = time.Now(); cancel() })
			var handler time.Duration
			r.Run(ctx, func(ctx context.Context, e Event) error {
				if name(e) == "s/1" {
					return nil
				}
				<-ctx.Done()
				handler = time.Since(ended)
				return ctx.Err()
			})
			r.Close()
			if took := time.Since(ended); took > want+time.Millisecond || took < want*9/10 {
				t.Errorf("a shutdown with Grace %v took %v, want nearly all of %v", grace, took, want)
			}
			if handler != want*7/10 {
				t.Errorf("handlers had %v of a Grace of %v, want 7 tenths", handler, want)
			}
		})
	}
}

// A throttledTable answers all calls with an error; without one, it is empty.
type throttledTable struct {
	slowTable
	fails error
}

func (t *throttledTable) Query(ctx context.Context, in *dynamodb.QueryInput, o ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	if t.fails != nil {
		return nil, t.fails
	}
	return t.slowTable.Query(ctx, in, o...)
}
