// Package host runs a Lambda function's processes on this machine, each behind
// its own Runtime API on loopback ("Using the Lambda runtime API for custom
// runtimes" in the Lambda Developer Guide). The function is any program that
// speaks that API, in any language: it asks for an invocation, posts an answer or
// an error, and asks for the next.
//
// As in Lambda:
//
//   - A process has one invocation at a time. There are as many processes as
//     invocations at a time; one that has none stays warm, and is ended when it
//     was idle for a while.
//   - An invocation lasts until its process asks for the next one. A process that
//     exits, or is not done within the timeout, has failed it and is replaced.
//   - An answer is at most 6 MB, and any bytes. What is in it matters only to
//     who invoked the function.
//   - A process is ended without a warning: SIGKILL, with all that it started
//     in its process group. It ends with this process, too: on Linux at once, and
//     elsewhere as soon as it asks for an invocation.
//
// Unlike in Lambda, memory is not bounded, a process keeps running between
// invocations where Lambda freezes it, what it starts in another session
// outlives it, the file system is this machine's, and
// starting may take 10 seconds, after which Lambda would try once more. There are
// no extensions, no streamed answers, and no logs but the processes' output.
package host

import (
	"cmp"
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"sync"
	"time"

	"dynamostreamer/internal/lambda/mapping"
)

// Options say what a Host runs.
type Options struct {
	// Command is the function's program and its arguments.
	Command []string
	// Env are further variables, as NAME=VALUE, beside this process' own and
	// those that Lambda sets.
	Env []string
	// Name is the function's; empty: local.
	Name string
	// Timeout bounds an invocation. Zero: 3 s, as in Lambda.
	Timeout time.Duration
	// Idle is how long a process is kept without an invocation. Zero: a minute.
	Idle time.Duration
	// Output gets the lines that the processes print. Nil: this process' stderr.
	Output io.Writer
}

// A Host runs the processes of a function. Its methods may be called from many
// goroutines.
type Host struct {
	options Options
	output  *output

	mu        sync.Mutex
	all       map[*environment]bool
	idle      []*environment // the one used last is last
	closed    bool
	running   sync.WaitGroup // the environments
	processes int            // started so far
}

// New returns a Host that has no processes yet. Close it.
func New(o Options) (*Host, error) {
	if len(o.Command) == 0 {
		return nil, errors.New("a host needs the command of a function")
	}
	set(&o.Name, "local")
	set(&o.Timeout, 3*time.Second)
	set(&o.Idle, time.Minute)
	if o.Output == nil {
		o.Output = os.Stderr
	}
	return &Host{options: o, output: &output{w: o.Output}, all: make(map[*environment]bool)}, nil
}

func set[T comparable](v *T, otherwise T) {
	if *v == *new(T) {
		*v = otherwise
	}
}

// ARN is the function's, in the region that the environment names, and else in
// us-east-1.
func (h *Host) ARN() string {
	return "arn:aws:lambda:" + region() + ":000000000000:function:" + h.options.Name
}

func region() string {
	return cmp.Or(os.Getenv("AWS_REGION"), os.Getenv("AWS_DEFAULT_REGION"), "us-east-1")
}

var errClosed = errors.New("the host of the function is closed")

// Invoke is a mapping.Invoke: it hands the payload to a process that has nothing
// to do, or to a new one, and returns its answer. A *mapping.FunctionError says
// how the function failed. When ctx ends, the process is ended with it.
func (h *Host) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	e, err := h.take()
	if err != nil {
		return nil, err
	}
	answer, err := e.invoke(ctx, newInvocation(ctx, payload, h.ARN()))
	h.release(e)
	return answer, err
}

// take removes an environment from the idle ones, or starts one.
func (h *Host) take() (*environment, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, errClosed
	}
	for len(h.idle) > 0 {
		last := len(h.idle) - 1
		e := h.idle[last]
		h.idle = h.idle[:last]
		if e.expiry.Stop() && !e.ended() {
			return e, nil
		}
	}
	e, err := start(h.options, &lines{to: h.output})
	if err != nil {
		return nil, err
	}
	h.processes++
	h.all[e] = true
	h.running.Go(func() {
		e.wait()
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.all, e)
		h.idle = slices.DeleteFunc(h.idle, func(other *environment) bool { return other == e })
	})
	return e, nil
}

// release makes an environment that lives an idle one.
func (h *Host) release(e *environment) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if e.ended() || h.closed {
		return
	}
	e.expiry = time.AfterFunc(h.options.Idle, e.end)
	h.idle = append(h.idle, e)
}

// Processes returns how many processes there are now, and how many were started
// so far.
func (h *Host) Processes() (now, started int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.all), h.processes
}

// Close ends all processes, also of invocations that are under way, and waits
// until they have exited.
func (h *Host) Close() error {
	h.mu.Lock()
	h.closed = true
	for e := range h.all {
		e.end()
	}
	h.mu.Unlock()
	h.running.Wait()
	return nil
}

var _ mapping.Invoke = (*Host)(nil).Invoke
