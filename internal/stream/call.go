package stream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

const (
	// outage is how long a server or a network may be away.
	outage = 30 * time.Second
	// callTimeout bounds a call that is not answered. Once one was not, the
	// caller's later calls get twice the time: the link may be slow.
	callTimeout = 15 * time.Second
)

// noAnswer is the error of a call that was not answered in time. As any
// timeout it may pass, which the SDK's retry rules go by too.
type noAnswer struct{ after time.Duration }

func (e noAnswer) Error() string { return fmt.Sprintf("no answer within %v", e.after) }

func (noAnswer) Timeout() bool { return true }

// A caller repeats calls that fail for a reason that passes.
type caller struct {
	pace  *pacer
	clock *clock      // learns the time of the answers; nil: nobody asks
	note  func(error) // called after each attempt; nil: not
	slow  atomic.Bool // a call was not answered in time
	// patient: it waits for a server or a network for as long as ctx lives.
	patient atomic.Bool
}

// tryOnce leaves it to a caller to repeat a call. The SDK's own retries would
// hide that DynamoDB throttles, and may wait for longer than callTimeout.
func tryOnce(o *dynamodbstreams.Options) { o.Retryer = aws.NopRetryer{} }

// tryWriteOnce is tryOnce for checkpoints.
func tryWriteOnce(o *dynamodb.Options) { o.Retryer = aws.NopRetryer{} }

// do repeats call: for as long as ctx lives where DynamoDB throttles, and for
// the time of an outage where the server or the network fails, or for as long
// if it is patient. It returns the
// time of the answer by DynamoDB's clock, and the last error. Where ctx ends
// during a wait, the error has both: ctx's, and what was waited for.
func (c *caller) do(ctx context.Context, call func(context.Context) (middleware.Metadata, error)) (at time.Time, err error) {
	var failing time.Duration // for how long the server or the network has failed
	for attempt := 0; ; attempt++ {
		if ended := c.pace.wait(ctx); ended != nil {
			return at, waitedFor(ended, err)
		}
		var took time.Duration
		at, took, err = c.once(ctx, call)
		if c.note != nil && ctx.Err() != context.Canceled {
			c.note(err)
		}
		wait := backoff(attempt)
		switch {
		case err == nil || ctx.Err() != nil:
			c.pace.answered()
			return at, err
		case throttled(err):
			c.pace.throttled()
			failing = 0
		case !passing(err):
			return at, err
		default:
			if failing += took; failing >= outage && !c.patient.Load() {
				return at, err
			}
			failing += wait
		}
		if ended := sleep(ctx, wait); ended != nil {
			return at, waitedFor(ended, err)
		}
	}
}

// waitedFor adds to the end of a wait what it was for.
func waitedFor(ended, err error) error {
	if err == nil {
		return ended
	}
	return fmt.Errorf("%w while waiting to retry: %w", ended, err)
}

// once makes one call within its time. It took no longer than that: any excess
// is time for which the process or its machine was suspended.
func (c *caller) once(ctx context.Context, call func(context.Context) (middleware.Metadata, error)) (at time.Time, took time.Duration, err error) {
	timeout := callTimeout
	if c.slow.Load() {
		timeout *= 2
	}
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	began := time.Now()
	metadata, err := call(limited)
	if err != nil && ctx.Err() == nil && limited.Err() != nil {
		c.slow.Store(true)
		err = noAnswer{timeout}
	}
	return c.clock.observe(metadata, err), min(time.Since(began), timeout), err
}

// backoff is the wait after the given number of failures before: 100 ms,
// doubling up to 5 s, the upper half of it at random.
func backoff(failures int) time.Duration { return backoffUpTo(failures, 5*time.Second) }

