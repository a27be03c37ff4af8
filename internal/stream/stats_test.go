package stream

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

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
		"no children": {"state=expecting", func(f *fakeStream) { f.shards[0].closed = true }},
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
				check(t, "state of p", s[0].State, Consumed)
				check(t, "records of p", s[0].Records, int64(2))
				check(t, "caught up", s[1].CaughtUp, false)
				time.AfterFunc(10*time.Second, func() {
					c := r.Stats().Shards[1]
					check(t, "later: caught up, lag, left", []any{c.CaughtUp, c.Lag, c.Left.Round(time.Minute)}, []any{true, time.Duration(0), retention})
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

// TestLeftWithoutAnswers: what comes after the newest answer is not seen, and
// grows old all the same.
func TestLeftWithoutAnswers(t *testing.T) {
	for _, operation := range []string{"GetRecords", "DescribeStream"} {
		synctest.Test(t, func(t *testing.T) {
			f := newFakeStream(&fakeShard{id: "a"}, &fakeShard{id: "b", parent: "a", hidden: true})
			begun := time.Now()
			f.onCall = func(_ context.Context, called, _ string) error {
				if called == operation && time.Since(begun) > 10*time.Second {
					return throttleError
				}
				return nil
			}
			time.AfterFunc(time.Minute, func() {
				f.set(func() { f.shards[0].closed, f.shards[1].hidden = true, false })
				f.put(f.shards[1], "1")
			})
			r := mustOpen(t, f, Options{Logger: slog.New(slog.DiscardHandler)})
			time.AfterFunc(23*time.Hour, func() {
				check(t, operation+" is throttled: left", r.Stats().Shards[0].Left.Round(time.Hour), time.Hour)
			})
			ctx, cancel := context.WithTimeout(t.Context(), 23*time.Hour+time.Minute)
			defer cancel()
			r.Run(ctx, func(context.Context, Event) error { return nil })
		})
	}
}

// TestLagAfterTheNight: what was handled long ago is no lag.
func TestLagAfterTheNight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(&fakeShard{id: "s"})
		f.put(f.shards[0], "1")
		time.AfterFunc(9*time.Hour, func() { f.put(f.shards[0], "2") })
		r := mustOpen(t, f, Options{})
		for e := range r.Events(t.Context()) {
			if name(e) == "s/2" {
				check(t, "lag", r.Stats().Shards[0].Lag < 5*time.Second, true)
				break
			}
		}
	})
}

func TestLastSaved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(&fakeShard{id: "s"})
		m := newMemory()
		o := drain
		o.Checkpoints, o.PageSize = m.grip(), 1
		r := mustOpen(t, f, o)
		f.put(f.shards[0], "1", "2")
		var committed time.Time
		err := r.RunPages(t.Context(), func(_ context.Context, p *Page) error {
			if saved := r.Stats().LastSaved; saved.Before(committed) {
				t.Errorf("LastSaved = %v, want the handler's commit at %v", saved, committed)
			}
			time.Sleep(time.Minute)
			committed = time.Now()
			p.settle = settled(p)
			return nil
		})
		check(t, "error", err, nil)
	})
}

// TestStatsAfterAPanic: it is an end too.
func TestStatsAfterAPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(&fakeShard{id: "s"})
		f.put(f.shards[0], "1")
		r := mustOpen(t, f, Options{})
		func() {
			defer func() { recover() }()
			r.Run(t.Context(), func(context.Context, Event) error { panic("x") })
		}()
		if r.Stats().Err == nil {
			t.Error("Stats.Err = nil after a panic, which says that Idle ended the read")
		}
	})
}

func TestCaughtUpSince(t *testing.T) {
	since := Stats{Shards: []ShardStats{{Shard: "a", Counts: Counts{EmptyPages: 5}}}}
	child := func(shard, parent string, pages int64) ShardStats {
		return ShardStats{Shard: shard, Parent: parent, Counts: Counts{EmptyPages: pages}}
	}
	empty := func(shard string, pages int64) ShardStats { return child(shard, "", pages) }
	for _, test := range []struct {
		name, reason string
		shards       []ShardStats
		next         string
		want         bool
	}{
		{"nothing listed", "the shards may be listed any moment", nil, "", false},
		{"one answer", "it may have been asked for before", []ShardStats{empty("a", 6)}, "", false},
		{"two answers", "the second was asked for after the first", []ShardStats{empty("a", 7)}, "", true},
		{"a new shard", "it is counted from zero", []ShardStats{empty("a", 7), {Shard: "b"}}, "", false},
		{"an end", "the stream continues in a child", []ShardStats{{Shard: "a", State: Expecting}}, "", false},
		{"an end of a disabled stream", "the next one may not be listed yet", []ShardStats{{Shard: "a", State: Consumed}}, "", false},
		{"an end with a child", "what was written later is in the child", []ShardStats{
			{Shard: "a", State: Consumed}, child("b", "a", 2)}, "", true},
		{"the end", "nothing follows", []ShardStats{{Shard: "a", State: Final}}, "", true},
		{"another stream", "what was written later is there", []ShardStats{{Shard: "a", State: Final}}, "next", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := (Stats{Shards: test.shards, Next: test.next}).CaughtUpSince(since); got != test.want {
				t.Errorf("CaughtUpSince() = %v, want %v (%s)", got, test.want, test.reason)
			}
		})
	}
}

// TestLastGap is when a gap was found, in a shard or between two streams.
func TestLastGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTwoStreams()
		s.off()
		s.on()
		r := s.open(t, Options{})
		check(t, "before", r.Stats().LastGap.IsZero(), true)
		if err := r.Run(t.Context(), func(context.Context, Event) error { return nil }); !errors.As(err, new(*Gap)) {
			t.Fatalf("Run = %v, want a *Gap", err)
		}
		check(t, "between streams", time.Since(r.Stats().LastGap), time.Duration(0))
	})
}

// TestSaveFailures counts what the checkpoints fail at: saves, or with a table its
// calls.
func TestSaveFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newMemory().grip()
		r := mustOpen(t, oneShard("1"), Options{Checkpoints: g})
		g.fails = 1
		err := r.Run(t.Context(), func(context.Context, Event) error { return nil })
		check(t, "failed, failures", []any{err != nil, r.Stats().SaveFailures > 0}, []any{true, true})

		db, _ := inMemory(t)
		table := &outTable{TableAPI: db}
		r = mustOpen(t, oneShard("1"), Options{Checkpoints: TableCheckpoints(table, "places", "r")})
		before := r.Stats().SaveFailures
		table.out.Store(true)
		r.saver.to.(Peeker).Peek(t.Context())
		check(t, "a table's failures", []int64{before, r.Stats().SaveFailures}, []int64{0, 1})
	})
}
