package conformance

import (
	"fmt"
	"slices"
	"time"
)

// until waits until a condition holds, or the verdict is certain. That is, at the latest, when
// the reader has made no progress for the timeout: otherwise says why it fails then. If
// otherwise is nil, the condition holds after some time in any case.
func (w *World) until(holds func() bool, otherwise func() string) {
	deadline, before := time.Now().Add(w.timeout), w.progress()
	for ; ; time.Sleep(5 * time.Millisecond) {
		ended := w.endedUnasked() // first: what it handled before is known then
		wrong, absent, end := w.judge.outcome()
		switch {
		case end != nil:
			panic(end)
		case absent != "":
			w.ends(Absent, "%s", absent)
		case wrong != "":
			w.ends(Fail, "%s", wrong)
		case holds():
			return
		case ended != nil:
			w.exited(ended)
		}
		if now := w.progress(); now > before {
			deadline, before = time.Now().Add(w.timeout), now
		}
		if otherwise != nil && time.Now().After(deadline) {
			w.ends(Fail, "%s", otherwise())
		}
	}
}

// progress counts what takes a reader further: changes handled, and empty pages passed.
func (w *World) progress() int { return w.judge.reached() + w.service.emptied() }

// endedUnasked returns a reader that has ended and should not have, or nil. Once the story is
// over, a reader may end with status 0.
func (w *World) endedUnasked() *process {
	for _, p := range w.processes {
		if p.hasEnded() && !p.stops && !p.mayEnd && !(w.over && p.err == nil) {
			return p
		}
	}
	return nil
}

// exited gives the verdict on a reader that ended by itself. A status other than 0 tells a
// loss, where one is waited for.
func (w *World) exited(p *process) {
	w.judge.mu.Lock()
	told := w.judge.may.exit && w.judge.events > 0 && p.err != nil
	w.judge.mu.Unlock()
	calls := w.service.noted()
	if len(calls) == 0 {
		panic(fmt.Errorf("%w (it %s)", ErrSilent, p.how()))
	}
	if told && calls[len(calls)-1].code != "ExpiredIteratorException" { // which is not a loss
		w.ends(Pass, "")
	}
	w.ends(Fail, "although the stream continues, it %s", p.how())
}

// speaks ends the test of a reader that never made a call.
func (w *World) speaks() {
	if len(w.service.noted()) == 0 {
		panic(fmt.Errorf("%w (within %v)", ErrSilent, w.timeout))
	}
}

// Handles waits until the reader has handled all changes.
func (w *World) Handles() { w.HandlesAllBut("") }

// HandlesAllBut waits until all changes are handled, except those of a throttled shard.
func (w *World) HandlesAllBut(shard string) {
	w.until(func() bool { return w.judge.missing(shard) == nil }, func() string { return w.unhandled(shard) })
}

// unhandled says why a change is missing outside of a throttled shard.
func (w *World) unhandled(throttled string) string {
	w.speaks()
	c := w.judge.missing(throttled)
	if c == nil {
		return "it handled all, but only after the timeout"
	}
	calls := w.service.noted()
	why := w.judge.explain(c, calls, w.service.waiting())
	if w.sink.isEmpty() && slices.ContainsFunc(calls, func(c call) bool { return len(c.records) > 0 }) {
		why += "; it has printed nothing (is each line flushed?)"
	}
	if throttled != "" {
		why += fmt.Sprintf(" while shard %s was throttled", w.judge.letter(throttled))
	}
	return why
}

// Polls waits until each open shard has been read again: what is new by then was asked
// for.
func (w *World) Polls() {
	seen := len(w.service.noted())
	for _, shard := range w.open() {
		w.until(func() bool {
			return slices.ContainsFunc(w.service.noted()[seen:], func(c call) bool {
				return c.operation == "GetRecords" && c.shard == shard && c.code == ""
			})
		}, func() string {
			w.speaks()
			return w.judge.whyStopped(shard, w.service.noted())
		})
	}
}

// CatchesUp waits until the reader has handled all changes, and asks for more although it
// got an empty page.
func (w *World) CatchesUp() {
	w.Handles()
	w.Polls()
	w.Polls()
}

// Settles gives the reader the time to repeat what it shouldn't, and to save its position.
func (w *World) Settles() { w.Lasts(w.saves + 100*time.Millisecond) }

// Lasts lets the reader read for a time.
func (w *World) Lasts(d time.Duration) {
	from := time.Now()
	w.until(func() bool { return time.Since(from) > d }, nil)
}

// quiet waits until the reader had an opportunity to repeat what it handled: it has read
// each open shard again, or half a second has passed.
func (w *World) quiet() {
	seen, from, open := len(w.service.noted()), time.Now(), w.open()
	w.until(func() bool {
		polled := make(map[string]bool)
		for _, c := range w.service.noted()[seen:] {
			polled[c.shard] = polled[c.shard] || c.operation == "GetRecords"
		}
		return time.Since(from) > 500*time.Millisecond ||
			!slices.ContainsFunc(open, func(shard string) bool { return !polled[shard] })
	}, nil)
}

// Kill kills the reader, and waits until all that it printed is counted.
func (w *World) Kill(p *process) {
	p.kill()
	w.sink.resume()
	<-p.ended
}

// Stop stops the reader, as its operator would.
func (w *World) Stop(p *process) (cleanly bool) {
	cleanly = p.stop(grace)
	w.sink.resume()
	<-p.ended
	return cleanly
}

// finish waits until all is handled, and ends the readers.
func (w *World) finish() {
	w.Handles()
	w.over = true
	w.quiet()
	w.wrote(nil) // what is still unknown now is wrong
	for _, p := range w.processes {
		if !p.hasEnded() {
			p.stop(time.Second / 2)
			<-p.ended
		}
	}
	w.until(func() bool { return true }, nil)
}
