package stream

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"
)

// Run calls handle for each event: one after the other for an item, and side
// by side for different shards and, as Options.Parallel says, for different
// items of a shard. With SkipGaps, Lost is among them; nothing of its shard is
// in work beside it. It returns nil only where Options.Idle ends it; the end
// of the stream is an *EndedError, for a disabled stream without a successor
// two minutes at most after it was consumed. When ctx ends, no further event
// is handed over; Run waits until those in work are handled, saves the
// checkpoint, and returns context.Cause(ctx), joined with the errors of
// handlers that failed during the shutdown. Options.Grace bounds all that. Run
// may be called again, and resumes.
//
// A handler that fails is called again, as Options.Retry says; then the event
// is given up: Options.DeadLetter gets it, or reading ends with its error.
// Where there is a DeadLetter, a panic is a failure like any other. Else it
// ends the reading like an error and then becomes Run's, as a *HandlerPanic;
// the event is not handled.
func (r *Reader) Run(ctx context.Context, handle func(context.Context, Event) error) error {
	if r.options.DeadLetter != nil {
		handle = recovering(handle)
	}
	return r.runPages(ctx, r.options.Parallel, func(ctx context.Context, h *handling, p *Page) error {
		for i, e := range p.Events {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			var err error
			if p.lanes == nil || e.Kind == Lost {
				p.lanes.drain()
				err = r.handleEvent(ctx, h, p, i, e, handle)
			} else {
				err = r.handToLane(ctx, h, p, i, e, handle)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// handToLane gives an event to its item's lane.
func (r *Reader) handToLane(ctx context.Context, h *handling, p *Page, i int, e Event, handle func(context.Context, Event) error) error {
	return p.lanes.hand(ctx, e.Item(), func() bool { return r.mayHand(p.shard, p.number+i) }, func(ctx context.Context) error {
		return h.do(ctx, func(ctx context.Context) error { return r.handleEvent(ctx, h, p, i, e, handle) })
	})
}

// handleEvent handles an event, which is number i of its page, or gives it to
// the dead letters.
func (r *Reader) handleEvent(ctx context.Context, h *handling, p *Page, i int, e Event, handle func(context.Context, Event) error) error {
	f, err := r.attempt(ctx, h.working, p, p.number+i, e, handle)
	if err != nil && f.Attempts == 0 {
		return err // it was not handed over
	}
	if f.givenUp {
		f.Event, f.Err, f.took = e, err, 0
		err = r.giveUp(ctx, h.working, p.shard, f.Failure)
	}
	if err != nil {
		return handlerError(p, e, err)
	}
	r.handled(p.shard, p.number+i, 1, f.took)
	p.lanes.pass()
	return nil
}

// A handling is one read by handlers.
type handling struct {
	working context.Context // of the handlers: it ends later than the reading
	// do runs f, to which a shutdown leaves the time of Options.Grace.
	do func(ctx context.Context, f func(context.Context) error) error
}

// runPages reads with a handler of pages that gets the context which ends the
// reading, and a handling.
func (r *Reader) runPages(ctx context.Context, parallel int, handle func(context.Context, *handling, *Page) error) error {
	return r.runHandlers(ctx, func(h *handling) pageHandler {
		return pageHandler{parallel: parallel, handle: func(reading context.Context, p *Page) error {
			r.enters(p.shard, Handling)
			return h.do(reading, func(ctx context.Context) error { return handle(ctx, h, p) })
		}}
	})
}

// runHandlers reads with the handler that with makes.
func (r *Reader) runHandlers(ctx context.Context, with func(*handling) pageHandler) (err error) {
	if err := r.beginReading(); err != nil {
		return err
	}
	ended := errors.New("a handler panicked")
	defer func() { r.endReading(ended) }()
	defer func() {
		if v := recover(); v != nil {
			panic(v)
		}
		ended = err
	}()
	working, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	var mu sync.Mutex
	var failed error // of handlers, once ctx has ended
	h := &handling{working: working}
	h.do = func(reading context.Context, f func(context.Context) error) error {
		stop := context.AfterFunc(reading, func() { r.shutDown(cancel) })
		defer stop()
		err := f(reading)
		if err != reading.Err() && ctx.Err() != nil {
			mu.Lock()
			defer mu.Unlock()
			failed = errors.Join(failed, err)
		}
		return err
	}
	var saved error
	read := func() error {
		defer func() { saved = r.saveAtEnd() }() // also after a panic
		return r.read(ctx, with(h))
	}
	err = errors.Join(read(), failed)
	if errors.As(err, new(*FencedError)) {
		return err // and so does the save
	}
	return errors.Join(err, saved)
}

// shutDown begins the time of Grace, once a read, and has cancel end the
// handlers' part of it.
func (r *Reader) shutDown(cancel func()) {
	grace := r.options.Grace
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.graceEnd.IsZero() {
		r.graceEnd = time.Now().Add(grace)
		time.AfterFunc(grace*7/10, cancel)
	}
}

// saveAtEnd saves within the part of Grace that Close leaves.
func (r *Reader) saveAtEnd() error {
	r.shutDown(func() {})
	return r.lastSave(0.9)
}

// A turn is a page that waits to be yielded.
type turn struct {
	*Page
	reading context.Context // that of the page
	done    chan struct{}
}

// Events yields the stream's changes: those of one item in the order in which
// they were made, those of different items in any order. Shards are fetched
// side by side, one page ahead of what is yielded; events are yielded one at
// a time.
//
// Asking for the next event means that the one before is handled. After a
// break, a return or a panic that event is not: Events may be called again and
// resumes with it, and so does the next Reader of the same checkpoints. Close
// saves the last one.
//
// An error is yielded once, as the last pair, with a zero Event: the end of
// ctx, a *Gap, an *EndedError, a checkpoint that can't be written, or a
// failure that outlasted its retries. Without one, Options.Idle ended the
// loop. No goroutine outlives it.
func (r *Reader) Events(ctx context.Context) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		if err := r.beginReading(); err != nil {
			yield(Event{}, err)
			return
		}
		var ended error
		defer func() { r.endReading(ended) }()
		ctx, cancel := context.WithCancel(ctx)
		turns := make(chan turn)
		crew := newCrew(ctx)
		crew.run(func(ctx context.Context) error {
			return orDone(r.read(ctx, pageHandler{parallel: 1, handle: func(ctx context.Context, p *Page) error {
				return r.queue(ctx, turns, p)
			}}))
		})
		defer crew.wait()
		defer cancel()
		for {
			select {
			case t := <-turns:
				if !r.yieldPage(t, yield) {
					return
				}
				if t.reading.Err() == nil {
					// Else some events may not have been yielded, and
					// the page must not count as handled.
					close(t.done)
				}
			case <-crew.ctx.Done():
				cancel()
				if ended = crew.wait(); ended != nil {
					yield(Event{}, ended)
				}
				return
			}
		}
	}
}

// queue waits until the page was yielded and handled.
func (r *Reader) queue(ctx context.Context, turns chan<- turn, p *Page) error {
	r.enters(p.shard, Queued)
	t := turn{p, ctx, make(chan struct{})}
	select {
	case turns <- t:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-t.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// yieldPage yields a page's events until the caller has had enough, which it
// reports with false, or the reading ends.
func (r *Reader) yieldPage(t turn, yield func(Event, error) bool) bool {
	r.enters(t.shard, Handling)
	for i, e := range t.Events {
		if t.reading.Err() != nil || r.tenure.wait(t.reading) != nil {
			return true
		}
		began := time.Now()
		if !yield(e, nil) {
			return false
		}
		r.handled(t.shard, t.number+i, 1, time.Since(began))
	}
	return true
}

// A HandlerPanic is the value with which Run panics where a handler did,
// on another goroutine.
type HandlerPanic struct {
	Value any    // the handler's
	Stack []byte // where it was
}

func (p *HandlerPanic) Error() string {
	return fmt.Sprintf("panic: %v\n\n%s", p.Value, p.Stack)
}

// Unwrap is the panic's value, where that is an error.
func (p *HandlerPanic) Unwrap() error {
	err, _ := p.Value.(error)
	return err
}
