package stream

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	dbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// TestNothingIsGivenUpInAnOutage of five minutes, by default; nor is the
// reading ended.
func TestNothingIsGivenUpInAnOutage(t *testing.T) {
	for _, letters := range []bool{true, false} {
		t.Run(fmt.Sprint("dead letters ", letters), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				o := drain
				if letters {
					o.DeadLetter = func(_ context.Context, f Failure) error {
						t.Errorf("%s was given up after %v", name(f.Event), time.Since(began))
						return nil
					}
				}
				var got []string
				err := mustOpen(t, oneShard("1", "2", "3"), o).Run(t.Context(), func(_ context.Context, e Event) error {
					if time.Since(began) < 5*time.Minute-time.Second {
						return errors.New("connection refused")
					}
					got = append(got, name(e))
					return nil
				})
				check(t, "error, events", []any{err, got}, []any{error(nil), []string{"s/1", "s/2", "s/3"}})
			})
		})
	}
}

// TestWhenAnEventIsGivenUp: the age counts from its first attempt, and each
// event gets one, however old it is.
func TestWhenAnEventIsGivenUp(t *testing.T) {
	for name1, test := range map[string]struct {
		retry    Retry
		attempts int
		after    time.Duration // from the first attempt on, to the second
	}{
		"attempts":          {Retry{Attempts: 1}, 1, 0},
		"a short age":       {Retry{Age: time.Nanosecond}, 2, 0},
		"an age":            {Retry{Age: time.Minute}, 0, time.Minute},
		"whichever first":   {Retry{Attempts: 2, Age: time.Hour}, 2, 0},
		"a bounded wait":    {Retry{Age: 10 * time.Second, Backoff: time.Second}, 0, 10 * time.Second},
		"what can't pass":   {Retry{If: func(error) bool { return false }}, 1, 0},
		"a limited attempt": {Retry{Attempts: 2, Timeout: time.Minute}, 2, 2 * time.Minute},
	} {
		t.Run(name1, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := oneShard("old")
				time.Sleep(10 * time.Hour)
				var given []Failure
				var ended time.Time
				o := drain
				o.Retry = test.retry
				o.DeadLetter = func(_ context.Context, f Failure) error {
					given, ended = append(given, f), time.Now()
					return nil
				}
				failing := errors.New("no")
				err := mustOpen(t, f, o).Run(t.Context(), func(ctx context.Context, _ Event) error {
					if test.retry.Timeout > 0 {
						<-ctx.Done()
					}
					return failing
				})
				if err != nil || len(given) != 1 {
					t.Fatalf("Run = %v with %d dead letters, want one", err, len(given))
				}
				g := given[0]
				check(t, "event, error", []any{name(g.Event), g.Err == failing}, []any{"s/old", true})
				if took := ended.Sub(g.First); took < test.after || took > test.after+10*time.Second {
					t.Errorf("given up after %v, want %v", took, test.after)
				}
				if test.attempts > 0 {
					check(t, "attempts", g.Attempts, test.attempts)
				}
			})
		})
	}
}

// TestAPanicIsAFailedAttempt where there are dead letters, and kills nobody.
func TestAPanicIsAFailedAttempt(t *testing.T) {
	for _, parallel := range []int{1, 4} {
		synctest.Test(t, func(t *testing.T) {
			o := drain
			o.Parallel, o.Retry.Attempts = parallel, 2
			var dead []Failure
			o.DeadLetter = func(_ context.Context, f Failure) error { dead = append(dead, f); return nil }
			var c collector
			err := mustOpen(t, oneShard("1", "2", "3"), o).Run(t.Context(), func(ctx context.Context, e Event) error {
				if name(e) == "s/2" {
					panic("nil map")
				}
				return c.handle(ctx, e)
			})
			check(t, "error, events, dead letters", []any{err, len(c.got), len(dead)}, []any{error(nil), 2, 1})
			var p *HandlerPanic
			if !errors.As(dead[0].Err, &p) || p.Value != "nil map" || dead[0].Attempts != 2 {
				t.Errorf("the dead letter is %+v, want two attempts and the panic", dead[0])
			}
		})
	}
}

// TestAPanicBesideOtherItems becomes Run's, once what is in work is handled.
func TestAPanicBesideOtherItems(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		o := drain
		o.Parallel, o.Checkpoints = 4, m.grip()
		r := mustOpen(t, oneShard("1", "2", "3"), o)
		var finished time.Time
		func() {
			defer func() {
				if p, ok := recover().(*HandlerPanic); !ok || p.Value != "bug" {
					t.Errorf("Run panics with %v, want the handler's panic", p)
				}
			}()
			r.Run(t.Context(), func(_ context.Context, e Event) error {
				switch name(e) {
				case "s/2":
					panic("bug")
				case "s/1":
					time.Sleep(time.Second)
					finished = time.Now()
				}
				return nil
			})
		}()
		if finished.IsZero() {
			t.Error("the event beside it was not finished")
		}
		check(t, "checkpoint", m.saved()["s"], f21(1))
	})
}

func TestRetryable(t *testing.T) {
	refused := &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	canceled := func(codes ...string) error {
		e := &dbtypes.TransactionCanceledException{}
		for _, code := range codes {
			e.CancellationReasons = append(e.CancellationReasons, dbtypes.CancellationReason{Code: &code})
		}
		return e
	}
	for err, want := range map[error]bool{
		throttleError: true, noAnswer{time.Second}: true, context.DeadlineExceeded: true, refused: true,
		canceled("None", "TransactionConflict"): true, canceled("None", "ThrottlingError"): true, canceled("ProvisionedThroughputExceeded", "None"): true,
		canceled("None", "None"): false, nil: false,
		canceled("ConditionalCheckFailed", "ThrottlingError"): false, canceled("ConditionalCheckFailed", "TransactionConflict"): false,
		errors.New("what?"): false, context.Canceled: false,
		&os.PathError{Op: "write", Path: "journal", Err: syscall.ENOSPC}: false,
	} {
		if got := Retryable(err); got != want {
			t.Errorf("Retryable(%v) = %v, want %v", err, got, want)
		}
	}
}

// TestALongBackoff is as long as it says.
func TestALongBackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var at []time.Time
		o := drain
		o.Retry = Retry{Attempts: 14, Backoff: time.Minute}
		mustOpen(t, oneShard("1"), o).Run(t.Context(), func(context.Context, Event) error {
			at = append(at, time.Now())
			return errors.New("x")
		})
		if last := at[13].Sub(at[12]); last < 20*time.Second {
			t.Errorf("the 13th wait is %v, want about a minute: each is twice the one before, up to Backoff", last)
		}
	})
}

// TestNoDeadLetterAfterTheEnd of ctx: the event is redelivered.
func TestNoDeadLetterAfterTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		o := drain
		o.Retry.Attempts = 1
		o.DeadLetter = func(_ context.Context, f Failure) error {
			t.Errorf("DeadLetter got %s though ctx had ended", name(f.Event))
			return nil
		}
		mustOpen(t, oneShard("1"), o).Run(ctx, func(context.Context, Event) error {
			cancel()
			time.Sleep(time.Second)
			return errors.New("shutting down")
		})
	})
}

// Health
