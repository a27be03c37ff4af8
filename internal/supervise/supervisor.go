package supervise

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/thejerf/suture/v4"
)

// stopWithin bounds the stop of a service.
const stopWithin = 20 * time.Second

// A Supervisor restarts services that fail, as policy.go says, and stops them
// one by one. Once a service has ended for good, all methods but Stop do
// nothing.
type Supervisor struct {
	supervisor *suture.Supervisor
	tokens     map[string]suture.ServiceToken
	services   map[string]*service
	progress   *Progress
	end        context.CancelFunc
	failed     <-chan error
	err        error
}

// New makes a supervisor that restarts a service at once, or a second later
// if others crashed just before. A running service doesn't notice.
func New(p *Progress) *Supervisor {
	return &Supervisor{
		supervisor: suture.New("supervisor", suture.Spec{
			FailureThreshold: 2,
			FailureDecay:     5, // seconds in which a failure counts half
			FailureBackoff:   time.Second,
			Timeout:          stopWithin,
			EventHook:        p.supervised,
		}),
		tokens:   make(map[string]suture.ServiceToken),
		services: make(map[string]*service),
		progress: p,
	}
}

// Add adds a service. done says how much it has done so far: one that fails
// again and again and does nothing is restarted for a minute.
func (s *Supervisor) Add(name string, runs suture.Service, done func() int) {
	s.services[name] = &service{Service: runs, name: name, done: done}
	s.tokens[name] = s.supervisor.Add(s.services[name])
}

// Start starts the services.
func (s *Supervisor) Start() {
	var ctx context.Context
	ctx, s.end = context.WithCancel(context.Background())
	s.failed = s.supervisor.ServeBackground(ctx)
}

// Run lets the services run until ctx ends, and shows how they do. The end of
// ctx does not reach them.
func (s *Supervisor) Run(ctx context.Context, stage string) {
	redraw := time.NewTicker(200 * time.Millisecond)
	defer redraw.Stop()
	for s.err == nil {
		select {
		case <-redraw.C:
			s.progress.show(stage)
		case <-ctx.Done():
			return
		case s.err = <-s.failed:
		}
	}
}

// Remove stops a service and waits until it has stopped.
func (s *Supervisor) Remove(name string) {
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

// Stop ends the supervisor and returns why a service ended for good.
func (s *Supervisor) Stop() error {
	s.end()
	s.progress.show("stopped")
	s.progress.live.End()
	return s.err
}
