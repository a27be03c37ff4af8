package host

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"dynamostreamer/internal/lambda/mapping"
)

// open opens a Host of the test's own program, which is closed with the test.
func open(t *testing.T, o Options) *Host {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if o.Command == nil {
		o.Command = []string{program}
	}
	if o.Timeout == 0 {
		o.Timeout = time.Minute
	}
	if o.Output == nil {
		o.Output = t.Output()
	}
	h, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	return h
}

func mustInvoke(t *testing.T, h *Host, payload string) string {
	t.Helper()
	answer, err := h.Invoke(t.Context(), []byte(payload))
	if err != nil {
		t.Fatalf("Invoke(%q) = %v", payload, err)
	}
	return string(answer)
}

func TestAnswers(t *testing.T) {
	h := open(t, Options{Name: "try"})
	if got := mustInvoke(t, h, "echo not JSON"); got != "not JSON" {
		t.Errorf("the answer is %q", got)
	}
	before := time.Now()
	fields := strings.Fields(mustInvoke(t, h, "headers"))
	if len(fields) != 5 {
		t.Fatalf("headers %q", fields)
	}
	deadline, err := strconv.ParseInt(fields[0], 10, 64)
	if left := time.UnixMilli(deadline).Sub(before); err != nil || left < 59*time.Second || left > 5*time.Minute {
		t.Errorf("the deadline %s is in %v, %v; want in about a minute", fields[0], left, err)
	}
	if !strings.HasPrefix(fields[1], "Root=1-") || !strings.HasPrefix(fields[2], "arn:aws:lambda:") || !strings.HasSuffix(fields[2], ":function:try") || fields[3] == "" || fields[4] != "try" {
		t.Errorf("headers %q", fields)
	}
	if now, started := h.Processes(); now != 1 || started != 1 {
		t.Errorf("two invocations had %d processes, of which %d live; want one that is kept", started, now)
	}
}

func TestFailures(t *testing.T) {
	type functionError = mapping.FunctionError
	for _, test := range []struct {
		name, start, payload string
		timeout              time.Duration
		want                 functionError // the message may begin with the request's id
		lives                int           // processes afterwards
		why                  string
	}{
		{"an error", "", `error {"errorType":"KeyError","errorMessage":"id"}`, 0, functionError{Type: "KeyError", Message: "id"}, 1, "the process goes on"},
		{"an error that is not JSON", "", `error boom`, 0, functionError{Type: "Runtime.UnknownReason", Message: "boom"}, 1, "some runtimes report text"},
		{"an error of a stream", "", `trailer`, 0, functionError{Type: "Stream.Broken", Message: "mid"}, 1, "aws-lambda-go reports it in the trailer"},
		{"an error before it exits", "", `error-and-exit`, 0, functionError{Type: "Panic", Message: "oh"}, 0, "what it said counts"},
		{"it exits", "", `exit`, 0, functionError{Type: "Runtime.ExitError", Message: "Error: Runtime exited with error: exit status 7"}, 0, ""},
		{"it exits with 0", "", `leave`, 0, functionError{Type: "Runtime.ExitError", Message: "Error: Runtime exited without providing a reason"}, 0, "that is not an answer"},
		{"it exits at its start", "exits", `echo x`, 0, functionError{Type: "Runtime.ExitError", Message: "Error: Runtime exited with error: exit status 3"}, 0, ""},
		{"it reports an error at its start", "init error", `echo x`, 0, functionError{Type: "Bad.Config", Message: "no such region"}, 0, ""},
		{"it reports an error at its start, and stays", "init error, then nothing", `echo x`, 0, functionError{Type: "Bad.Config", Message: "no such region"}, 0, "there is nothing to wait for"},
		{"its error is too large", "", fmt.Sprintf("large-error %d", mapping.MaxAnswer+1), 0, functionError{Type: "Large", Message: "its error could not be read: http: request body too large"}, 1, "the header tells its type"},
		{"it hangs", "", `hang`, 2 * time.Second, functionError{Type: "Sandbox.Timedout", Message: "Error: Task timed out after 2.00 seconds"}, 0, "the process is ended"},
		{"it answers and hangs", "", `answer-and-hang`, 2 * time.Second, functionError{Type: "Sandbox.Timedout", Message: "Error: Task timed out after 2.00 seconds"}, 0, "an invocation ends when the next one is asked for"},
		{"its answer is a byte too large", "", fmt.Sprintf("large %d", mapping.MaxAnswer+1), 0,
			functionError{Type: "Function.ResponseSizeTooLarge", Message: "Response payload size exceeded maximum allowed payload size (6291556 bytes)."}, 1, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			h := open(t, Options{Env: []string{"FUNCTION=" + test.start}, Timeout: test.timeout})
			answer, err := h.Invoke(t.Context(), []byte(test.payload))
			var got *functionError
			if !errors.As(err, &got) || got.Type != test.want.Type || !strings.HasSuffix(got.Message, test.want.Message) {
				t.Errorf("Invoke(%q) = %.40q, %v; want the error %v: %s", test.payload, answer, err, &test.want, test.why)
			}
			if strings.HasPrefix(test.want.Message, "Error: ") && !strings.HasPrefix(got.Message, "RequestId: ") {
				t.Errorf("the message %q does not begin with the request's id", got.Message)
			}
			awaitProcesses(t, h, test.lives)
			if test.start == "" {
				if got := mustInvoke(t, h, "echo on"); got != "on" {
					t.Errorf("the next invocation answered %q", got)
				}
			}
		})
	}
}

