package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// A process is a step that runs.
type process struct {
	cmd            *exec.Cmd
	ended          chan struct{}
	err            error // of its end
	stdout, stderr buffer
}

// A buffer is what a process has printed so far.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// start starts a step at the endpoint, on a table.
func (w *world) start(step, name string, args ...string) *process {
	path, err := filepath.Abs(filepath.Join(w.steps, step))
	w.must(err)
	p := &process{ended: make(chan struct{})}
	p.cmd = exec.CommandContext(w.ctx, path, append([]string{"-endpoint", w.endpoint, "-table", name}, args...)...)
	p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = w.folder, &p.stdout, &p.stderr
	p.cmd.Cancel = func() error { return p.cmd.Process.Signal(os.Interrupt) }
	p.cmd.WaitDelay = 10 * time.Second
	w.must(p.cmd.Start())
	go func() {
		p.err = p.cmd.Wait()
		close(p.ended)
	}()
	return p
}

// status is the exit status, once it has ended.
func (p *process) status() int {
	<-p.ended
	return p.cmd.ProcessState.ExitCode()
}

// interrupt is Ctrl-C. It returns once the process has ended.
func (p *process) interrupt() {
	_ = p.cmd.Process.Signal(os.Interrupt)
	<-p.ended
}

// kill ends it at once.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.ended
}

// run runs a step to its end.
func (w *world) run(step, name string, args ...string) *process {
	p := w.start(step, name, args...)
	<-p.ended
	w.must(w.ctx.Err())
	return p
}

// prints wants a process to have ended well, and to have printed these texts.
func (w *world) prints(p *process, texts ...string) {
	w.want(p.status() == 0, "exit status %d: %s", p.status(), p.last())
	for _, text := range texts {
		w.want(strings.Contains(p.stdout.String()+p.stderr.String(), text), "nothing like %q in\n%s%s", text, &p.stdout, &p.stderr)
	}
}

// last is the last line on stderr.
func (p *process) last() string {
	lines := strings.Split(strings.TrimSpace(p.stderr.String()), "\n")
	return lines[len(lines)-1]
}

// An event is one that step 03 printed.
type event struct {
	Kind, ID, Sequence string
	Old, New           json.RawMessage
}

func (e event) String() string { return e.Kind + " " + e.ID }

// events are those that a process has printed so far of rows whose id begins with a prefix,
// and the gaps.
func (w *world) events(p *process, prefix string) (events []event) {
	text := p.stdout.String()
	for line := range strings.Lines(text[:strings.LastIndex(text, "\n")+1]) {
		var e event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			w.must(errors.Join(fmt.Errorf("03-read-stream printed %q", line), err))
		}
		if strings.HasPrefix(e.ID, prefix) || e.Kind == "lost" {
			events = append(events, e)
		}
	}
	return events
}
