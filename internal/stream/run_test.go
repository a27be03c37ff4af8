package stream

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// collector is a handler that notes what it gets.
type collector struct {
	mu  sync.Mutex
	got []string
}

func (c *collector) handle(_ context.Context, e Event) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.got = append(c.got, name(e))
	return nil
}

func TestRunHandlesShardsSideBySide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(&fakeShard{id: "a"}, &fakeShard{id: "b"})
		f.put(f.shards[0], "1", "2")
		f.put(f.shards[1], "3", "4")
		began := time.Now()
		err := mustOpen(t, f, drain).Run(t.Context(), func(context.Context, Event) error {
			time.Sleep(10 * time.Second)
			return nil
		})
		if took := time.Since(began); err != nil || took > 25*time.Second {
			t.Errorf("Run = %v after %v, want nil after about 20s: two events of 10s in each of two shards", err, took)
		}
	})
}

func TestAHandlersPanicReachesTheCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(&fakeShard{id: "a"}, &fakeShard{id: "b"})
		f.put(f.shards[0], "1", "2")
		f.put(f.shards[1], "3")
		m := newMemory()
		r := mustOpen(t, f, Options{Checkpoints: m.grip()})
		cause := errors.New("a bug")
		func() {
			defer func() {
				p, ok := recover().(*HandlerPanic)
				if !ok || !errors.Is(p, cause) || !bytes.Contains(p.Stack, []byte("TestAHandlersPanic")) {
					t.Errorf("Run panics with %v, want a *HandlerPanic of %v and its stack", p, cause)
				}
			}()
			r.Run(t.Context(), func(_ context.Context, e Event) error {
				if name(e) == "a/2" {
					panic(cause)
				}
				return nil
			})
		}()
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		check(t, "the checkpoint of a", m.saved()["a"], "000000000000000000001")
	})
}

// TestAHandlerThatEndsItsGoroutine, as a test's FailNow does, ends the
// reading.
func TestAHandlerThatEndsItsGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(&fakeShard{id: "a"}, &fakeShard{id: "b"})
		f.put(f.shards[0], "1")
		err := mustOpen(t, f, Options{}).Run(t.Context(), func(context.Context, Event) error { runtime.Goexit(); return nil })
		if err == nil || !strings.Contains(err.Error(), "Goexit") {
			t.Errorf("Run = %v, want an error that names Goexit", err)
		}
	})
}

func TestAHandlerThatFails(t *testing.T) {
	failing := errors.New("no such page")
	tests := map[string]struct {
		fails      int // how often a/2 fails
		deadLetter func(context.Context, Event, error) error
		want       []string
		err        error
		calls      int // for a/2
	}{
		"once":            {1, nil, []string{"a/1", "a/2", "a/3"}, nil, 2},
		"always":          {100, nil, []string{"a/1"}, failing, 3},
		"to dead letters": {100, func(context.Context, Event, error) error { return nil }, []string{"a/1", "a/3"}, nil, 3},
		"dead letters too": {100, func(_ context.Context, _ Event, err error) error { return fmt.Errorf("sent nowhere: %w", err) },
			[]string{"a/1"}, failing, 3},
	}
	for name1, test := range tests {
		t.Run(name1, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFakeStream(&fakeShard{id: "a"})
				f.put(f.shards[0], "1", "2", "3")
				var c collector
				calls := 0
				o := drain
				o.DeadLetter = test.deadLetter
				err := mustOpen(t, f, o).Run(t.Context(), func(ctx context.Context, e Event) error {
					if name(e) == "a/2" {
						if calls++; calls <= test.fails {
							return failing
						}
					}
					return c.handle(ctx, e)
				})
				if !errors.Is(err, test.err) {
					t.Errorf("Run = %v, want %v", err, test.err)
				}
				if err != nil && !strings.Contains(err.Error(), "000000000000000000002 of shard a") {
					t.Errorf("Run = %v, which does not name the event", err)
				}
				check(t, "events", c.got, test.want)
				check(t, "calls", calls, test.calls)
			})
		})
	}
}

// TestNoDeadLetterForAShutdown: an event whose attempts were cut short by
// the end of the context is no dead letter: it comes again.
func TestNoDeadLetterForAShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(&fakeShard{id: "a"})
		f.put(f.shards[0], "1", "2")
		o := drain
		o.Attempts = 5
		o.DeadLetter = func(_ context.Context, e Event, _ error) error {
			t.Errorf("%s became a dead letter", name(e))
			return nil
		}
		r := mustOpen(t, f, o)
		ctx, cancel := context.WithCancel(t.Context())
		err := r.Run(ctx, func(context.Context, Event) error {
			cancel()
			return errors.New("the database is away")
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("Run = %v, want context.Canceled", err)
		}
		var c collector
		if err := r.Run(t.Context(), c.handle); err != nil {
			t.Error(err)
		}
		check(t, "events", c.got, []string{"a/1", "a/2"})
	})
}

