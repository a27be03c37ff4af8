package mapping

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"dynamostreamer/internal/stream"
)

// madeAgo makes a record older.
func madeAgo(d time.Duration) func(*types.Record) {
	return func(r *types.Record) {
		r.Dynamodb.ApproximateCreationDateTime = aws.Time(time.Now().Add(-d).Truncate(time.Second))
	}
}

// TestRecordAge: ages are the records', and are checked before each attempt.
func TestRecordAge(t *testing.T) {
	for _, c := range []struct {
		name, why string
		age       time.Duration
		ages      []time.Duration
		fail      func(int, []string) ([]byte, error)
		sent      string
		givenUp   string
	}{
		{"too old before the first attempt", "they are never sent; the rest is", time.Minute,
			[]time.Duration{5 * time.Minute, time.Minute, 50 * time.Second, 0}, nil, "cd", "RecordAgeExceeded a-b after 0"},
		{"one is too old after a failure", "the batch goes without it", time.Minute,
			[]time.Duration{59 * time.Second, 0}, func(call int, _ []string) ([]byte, error) {
				if call == 1 {
					time.Sleep(2 * time.Second)
					return nil, &FunctionError{Type: "Error"}
				}
				return nil, nil
			}, "ab b", "RecordAgeExceeded a-a after 1"},
		{"expires", "without any bound, a record that fails is given up a day after it was made", Infinite,
			[]time.Duration{24*time.Hour - 3*time.Second, time.Hour}, func(call int, n []string) ([]byte, error) {
				if strings.Contains(names(n), "a") {
					time.Sleep(2 * time.Second)
					return nil, &FunctionError{Type: "Error"}
				}
				return nil, nil
			}, "ab ab b", "RecordAgeExceeded a-a after 2"},
		{"can't be invoked", "that takes no attempt and ends all the same; the record tells of the last invocation", time.Minute,
			[]time.Duration{50 * time.Second}, func(call int, _ []string) ([]byte, error) {
				time.Sleep(6 * time.Second)
				if call == 1 {
					return nil, &FunctionError{Type: "Error"}
				}
				return nil, errors.New("no process")
			}, "a a", "RecordAgeExceeded a-a after 1"},
		{"old and never failed", "without a bound it is sent, however old", Infinite, []time.Duration{30 * time.Hour}, nil, "a", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFakeStream(1)
				for i, d := range c.ages {
					f.write(i, madeAgo(d))
				}
				j := &journal{t: t, fail: c.fail}
				var givenUp []string
				o := Defaults()
				o.MaximumRecordAge = c.age
				o.OnFailure = func(_ context.Context, r *FailureRecord) error {
					if r.RequestContext.ApproximateInvokeCount == 0 && r.ResponseContext != nil {
						t.Error("there is a response, and nothing was sent")
					}
					if r.RequestContext.ApproximateInvokeCount > 0 && r.ResponseContext.FunctionError != "Unhandled" {
						t.Errorf("the last invocation's response is %+v, want the function's error", r.ResponseContext)
					}
					givenUp = append(givenUp, fmt.Sprintf("%s %c-%c after %d", r.RequestContext.Condition,
						name(r.Batch.StartSequenceNumber), name(r.Batch.EndSequenceNumber), r.RequestContext.ApproximateInvokeCount))
					return nil
				}
				f.run(t, o, j.invoke)
				if got := strings.Join(j.lines, " "); got != c.sent {
					t.Errorf("sent %s, want %s: %s", got, c.sent, c.why)
				}
				if got := strings.Join(givenUp, ", "); got != c.givenUp {
					t.Errorf("given up %q, want %q: %s", got, c.givenUp, c.why)
				}
			})
		})
	}
}

// TestBackoff: waits double up to the maximum, and halves don't wait.
func TestBackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(1)
		f.write(0, nil)
		f.write(0, nil)
		o := Defaults()
		o.MaximumRetryAttempts, o.BisectBatchOnFunctionError, o.Backoff = 4, true, 500*time.Millisecond
		var waits []time.Duration
		last := time.Now()
		f.run(t, o, func(context.Context, []byte) ([]byte, error) {
			waits = append(waits, time.Since(last))
			last = time.Now()
			return nil, &FunctionError{Type: "Error"}
		})
		want := []time.Duration{0, 0, 100, 200, 400, 500, 0, 100, 200, 400, 500} // ms; half of each is random
		if len(waits) != len(want) {
			t.Fatalf("%d invocations, want %d", len(waits), len(want))
		}
		for i, w := range want[1:] {
			if got, w := waits[i+1], w*time.Millisecond; got < w/2 || got > w {
				t.Errorf("wait %d is %v, want %v to %v", i+1, got, w/2, w)
			}
		}
	})
}

