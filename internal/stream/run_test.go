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

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
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
		check(t, "the checkpoint of a", m.saved()["a"], "000000000000000000001")
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
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
		deadLetter func(context.Context, Failure) error
		want       []string
		err        error
		calls      int // for a/2
	}{
		"once":            {1, nil, []string{"a/1", "a/2", "a/3"}, nil, 2},
		"always":          {100, nil, []string{"a/1"}, failing, 3},
		"to dead letters": {100, func(context.Context, Failure) error { return nil }, []string{"a/1", "a/3"}, nil, 3},
		"dead letters too": {100, func(context.Context, Failure) error { return errors.New("sent nowhere") },
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
				o.DeadLetter, o.Retry.Attempts = test.deadLetter, 3
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
		o.Retry.Attempts = 5
		o.DeadLetter = func(_ context.Context, f Failure) error {
			t.Errorf("%s became a dead letter", name(f.Event))
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

// TestAHandlerThatOutlastsTheReading: nobody else knows what Run waits for.
func TestAHandlerThatOutlastsTheReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(&fakeShard{id: "s"})
		f.put(f.shards[0], "1")
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		var log bytes.Buffer
		r := mustOpen(t, f, Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		err := r.Run(ctx, func(context.Context, Event) error {
			time.Sleep(time.Minute)
			return nil
		})
		if !errors.Is(err, context.Canceled) || strings.Count(log.String(), "state=handling") != 1 {
			t.Errorf("Run = %v; the log has %q, want one warning", err, log.String())
		}
	})
}

// TestEventsEndWithTheReading: of a page that is being yielded the rest is
// another reader's.
func TestEventsEndWithTheReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(&fakeShard{id: "s"})
		for i := range 100 {
			f.put(f.shards[0], fmt.Sprint(i))
		}
		m := newMemory()
		n := 0
		var err error
		for _, err = range mustOpen(t, f, Options{Checkpoints: m.grip()}).Events(t.Context()) {
			time.Sleep(time.Second)
			if n++; n == 10 {
				m.grip().Load(t.Context())
			}
		}
		if !errors.As(err, new(*FencedError)) || n > 13 {
			t.Errorf("Events yielded %d pairs, then %v; want a *FencedError soon after the tenth", n, err)
		}
	})
}

// TestAPageIsTheHandlers: it may do with its events what it likes.
func TestAPageIsTheHandlers(t *testing.T) {
	for what, change := range map[string]func(*Page){
		"reversed": func(p *Page) { slices.Reverse(p.Events) },
		"filtered": func(p *Page) { p.Events = slices.DeleteFunc(p.Events, func(e Event) bool { return name(e) != "s/2" }) },
		"taken":    func(p *Page) { p.Events = nil },
	} {
		synctest.Test(t, func(t *testing.T) {
			f := newFakeStream(&fakeShard{id: "s"})
			f.put(f.shards[0], "1", "2", "3")
			m := newMemory()
			o := drain
			o.Checkpoints = m.grip()
			failed := false
			err := mustOpen(t, f, o).RunPages(t.Context(), func(_ context.Context, p *Page) error {
				check(t, what+": events", len(p.Events), 3)
				change(p)
				if !failed {
					failed = true
					return errors.New("once")
				}
				return nil
			})
			check(t, what+": error", err, nil)
			check(t, what+": checkpoint", m.saved(), map[string]string{"s": f21(3)})
		})
	}
}

// TestAConditionOfTheHandlersOwn: only a transaction tells of another reader.
func TestAConditionOfTheHandlersOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(&fakeShard{id: "s"})
		f.put(f.shards[0], "1")
		own := &types.ConditionalCheckFailedException{}
		err := mustOpen(t, f, drain).RunPages(t.Context(), func(_ context.Context, p *Page) error {
			p.settle = settled(p)
			return own
		})
		if !errors.Is(err, own) || errors.As(err, new(*FencedError)) {
			t.Errorf("RunPages = %v, want the handler's own error", err)
		}
	})
}

// TestALateChildOfADisabledStream: its listing is no prompter.
func TestALateChildOfADisabledStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(&fakeShard{id: "p", closed: true}, &fakeShard{id: "c", parent: "p", closed: true})
		f.put(f.shards[0], "1")
		f.put(f.shards[1], "2")
		f.status, f.shards[1].listedAt = "DISABLED", time.Now().Add(lateChildren/2)
		var c collector
		begun := time.Now()
		err := mustOpen(t, f, Options{Logger: slog.New(slog.DiscardHandler)}).Run(t.Context(), c.handle)
		check(t, "it ended", errors.As(err, new(*EndedError)), true)
		check(t, "it ends within two minutes", time.Since(begun) <= 2*time.Minute, true)
		check(t, "events", c.got, []string{"p/1", "c/2"})
	})
}
