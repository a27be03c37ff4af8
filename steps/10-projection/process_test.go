package main_test

import (
	"bytes"
	"cmp"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// A process is a program at work.
type process struct {
	cmd    *exec.Cmd
	server *httptest.Server
	said   said
	done   chan struct{} // closed when it has ended

	mu    sync.Mutex
	kept  bool // it should not end by itself
	trap  *trap
	holds chan struct{} // while its calls are held
	held  sync.WaitGroup
}

// said is what a process prints.
type said struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *said) Write(text []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(text)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// last is the last line that was printed.
func (s *said) last() string {
	lines := strings.Split(strings.TrimSpace(s.String()), "\n")
	return lines[len(lines)-1]
}

// start starts the program.
func (w *world) start() *process {
	p := &process{done: make(chan struct{}), kept: true}
	p.server = w.serve(p)
	p.cmd = exec.Command(w.binary, "-endpoint", p.server.URL, "-table", activities, "-into", into)
	p.cmd.Stdout, p.cmd.Stderr = &p.said, &p.said
	p.cmd.WaitDelay = time.Second
	p.cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "AWS_") })
	w.must(p.cmd.Start())
	w.processes = append(w.processes, p)
	go func() {
		_ = p.cmd.Wait() // see how
		close(p.done)
	}()
	return p
}

// end leaves nothing of it.
func (p *process) end() {
	p.kill()
	<-p.done
	p.release()
	p.server.Close()
}

func (p *process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// how says how it ended.
func (p *process) how() string {
	return fmt.Sprintf("%v, and it last said %q", p.cmd.ProcessState, cmp.Or(p.said.last(), "nothing"))
}

// lives reports whether it should.
func (p *process) lives() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.kept
}

// mayEnd says that it need not live.
func (p *process) mayEnd() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.kept = false
}

// kill ends it at once.
func (p *process) kill() {
	p.mayEnd()
	_ = p.cmd.Process.Kill() // it may have ended
}

// stop stops it cleanly.
func (p *process) stop() {
	if p.ended() {
		panic(verdict("the program ended by itself: " + p.how()))
	}
	p.mayEnd()
	if p.cmd.Process.Signal(syscall.SIGTERM) != nil { // Windows has none
		_ = p.cmd.Process.Kill()
		<-p.done
		return
	}
	select {
	case <-p.done:
	case <-time.After(*within):
		panic(verdict(fmt.Sprintf("the program did not stop within %v of SIGTERM", *within)))
	}
	if code := p.cmd.ProcessState.ExitCode(); code != 0 {
		panic(verdict("the program has to end with exit status 0 at SIGTERM, and not with " + p.how()))
	}
}

// traps sets a trap for the next write about a page.
func (p *process) traps(page string, then fate) *trap {
	t := &trap{page: page, then: then, sprung: make(chan struct{})}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.trap = t
	return t
}

// springs reports which trap a call springs, if any.
func (p *process) springs(target string, body []byte) *trap {
	_, operation, _ := strings.Cut(target, ".")
	writes := []string{"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"}
	p.mu.Lock()
	defer p.mu.Unlock()
	t := p.trap
	if t == nil || !slices.Contains(writes, operation) || !bytes.Contains(body, []byte(`"`+t.page+`"`)) {
		return nil
	}
	p.trap = nil
	if t.then == hold {
		p.holds = make(chan struct{})
	}
	close(t.sprung)
	return t
}

// gate waits while calls are held. The call is over with done.
func (p *process) gate() (done func()) {
	p.mu.Lock()
	holds := p.holds
	if holds == nil {
		p.mu.Unlock()
		return func() {}
	}
	p.held.Add(1)
	p.mu.Unlock()
	<-holds
	return p.held.Done
}

// release lets the calls that are held arrive, and returns when they are over.
func (p *process) release() {
	p.mu.Lock()
	if p.holds != nil {
		close(p.holds)
		p.holds = nil
	}
	p.mu.Unlock()
	p.held.Wait()
}

// springs waits until the process has written about the page.
func (w *world) springs(p *process, t *trap) {
	select {
	case <-t.sprung:
	case <-p.done:
		panic(verdict("the program ended by itself: " + p.how()))
	case <-time.After(*within):
		panic(verdict(fmt.Sprintf("nothing was written about page %s within %v", t.page, *within)))
	}
}

// What becomes of a process at a write.
type fate int

const (
	killBefore fate = iota // it is killed, and the table never gets the write
	killAfter              // it is killed once the table has the write
	hold                   // this call, and all after it, are held until release
)

// A trap waits for a process to write about a page.
type trap struct {
	page   string
	then   fate
	sprung chan struct{}
}
