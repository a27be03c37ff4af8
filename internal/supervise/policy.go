// Package supervise runs services under a supervisor that restarts them:
//
//	policy.go      which failures are worth a restart
//	supervisor.go  starting and stopping services, in an order
//	progress.go    what they have done, for show
package supervise

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/thejerf/suture/v4"

	"dynamostreamer/internal/stream"
)

// restartFor is how long a service that gets nothing done is restarted.
const restartFor = time.Minute

// A service decides what its errors mean to the supervisor.
//
// A panic is a bug of the moment: the service is restarted. So it is after an
// error that may pass, such as that of a server that is away. Every other
// error would come again: it ends the program.
type service struct {
	suture.Service
	name    string
	done    func() int // how much was done so far
	before  int
	failing time.Time // since when nothing was done; zero: it works
	stopped error     // what failed when it was told to stop
}

func (s *service) String() string { return s.name }

func (s *service) Serve(ctx context.Context) (err error) {
	panicked := true
	defer func() {
		if panicked {
			err = s.panicked(ctx, recover())
		}
	}()
	err = s.Service.Serve(ctx)
	panicked = false
	if ctx.Err() != nil {
		if !onlyCanceled(err) {
			s.stopped = err
		}
		return ctx.Err()
	}
	s.noteFailure()
	//weave:restart
	switch {
	case !stream.Retryable(err):
		return final{fmt.Errorf("the %s ended: %w", s.name, err)}
	case time.Since(s.failing) > restartFor:
		return final{fmt.Errorf("the %s has failed for %v: %w", s.name, restartFor, err)}
	}
	return err // restart me
	//weave:end
}

// noteFailure notes since when nothing was done.
func (s *service) noteFailure() {
	if n := s.done(); s.failing.IsZero() || n != s.before {
		s.failing, s.before = time.Now(), n
	}
}

// panicked returns what a panic of the service leads to. While that is a
// restart, the supervisor gets the panic.
func (s *service) panicked(ctx context.Context, value any) error {
	s.noteFailure()
	err := fmt.Errorf("panic: %s", strings.TrimPrefix(fmt.Sprint(value), "panic: "))
	switch {
	case ctx.Err() != nil:
		s.stopped = err
		return ctx.Err()
	case time.Since(s.failing) > restartFor:
		return final{fmt.Errorf("the %s has failed for %v: %w", s.name, restartFor, err)}
	}
	panic(value)
}

// onlyCanceled reports whether the error is nothing but the end of a service
// that was told to stop.
func onlyCanceled(err error) bool {
	if all, ok := err.(interface{ Unwrap() []error }); ok {
		return !slices.ContainsFunc(all.Unwrap(), func(err error) bool { return !onlyCanceled(err) })
	}
	return err == nil || err == context.Canceled
}

// Conflicts reports whether a transaction was canceled for a reason that
// passes: another one changed the same item just then, or the writes came too
// fast.
func Conflicts(err error) bool {
	var canceled *types.TransactionCanceledException
	return errors.As(err, &canceled) && stream.Retryable(err)
}

// RetryConflicts makes a transaction again while it Conflicts, 20 times at
// most, and returns its last error.
func RetryConflicts(ctx context.Context, transaction func() error) error {
	for attempt := 0; ; attempt++ {
		err := transaction()
		if !Conflicts(err) || attempt == 20 {
			return err
		}
		select {
		case <-time.After(rand.N(50 * time.Millisecond << min(attempt, 5))):
		case <-ctx.Done():
			return err
		}
	}
}

// A final error ends the supervisor.
type final struct{ error }

func (f final) Unwrap() error { return f.error }

func (f final) Is(target error) bool { return target == suture.ErrTerminateSupervisorTree }
