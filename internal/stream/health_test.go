package stream

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestHealth of a reader whose handler, checkpoints and stream are well, and
// are not.
func TestHealth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(&fakeShard{id: "s"})
		kept := &slowCheckpoints{}
		r := mustOpen(t, f, Options{Checkpoints: kept})
		failing := errors.New("connection refused")
		var failsUntil time.Time
		// A reason is a pattern of its text. Without one, all is well.
		want := func(when string, reasons ...string) error {
			t.Helper()
			got := r.Health(time.Now())
			lines := strings.Split(fmt.Sprint(got), "\n")
			if len(reasons) == 0 {
				reasons = []string{"<nil>"}
			}
			check(t, when+": number of reasons", len(lines), len(reasons))
			for i, reason := range reasons {
				if i < len(lines) && !regexp.MustCompile("^"+reason+"$").MatchString(lines[i]) {
					t.Errorf("%s: Health = %v, want %s", when, lines[i], reason)
				}
			}
			return got
		}
		want("opened", "no read is under way")

		end := errors.New("told to end")
		ctx, cancel := context.WithCancelCause(t.Context())
		done := make(chan error)
		go func() {
			done <- r.Run(ctx, func(_ context.Context, e Event) error {
				switch name(e) {
				case "s/hangs":
					time.Sleep(time.Minute)
				case "s/fails":
					if time.Now().Before(failsUntil) {
						return failing
					}
				}
				return nil
			})
		}()
		time.Sleep(time.Hour)
		want("idle")
		f.put(f.shards[0], "hangs")
		time.Sleep(15 * time.Second)
		want("in the handler")
		time.Sleep(25 * time.Second)
		want("hanging", "shard s is handling for (39|40)s")
		time.Sleep(25 * time.Second)
		want("handled")
		failsUntil = time.Now().Add(40 * time.Second)
		f.put(f.shards[0], "fails")
		time.Sleep(30 * time.Second)
		if got := want("failing", "shard s is handling for (29|30)s: connection refused"); !errors.Is(got, failing) {
			t.Errorf("Health = %v, which is not the handler's error", got)
		}
		time.Sleep(30 * time.Second)
		want("no longer failing")
		kept.takes = time.Minute
		f.put(f.shards[0], "1")
		time.Sleep(30 * time.Second)
		want("saving", "the checkpoints can't be loaded or saved for (28|29)s")
		time.Sleep(time.Minute)
		want("saved")
		f.set(func() {
			f.onCall = func(context.Context, string, string) error { return throttleError }
		})
		time.Sleep(time.Minute)
		want("throttled", "the stream's shards can't be listed for .*", "shard s is fetching for .*")
		cancel(end)
		<-done
		if got := want("ended", "reading ended: told to end"); !errors.Is(got, end) {
			t.Errorf("Health = %v, which is not why it ended", got)
		}
	})
}

// slowCheckpoints take some time to save.
type slowCheckpoints struct{ takes time.Duration }

func (*slowCheckpoints) Load(context.Context) ([]Checkpoint, error) { return nil, nil }

func (s *slowCheckpoints) Save(context.Context, []Checkpoint, []Checkpoint) error {
	time.Sleep(s.takes)
	return nil
}

func (*slowCheckpoints) Close() error { return nil }

// TestTheCountsOfHandling tell attempts, failures and dead letters, and the
// time of the attempts.
func TestTheCountsOfHandling(t *testing.T) {
	poison := func(e Event) error {
		time.Sleep(time.Second)
		if name(e) == "s/2" {
			return errors.New("poison")
		}
		return nil
	}
	for title, test := range map[string]struct {
		read func(context.Context, *Reader) error
		want Counts
	}{
		"Run": {func(ctx context.Context, r *Reader) error {
			return r.Run(ctx, func(_ context.Context, e Event) error { return poison(e) })
		}, Counts{Handled: 3, Failures: 3, DeadLetters: 1, HandlingTime: 5 * time.Second}},
		"RunPages": {func(ctx context.Context, r *Reader) error {
			return r.RunPages(ctx, func(_ context.Context, p *Page) error {
				for _, e := range p.Events {
					if err := poison(e); err != nil {
						return FailedEvent(e, err)
					}
				}
				return nil
			})
			// Its first attempt handles an event and fails at the next.
		}, Counts{Handled: 3, Failures: 3, DeadLetters: 1, HandlingTime: 5 * time.Second}},
		"Events": {func(ctx context.Context, r *Reader) error {
			for _, err := range r.Events(ctx) {
				if err != nil {
					return err
				}
				time.Sleep(time.Second)
			}
			return nil
		}, Counts{Handled: 3, HandlingTime: 3 * time.Second}},
	} {
		for _, parallel := range []int{1, 4} {
			t.Run(fmt.Sprint(title, parallel), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					o := drain
					o.Parallel, o.Retry.Attempts = parallel, 3
					o.DeadLetter = func(context.Context, Failure) error { return nil }
					r := mustOpen(t, oneShard("1", "2", "3"), o)
					check(t, "error", test.read(t.Context(), r), nil)
					got := r.Stats().Totals
					check(t, "counts", Counts{Handled: got.Handled, Failures: got.Failures, DeadLetters: got.DeadLetters, HandlingTime: got.HandlingTime}, test.want)
				})
			})
		}
	}
}

func running(t *testing.T, r *Reader, handle func(context.Context, Event) error) (end func() error) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx, handle) }()
	return func() error { cancel(); return <-done }
}