// TestShutdown: when the context ends, the event in work is finished, no
// other begins, and the checkpoint has it.
func TestShutdown(t *testing.T) {
	tests := map[string]struct {
		needs   time.Duration // for an event
		handled bool
	}{
		"in time":     {5 * time.Second, true},
		"beyond that": {time.Minute, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFakeStream(&fakeShard{id: "a"})
				f.put(f.shards[0], "1", "2")
				m := newMemory()
				r := mustOpen(t, f, Options{Checkpoints: m.grip(), Grace: 10 * time.Second})
				ctx, cancel := context.WithCancel(t.Context())
				began := time.Now()
				time.AfterFunc(time.Second, cancel)
				err := r.Run(ctx, func(ctx context.Context, e Event) error { return sleep(ctx, test.needs) })
				if !errors.Is(err, context.Canceled) && test.handled {
					t.Errorf("Run = %v, want context.Canceled", err)
				}
				if failed := strings.Contains(fmt.Sprint(err), "handling event 000000000000000000001 of shard a"); failed == test.handled {
					t.Errorf("Run = %v, want it to say whether the last event failed", err)
				}
				if took := time.Since(began); took > 12*time.Second {
					t.Errorf("Run returned after %v, want 11s at most", took)
				}
				want := ""
				if test.handled {
					want = "000000000000000000001"
				}
				check(t, "checkpoint", m.saved()["a"], want)
			})
		})
	}
}

func TestPages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(&fakeShard{id: "a"})
		f.put(f.shards[0], "1", "2", "3", "4", "5")
		m := newMemory()
		o := drain
		o.PageSize, o.Checkpoints = 2, m.grip()
		var sizes []int
		err := mustOpen(t, f, o).RunPages(t.Context(), func(_ context.Context, p *Page) error {
			check(t, "what is written before the page", m.saved()["a"], p.previous)
			sizes = append(sizes, len(p.Events))
			check(t, "its checkpoint", p.Checkpoint.Sequence, p.Events[len(p.Events)-1].Sequence)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		check(t, "sizes", sizes, []int{2, 2, 1})
	})
}

// TestStallsAreWarnedOf: whatever waits too long is told within 30 s.
func TestStallsAreWarnedOf(t *testing.T) {
	tests := map[string]struct {
		want  string
		shape func(*fakeStream)
	}{
		"no answer": {"shard=a", func(f *fakeStream) {
			f.onCall = func(ctx context.Context, operation, _ string) error {
				if operation == "GetRecords" {
					return sleep(ctx, time.Hour)
				}
				return nil
			}
		}},
		"throttled": {"shard=a", func(f *fakeStream) {
			f.onCall = func(_ context.Context, operation, _ string) error {
				if operation == "GetRecords" {
					return throttleError
				}
				return nil
			}
		}},
		"no list": {"can't be listed", func(f *fakeStream) {
			f.onCall = func(ctx context.Context, operation, _ string) error {
				if operation == "DescribeStream" && f.described {
					return sleep(ctx, time.Hour)
				}
				return nil
			}
		}},
		"no children": {"state=ended", func(f *fakeStream) { f.shards[0].closed = true }},
		"a handler":   {"state=handling", func(f *fakeStream) { f.put(f.shards[0], "1") }},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFakeStream(&fakeShard{id: "a"})
				test.shape(f)
				var log bytes.Buffer
				r := mustOpen(t, f, Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
				ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
				defer cancel()
				r.Run(ctx, func(ctx context.Context, _ Event) error { return sleep(ctx, time.Hour) })
				if n := strings.Count(log.String(), "stalls"); n != 1 || !strings.Contains(log.String(), test.want) {
					t.Errorf("within 30s the log has %q, want one warning with %q", log.String(), test.want)
				}
			})
		})
	}
}

// TestLeft: a record that comes after a quiet day is no loss to fear.
func TestLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(&fakeShard{id: "s"})
		f.put(f.shards[0], "1")
		time.AfterFunc(25*time.Hour, func() { f.put(f.shards[0], "2") })
		r := mustOpen(t, f, Options{Idle: 30 * time.Hour})
		for e, err := range r.Events(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			if s := r.Stats().Shards[0]; s.Left < 23*time.Hour {
				t.Errorf("Left = %v at %s, which is %v old", s.Left, name(e), time.Since(e.At))
			}
		}
	})
}

// TestOpenWarns: so does what keeps Open waiting.
func TestOpenWarns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(&fakeShard{id: "s"})
		f.onCall = func(context.Context, string, string) error { return throttleError }
		var log bytes.Buffer
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		_, err := Open(ctx, f, arn, Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		if n := strings.Count(log.String(), "stalls"); n != 1 || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Open = %v; the log has %q, want one warning", err, log.String())
		}
	})
}