// TestOnFailureFails: an on-failure record that can't be kept ends Run, and its
// records come again.
func TestOnFailureFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, kept := newFakeStream(1), &memory{}
		f.write(0, nil)
		f.write(0, nil)
		full := errors.New("the disk is full")
		o := Defaults()
		o.MaximumRetryAttempts = 0
		o.OnFailure = func(context.Context, *FailureRecord) error { return full }
		j := &journal{t: t, fail: failing("a")}
		for range 2 {
			m, err := New(o, j.invoke)
			if err != nil {
				t.Fatal(err)
			}
			r, err := stream.Open(t.Context(), f, fakeARN, stream.Options{Logger: discarding, Checkpoints: kept, Idle: time.Minute})
			if err != nil {
				t.Fatal(err)
			}
			if err := m.Run(t.Context(), r); !errors.Is(err, full) {
				t.Errorf("Run = %v, want %v", err, full)
			}
			if err := r.Close(); err != nil {
				t.Error(err)
			}
			if got := m.Totals().GivenUp; got != 0 {
				t.Errorf("%d records are given up, want 0", got)
			}
		}
		if want := []string{"ab", "ab"}; !slices.Equal(j.lines, want) {
			t.Errorf("sent %v, want %v", j.lines, want)
		}
	})
}

// TestShutdown: when the context ends, the invocation under way runs to its end,
// nothing else begins, and the next mapping resumes behind it.
func TestShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, kept := newFakeStream(1), &memory{}
		for range 4 {
			f.write(0, nil)
		}
		o := Defaults()
		o.BatchSize = 2
		ctx, stop := context.WithCancel(t.Context())
		j := &journal{t: t}
		run := func(ctx context.Context, idle time.Duration) error {
			m, err := New(o, func(ctx context.Context, payload []byte) ([]byte, error) {
				stop()
				time.Sleep(30 * time.Second)
				if ctx.Err() != nil {
					t.Errorf("the invocation's context ended within the grace: %v", ctx.Err())
				}
				return j.invoke(ctx, payload)
			})
			if err != nil {
				t.Fatal(err)
			}
			r, err := stream.Open(t.Context(), f, fakeARN, stream.Options{Logger: discarding, Checkpoints: kept, Idle: idle, Grace: time.Minute})
			if err != nil {
				t.Fatal(err)
			}
			return errors.Join(m.Run(ctx, r), r.Close())
		}
		if err := run(ctx, 0); !errors.Is(err, context.Canceled) {
			t.Errorf("Run = %v, want the context's end", err)
		}
		if want := []string{"ab"}; !slices.Equal(j.lines, want) {
			t.Errorf("sent %v before the end, want %v", j.lines, want)
		}
		if err := run(t.Context(), time.Minute); err != nil {
			t.Error(err)
		}
		if want := []string{"ab", "cd"}; !slices.Equal(j.lines, want) {
			t.Errorf("sent %v in all, want %v", j.lines, want)
		}
	})
}

// TestShutdownAmidHalves: a half that failed for the last time is given up at the
// shutdown, and the other half is not begun.
func TestShutdownAmidHalves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(1)
		f.write(0, nil)
		f.write(0, nil)
		o := Defaults()
		o.MaximumRetryAttempts, o.BisectBatchOnFunctionError = 0, true
		ctx, stop := context.WithCancel(t.Context())
		j := &journal{t: t, fail: failing("ab")}
		m, err := New(o, func(ctx context.Context, payload []byte) ([]byte, error) {
			if len(sequences(t, payload)) == 1 {
				stop()
			}
			return j.invoke(ctx, payload)
		})
		if err != nil {
			t.Fatal(err)
		}
		r, err := stream.Open(t.Context(), f, fakeARN, stream.Options{Logger: discarding})
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Run(ctx, r); !errors.Is(err, context.Canceled) {
			t.Errorf("Run = %v, want the context's end", err)
		}
		if want := []string{"ab", "a"}; !slices.Equal(j.lines, want) || m.Totals().GivenUp != 1 {
			t.Errorf("sent %v and gave up %d records, want %v and 1", j.lines, m.Totals().GivenUp, want)
		}
	})
}

// TestGraceEnds: an invocation that outlasts the grace is cut short and comes
// again; it is neither delivered nor given up.
func TestGraceEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(1)
		f.write(0, nil)
		o := Defaults()
		o.MaximumRetryAttempts = 0
		o.OnFailure = func(context.Context, *FailureRecord) error { t.Error("it was given up"); return nil }
		ctx, stop := context.WithCancel(t.Context())
		m, err := New(o, func(ctx context.Context, _ []byte) ([]byte, error) {
			stop()
			<-ctx.Done()
			return nil, &FunctionError{Type: "Sandbox.Timedout"}
		})
		if err != nil {
			t.Fatal(err)
		}
		r, err := stream.Open(t.Context(), f, fakeARN, stream.Options{Logger: discarding})
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Run(ctx, r); !errors.Is(err, context.Canceled) {
			t.Errorf("Run = %v, want the context's end", err)
		}
		if got := m.Totals().Delivered; got != 0 {
			t.Errorf("%d records are delivered, want 0", got)
		}
	})
}
