package mapping

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"dynamostreamer/internal/stream"
)

// An event is what a test's function reads of its payload.
type event struct {
	Records []struct {
		DynamoDB struct {
			Keys           struct{ ID struct{ S string } }
			SequenceNumber string
		}
	}
}

func decodeEvent(payload []byte) (e event, err error) {
	err = json.Unmarshal(payload, &e)
	return e, err
}

func sequences(t *testing.T, payload []byte) (numbers []string) {
	e, err := decodeEvent(payload)
	if err != nil {
		t.Errorf("the payload is not JSON: %v", err)
	}
	for _, r := range e.Records {
		numbers = append(numbers, r.DynamoDB.SequenceNumber)
	}
	return numbers
}

// A journal notes what a test's function got, as the last digits of sequence
// numbers, and fails as it is told.
type journal struct {
	t    *testing.T
	fail func(call int, numbers []string) ([]byte, error)

	mu    sync.Mutex
	lines []string
}

// names are the records of an invocation by their order in the stream: a, b, c…
func names(numbers []string) string {
	var b strings.Builder
	for _, n := range numbers {
		b.WriteByte(name(n))
	}
	return b.String()
}

func name(sequence string) byte {
	var n int
	fmt.Sscan(strings.TrimLeft(sequence[len(sequence)-6:], "0"), &n)
	return 'a' + byte(n/7-1)
}

func (j *journal) invoke(_ context.Context, payload []byte) ([]byte, error) {
	numbers := sequences(j.t, payload)
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, names(numbers))
	if j.fail == nil {
		return nil, nil
	}
	return j.fail(len(j.lines), numbers)
}

// failing fails each invocation that has one of the records.
func failing(poison string) func(int, []string) ([]byte, error) {
	return func(_ int, numbers []string) ([]byte, error) {
		if strings.ContainsAny(names(numbers), poison) {
			return nil, &FunctionError{Type: "Error", Message: "poison"}
		}
		return nil, nil
	}
}

// reporting reports the first of the records that is in an invocation.
func reporting(poison string) func(int, []string) ([]byte, error) {
	return func(_ int, numbers []string) ([]byte, error) {
		if i := slices.IndexFunc(numbers, func(n string) bool { return strings.IndexByte(poison, name(n)) >= 0 }); i >= 0 {
			return fmt.Appendf(nil, `{"batchItemFailures":[{"itemIdentifier":%q}]}`, numbers[i]), nil
		}
		return []byte(`{"batchItemFailures":[]}`), nil
	}
}