func TestStats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(&fakeShard{id: "p", closed: true}, &fakeShard{id: "c", parent: "p"}, &fakeShard{id: "x", parent: "c"})
		f.recordsAPage = 1
		f.put(f.shards[0], "1", "2")
		f.put(f.shards[1], "3")
		f.faults["GetRecords"] = []error{throttleError, nil, nil}
		r := mustOpen(t, f, Options{})
		time.Sleep(2 * time.Hour)
		for e, err := range r.Events(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			s := r.Stats().Shards
			switch name(e) {
			case "p/2":
				check(t, "state of p", s[0].State, Handling)
				check(t, "lag of p", s[0].Lag.Round(time.Hour), 2*time.Hour)
				check(t, "left of p, c, x", []time.Duration{s[0].Left.Round(time.Hour), s[1].Left.Round(time.Hour), s[2].Left.Round(time.Hour)},
					[]time.Duration{22 * time.Hour, 22 * time.Hour, 22 * time.Hour})
				check(t, "throttles of p", s[0].Throttles, int64(1))
				check(t, "state of c", s[1].State, Waiting)
			case "c/3":
				check(t, "state of p", s[0].State, Ended)
				check(t, "records of p", s[0].Records, int64(2))
				check(t, "caught up", s[1].CaughtUp, false)
				time.AfterFunc(10*time.Second, func() {
					c := r.Stats().Shards[1]
					check(t, "later: caught up, lag, left", []any{c.CaughtUp, c.Lag, c.Left}, []any{true, time.Duration(0), retention})
					if since := time.Since(c.LastCall); since > 2*time.Second || c.EmptyPages == 0 {
						t.Errorf("later: %d empty pages, the last call %v ago", c.EmptyPages, since)
					}
					f.put(f.shards[1], "4")
				})
			case "c/4":
				return
			}
		}
	})
}

func TestPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(&fakeShard{id: "a"})
		f.recordsAPage = 1
		for range 50 {
			f.put(f.shards[0], "1")
		}
		o := drain
		o.Pace = 5
		began := time.Now()
		check(t, "events", len(mustRead(t, mustOpen(t, f, o))), 50)
		if took := time.Since(began) - drain.Idle; took < 9800*time.Millisecond || took > 12*time.Second {
			t.Errorf("50 pages took %v, want about 10s at 5 a second", took)
		}
	})
}

func TestStarts(t *testing.T) {
	world := func() *fakeStream { // a record an hour in a, b and c, one after the other
		f := newFakeStream(&fakeShard{id: "a", closed: true}, &fakeShard{id: "b", parent: "a", closed: true}, &fakeShard{id: "c", parent: "b"})
		for i, s := range f.shards {
			for j := range 3 {
				f.put(s, fmt.Sprint(3*i+j+1))
				time.Sleep(time.Hour)
			}
		}
		return f
	}
	for _, timestamps := range []bool{true, false} {
		tests := map[string]struct {
			start func(now time.Time) Start
			from  int
		}{
			"trim horizon":  {func(time.Time) Start { return TrimHorizon }, 1},
			"a time ago":    {func(now time.Time) Start { return At(now.Add(-4*time.Hour - time.Minute)) }, 6},
			"exactly then":  {func(now time.Time) Start { return At(now.Add(-4 * time.Hour)) }, 6},
			"just after it": {func(now time.Time) Start { return At(now.Add(-4*time.Hour + 2*time.Minute)) }, 7},
			"long ago":      {func(now time.Time) Start { return At(now.Add(-40 * time.Hour)) }, 1},
			"a number":      {func(time.Time) Start { return After("0000000005") }, 6},
			"a shard's end": {func(time.Time) Start { return After("6") }, 7},
		}
		for name, test := range tests {
			t.Run(fmt.Sprint(name, " timestamps=", timestamps), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					f := world()
					f.noTimestamps = !timestamps
					f.shards[0].closedBy, f.shards[1].closedBy = 3, 6
					o := drain
					o.Start = test.start(time.Now())
					var want []string
					for i := test.from; i <= 9; i++ {
						want = append(want, fmt.Sprintf("%c/%d", "abc"[(i-1)/3], i))
					}
					check(t, "events", mustRead(t, mustOpen(t, f, o)), want)
				})
			})
		}
	}
}

func TestSequenceNumbersAreNumbers(t *testing.T) {
	numbers := []string{"0", "9", "0010", "99", "100", "999999999999999999999", "1000000000000000000000"}
	if !slices.IsSortedFunc(numbers, compareSequence) {
		t.Errorf("%v are not in order", numbers)
	}
	check(t, "zeros before it", compareSequence("007", "7"), 0)
}