// backoffUpTo is backoff with another bound.
func backoffUpTo(failures int, bound time.Duration) time.Duration {
	full := min(100*time.Millisecond<<min(failures, 30), max(bound, 2))
	return full/2 + rand.N(full/2)
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// throttled reports whether the call came too fast: the SDK's list has both
// errors with which the Streams API says so.
func throttled(err error) bool {
	return retry.IsErrorThrottles(retry.DefaultThrottles).IsErrorThrottle(err) == aws.TrueTernary ||
		canceledFor(err, "ThrottlingError", "ProvisionedThroughputExceeded")
}

// passing reports whether the failure is the server's or the network's, or of
// two writes that met.
func passing(err error) bool {
	var internal *types.InternalServerError
	var api smithy.APIError
	var network net.Error
	var response interface{ HTTPStatusCode() int }
	switch {
	case errors.As(err, new(noAnswer)) || errors.As(err, &internal):
		return true
	case errors.As(err, &response) && response.HTTPStatusCode() >= 500:
		return true
	case retry.IsErrorRetryables(retry.DefaultRetryables).IsErrorRetryable(err) == aws.TrueTernary:
		return true // the SDK knows more of them
	case errors.As(err, &api):
		return api.ErrorFault() == smithy.FaultServer || api.ErrorCode() == "TransactionConflictException" ||
			!conditionFailed(err) && canceledFor(err, "TransactionConflict")
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return true // a connection that was cut
	}
	// A file's error has a number that looks like a network's.
	found := errors.As(err, &network)
	_, number := network.(syscall.Errno)
	return found && !number
}

// A pacer spaces calls: by every, and by more for a while after they were
// throttled.
type pacer struct {
	every time.Duration

	mu     sync.Mutex
	slowed time.Duration
	next   time.Time
}

// newPacer makes a pacer of calls a second.
func newPacer(rate float64) *pacer {
	return &pacer{every: time.Duration(float64(time.Second) / rate)}
}

func (p *pacer) wait(ctx context.Context) error {
	p.mu.Lock()
	at := time.Now()
	if p.next.After(at) {
		at = p.next
	}
	p.next = at.Add(max(p.every, p.slowed))
	p.mu.Unlock()
	return sleep(ctx, time.Until(at))
}

func (p *pacer) throttled() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.slowed = min(max(2*p.slowed, 100*time.Millisecond), time.Second)
}

func (p *pacer) answered() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.slowed -= p.slowed / 8; p.slowed < 20*time.Millisecond {
		p.slowed = 0
	}
}

// A clock is DynamoDB's, as far as answers tell it. This machine's may be
// wrong without a sign: the SDK corrects its signatures, and calls succeed.
type clock struct {
	undated func() // called once, at an answer without a Date

	mu   sync.Mutex
	date time.Time // DynamoDB's time at seen; zero: never told
	seen time.Time // by this machine's monotonic clock
}

// observe takes in the Date of an answer, which is cut to the second, and
// returns the time of the answer. An answer without a Date has this machine's
// time, as long as no other had one. Zero: nothing was answered yet.
func (c *clock) observe(answer middleware.Metadata, err error) time.Time {
	if c == nil {
		return time.Time{}
	}
	date, ok := awsmiddleware.GetServerTime(answer)
	if response := (*smithyhttp.ResponseError)(nil); errors.As(err, &response) && response.Response != nil {
		var bad error
		date, bad = http.ParseTime(response.Response.Header.Get("Date"))
		ok = bad == nil
	}
	if !ok && err == nil {
		c.undated()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch ahead := c.estimate().Sub(date); {
	case ok && (c.date.IsZero() || ahead < 0 || ahead > time.Second):
		// The true time is up to a second after Date. An estimate within
		// that is better than another cut.
		c.date, c.seen = date.UTC(), time.Now()
	case c.date.IsZero() && err == nil:
		c.date, c.seen = c.estimate(), time.Now()
	case c.date.IsZero():
		return time.Time{}
	}
	return c.estimate()
}

// now is DynamoDB's time, and this machine's until an answer told it. It is
// never ahead of DynamoDB's, except by as much as that was set back since the
// last answer.
func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.estimate()
}

func (c *clock) estimate() time.Time {
	if c.date.IsZero() {
		return time.Now().Round(0).UTC()
	}
	return c.date.Add(time.Since(c.seen))
}

// at is DynamoDB's time at an earlier time of this machine's.
func (c *clock) at(local time.Time) time.Time { return c.now().Add(-time.Since(local)) }