// awaitProcesses waits until a Host has some processes.
func awaitProcesses(t *testing.T, h *Host, want int) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		now, _ := h.Processes()
		if now == want {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d processes live, want %d", now, want)
		}
	}
}

func TestAStartThatHangs(t *testing.T) {
	defer func(was time.Duration) { startWithin = was }(startWithin)
	startWithin = 50 * time.Millisecond
	h := open(t, Options{Env: []string{"FUNCTION=hangs"}})
	var failed *mapping.FunctionError
	if _, err := h.Invoke(t.Context(), []byte("echo x")); !errors.As(err, &failed) || failed.Type != "Sandbox.Timedout" {
		t.Errorf("Invoke = %v, want Sandbox.Timedout", err)
	}
	awaitProcesses(t, h, 0)
}

func TestAnAnswerBeforeAnExitCounts(t *testing.T) {
	h := open(t, Options{})
	if got := mustInvoke(t, h, "answer-and-exit"); got != "done" {
		t.Errorf("the answer is %q", got)
	}
}

func TestTheLargestAnswer(t *testing.T) {
	h := open(t, Options{})
	if got := mustInvoke(t, h, fmt.Sprintf("large %d", mapping.MaxAnswer)); len(got) != mapping.MaxAnswer {
		t.Errorf("the answer has %d bytes, want %d", len(got), mapping.MaxAnswer)
	}
}

func TestWrongRequestsAreRefused(t *testing.T) {
	var said bytes.Buffer
	h := open(t, Options{Output: &said})
	if got := mustInvoke(t, h, "wrong"); got != "[400 403]" {
		t.Errorf("an answer for another request, and asking for the next without one, gave %s; want [400 403]", got)
	}
	h.Close()
	if got := said.String(); got != "a first answer gave 202 and a second one 403\n" {
		t.Errorf("the function said %q", got)
	}
}

func TestCommands(t *testing.T) {
	if _, err := New(Options{}); err == nil {
		t.Error("a host without a command is taken")
	}
	h := open(t, Options{Command: []string{"/no/such/program"}})
	var failed *mapping.FunctionError
	if _, err := h.Invoke(t.Context(), nil); !errors.As(err, &failed) || failed.Type != "Runtime.InvalidEntrypoint" {
		t.Errorf("a missing program gives %v", err)
	}
}

// TestInvocationsAtATime: as many processes as invocations, and no process has
// two.
func TestInvocationsAtATime(t *testing.T) {
	h := open(t, Options{})
	for round := range 3 {
		folder := t.TempDir()
		pids := make([]string, 4)
		var invoking sync.WaitGroup
		for i := range pids {
			invoking.Go(func() {
				answer, err := h.Invoke(t.Context(), []byte("wait "+folder+" 4"))
				if err != nil {
					t.Error(err)
				}
				pids[i] = string(answer)
			})
		}
		invoking.Wait()
		slices.Sort(pids)
		if different := slices.Compact(slices.Clone(pids)); len(different) != 4 {
			t.Errorf("four invocations at a time had the processes %q", pids)
		}
		if now, started := h.Processes(); now != 4 || started != 4 {
			t.Errorf("after round %d, %d processes live of %d", round, now, started)
		}
	}
}

func TestIdleProcessesAreEnded(t *testing.T) {
	h := open(t, Options{Idle: time.Millisecond})
	first := mustInvoke(t, h, "pid")
	awaitProcesses(t, h, 0)
	if second := mustInvoke(t, h, "pid"); second == first {
		t.Error("a process that was ended answered again")
	}
}

func TestTheContextEndsAnInvocation(t *testing.T) {
	h := open(t, Options{})
	why := errors.New("no time left")
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(20*time.Millisecond, func() { cancel(why) })
	if _, err := h.Invoke(ctx, []byte("hang")); !errors.Is(err, why) {
		t.Errorf("Invoke = %v, want %v", err, why)
	}
	awaitProcesses(t, h, 0)
}

