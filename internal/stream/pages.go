package stream

import (
	"context"
	"errors"
	"slices"
	"time"
)

// RunPages is Run for a handler that takes a page at once: at most
// Options.PageSize events of one shard, in order, one page of a shard at a
// time. After an error, the page is redelivered as a whole, as Options.Retry
// says; then reading ends. There are two ways to find the event that fails,
// which then is retried alone, and given up as Run does:
//
//   - With Options.Bisect, a page that fails is halved.
//   - A handler whose error is a FailedEvent names it. Those before it count
//     as handled.
//
// The shard's checkpoint is written now and then, as Options.CheckpointEvery
// says, or by the handler, in a transaction that has Table.TransactItem. While
// a page is with the handler, or what is left of it, nothing else writes it.
// Such a transaction is all or nothing, so a FailedEvent names nothing there.
// After an error, what the table holds decides: events that a transaction
// committed are not redelivered, even if its answer was lost. Before a page is
// halved or an event given up, the table is read; where it can't be, neither
// is.
func (r *Reader) RunPages(ctx context.Context, handle func(context.Context, *Page) error) error {
	if r.options.Bisect && r.options.DeadLetter != nil {
		handle = recovering(handle)
	}
	return r.runHandlers(ctx, 1, func(ctx context.Context, h *handling, p *Page) error {
		before, ancestors := r.before(p)
		back, err := r.saver.hand(h.working, before, ancestors)
		var held *Checkpoint
		defer func() { back(held) }()
		if err != nil {
			return err
		}
		return r.handlePage(ctx, h.working, p, &held, handle)
	})
}

// A settle finds out what became of a handler's transaction, given its error:
// it returns nil where the page's checkpoint is kept, and what is kept of the
// shard; known: none of what was attempted may have been kept beyond that. With
// look it asks the store after any error, without only after that of a
// condition.
type settle func(ctx context.Context, err error, look bool) (held Checkpoint, known bool, _ error)

// FailedEvent is the error of a handler of RunPages that failed at one event
// of its page, and handled those before it. It is nil where err is.
func FailedEvent(e Event, err error) error {
	if err == nil {
		return nil
	}
	return &failedEvent{err, e.Sequence}
}

type failedEvent struct {
	error
	sequence string
}

func (e *failedEvent) Unwrap() error { return e.error }

// handlePage hands over a page until all of it is handled: after a failure,
// what is left of it. held becomes what a transaction kept.
func (r *Reader) handlePage(ctx, working context.Context, p *Page, held **Checkpoint, handle func(context.Context, *Page) error) error {
	ends := []int{len(p.Events)} // of the parts; the last one is next
	var failing Failure          // of the part that is next
	redelivered := false
	for at := 0; at < len(p.Events); {
		if at > 0 && ctx.Err() != nil {
			return ctx.Err() // the rest is redelivered
		}
		for ends[len(ends)-1] <= at {
			ends = ends[:len(ends)-1]
		}
		part := r.part(p, at, ends[len(ends)-1])
		part.Redelivered = redelivered
		redelivered = true
		began := time.Now()
		t := r.try(working, part, handle)
		if t.held != nil {
			*held = t.held
		}
		took := time.Since(began)
		if t.err != nil {
			r.noteFailure(p.shard, t.err, took)
			took = 0
		}
		if t.handled > 0 {
			r.handled(p.shard, part.number, t.handled, took)
			at, failing = at+t.handled, Failure{}
		}
		if t.err == nil || t.handled > 0 && !t.alone {
			continue
		}
		if errors.As(t.err, new(*FencedError)) || errors.As(t.err, new(*AlteredError)) {
			return t.err
		}
		if failing.Attempts++; failing.Attempts == 1 {
			failing.Event, failing.First = p.Events[at], began
		}
		failing.Err = t.err
		pause := min(backoff(failing.Attempts-1), r.options.Retry.Backoff)
		switch {
		case r.options.Bisect && t.known && !t.alone:
			ends, failing = append(ends, at+len(part.Events)/2), Failure{}
		case r.options.Retry.givesUp(failing.Attempts, time.Since(failing.First), t.err):
			err := t.err
			if t.alone && t.known {
				err = r.giveUp(working, p.shard, failing)
			}
			if err != nil {
				return handlerError(p, failing.Event, err)
			}
			r.handled(p.shard, p.number+at, 1, 0)
			at, failing = at+1, Failure{}
			continue
		}
		if sleep(ctx, pause) != nil {
			return handlerError(p, p.Events[at], t.err)
		}
	}
	return nil
}

// part is a page of some of the page's events.
func (r *Reader) part(p *Page, from, to int) *Page {
	part := r.page(p.shard, p.Events[from:to:to], p.number+from)
	if part.Shard = p.Shard; to == len(p.Events) {
		part.Checkpoint = p.Checkpoint
	}
	return part
}

// A trial is what an attempt to handle a page came to.
type trial struct {
	err     error
	handled int         // how many of its events are
	alone   bool        // the one after those is what failed
	known   bool        // no more than those may be
	held    *Checkpoint // what a transaction kept; nil: not known
}

// try hands over a page once.
func (r *Reader) try(working context.Context, p *Page, handle func(context.Context, *Page) error) trial {
	handed := *p
	handed.Events = slices.Clone(p.Events) // the handler may do with it what it likes
	t := trial{known: true}
	t.err = callOnce(working, r.options.Retry.Timeout, nil, handle, &handed)
	var named *failedEvent
	switch {
	case handed.settle != nil:
		var held Checkpoint
		if held, t.known, t.err = handed.settle(working, t.err, r.options.Bisect || r.options.DeadLetter != nil); t.known {
			t.held, t.handled = &held, p.upTo(held.Sequence)
		}
	case errors.As(t.err, &named):
		i := slices.IndexFunc(p.Events, func(e Event) bool { return e.Sequence == named.sequence })
		t.handled, t.alone = max(i, 0), i >= 0
	}
	if t.err == nil {
		t.handled = len(p.Events)
	}
	t.alone = t.alone || len(p.Events) == 1
	return t
}

// upTo is the number of the page's events that are not after a sequence number.
func (p *Page) upTo(sequence string) int {
	for i, e := range slices.Backward(p.Events) {
		if e.Sequence != "" && sequence != "" && compareSequence(e.Sequence, sequence) <= 0 {
			return i + 1
		}
	}
	return 0
}

// before is the shard's checkpoint while the page is not handled, and those of
// the shards that it descends from.
func (r *Reader) before(p *Page) (c Checkpoint, ancestors []Checkpoint) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c = p.shard.checkpoint(p.Checkpoint.Stream)
	if p.Shard == "" {
		c.State = ""
		return c, nil
	}
	for s := r.lineage.byID[p.shard.parent]; s != nil && s != p.shard; s = r.lineage.byID[s.parent] {
		ancestors = append(ancestors, s.checkpoint(r.arn))
		if s.id == "" {
			break
		}
	}
	return c, ancestors
}