// TestHealthOfLanes tells of an item that hangs, however many pages come.
func TestHealthOfLanes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := oneShard("a")
		r := mustOpen(t, f, Options{Parallel: 8})
		end := running(t, r, func(ctx context.Context, _ Event) error { return sleep(ctx, time.Hour) })
		defer end()
		for range 60 {
			time.Sleep(5 * time.Second)
			f.put(f.shards[0], "a")
		}
		time.Sleep(2 * time.Second)
		s := r.Stats()
		if err := r.Health(time.Now()); err == nil {
			t.Errorf("Health = nil after 5 minutes in which %d events were handled", s.Totals.Handled)
		}
	})
}

// TestHealthOfASlowPoll is good, between two polls too.
func TestHealthOfASlowPoll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := mustOpen(t, newFakeStream(&fakeShard{id: "s"}), Options{Poll: time.Minute})
		end := running(t, r, func(context.Context, Event) error { return nil })
		defer end()
		time.Sleep(time.Hour)
		ill := 0
		var err error
		for range 60 {
			time.Sleep(time.Second)
			if e := r.Health(time.Now()); e != nil {
				ill, err = ill+1, e
			}
		}
		if ill > 0 {
			t.Errorf("an idle reader, that polls as it was told to, is ill for %d of 60 s: %v", ill, err)
		}
	})
}

// TestHealthOfARetriedItem tells of one handler that hangs beside others.
func TestHealthOfARetriedItem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := oneShard("bad")
		r := mustOpen(t, f, Options{Parallel: 8})
		end := running(t, r, func(ctx context.Context, e Event) error {
			if name(e) == "s/bad" {
				return sleep(ctx, time.Hour)
			}
			return nil
		})
		defer end()
		for range 60 {
			f.put(f.shards[0], "good")
			time.Sleep(5 * time.Second)
		}
		if err := r.Health(time.Now()); err == nil {
			t.Error("Health = nil though a handler has not returned for 5 minutes")
		}
	})
}

// TestHealthOfAPanic is a line.
func TestHealthOfAPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := mustOpen(t, oneShard("1"), Options{DeadLetter: func(context.Context, Failure) error { return nil }})
		end := running(t, r, func(context.Context, Event) error { panic("x") })
		defer end()
		time.Sleep(time.Minute)
		if n := len(strings.Split(r.Health(time.Now()).Error(), "\n")); n != 1 {
			t.Errorf("one reason has %d lines", n)
		}
	})
}

// TestHealthAtASwitch tells of its handler.
func TestHealthAtASwitch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTwoStreams()
		s.off()
		s.on()
		r := s.open(t, Options{OnGap: SkipGaps})
		end := running(t, r, func(_ context.Context, e Event) error {
			if e.Kind == Lost {
				return errors.New("refused")
			}
			return nil
		})
		time.Sleep(3 * time.Minute)
		err := r.Health(time.Now())
		if err == nil || strings.Contains(err.Error(), "can't be listed") || !strings.Contains(err.Error(), "refused") {
			t.Errorf("Health = %v, want that the handler fails", err)
		}
		end()
		if n := r.Stats().Totals.Failures; n == 0 {
			t.Errorf("Failures = %d after attempts of minutes", n)
		}
	})
}

// The lease

// TestHealthOfTheLease tells that it can't be renewed.
func TestHealthOfTheLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, _ := inMemory(t)
		h := &hooked{TableAPI: db}
		r := mustOpen(t, oneShard("1"), Options{Checkpoints: TableCheckpoints(h, "places", "r")})
		end := running(t, r, func(context.Context, Event) error { return nil })
		time.Sleep(time.Minute)
		h.mu.Lock()
		h.update = func(context.Context) error { return errOutOfOrder }
		h.mu.Unlock()
		time.Sleep(time.Hour)
		if err := r.Health(time.Now()); err == nil {
			t.Errorf("Health = nil, where the lease could not be renewed for an hour: %d failures", r.Stats().SaveFailures)
		}
		end()
	})
}

// TestHealthOfAShutdown does not blame what was stopped.
func TestHealthOfAShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := oneShard("1", "2")
		r := mustOpen(t, f, Options{Grace: 2 * time.Minute})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- r.Run(ctx, func(context.Context, Event) error { time.Sleep(time.Minute); return nil }) }()
		time.Sleep(time.Second)
		cancel()
		time.Sleep(50 * time.Second)
		if err := r.Health(time.Now()); err != nil && strings.Contains(err.Error(), "can't be listed") {
			t.Errorf("during a shutdown: Health = %v", err)
		}
		<-done
	})
}

// TestFailingOfANamedEvent is known while the next attempt hangs.
func TestFailingOfANamedEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := mustOpen(t, oneShard("1", "2", "3"), Options{})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		n := 0
		go func() {
			done <- r.RunPages(ctx, func(_ context.Context, p *Page) error {
				if n++; n == 1 {
					return FailedEvent(p.Events[1], errors.New("refused"))
				}
				time.Sleep(time.Minute)
				return nil
			})
		}()
		time.Sleep(30 * time.Second)
		if s := r.Stats().Shards[0]; s.Failing == nil {
			t.Errorf("Failing = nil: %d failure; Health = %v", s.Failures, r.Health(time.Now()))
		}
		cancel()
		<-done
	})
}
