package stream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
	"github.com/aws/smithy-go"
)

const (
	// outage is how long a server or a network may be away.
	outage = 30 * time.Second
	// callTimeout bounds a call that is never answered.
	callTimeout = 15 * time.Second
)

// noAnswer is the error of a call that was not answered in time. As any
// timeout it may pass, which the SDK's retry rules go by too.
type noAnswer struct{}

func (noAnswer) Error() string { return fmt.Sprintf("no answer within %v", callTimeout) }

func (noAnswer) Timeout() bool { return true }

var errNoAnswer error = noAnswer{}

// A caller repeats calls that fail for a reason that passes.
type caller struct {
	pace *pacer
	note func(error) // called after each try; nil: not
}

// tryOnce leaves it to a caller to repeat a call. The SDK's own retries would
// hide that DynamoDB throttles, and may wait for longer than callTimeout.
func tryOnce(o *dynamodbstreams.Options) { o.Retryer = aws.NopRetryer{} }

// tryWriteOnce is tryOnce for checkpoints.
func tryWriteOnce(o *dynamodb.Options) { o.Retryer = aws.NopRetryer{} }

// do repeats call: for as long as ctx lives where DynamoDB throttles, and
// for the time of an outage where the server or the network fails. It
// returns the last error.
func (c caller) do(ctx context.Context, call func(context.Context) error) error {
	var failing time.Time // since when; zero: it is not
	for try := 0; ; try++ {
		if err := c.pace.wait(ctx); err != nil {
			return err
		}
		began := time.Now()
		err := once(ctx, call)
		if c.note != nil {
			c.note(err)
		}
		switch {
		case err == nil || ctx.Err() != nil:
			c.pace.answered()
			return err
		case throttled(err):
			c.pace.throttled()
			failing = time.Time{}
		case passing(err):
			if failing.IsZero() {
				failing = began
			}
			if time.Since(failing) >= outage {
				return err
			}
		default:
			return err
		}
		if err := sleep(ctx, backoff(try)); err != nil {
			return err
		}
	}
}

func once(ctx context.Context, call func(context.Context) error) error {
	limited, cancel := context.WithTimeoutCause(ctx, callTimeout, errNoAnswer)
	defer cancel()
	err := call(limited)
	if err != nil && ctx.Err() == nil && limited.Err() != nil {
		return errNoAnswer
	}
	return err
}

// backoff is the wait after the given number of failures before: 100 ms,
// doubling up to 5 s, the upper half of it at random.
func backoff(failures int) time.Duration {
	full := min(100*time.Millisecond<<min(failures, 10), 5*time.Second)
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

// throttled reports whether the call came too fast: the SDK's list has
// both errors with which the Streams API says so.
func throttled(err error) bool {
	return retry.IsErrorThrottles(retry.DefaultThrottles).IsErrorThrottle(err) == aws.TrueTernary ||
		canceledFor(err, "ThrottlingError", "ProvisionedThroughputExceeded")
}

// passing reports whether the failure is the server's or the network's,
// or of two writes that met.
func passing(err error) bool {
	var internal *types.InternalServerError
	var api smithy.APIError
	var network net.Error
	var response interface{ HTTPStatusCode() int }
	switch {
	case err == errNoAnswer || errors.As(err, &internal):
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
	return errors.As(err, &network)
}

// A pacer spaces calls: by every, and by more for a while after they were
// throttled.
type pacer struct {
	every time.Duration

	mu     sync.Mutex
	slowed time.Duration
	next   time.Time
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
