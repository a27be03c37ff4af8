package lambda

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"dynamostreamer/internal/stream"
)

var _ lambda.Handler = (*Function)(nil)

// payload is a batch with an event for each item, numbered from 1.
func payload(items string) []byte {
	var records []string
	for i, item := range strings.Fields(items) {
		records = append(records, fmt.Sprintf(`{"eventName":"INSERT","dynamodb":{"SequenceNumber":"%d","Keys":{"id":{"S":%q}}}}`, i+1, item))
	}
	return []byte(`{"Records":[` + strings.Join(records, ",") + `]}`)
}

// A log is what a handler got, as item and sequence number.
type log struct {
	mu   sync.Mutex
	seen []string
}

func (l *log) add(e stream.Event) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	text := itemOf(e) + e.Sequence
	l.seen = append(l.seen, text)
	return text
}

func itemOf(e stream.Event) string { return e.Keys["id"].(*types.AttributeValueMemberS).Value }

func TestInvoke(t *testing.T) {
	boom := errors.New("boom")
	for _, test := range []struct {
		name, items, fails string // the events that fail
		options            []Option
		want, answer, err  string
		why                string
	}{
		{"all", "a b a", "", nil, "a1 b2 a3", "null", "", "an answer that no mapping could take for a failure"},
		{"all reported", "a b a", "", []Option{ReportBatchItemFailures}, "a1 b2 a3", `{"batchItemFailures":[]}`, "", "an empty list is success"},
		{"a failure", "a b c", "b2", nil, "a1 b2", "", "event 2: boom", "the invocation fails, so that the whole batch comes again"},
		{"a failure reported", "a b c", "b2", []Option{ReportBatchItemFailures}, "a1 b2", `{"batchItemFailures":[{"itemIdentifier":"2"}]}`, "", "those before it count"},
		{"the first of several", "a b c", "b2 c3", []Option{ReportBatchItemFailures}, "a1 b2", `{"batchItemFailures":[{"itemIdentifier":"2"}]}`, "", "nothing behind it is handled"},
		{"a panic", "a b c", "b2!", []Option{ReportBatchItemFailures}, "a1 b2", `{"batchItemFailures":[{"itemIdentifier":"2"}]}`, "", "it is its event's failure"},
		{"a panic that is not reported", "a b", "a1!", nil, "a1", "", "event 1: panic: boom", "and not the process' end"},
		{"a handler that exits", "a b", "a1.", nil, "a1", "", "event 1: the handler ended its goroutine", "such as a test's FailNow"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := &log{}
			f := Handler(func(_ context.Context, e stream.Event) error {
				switch text := got.add(e); {
				case strings.Contains(test.fails, text+"!"):
					panic(boom)
				case strings.Contains(test.fails, text+"."):
					runtime.Goexit()
				case strings.Contains(test.fails, text):
					return boom
				}
				return nil
			}, test.options...)
			answer, err := f.Invoke(t.Context(), payload(test.items))
			if seen := strings.Join(got.seen, " "); seen != test.want || string(answer) != test.answer {
				t.Errorf("Invoke handled %s and answered %s, want %s and %s: %s", seen, answer, test.want, test.answer, test.why)
			}
			switch {
			case test.err == "" && err != nil, test.err != "" && (err == nil || !strings.HasPrefix(err.Error(), test.err)):
				t.Errorf("Invoke = %v, want %q: %s", err, test.err, test.why)
			case test.err != "" && !errors.As(err, new(*EventError)):
				t.Errorf("the error is a %T", err)
			}
		})
	}
}

func TestPayloads(t *testing.T) {
	handled := 0
	f := Handler(func(context.Context, stream.Event) error { handled++; return nil }, ReportBatchItemFailures)
	for _, test := range []struct{ name, payload, want string }{
		{"not JSON", `{`, "reading the payload"},
		{"another event", `{"detail":{}}`, "map the function to the stream"},
		{"another source", `{"Records":[{"eventSource":"aws:sqs","body":"x"}]}`, "not DynamoDB's"},
		{"no sequence number", `{"Records":[{"eventName":"INSERT","dynamodb":{"Keys":{}}}]}`, "no sequence number"},
	} {
		if answer, err := f.Invoke(t.Context(), []byte(test.payload)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: Invoke = %s, %v; want an error with %q", test.name, answer, err, test.want)
		}
	}
	if handled != 0 {
		t.Errorf("%d events of no stream were handled", handled)
	}

	// One that can't be read is a failure like any other.
	text := strings.Replace(string(payload("a b")), "INSERT", "RENAME", 2)
	text = strings.Replace(text, "RENAME", "INSERT", 1)
	answer, err := f.Invoke(t.Context(), []byte(text))
	if want := `{"batchItemFailures":[{"itemIdentifier":"2"}]}`; err != nil || string(answer) != want || handled != 1 {
		t.Errorf("an unknown event name: Invoke = %s, %v, with %d handled; want %s and 1", answer, err, handled, want)
	}
}

func TestAnEventOfABatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var got []stream.Event
		f := Handler(func(_ context.Context, e stream.Event) error {
			time.Sleep(time.Second)
			got = append(got, e)
			return nil
		})
		if _, err := f.Invoke(t.Context(), payload("a b")); err != nil {
			t.Fatal(err)
		}
		for _, e := range got {
			if !e.Seen.Equal(began) || e.Shard != "" || e.Generation != 0 || e.Copy != 0 || e.Gap != nil {
				t.Errorf("the event is %+v, want one that was seen at %v and tells no more than its record", e, began)
			}
		}
	})
}

// TestTheDeadline: once the context has ended, no event begins, and those that
// were handled count.
func TestTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()
		handled := 0
		f := Handler(func(context.Context, stream.Event) error {
			time.Sleep(time.Second)
			handled++
			return nil
		}, ReportBatchItemFailures)
		answer, err := f.Invoke(ctx, payload("a b c d"))
		if want := `{"batchItemFailures":[{"itemIdentifier":"3"}]}`; err != nil || string(answer) != want || handled != 2 {
			t.Errorf("Invoke = %s, %v, with %d handled; want %s and 2", answer, err, handled, want)
		}
	})
}

// TestParallel: several items at a time, each one's changes in order, and with a
// failure all before it.
func TestParallel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 3
		var items []string
		for i := range 60 {
			items = append(items, string(rune('a'+i*i%7)))
		}
		for _, fails := range []string{"", "31", "1", "60"} {
			var mu sync.Mutex
			busy, most := make(map[string]bool), 0
			last := make(map[string]int)
			handled := make(map[int]bool)
			f := Handler(func(_ context.Context, e stream.Event) error {
				item := itemOf(e)
				var number int
				fmt.Sscan(e.Sequence, &number)
				mu.Lock()
				if busy[item] || number < last[item] {
					t.Errorf("event %d of item %s came beside %d or after it", number, item, last[item])
				}
				busy[item], last[item] = true, number
				most = max(most, len(busy))
				mu.Unlock()
				time.Sleep(time.Duration(number*7919%13) * time.Millisecond)
				mu.Lock()
				defer mu.Unlock()
				delete(busy, item)
				if e.Sequence == fails {
					return errors.New("boom")
				}
				handled[number] = true
				return nil
			}, Parallel(n), ReportBatchItemFailures)
			text, err := f.Invoke(t.Context(), payload(strings.Join(items, " ")))
			var got answer
			if err := errors.Join(err, json.Unmarshal(text, &got)); err != nil {
				t.Fatal(err)
			}
			if most != n && fails != "1" {
				t.Errorf("%d items were in work at a time, want %d", most, n)
			}
			first := len(items) + 1
			if fails != "" {
				fmt.Sscan(fails, &first)
				if len(got.BatchItemFailures) != 1 || got.BatchItemFailures[0].ItemIdentifier != fails {
					t.Errorf("event %s failed, and the answer is %s", fails, text)
				}
			} else if len(got.BatchItemFailures) > 0 {
				t.Errorf("nothing failed, and the answer is %s", text)
			}
			for number := 1; number < first; number++ {
				if !handled[number] {
					t.Errorf("event %s failed, and event %d before it was not handled, of %v", fails, number, slices.Sorted(maps.Keys(handled)))
				}
			}
		}
	})
}

// TestFailuresSideBySide: the first one of the batch is reported, whichever was
// first in time.
func TestFailuresSideBySide(t *testing.T) {
	for _, waits := range []string{"a", "b"} {
		synctest.Test(t, func(t *testing.T) {
			f := Handler(func(_ context.Context, e stream.Event) error {
				if itemOf(e) == waits {
					time.Sleep(time.Second)
				}
				return errors.New("boom")
			}, Parallel(2), ReportBatchItemFailures)
			answer, err := f.Invoke(t.Context(), payload("a b"))
			if want := `{"batchItemFailures":[{"itemIdentifier":"1"}]}`; err != nil || string(answer) != want {
				t.Errorf("where %s fails later: Invoke = %s, %v; want %s", waits, answer, err, want)
			}
		})
	}
}

// TestWhatIsDeployed: the linker leaves the reader, the engine and what plays
// Lambda out of a function.
func TestWhatIsDeployed(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "bootstrap")
	build := exec.Command("go", "build", "-tags", "lambda.norpc", "-o", binary, "../../steps/08-lambda")
	build.Env = append(os.Environ(), "GOOS=linux", "GOARCH=arm64", "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	symbols, err := exec.Command("go", "tool", "nm", binary).Output()
	if err != nil {
		t.Fatal(err)
	}
	has := func(name string) bool { return strings.Contains(string(symbols), name) }
	if !has("dynamostreamer/internal/stream.LambdaEvent") {
		t.Error("the function can't make events: what does nm print?")
	}
	for _, name := range []string{"stream.(*Reader)", "internal/embedded", "internal/cli", "lambda/mapping", "lambda/host", "sqlite"} {
		if has(name) {
			t.Errorf("the function has %s in it", name)
		}
	}
}