// TestFailures shows each rule about failures on one batch: what is sent, in
// which order, and what is given up.
func TestFailures(t *testing.T) {
	for _, c := range []struct {
		name, why string
		records   int
		set       func(*Options)
		fail      func(int, []string) ([]byte, error)
		sent      string // invocations, separated by spaces
		givenUp   string // for each: condition's first word, the first and the last record, size and invocations
	}{
		{"success", "a batch is sent once", 4, nil, nil, "abcd", ""},
		{"retries the batch", "the whole batch comes again", 3, func(o *Options) { o.MaximumRetryAttempts = 2 },
			func(call int, n []string) ([]byte, error) {
				if call < 3 {
					return nil, &FunctionError{Type: "Sandbox.Timedout"}
				}
				return nil, nil
			}, "abc abc abc", ""},
		{"gives up the batch", "two retries are three invocations, and good records go too", 3,
			func(o *Options) { o.MaximumRetryAttempts = 2 }, failing("b"), "abc abc abc", "RetryAttemptsExhausted a-c 3 after 3"},
		{"no retries", "0 is a value", 2, func(o *Options) { o.MaximumRetryAttempts = 0 }, failing("b"), "ab", "RetryAttemptsExhausted a-b 2 after 1"},
		{"bisects", "splitting takes no attempt: the record alone has its own three", 4,
			func(o *Options) { o.MaximumRetryAttempts = 2; o.BisectBatchOnFunctionError = true }, failing("c"),
			"abcd ab cd c c c d", "RetryAttemptsExhausted c-c 1 after 3"},
		{"bisects without retries", "halves are sent although nothing is retried", 5,
			func(o *Options) { o.MaximumRetryAttempts = 0; o.BisectBatchOnFunctionError = true }, failing("ae"),
			"abcde abc ab a b c de d e", "RetryAttemptsExhausted a-a 1 after 1, RetryAttemptsExhausted e-e 1 after 1"},
		{"the answer is ignored", "without ReportBatchItemFailures it says nothing", 3, nil, reporting("b"), "abc", ""},
		{"reports", "what is before the reported one is handled; the rest counts on", 4,
			func(o *Options) { o.MaximumRetryAttempts = 2; o.ReportBatchItemFailures = true }, reporting("b"),
			"abcd bcd bcd", "RetryAttemptsExhausted b-d 3 after 3"},
		{"reports and bisects", "it is split at the reported one, then in the middle, until that is alone", 6,
			func(o *Options) {
				o.MaximumRetryAttempts, o.ReportBatchItemFailures, o.BisectBatchOnFunctionError = 1, true, true
			}, reporting("c"),
			"abcdef cdef cd c c d ef", "RetryAttemptsExhausted c-c 1 after 2"},
		{"an error bisects too", "whatever is reported", 2,
			func(o *Options) {
				o.MaximumRetryAttempts, o.ReportBatchItemFailures, o.BisectBatchOnFunctionError = 0, true, true
			}, failing("b"), "ab a b", "RetryAttemptsExhausted b-b 1 after 1"},
		{"the function is not invoked", "that counts as no attempt and bisects nothing", 2,
			func(o *Options) { o.MaximumRetryAttempts, o.BisectBatchOnFunctionError = 0, true },
			func(call int, _ []string) ([]byte, error) {
				if call < 4 {
					return nil, fmt.Errorf("no process")
				}
				return nil, nil
			}, "ab ab ab ab", ""},
		{"too large an answer", "fails like the function", 1, func(o *Options) { o.MaximumRetryAttempts = 0 },
			func(int, []string) ([]byte, error) { return make([]byte, MaxAnswer+1), nil }, "a", "RetryAttemptsExhausted a-a 1 after 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFakeStream(1)
				for i := range c.records {
					f.write(i, nil)
				}
				j := &journal{t: t, fail: c.fail}
				var givenUp []string
				o := Defaults()
				o.OnFailure = func(_ context.Context, r *FailureRecord) error {
					givenUp = append(givenUp, fmt.Sprintf("%s %c-%c %d after %d", r.RequestContext.Condition,
						name(r.Batch.StartSequenceNumber), name(r.Batch.EndSequenceNumber), r.Batch.BatchSize, r.RequestContext.ApproximateInvokeCount))
					return nil
				}
				if c.set != nil {
					c.set(&o)
				}
				totals := f.run(t, o, j.invoke)
				if got := strings.Join(j.lines, " "); got != c.sent {
					t.Errorf("sent %s, want %s: %s", got, c.sent, c.why)
				}
				if got := strings.Join(givenUp, ", "); got != c.givenUp {
					t.Errorf("given up %q, want %q: %s", got, c.givenUp, c.why)
				}
				if got := totals.Delivered + totals.GivenUp; got != int64(c.records) {
					t.Errorf("%d records are delivered and %d given up, want %d together", totals.Delivered, totals.GivenUp, c.records)
				}
			})
		})
	}
}

