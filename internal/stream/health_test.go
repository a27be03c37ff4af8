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
