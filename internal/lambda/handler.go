package lambda

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"dynamostreamer/internal/stream"
)

// An Option changes how a Function handles a batch.
type Option func(*Function)

// ReportBatchItemFailures answers with the event that failed, in place of an
// error. Set it together with the mapping's FunctionResponseTypes, and never
// without: see the package comment.
func ReportBatchItemFailures(f *Function) { f.report = true }

// Parallel handles up to n items of a batch at a time; below 2, one event after
// the other. A failure still lets the events before it be handled. Of those after
// it some may be, and are redelivered.
func Parallel(n int) Option { return func(f *Function) { f.parallel = n } }

// A Function is what aws-lambda-go's Start takes: a Handler of that module.
type Function struct {
	handle   func(context.Context, stream.Event) error
	report   bool
	parallel int
}

// Handler makes a Function that calls handle for each event. The context has the
// invocation's deadline: no event is begun after it. Lambda ends a function then,
// and the batch comes again whole.
func Handler(handle func(context.Context, stream.Event) error, options ...Option) *Function {
	f := &Function{handle: handle, parallel: 1}
	for _, option := range options {
		option(f)
	}
	return f
}

// An EventError is why a batch failed: an event that did.
type EventError struct {
	Event stream.Event
	Err   error // a panic is a *stream.HandlerPanic
}

func (e *EventError) Error() string {
	return fmt.Sprintf("event %s: %v", e.Event.Sequence, e.Err)
}

func (e *EventError) Unwrap() error { return e.Err }

// An answer is what Lambda reads where FunctionResponseTypes says so ("Configuring
// partial batch response with DynamoDB and Lambda" in its Developer Guide). It
// sends again from the lowest sequence number on, so one is enough; none is
// success.
type answer struct {
	BatchItemFailures []itemFailure `json:"batchItemFailures"`
}

type itemFailure struct {
	ItemIdentifier string `json:"itemIdentifier"` // a sequence number
}

// Invoke handles the events of a payload, which is Lambda's JSON of a batch.
// Lambda's runtime calls it, and a test may.
func (f *Function) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	var input struct{ Records []json.RawMessage }
	if err := json.Unmarshal(payload, &input); err != nil {
		return nil, fmt.Errorf("reading the payload: %w", err)
	}
	if len(input.Records) == 0 {
		return nil, errors.New("the payload has no Records: map the function to the stream of a DynamoDB table")
	}
	failed := f.handleAll(ctx, input.Records)
	switch {
	case failed == nil && f.report:
		return json.Marshal(answer{BatchItemFailures: []itemFailure{}})
	case failed == nil:
		return []byte("null"), nil
	case !f.report || failed.Event.Sequence == "":
		// Without a sequence number there is nothing to report.
		return nil, failed
	}
	// Lambda counts this invocation as a success, and logs no error of it.
	slog.ErrorContext(ctx, "an event failed", "sequence", failed.Event.Sequence, "error", failed.Err)
	return json.Marshal(answer{BatchItemFailures: []itemFailure{{failed.Event.Sequence}}})
}

// handleAll handles the events of records. It returns the first one that failed,
// before which all are handled, or nil.
func (f *Function) handleAll(ctx context.Context, records []json.RawMessage) *EventError {
	began := time.Now()
	b := &batch{first: len(records)}
	slots := make(chan struct{}, max(f.parallel, 1))
	last := make(map[string]chan struct{}) // closed once the item's last event is handled
	for i, record := range records {
		event, err := stream.LambdaEvent(record)
		event.Seen = began
		item := "" // the same for all keeps the batch's order
		if f.parallel > 1 {
			item = event.Item()
		}
		before, done := last[item], make(chan struct{})
		last[item] = done
		b.working.Go(func() {
			defer close(done)
			if before != nil {
				<-before
			}
			slots <- struct{}{}
			defer func() { <-slots }()
			if b.needs(i) {
				b.handle(ctx, i, event, err, f.handle)
			}
		})
	}
	b.working.Wait()
	return b.failed
}

// A batch is one in work.
type batch struct {
	working sync.WaitGroup
	mu      sync.Mutex
	first   int // the number of the first event that failed
	failed  *EventError
}

// needs reports whether an event is still to be handled: none before it failed.
func (b *batch) needs(number int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return number < b.first
}

// handle calls the handler of an event, unless err says that it could not be read.
func (b *batch) handle(ctx context.Context, number int, e stream.Event, err error, handle func(context.Context, stream.Event) error) {
	failure := errors.New("the handler ended its goroutine by runtime.Goexit")
	defer func() {
		if v := recover(); v != nil {
			failure = &stream.HandlerPanic{Value: v, Stack: debug.Stack()}
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		if failure != nil && number < b.first {
			b.first, b.failed = number, &EventError{e, failure}
		}
	}()
	switch {
	case err != nil:
		failure = err
	case ctx.Err() != nil:
		failure = ctx.Err()
	default:
		failure = handle(ctx, e)
	}
}
