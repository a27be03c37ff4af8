package stream

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

func quiet(o Options) Options {
	o.Logger = slog.New(slog.DiscardHandler)
	return o
}

// skews are how far the service's clock may be ahead of this machine's.
var skewsTried = []time.Duration{0, 6 * time.Minute, -6 * time.Minute, 10 * time.Minute, -10 * time.Minute,
	time.Hour, -time.Hour, 30 * time.Hour, -30 * time.Hour, 120 * time.Hour, -120 * time.Hour}

// underEachSkew runs a test beside a service whose clock is off by each.
func underEachSkew(t *testing.T, test func(*testing.T, time.Duration)) {
	for _, by := range skewsTried {
		t.Run(by.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { test(t, by) })
		})
	}
}

// TestStartsUnderAWrongClock: each Start begins where it says by the service's
// clock, and so does the reader that resumes before anything was read.
func TestStartsUnderAWrongClock(t *testing.T) {
	starts := map[string]struct {
		start func(now time.Time) Start
		want  []string
	}{
		"trim-horizon": {func(time.Time) Start { return TrimHorizon }, []string{"s/old", "s/recent", "s/new"}},
		"at":           {func(now time.Time) Start { return At(now.Add(-time.Hour)) }, []string{"s/recent", "s/new"}},
		"ago":          {func(time.Time) Start { return Ago(time.Hour) }, []string{"s/recent", "s/new"}},
		"after":        {func(time.Time) Start { return After(f21(1)) }, []string{"s/recent", "s/new"}},
		"latest":       {func(time.Time) Start { return Latest }, []string{"s/new"}},
	}
	for name, test := range starts {
		for _, timestamps := range []bool{true, false} {
			t.Run(fmt.Sprint(name, " timestamps=", timestamps), func(t *testing.T) {
				underEachSkew(t, func(t *testing.T, by time.Duration) {
					f := newFakeStream(&fakeShard{id: "s"})
					f.skew, f.noTimestamps, f.retains = by, !timestamps, true
					f.created = f.now()
					f.put(f.shards[0], "old")
					time.Sleep(3 * time.Hour)
					f.put(f.shards[0], "recent")
					time.Sleep(10 * time.Minute)
					m := newMemory()
					o := quiet(drain)
					o.Start, o.Checkpoints = test.start(f.now()), m.grip()
					if err := mustOpen(t, f, o).Close(); err != nil { // a deployment
						t.Fatal(err)
					}
					f.put(f.shards[0], "new")
					time.Sleep(20 * time.Minute)
					o.Checkpoints = m.grip()
					r := mustOpen(t, f, o)
					check(t, "events", mustRead(t, r), test.want)
				})
			})
		}
	}
}

// TestGapsUnderAWrongClock: what was trimmed unread is told, and nothing else
// is.
func TestGapsUnderAWrongClock(t *testing.T) {
	for _, away := range []time.Duration{time.Hour, 23 * time.Hour, 25 * time.Hour} {
		t.Run(away.String(), func(t *testing.T) {
			underEachSkew(t, func(t *testing.T, by time.Duration) {
				p := &fakeShard{id: "p"}
				f := newFakeStream(p)
				f.skew, f.retains = by, true
				f.created = f.now()
				f.put(p, "1")
				m := newMemory()
				o := quiet(drain)
				o.Checkpoints = m.grip()
				r := mustOpen(t, f, o)
				c := &fakeShard{id: "c", parent: "p"}
				time.AfterFunc(time.Second, func() {
					f.set(func() {
						f.close(p)
						p.closedAt = f.now()
						f.shards = append(f.shards, c)
					})
				})
				check(t, "events", mustRead(t, r), []string{"p/1"})
				if err := r.Close(); err != nil {
					t.Fatal(err)
				}
				f.put(c, "2") // nobody reads c before the next reader
				time.Sleep(away)
				f.put(c, "3")
				o.Checkpoints = m.grip()
				got, err := read(t, mustOpen(t, f, o))
				if told := errors.As(err, new(*Gap)); told != (away > 24*time.Hour) {
					t.Errorf("Events = %v, %v; a record was trimmed: %v", got, err, away > 24*time.Hour)
				}
			})
		})
	}
}

// TestAClockThatIsSet: this machine's clock is put right, or wrong, while the
// reader reads. To the reader that is as if the service's had moved; here it
// moves no record out of its day.
func TestAClockThatIsSet(t *testing.T) {
	for _, by := range []time.Duration{10 * time.Minute, -10 * time.Minute, 5 * time.Hour, -30 * time.Hour, -120 * time.Hour} {
		t.Run(by.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &fakeShard{id: "p"}
				f := newFakeStream(p)
				f.retains = true
				f.put(p, "1")
				c := &fakeShard{id: "c", parent: "p"}
				time.AfterFunc(time.Minute, func() { f.set(func() { f.skew = by }) })
				time.AfterFunc(2*time.Minute, func() {
					f.set(func() { f.close(p); f.shards = append(f.shards, c) })
					f.put(c, "2")
				})
				o := quiet(drain)
				o.Idle = 4 * time.Minute
				r := mustOpen(t, f, o)
				check(t, "events", mustRead(t, r), []string{"p/1", "c/2"})
			})
		})
	}
}

