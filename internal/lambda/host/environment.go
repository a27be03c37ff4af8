package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"time"

	"dynamostreamer/internal/lambda/mapping"
)

// startWithin is how long a process may take until it asks for its first
// invocation ("Understanding the Lambda execution environment lifecycle"). It is a
// variable for tests.
var startWithin = 10 * time.Second

// printWithin is how long what a process left, outside its group, may keep the
// output open.
const printWithin = time.Second

// An environment is a process of the function and its Runtime API: Lambda's word
// is execution environment.
type environment struct {
	cmd     *exec.Cmd
	api     *http.Server
	limit   time.Duration    // of an invocation
	work    chan *invocation // is handed to the request for the next invocation
	exited  chan struct{}    // closed once the process has exited
	err     error            // how it exited
	closed  chan struct{}    // closed once its output has been passed on, too
	failing chan struct{}    // closed once the process said that its start failed
	expiry  *time.Timer      // ends it where it is idle, once it has been released

	mu      sync.Mutex
	current *invocation            // what the process has, until it asks for the next
	failed  *mapping.FunctionError // what the process said of its failed start
}

// An invocation is one that a process has, or waits for one.
type invocation struct {
	id, arn string
	payload []byte
	began   time.Time     // when a process got it
	done    chan struct{} // closed once the process has answered, and asked for the next

	// Of its environment's mu.
	answered bool
	answer   []byte
	err      error
}

func newInvocation(ctx context.Context, payload []byte, arn string) *invocation {
	return &invocation{id: mapping.RequestID(ctx), arn: arn, payload: payload, done: make(chan struct{})}
}

// start starts a process with its Runtime API.
func start(o Options, prints *lines) (*environment, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("opening a Runtime API: %w", err)
	}
	e := &environment{
		limit: o.Timeout, work: make(chan *invocation),
		exited: make(chan struct{}), closed: make(chan struct{}),
		failing: make(chan struct{}),
	}
	e.api = &http.Server{Handler: e.handler()}
	e.cmd = exec.Command(o.Command[0], o.Command[1:]...)
	e.cmd.Env = append(os.Environ(), environ(o, listener.Addr().String())...)
	inGroup(e.cmd)
	// A separate pipe lets Wait return at the exit, whoever keeps the output
	// open.
	said, says, err := os.Pipe()
	if err != nil {
		listener.Close()
		return nil, fmt.Errorf("opening a pipe for the function's output: %w", err)
	}
	e.cmd.Stdout, e.cmd.Stderr = says, says
	started := make(chan error)
	go e.run(started)
	err = <-started
	says.Close()
	if err != nil {
		said.Close()
		listener.Close()
		return nil, &mapping.FunctionError{Type: "Runtime.InvalidEntrypoint", Message: err.Error()}
	}
	go e.api.Serve(listener)
	go e.print(said, prints)
	return e, nil
}

// run starts the process, and waits until it has exited. On Linux the process
// ends with the thread that started it, so this keeps its thread until then.
func (e *environment) run(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := e.cmd.Start()
	started <- err
	if err != nil {
		return
	}
	e.err = e.cmd.Wait()
	killRest(e.cmd)
	close(e.exited)
	e.api.Close()
}

// print passes on what the process prints, until nobody can print any more.
func (e *environment) print(said *os.File, prints *lines) {
	defer close(e.closed)
	printed := make(chan struct{})
	go func() {
		defer close(printed)
		io.Copy(prints, said)
	}()
	<-e.exited
	select {
	case <-printed:
	case <-time.After(printWithin):
	}
	said.Close()
	<-printed
	prints.end()
}

// environ are the variables that Lambda sets ("Working with Lambda environment
// variables"), as far as they mean something here.
func environ(o Options, api string) []string {
	folder, _ := os.Getwd()
	return append([]string{
		"AWS_LAMBDA_RUNTIME_API=" + api,
		"AWS_LAMBDA_FUNCTION_NAME=" + o.Name,
		"AWS_LAMBDA_FUNCTION_VERSION=$LATEST",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE=128",
		"AWS_LAMBDA_INITIALIZATION_TYPE=on-demand",
		"AWS_REGION=" + region(),
		"LAMBDA_TASK_ROOT=" + folder,
		"_HANDLER=bootstrap",
	}, o.Env...)
}

// end ends the process, and all that is in its group. wait waits for that, and for
// its output.
func (e *environment) end() {
	if !e.ended() { // else its id may be another's by now
		killGroup(e.cmd)
	}
}

func (e *environment) wait() { <-e.closed }

func (e *environment) ended() bool {
	select {
	case <-e.exited:
		return true
	default:
		return false
	}
}

// invoke hands an invocation to the process and waits until the process is done
// with it.
func (e *environment) invoke(ctx context.Context, i *invocation) ([]byte, error) {
	within := time.NewTimer(startWithin)
	defer within.Stop()
	select {
	case e.work <- i:
		within.Reset(e.limit)
	case <-e.exited:
		return nil, e.exitError(i)
	case <-e.failing:
		// It has said why, and should exit now.
		select {
		case <-e.exited:
		case <-time.After(time.Second):
			e.end()
		}
		e.wait()
		return nil, e.exitError(i)
	case <-within.C:
		return nil, e.timedOut(i, startWithin)
	case <-ctx.Done():
		return nil, e.interrupted(ctx)
	}
	select {
	case <-i.done:
	case <-e.exited:
		return e.lastWords(i)
	case <-within.C:
		return nil, e.timedOut(i, e.limit)
	case <-ctx.Done():
		return nil, e.interrupted(ctx)
	}
	return i.answer, i.err
}

// timedOut ends the process, since nobody knows what it is doing.
func (e *environment) timedOut(i *invocation, limit time.Duration) error {
	e.end()
	e.wait()
	return &mapping.FunctionError{
		Type:    "Sandbox.Timedout",
		Message: fmt.Sprintf("RequestId: %s Error: Task timed out after %.2f seconds", i.id, limit.Seconds()),
	}
}

func (e *environment) interrupted(ctx context.Context) error {
	e.end()
	e.wait()
	return context.Cause(ctx)
}

// lastWords is how an invocation ended whose process exited. One that reported an
// error may exit at once, as Go's does after a panic; an answer that it gave
// counts.
func (e *environment) lastWords(i *invocation) ([]byte, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if i.answered {
		return i.answer, i.err
	}
	return nil, e.exitErrorOf(i)
}

func (e *environment) exitError(i *invocation) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.failed != nil {
		return e.failed
	}
	return e.exitErrorOf(i)
}

func (e *environment) exitErrorOf(i *invocation) error {
	reason := "Runtime exited without providing a reason"
	if exit := (*exec.ExitError)(nil); errors.As(e.err, &exit) {
		reason = "Runtime exited with error: " + exit.Error()
	}
	return &mapping.FunctionError{Type: "Runtime.ExitError", Message: fmt.Sprintf("RequestId: %s Error: %s", i.id, reason)}
}
