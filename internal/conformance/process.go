package conformance

import (
	"bufio"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// A process is the reader's command at work.
type process struct {
	cmd    *exec.Cmd
	ended  chan struct{} // closed when it has ended and all it printed was taken
	err    error         // of its end; known once it has ended
	mark   string        // a variable that it and what it starts have
	began  time.Time     // when it was started
	stops  bool          // it was told to stop
	mayEnd bool          // it may end by itself

	mu   sync.Mutex
	said string // its last line on stderr
}

// grace is how long a reader may take to stop.
const grace = 10 * time.Second

// startProcess starts a command, whose lines on stdout go to a function.
func startProcess(command, env []string, line func([]byte), stderr io.Writer) (*process, error) {
	p := &process{
		cmd: exec.Command(command[0], command[1:]...), ended: make(chan struct{}),
		mark: "CONFORMANCE_READER=" + rand.Text(), began: time.Now(),
	}
	p.cmd.Env = append(slices.Clone(env), p.mark)
	p.cmd.SysProcAttr = separate()
	out, outWriter, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	errs, errsWriter, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, out.Close(), outWriter.Close())
	}
	p.cmd.Stdout, p.cmd.Stderr = outWriter, errsWriter
	err = p.cmd.Start()
	outWriter.Close()
	errsWriter.Close()
	if err != nil {
		return nil, errors.Join(err, out.Close(), errs.Close())
	}
	var reading sync.WaitGroup
	reading.Go(func() { eachLine(out, line) })
	reading.Go(func() {
		eachLine(errs, func(text []byte) {
			p.mu.Lock()
			defer p.mu.Unlock()
			if text := strings.TrimSpace(string(text)); text != "" {
				p.said = text
			}
			_, _ = stderr.Write(text)
		})
	})
	go func() {
		p.err = p.cmd.Wait()
		kill(p.cmd, p.mark) // what it started and left
		// A process that left the group may have the pipes.
		closing := time.AfterFunc(time.Second, func() { out.Close(); errs.Close() })
		reading.Wait()
		closing.Stop()
		close(p.ended)
	}()
	return p, nil
}

// longestLine is in bytes: the points have small rows. What is longer comes in parts.
const longestLine = 1 << 20

// eachLine calls a function for each line until the end of the pipe, which it closes. The
// function must not keep the line.
func eachLine(pipe io.ReadCloser, line func([]byte)) {
	defer pipe.Close()
	for r := bufio.NewReaderSize(pipe, longestLine); ; {
		text, err := r.ReadSlice('\n')
		if err != nil && err != bufio.ErrBufferFull {
			return // a line that was cut off is not handled
		}
		line(text)
	}
}

// kill ends it at once. Of one that has ended, the number may be another's by now.
func (p *process) kill() {
	p.stops = true
	if !p.hasEnded() {
		kill(p.cmd, p.mark)
	}
}

// stop tells it to stop, and kills it if it doesn't.
func (p *process) stop(within time.Duration) (stopped bool) {
	p.stops = true
	terminate(p.cmd)
	select {
	case <-p.ended:
		return true
	case <-time.After(within):
		p.kill()
		return false
	}
}

// hasEnded reports whether it has.
func (p *process) hasEnded() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// endedWell reports whether it has ended as one does that was told to: with status 0, or
// with the 143 of a Java program or a shell that heeded SIGTERM.
func (p *process) endedWell() bool {
	return p.err == nil || p.cmd.ProcessState.ExitCode() == 128+int(syscall.SIGTERM)
}

// how says how it ended, to follow "it".
func (p *process) how() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	text := "exited with status 0"
	var exit *exec.ExitError
	switch {
	case errors.As(p.err, &exit) && exit.ExitCode() >= 0:
		text = fmt.Sprintf("exited with status %d", exit.ExitCode())
	case p.err != nil:
		text = "ended with " + p.err.Error()
	}
	if p.said != "" {
		return text + "; it last said: " + cut(p.said, 400) // an SDK's error ends with its cause
	}
	return text
}

func cut(text string, n int) string {
	if len(text) <= n {
		return text
	}
	return strings.ToValidUTF8(text[:n], "") + "…"
}