// TestAgesUnderAWrongClock: Lag, Left and lateness are the service's.
func TestAgesUnderAWrongClock(t *testing.T) {
	underEachSkew(t, func(t *testing.T, by time.Duration) {
		f := newFakeStream(&fakeShard{id: "s"})
		f.skew = by
		f.created = f.now()
		f.put(f.shards[0], "1", "2")
		made := f.now()
		time.Sleep(2 * time.Hour)
		r := mustOpen(t, f, quiet(drain))
		for e, err := range r.Events(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			s := r.Stats().Shards[0]
			check(t, "lag, left", []time.Duration{s.Lag.Round(time.Minute), s.Left.Round(time.Minute)}, []time.Duration{2 * time.Hour, 22 * time.Hour})
			if late := e.Seen.Sub(made); late.Round(time.Minute) != 2*time.Hour {
				t.Errorf("an event is seen %v after it was made, want 2h", late)
			}
		}
	})
}

// TestAgesAfterTheServicesClockWasSet go by the new time as soon as an answer
// told it.
func TestAgesAfterTheServicesClockWasSet(t *testing.T) {
	for _, by := range []time.Duration{3 * time.Hour, -3 * time.Hour, -120 * time.Hour} {
		t.Run(by.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFakeStream(&fakeShard{id: "s"})
				r := mustOpen(t, f, Options{})
				ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
				defer cancel()
				time.AfterFunc(30*time.Second, func() { f.set(func() { f.skew = by }) })
				time.AfterFunc(time.Minute, func() { f.put(f.shards[0], "1") })
				events := 0
				r.Run(ctx, func(_ context.Context, e Event) error {
					events++
					if off := e.Seen.Sub(f.now()).Abs(); off > 2*time.Second {
						t.Errorf("Seen is %v off", off)
					}
					time.Sleep(20 * time.Second)
					s := r.Stats().Shards[0]
					check(t, "lag, time since the record", []time.Duration{s.Lag.Round(10 * time.Second), (retention - s.Left).Round(10 * time.Second)},
						[]time.Duration{20 * time.Second, 20 * time.Second})
					return nil
				})
				check(t, "events", events, 1)
			})
		})
	}
}

// TestClock: a Date is cut to the second, and the next one may say more.
func TestClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		undated := 0
		c := clock{undated: func() { undated++ }}
		check(t, "without an answer, this machine's", c.now().Equal(time.Now()), true)
		check(t, "no answer yet", c.observe(middleware.Metadata{}, errors.New("refused")), time.Time{})
		c.observe(middleware.Metadata{}, nil)
		check(t, "answers without a Date", undated, 1)
		service := time.Date(2027, 1, 1, 0, 0, 0, 900_000_000, time.UTC)
		steps := []struct {
			what  string
			sleep time.Duration
			date  time.Duration // of the answer, since the second of service
			want  time.Duration // the clock, since the second of service
		}{
			{"the first", 0, 0, 0},
			{"within the second", 50 * time.Millisecond, 0, 50 * time.Millisecond},
			{"the next second has begun", 60 * time.Millisecond, time.Second, time.Second},
			{"no news", 500 * time.Millisecond, time.Second, 1500 * time.Millisecond},
			{"it jumped ahead", 0, time.Hour, time.Hour},
			{"it was set back", 0, -time.Hour, -time.Hour},
		}
		base := service.Truncate(time.Second)
		for _, step := range steps {
			time.Sleep(step.sleep)
			got := c.observe(dated(base.Add(step.date)), nil)
			check(t, step.what, got, base.Add(step.want))
		}
		refusal := &smithyhttp.ResponseError{Err: errors.New("no"), Response: &smithyhttp.Response{Response: &http.Response{
			Header: http.Header{"Date": {base.Format(http.TimeFormat)}},
		}}}
		check(t, "a refusal's Date", c.observe(middleware.Metadata{}, fmt.Errorf("calling: %w", refusal)), base)
		check(t, "no answer", c.observe(middleware.Metadata{}, errors.New("refused")), base)
		time.Sleep(time.Minute)
		check(t, "a minute ago", c.at(time.Now().Add(-time.Minute)), base)
		check(t, "answers without a Date", undated, 1)
	})
}

// TestNoDateIsToldOnce.
func TestNoDateIsToldOnce(t *testing.T) {
	for _, noDate := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			f := newFakeStream(&fakeShard{id: "s"})
			f.noDate = noDate
			f.put(f.shards[0], "1")
			var log bytes.Buffer
			o := drain
			o.Logger = slog.New(slog.NewTextHandler(&log, nil))
			r := mustOpen(t, f, o)
			if err := r.Run(t.Context(), func(context.Context, Event) error { return nil }); err != nil {
				t.Fatal(err)
			}
			if n := strings.Count(log.String(), "without a Date"); n != map[bool]int{true: 1}[noDate] {
				t.Errorf("%d warnings where there is no Date: %v", n, noDate)
			}
		})
	}
}