// TestTrace: each invocation is told of, with its depth and its attempt.
func TestTrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(1)
		for i := range 3 {
			f.write(i, nil)
		}
		o := Defaults()
		o.MaximumRetryAttempts, o.BisectBatchOnFunctionError = 1, true
		var got []string
		o.Trace = func(i Invocation) {
			result := "ok"
			if i.Err != nil {
				result = i.Err.Error()
			}
			got = append(got, fmt.Sprintf("batch %d depth %d attempt %d: %c-%c %d of %d %s in %v", i.Batch, i.Depth, i.Attempt, name(i.First), name(i.Last), i.Handled, i.Size, result, i.Took))
		}
		j := &journal{t: t, fail: failing("c")}
		totals := f.run(t, o, func(ctx context.Context, payload []byte) ([]byte, error) {
			time.Sleep(time.Second)
			return j.invoke(ctx, payload)
		})
		want := []string{
			"batch 1 depth 0 attempt 1: a-c 0 of 3 Error: poison in 1s",
			"batch 1 depth 1 attempt 1: a-b 2 of 2 ok in 1s",
			"batch 1 depth 1 attempt 1: c-c 0 of 1 Error: poison in 1s",
			"batch 1 depth 1 attempt 2: c-c 0 of 1 Error: poison in 1s",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		wantTotals := Totals{Delivered: 2, GivenUp: 1, Batches: 1, Invocations: 4, Failed: 3, Retries: 1, Halves: 2}
		totals.IteratorAge = 0
		if diff := cmp.Diff(wantTotals, totals); diff != "" {
			t.Error(diff)
		}
	})
}

// TestTrimmed: what was trimmed before it was read is counted, and the rest is
// delivered.
func TestTrimmed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, kept := newFakeStream(1), &memory{}
		j := &journal{t: t}
		for life, want := range []Totals{{Delivered: 2}, {Delivered: 1, Gaps: 1}, {}} {
			if life == 0 {
				f.write(0, nil)
				f.write(0, nil)
			}
			m, err := New(Defaults(), j.invoke)
			if err != nil {
				t.Fatal(err)
			}
			r, err := stream.Open(t.Context(), f, fakeARN, stream.Options{Logger: discarding, Checkpoints: kept, Idle: time.Minute, OnGap: stream.SkipGaps})
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(m.Run(t.Context(), r), r.Close()); err != nil {
				t.Fatal(err)
			}
			if got := m.Totals(); got.Delivered != want.Delivered || got.Gaps != want.Gaps {
				t.Errorf("life %d: %d records are delivered and %d gaps found, want %d and %d", life+1, got.Delivered, got.Gaps, want.Delivered, want.Gaps)
			}
			if life == 0 {
				time.Sleep(25 * time.Hour)
				f.write(0, nil) // c, trimmed
				f.write(0, nil) // d
				f.shards[0].trimmed = 3
			}
		}
		if want := []string{"ab", "d"}; !slices.Equal(j.lines, want) {
			t.Errorf("sent %v, want %v", j.lines, want)
		}
	})
}

// TestACopyIsRefused: a reader that copies its table has rows that no record of a
// stream has.
func TestACopyIsRefused(t *testing.T) {
	p := &stream.Page{Events: []stream.Event{{Kind: stream.Copied}}}
	if _, err := newRecord(p, 0); err == nil || !strings.Contains(err.Error(), "open the reader without a Copy") {
		t.Errorf("the record of a copied row = %v, want an error", err)
	}
}

// TestIteratorAge: it is the age of an invocation's last record when it is sent, and
// the maximum in the totals.
func TestIteratorAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(1)
		f.write(0, madeAgo(time.Hour))
		f.write(0, madeAgo(40*time.Second))
		o := Defaults()
		var ages []time.Duration
		o.Trace = func(i Invocation) { ages = append(ages, i.IteratorAge.Round(time.Second)) }
		totals := f.run(t, o, func(context.Context, []byte) ([]byte, error) {
			time.Sleep(10 * time.Second)
			if len(ages) == 0 {
				return nil, &FunctionError{Type: "Error"}
			}
			return nil, nil
		})
		if want := []time.Duration{40 * time.Second, 50 * time.Second}; !slices.Equal(ages, want) {
			t.Errorf("ages %v, want %v", ages, want)
		}
		if got := totals.IteratorAge.Round(time.Second); got != 50*time.Second {
			t.Errorf("the totals have an age of %v, want 50s", got)
		}
	})
}
