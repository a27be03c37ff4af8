package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"dynamostreamer/internal/stream"
	"dynamostreamer/internal/watch"
)

// These are the states of a reader's process.
const (
	starting = "starting"
	running  = "running"
	frozen   = "frozen"
	killed   = "killed"
	ended    = "ended"
)

// names are what a message calls the readers.
var names = map[string]string{ours: "Our reader", "naive": "The naive reader"}

// A process runs a reader as a process: this program, with other
// arguments.
type process struct {
	id         string
	model      *watch.Model
	args       func(kind string) []string
	checkpoint string // the file; empty: it keeps none

	mu    sync.Mutex // of what is done to it
	child *child     // nil: it has not been started yet
}

// A child is one run of a process.
type child struct {
	cmd   *exec.Cmd
	stdin io.Closer
	done  chan struct{} // closed once it has ended

	mu    sync.Mutex
	state string
}

func (c *child) now() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state
}

// turn brings the child to a state, unless it has ended.
func (c *child) turn(state string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state == ended || c.state == killed {
		return false
	}
	c.state = state
	return true
}

// current is the state of the newest child.
func (p *process) current() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.state()
}

func (p *process) state() string {
	if p.child == nil {
		return ended
	}
	return p.child.now()
}

// start starts the reader as a process.
func (p *process) start(kind string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s := p.state(); s != ended && s != killed {
		return refusef("It is %s already.", s)
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding this program: %w", err)
	}
	cmd := exec.Command(self, append([]string{asReader}, p.args(kind)...)...)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	last := &lastLine{}
	cmd.Stderr = last
	alone(cmd)
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting a reader: %w", err)
	}
	c := &child{cmd: cmd, stdin: stdin, done: make(chan struct{}), state: starting}
	p.child = c
	p.model.SetReader(p.id, starting, cmd.Process.Pid, "")
	go p.follow(c, stdout, last)
	return nil
}

// follow tells the model what a child reports, until it has ended.
func (p *process) follow(c *child, stdout io.Reader, last *lastLine) {
	defer close(c.done)
	lines := bufio.NewScanner(stdout)
	lines.Buffer(nil, 4<<20)
	for first := true; lines.Scan(); first = false {
		var line watch.Report
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			continue // it was cut off amid a line
		}
		if first && c.turn(running) {
			p.model.SetReader(p.id, running, c.cmd.Process.Pid, "")
		}
		p.model.Reported(p.id, line)
	}
	err := c.cmd.Wait()
	p.saved()
	if c.turn(ended) {
		p.model.SetReader(p.id, ended, 0, cmp.Or(last.text(), fmt.Sprint(err)))
	} else {
		p.model.SetReader(p.id, killed, 0, "Its process was killed.")
	}
}

// kill ends the child at once, and waits until it has.
func (p *process) kill() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.child == nil || !p.child.turn(killed) {
		return refusef("It isn't running.")
	}
	err := p.child.cmd.Process.Kill()
	if errors.Is(err, os.ErrProcessDone) {
		err = nil
	}
	<-p.child.done
	return err
}

// killed kills the child, unless it has ended.
func (p *process) killed() error {
	if s := p.current(); s == ended || s == killed {
		return nil
	}
	return p.kill()
}

// await waits until the child has read what there is, or has ended,
// for some seconds at most: on a machine that is busy it takes them.
func (p *process) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	for {
		s := p.current()
		if s != starting && s != running || p.model.Settled(p.id) {
			return nil
		}
		if !sleep(ctx, 10*time.Millisecond) {
			return refusef("%s is slow: wait a little, and try again.", names[p.id])
		}
	}
}

// freeze stops the child, which doesn't notice, and thaw lets it
// continue.
func (p *process) freeze() error { return p.signal(running, frozen, stopProcess) }
func (p *process) thaw() error   { return p.signal(frozen, running, continueProcess) }

func (p *process) signal(from, to string, send func(*os.Process) error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s := p.state(); s != from {
		return refusef("It is %s, not %s.", s, from)
	}
	if err := send(p.child.cmd.Process); err != nil {
		return err
	}
	if p.child.turn(to) {
		p.model.SetReader(p.id, to, p.child.cmd.Process.Pid, "")
	}
	return nil
}

// stop ends the child cleanly, if it runs.
func (p *process) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.child == nil {
		return
	}
	if p.child.now() == frozen {
		_ = continueProcess(p.child.cmd.Process)
	}
	p.child.stdin.Close()
	select {
	case <-p.child.done:
	case <-time.After(5 * time.Second):
		p.child.cmd.Process.Kill()
		<-p.child.done
	}
}

// forget removes the checkpoint of a reader that isn't running.
func (p *process) forget() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s := p.state(); s != ended && s != killed {
		return refusef("It is %s: kill it first.", s)
	}
	if err := os.Remove(p.checkpoint); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("removing its checkpoint: %w", err)
	}
	p.model.ForgetSaved(p.id)
	return nil
}

// followCheckpoint tells the model what the checkpoint holds, until
// ctx ends.
func (p *process) followCheckpoint(ctx context.Context) {
	var was time.Time
	for sleep(ctx, reportEvery) {
		if info, err := os.Stat(p.checkpoint); err == nil && !info.ModTime().Equal(was) {
			was = info.ModTime()
			p.saved()
		}
	}
}

// saved tells the model what the checkpoint holds.
func (p *process) saved() {
	if p.checkpoint == "" {
		return
	}
	kept, err := stream.FileCheckpoints(p.checkpoint).(stream.Peeker).Peek(context.Background())
	if err != nil {
		return // it isn't there yet
	}
	for _, c := range kept {
		if c.Shard != "" && c.Sequence != "" {
			p.model.Reported(p.id, watch.Report{Shard: c.Shard, Saved: c.Sequence})
		}
	}
}

// A lastLine keeps the last line that is written to it.
type lastLine struct {
	mu   sync.Mutex
	line string
}

func (l *lastLine) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if line := strings.TrimSpace(string(b)); line != "" {
		l.line = line[strings.LastIndexByte(line, '\n')+1:]
	}
	return len(b), nil
}

func (l *lastLine) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.TrimPrefix(l.line, "07-watch: ")
}
