package stream

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Run calls handle for each event: one after the other for a shard, side
// by side for different ones. With SkipGaps, Lost is among them. It returns
// nil at the end of the stream, two minutes at most after a disabled one was
// read up if its table has no other, or, with Options.Idle, at the end as
// far as one can tell. When ctx ends, no further event is handed over; Run
// waits until those in work are handled, saves the checkpoint, which may
// take 10 seconds, and returns ctx's cause: its error, where it was given no
// other, along with that of a handler that failed then. Run may be called
// again, and goes on.
//
// A handler that fails is called again, as Options.Attempts says; then
// reading ends with its error, or Options.DeadLetter gets the event. Its
// context lives on for Options.Grace after the end of ctx. Its panic ends
// the reading like an error and then becomes Run's, as a *HandlerPanic;
// the event is not handled.
func (r *Reader) Run(ctx context.Context, handle func(context.Context, Event) error) error {
	return r.runHandlers(ctx, func(ctx, working context.Context, p *Page) error {
		r.enter(p.shard, Handling)
		for _, e := range p.Events {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			spent, err := r.attempt(ctx, p, func() error { return handle(working, e) })
			if spent && r.options.DeadLetter != nil && working.Err() == nil {
				if letter := r.options.DeadLetter(working, e, err); letter != nil {
					err = errors.Join(err, letter)
				} else {
					err = nil
				}
			}
			if err != nil {
				return handlerError(p, e, err)
			}
			r.handled(p, e)
		}
		return nil
	})
}

// RunPages is Run for a handler that takes a page at once: at most
// Options.PageSize events of one shard, in order. A page is handled as a
// whole or not at all, and comes again as a whole after an error.
//
// Before the next page of the shard is handed over, its checkpoint is
// written: by the handler, in a transaction that has Table.TransactItem,
// or by the reader. A handler that returns the error of a transaction which
// it had made before has succeeded. DeadLetter is not asked.
func (r *Reader) RunPages(ctx context.Context, handle func(context.Context, *Page) error) error {
	return r.runHandlers(ctx, func(ctx, working context.Context, p *Page) error {
		if err := r.saveShard(working, p.shard); err != nil {
			return err
		}
		r.enter(p.shard, Handling)
		events := p.Events
		first, last := events[0], events[len(events)-1] // the handler may do with Events what it likes
		_, err := r.attempt(ctx, p, func() error {
			p.Events, p.commit = slices.Clone(events), nil
			return handle(working, p)
		})
		if err != nil {
			return handlerError(p, first, err)
		}
		r.handled(p, last)
		return nil
	})
}

// runHandlers reads with a handler that gets two contexts: the one that
// ends the reading, and one that lets it finish its work.
func (r *Reader) runHandlers(ctx context.Context, handle func(ctx, working context.Context, p *Page) error) error {
	working, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	grace := r.options.Grace
	if grace <= 0 {
		grace = 10 * time.Second
	}
	var mu sync.Mutex
	var failed error // of handlers, once ctx has ended
	var saved error
	read := func() error {
		defer func() { saved = r.lastSave() }() // also after a panic
		return r.read(ctx, func(reading context.Context, p *Page) error {
			stop := context.AfterFunc(reading, func() { time.AfterFunc(grace, cancel) })
			defer stop()
			err := handle(reading, working, p)
			if err != reading.Err() && ctx.Err() != nil {
				mu.Lock()
				defer mu.Unlock()
				failed = errors.Join(failed, err)
			}
			return err
		})
	}
	err := errors.Join(read(), failed)
	if errors.As(err, new(*TakenError)) {
		return err // and so does the save
	}
	return errors.Join(err, saved)
}

// attempt calls a handler until it succeeds, as often as the options
// allow and while ctx lives. spent says that it failed as often as that.
func (r *Reader) attempt(ctx context.Context, p *Page, handle func() error) (spent bool, err error) {
	attempts := r.options.Attempts
	if attempts <= 0 {
		attempts = 3
	}
	for try := 0; ; try++ {
		err := handle()
		if p.made(err) {
			err = nil
		}
		if err == nil || try == attempts-1 || p.taken(err) {
			return err != nil && try == attempts-1, err
		}
		if sleep(ctx, backoff(try)) != nil {
			return false, err
		}
	}
}

// taken reports whether the handler's transaction failed since the
// checkpoint is not what it was when the page was read.
func (p *Page) taken(err error) bool {
	return p.commit != nil && canceledFor(err, "ConditionalCheckFailed")
}

func handlerError(p *Page, e Event, err error) error {
	if p.taken(err) {
		return &TakenError{Name: "of shard " + p.Shard, Err: err}
	}
	return fmt.Errorf("handling event %s of shard %s: %w", e.Sequence, p.Shard, err)
}

// saveShard writes the shard's checkpoint if it isn't written.
func (r *Reader) saveShard(ctx context.Context, s *shard) error {
	// A save that took it before may still be writing, or fail.
	r.saving <- struct{}{}
	<-r.saving
	r.mu.Lock()
	dirty := s.dirty
	r.mu.Unlock()
	if !dirty {
		return nil
	}
	return r.save(ctx)
}
