// Package supervise runs services under a supervisor that restarts them:
//
//	policy.go      which failures are worth a restart
//	supervisor.go  starting and stopping services, in an order
//	progress.go    what they have done, for show
package supervise

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/thejerf/suture/v4"

	"dynamostreamer/internal/stream"
)

// RestartFor is how long a service that gets nothing done is restarted.
const RestartFor = time.Minute

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
	case time.Since(s.failing) > RestartFor:
		return final{fmt.Errorf("the %s has failed for %v: %w", s.name, RestartFor, err)}
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
	case time.Since(s.failing) > RestartFor:
		return final{fmt.Errorf("the %s has failed for %v: %w", s.name, RestartFor, err)}
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

// A final error ends the supervisor.
type final struct{ error }

func (f final) Unwrap() error { return f.error }

func (f final) Is(target error) bool { return target == suture.ErrTerminateSupervisorTree }