// TestNothingIsLeft: Close ends processes that are idle or busy, and what they
// started.
func TestNothingIsLeft(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("it looks into /proc")
	}
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	h := open(t, Options{})
	pids := []string{mustInvoke(t, h, "child"), mustInvoke(t, h, "pid")}
	busy := make(chan error, 1)
	go func() {
		_, err := h.Invoke(context.Background(), []byte("hang"))
		busy <- err
	}()
	go h.Invoke(context.Background(), []byte("hang"))
	awaitProcesses(t, h, 2)
	h.Close()
	if err := <-busy; err == nil {
		t.Error("an invocation that was cut short succeeded")
	}
	if now, _ := h.Processes(); now != 0 {
		t.Errorf("%d processes live after Close", now)
	}
	if _, err := h.Invoke(context.Background(), []byte("echo x")); err == nil {
		t.Error("a host that is closed takes an invocation")
	}
	for _, pid := range pids {
		awaitEnd(t, pid)
	}
}

// TestAChildDoesNotDelayTheEnd: an invocation ends with its process, also where a
// child keeps the output open.
func TestAChildDoesNotDelayTheEnd(t *testing.T) {
	h := open(t, Options{Timeout: 900 * time.Millisecond})
	pid := mustInvoke(t, h, "child and die")
	if runtime.GOOS == "linux" {
		awaitEnd(t, pid)
	}
}

// TestNothingOutlivesItsHost: a process that hangs ends with the program that has
// the Host, however that ends.
func TestNothingOutlivesItsHost(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux ends a process with its parent")
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	host := exec.Command(program)
	host.Env = append(os.Environ(), "HOST=hangs")
	said, err := host.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := host.Start(); err != nil {
		t.Fatal(err)
	}
	pid, err := bufio.NewReader(said).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(50 * time.Millisecond) // by then it has what it hangs in
	host.Process.Kill()
	host.Wait()
	awaitEnd(t, strings.TrimSpace(pid))
}

// awaitEnd waits until a process has ended, or is only not waited for yet.
func awaitEnd(t *testing.T, pid string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		status, err := os.Open("/proc/" + pid + "/status")
		if err != nil {
			return
		}
		zombie := false
		for lines := bufio.NewScanner(status); lines.Scan(); {
			zombie = zombie || strings.HasPrefix(lines.Text(), "State:\tZ")
		}
		status.Close()
		if zombie {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("process %s still runs", pid)
		}
	}
}

// TestLines: the lines of processes don't mix, whatever pieces they come in.
func TestLines(t *testing.T) {
	var said bytes.Buffer
	to := &output{w: &said}
	a, b := &lines{to: to}, &lines{to: to}
	for _, piece := range []struct {
		of   *lines
		text string
	}{{a, "one, "}, {b, "two\nthr"}, {a, "still one\n"}, {b, "ee\nfour"}, {a, "five\nsix\n"}} {
		if n, err := piece.of.Write([]byte(piece.text)); n != len(piece.text) || err != nil {
			t.Errorf("Write(%q) = %d, %v", piece.text, n, err)
		}
	}
	a.end()
	b.end()
	if got, want := said.String(), "two\none, still one\nthree\nfive\nsix\nfour\n"; got != want {
		t.Errorf("the output is %q, want %q", got, want)
	}
}

// TestALineWithoutAnEnd: it is passed on while it is printed. Kept until its
// process ends, it would take all memory.
func TestALineWithoutAnEnd(t *testing.T) {
	var said bytes.Buffer
	l := &lines{to: &output{w: &said}}
	piece := bytes.Repeat([]byte("x"), 1000)
	for range 1000 {
		l.Write(piece)
		if kept := len(l.rest); kept > maxLine {
			t.Fatalf("%d bytes of a line are kept, want %d at most", kept, maxLine)
		}
	}
	l.end()
	if got := bytes.Count(said.Bytes(), []byte("x")); got != 1_000_000 {
		t.Errorf("%d bytes were passed on, want 1000000", got)
	}
}

// BenchmarkInvoke is an invocation with a function that does nothing, in a process
// that is kept.
func BenchmarkInvoke(b *testing.B) {
	program, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	h, err := New(Options{Command: []string{program}, Timeout: time.Minute})
	if err != nil {
		b.Fatal(err)
	}
	defer h.Close()
	for b.Loop() {
		if _, err := h.Invoke(b.Context(), []byte("echo x")); err != nil {
			b.Fatal(err)
		}
	}
}
