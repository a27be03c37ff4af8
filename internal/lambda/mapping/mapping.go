package mapping

import (
	"context"
	"errors"
	"sync"
	"time"

	"dynamostreamer/internal/stream"
)

// Invoke calls the function once with an event's JSON, and returns its answer.
// An error that is a *FunctionError is a failed invocation. Any other error
// means that the function was not invoked: that is tried again and counts as
// no attempt. ctx ends only when a shutdown has lasted too long; RequestID tells
// the invocation's id. Invoke is called for several batches at a time.
type Invoke func(ctx context.Context, payload []byte) (answer []byte, err error)

// A FunctionError is how an invocation failed, in Lambda's words: Type is such
// as Runtime.ExitError or Sandbox.Timedout, or what the function's own error
// names. As JSON it is what Lambda answers to the invoker.
type FunctionError struct {
	Type    string `json:"errorType"`
	Message string `json:"errorMessage"`
}

func (e *FunctionError) Error() string {
	if e.Message == "" {
		return e.Type
	}
	return e.Type + ": " + e.Message
}

type requestKey struct{}

// RequestID is the id of the invocation that a context of Invoke is for, and a new
// one with any other context. Each attempt has another one.
func RequestID(ctx context.Context) string {
	if id, ok := ctx.Value(requestKey{}).(string); ok {
		return id
	}
	return newRequestID()
}

// A Mapping invokes a function with a stream's records. It is made once, and
// may Run again after it ended.
type Mapping struct {
	options Options
	invoke  Invoke
	filters []filter

	mu      sync.Mutex
	totals  Totals
	tracing sync.Mutex
}

// New checks the Options, patterns among them.
func New(o Options, invoke Invoke) (*Mapping, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	if invoke == nil {
		return nil, errors.New("a mapping needs a function to invoke")
	}
	filters, err := compileFilters(o.Filters)
	if err != nil {
		return nil, err
	}
	if o.Backoff == 0 {
		o.Backoff = 5 * time.Second
	}
	return &Mapping{options: o, invoke: invoke, filters: filters}, nil
}

// Run maps the stream of an open Reader to the function, as Reader.RunFeeds
// reads it: it returns nil where the reader's Options.Idle ends it, and when ctx
// ends its cause. Invocations that are under way then run to their end, for which
// the reader's Options.Grace leaves seven tenths of it: choose it longer than
// the function's timeout. Nothing is begun after that, the checkpoints are saved,
// and what was not handled comes again. Close the Reader afterwards.
//
// A reader that SkipGaps passes over what was trimmed, as Lambda does; Totals
// count it. One that copies its table can't be mapped: Lambda has nothing like it.
func (m *Mapping) Run(ctx context.Context, r *stream.Reader) error {
	return r.RunFeeds(ctx, m.runShard)
}

// Totals are what happened since New.
type Totals struct {
	Delivered int64 // records whose invocation succeeded
	Filtered  int64 // records that no filter matched
	GivenUp   int64 // records that went to OnFailure
	Gaps      int64 // places where records were lost before they were read

	Batches     int64 // gathered
	Invocations int64
	Failed      int64 // of them, partial failures too
	Retries     int64 // of them, those with the same records as one that failed before, or the rest of them
	Halves      int64 // of them, the first of each part that a batch was bisected to

	// IteratorAge is the maximum age of an invocation's last record when it
	// was sent, as in Lambda's metric of that name; DynamoDB rounds the time
	// of a record to the second.
	IteratorAge time.Duration
}

// Totals may be called at any time.
func (m *Mapping) Totals() Totals {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.totals
}

func (m *Mapping) count(add func(*Totals)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	add(&m.totals)
}

// An Invocation is what Trace is told: one call of the function.
type Invocation struct {
	RequestID   string
	Shard       string
	Batch       int64  // counts the gathered batches from 1; retries and halves have their batch's
	Size        int    // how many records
	First, Last string // their sequence numbers
	// Depth is how often the batch was bisected to come to this part; 0: it is
	// the batch as it was gathered, or the rest of it.
	Depth int
	// Attempt counts those of this part from 1: more is a retry.
	Attempt int
	// Handled is how many of the records are handled by this: all, or where
	// the answer reports a failure those before it.
	Handled int
	// Err is why it failed; nil: it succeeded. A *FunctionError is the
	// function's, an *ItemFailure is in its answer, and with any other the
	// function was not invoked.
	Err         error
	Began       time.Time
	Took        time.Duration
	IteratorAge time.Duration // of its last record
}
