package stream

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
	"github.com/aws/smithy-go"
)

// maxFailures bounds the failures in a row of one call that are no
// throttling. With the waits between them they take about half a minute.
const maxFailures = 10

// retrying repeats call while it fails for a reason that passes: for as
// long as ctx lives where DynamoDB throttles, and maxFailures times where
// the server or the network fails. It returns the last error.
func retrying(ctx context.Context, call func() error) error {
	failures := 0
	for try := 0; ; try++ {
		err := call()
		switch {
		case err == nil || ctx.Err() != nil:
			return err
		case throttled(err):
		case passing(err):
			if failures++; failures == maxFailures {
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

// backoff is the wait after the given number of failures before: 100 ms,
// doubling up to 5 s, the upper half of it at random.
func backoff(failures int) time.Duration {
	full := min(100*time.Millisecond<<min(failures, 10), 5*time.Second)
	return full/2 + rand.N(full/2)
}

func sleep(ctx context.Context, d time.Duration) error {
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
	return retry.IsErrorThrottles(retry.DefaultThrottles).IsErrorThrottle(err) == aws.TrueTernary
}

// passing reports whether the failure is the server's or the network's.
func passing(err error) bool {
	var internal *types.InternalServerError
	var api smithy.APIError
	var network net.Error
	var response interface{ HTTPStatusCode() int }
	switch {
	case errors.As(err, &internal):
		return true
	case errors.As(err, &response) && response.HTTPStatusCode() >= 500:
		return true
	case errors.As(err, &api):
		return api.ErrorFault() == smithy.FaultServer
	}
	return errors.As(err, &network)
}
