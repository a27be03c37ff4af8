package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/thejerf/suture/v4"

	"dynamostreamer/internal/cli"
)

const (
	// patience is how long a service may fail again and again without
	// getting anything done.
	patience = time.Minute
	// stopWithin bounds the stop of a service.
	stopWithin = 20 * time.Second
)

// drainFor bounds the reading after the last write. It is a variable for
// tests.
var drainFor = time.Minute

// A service decides what its errors mean to the supervisor.
//
// A panic is a bug of the moment: the service is started again. So it is
// after an error that may pass, such as that of a server that is away.
// Every other error would come again: it ends the program.
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
			err = s.fallen(ctx, recover())
		}
	}()
	err = s.Service.Serve(ctx)
	panicked = false
	if ctx.Err() != nil {
		if !stops(err) {
			s.stopped = err
		}
		return ctx.Err()
	}
	s.fails()
	//weave:restart
	switch {
	case !passes(err):
		return final{fmt.Errorf("the %s ended: %w", s.name, err)}
	case time.Since(s.failing) > patience:
		return final{fmt.Errorf("the %s has failed for %v: %w", s.name, patience, err)}
	}
	return err // start me again
	//weave:end
}

// fails notes since when nothing was done.
func (s *service) fails() {
	if n := s.done(); s.failing.IsZero() || n != s.before {
		s.failing, s.before = time.Now(), n
	}
}

// fallen is what a panic of the service leads to. The supervisor gets it
// while it means that the service is started again.
func (s *service) fallen(ctx context.Context, value any) error {
	s.fails()
	err := fmt.Errorf("it panicked: %s", strings.TrimPrefix(fmt.Sprint(value), "panic: "))
	switch {
	case ctx.Err() != nil:
		s.stopped = err
		return ctx.Err()
	case time.Since(s.failing) > patience:
		return final{fmt.Errorf("the %s has failed for %v: %w", s.name, patience, err)}
	}
	panic(value)
}

// stops reports whether the error is nothing but the end of a service that
// was told to stop.
func stops(err error) bool {
	if all, ok := err.(interface{ Unwrap() []error }); ok {
		return !slices.ContainsFunc(all.Unwrap(), func(err error) bool { return !stops(err) })
	}
	return err == nil || err == context.Canceled
}

// passes reports whether the same call may succeed later: the SDK's own
// notion of what is worth a retry, and what it leaves out.
func passes(err error) bool {
	return calledOff(err) || retry.IsErrorRetryables(retry.DefaultRetryables).IsErrorRetryable(err) == aws.TrueTernary ||
		errors.Is(err, context.DeadlineExceeded)
}

// A final error ends the supervisor.
type final struct{ error }

func (f final) Unwrap() error { return f.error }

func (f final) Is(target error) bool { return target == suture.ErrTerminateSupervisorTree }

// A supervision is the supervisor with what is shown of it. Once a
// service has ended for good, nothing but stop does anything.
type supervision struct {
	supervisor *suture.Supervisor
	tokens     map[string]suture.ServiceToken
	services   map[string]*service
	tally      *tally
	live       *cli.Live
	end        context.CancelFunc
	failed     <-chan error
	err        error
}

// newSupervision makes a supervisor that starts a crashed service again:
// at once, or a second later if others crashed just before. A service
// that runs notices nothing of it.
func newSupervision(t *tally, live *cli.Live) *supervision {
	return &supervision{
		supervisor: suture.New("supervisor", suture.Spec{
			FailureThreshold: 2,
			FailureDecay:     5, // seconds in which a failure counts half
			FailureBackoff:   time.Second,
			Timeout:          stopWithin,
			EventHook:        t.supervised(live),
		}),
		tokens:   make(map[string]suture.ServiceToken),
		services: make(map[string]*service),
		tally:    t, live: live,
	}
}

func (s *supervision) add(name string, runs suture.Service, done func() int) {
	s.services[name] = &service{Service: runs, name: name, done: done}
	s.tokens[name] = s.supervisor.Add(s.services[name])
}

func (s *supervision) start() {
	var ctx context.Context
	ctx, s.end = context.WithCancel(context.Background())
	s.failed = s.supervisor.ServeBackground(ctx)
}

// run lets the services run until ctx ends, and shows how they do.
func (s *supervision) run(ctx context.Context, stage string) {
	redraw := time.NewTicker(200 * time.Millisecond)
	defer redraw.Stop()
	for s.err == nil {
		select {
		case <-redraw.C:
			s.tally.show(s.live, stage)
		case <-ctx.Done():
			return
		case s.err = <-s.failed:
		}
	}
}

// remove stops a service and waits until it has stopped.
func (s *supervision) remove(name string) {
	token, added := s.tokens[name]
	if !added || s.err != nil {
		return
	}
	err := s.supervisor.RemoveAndWait(token, stopWithin)
	if errors.Is(err, suture.ErrSupervisorNotRunning) {
		s.err = <-s.failed // this is why
	} else if err != nil {
		s.err = fmt.Errorf("stopping the %s: %w", name, err)
	} else if err := s.services[name].stopped; err != nil {
		s.err = fmt.Errorf("stopping the %s: %w", name, err)
	}
}

// stop ends the supervisor and returns why a service ended for good.
func (s *supervision) stop() error {
	s.end()
	s.tally.show(s.live, "stopped")
	s.live.End()
	return s.err
}
