package stream

import (
	"cmp"
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
// Options.Parallel is for Run alone.
//
// The shard's checkpoint is written now and then, as Options.CheckpointEvery
// says, or by the handler, in a transaction that has Table.TransactItem. While
// a page is with the handler, or what is left of it, nothing else writes it.
// Such a transaction is all or nothing, so a FailedEvent names nothing there.
// After an error, the table is read, and what it holds decides: events that a
// transaction committed are not redelivered, even if its answer was lost. While
// it can't be read, nothing is halved or given up; after Retry.Age of that,
// reading ends. A transaction that is still on its way when its event becomes a
// dead letter may yet take effect.
func (r *Reader) RunPages(ctx context.Context, handle func(context.Context, *Page) error) error {
	if r.options.DeadLetter != nil {
		handle = recovering(handle)
	}
	return r.runPages(ctx, 1, func(ctx context.Context, h *handling, p *Page) error {
		before, ancestors := r.before(p)
		kept, back, err := r.saver.hand(h.working, before, ancestors)
		defer func() { back(kept) }()
		if err != nil {
			return err
		}
		return r.handlePage(ctx, h.working, p, &kept, handle)
	})
}

// A settle finds out what became of a handler's transaction, given its error:
// it returns nil where the page's checkpoint is kept, and what is kept of the
// shard; known: the store was asked.
type settle func(ctx context.Context, err error) (held Checkpoint, known bool, _ error)

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
// what is left of it. kept is what the Checkpoints hold, and becomes what a
// transaction kept.
func (r *Reader) handlePage(ctx, working context.Context, p *Page, kept *Checkpoint, handle func(context.Context, *Page) error) error {
	ends := []int{len(p.Events)} // of the parts; the last one is next
	var f failing                // of the part that is next
	redelivered := false
	for at := r.skip(p, 0, kept); at < len(p.Events); at = r.skip(p, at, kept) {
		if at > 0 && ctx.Err() != nil {
			return ctx.Err() // the rest is redelivered
		}
		if err := r.tenure.wait(ctx); err != nil {
			return err
		}
		for ends[len(ends)-1] <= at {
			ends = ends[:len(ends)-1]
		}
		part := r.part(p, at, ends[len(ends)-1])
		part.Redelivered, redelivered = redelivered, true
		began := time.Now()
		t := r.try(working, part, handle)
		if t.handled > 0 {
			r.handled(p.shard, part.number, t.handled, 0)
			at, f = at+t.handled, failing{}
		}
		r.noteAttempt(p.shard, t.err, t.took)
		if t.held != nil {
			*kept = *t.held // what it holds is skipped
		}
		switch {
		case t.err == nil || p.upTo(kept.Sequence) > at:
			f = failing{}
			continue
		case errors.As(t.err, new(*FencedError)) || errors.As(t.err, new(*AlteredError)):
			return t.err
		}
		f.note(t, p.Events[at], began)
		policy := r.options.Retry
		pause := policy.wait(max(f.Attempts, 1))
		switch {
		case !t.known && time.Since(f.unknown) >= cmp.Or(policy.Age, defaultAge):
			return handlerError(p, f.Event, t.err)
		case !t.known || errors.Is(t.err, errAttempted):
			// Nothing is given up before it is known what is handled.
		case r.options.Bisect && !t.alone:
			ends, f = append(ends, at+len(part.Events)/2), failing{}
		case policy.givesUp(f.Attempts, time.Since(f.First), t.err):
			err := t.err
			if t.alone {
				err = r.giveUp(ctx, working, p.shard, f.Failure)
			}
			if err != nil {
				return handlerError(p, f.Event, err)
			}
			r.handled(p.shard, p.number+at, 1, 0)
			at, f = at+1, failing{}
			continue
		}
		if sleep(ctx, pause) != nil {
			return handlerError(p, p.Events[at], t.err)
		}
	}
	return nil
}

// A failing is what is known of a part of a page that fails.
type failing struct {
	Failure
	alone   bool      // it is of an event alone
	unknown time.Time // since when the Checkpoints can't be read; zero: they can
}

// note takes in an attempt that failed, which began at a time, and the part's
// first event. It counts if it is known what it came to.
func (f *failing) note(t trial, first Event, began time.Time) {
	if f.First.IsZero() || f.alone != t.alone {
		f.Failure = Failure{Event: first, First: began}
		if t.handled > 0 {
			f.First = time.Now() // about when this event's turn came
		}
	}
	f.alone, f.Err = t.alone, t.err
	switch {
	case !t.known && f.unknown.IsZero():
		f.unknown = time.Now()
	case t.known:
		f.unknown = time.Time{}
		if !errors.Is(t.err, errAttempted) {
			f.Attempts++
		}
	}
}

// skip notes events of a page, from a number on, as handled that the
// Checkpoints hold, and returns the number of the next one.
func (r *Reader) skip(p *Page, at int, kept *Checkpoint) int {
	if n := p.upTo(kept.Sequence); n > at {
		r.handled(p.shard, p.number+at, n-at, 0)
		return n
	}
	return at
}

// A trial is what an attempt to handle a page came to.
type trial struct {
	err     error
	took    time.Duration
	handled int         // how many of its events are, without a transaction
	alone   bool        // the one after those is what failed
	known   bool        // no more than those, and what is kept, may be
	held    *Checkpoint // what the store holds after a transaction; nil: not known
}

// try hands over a page once.
func (r *Reader) try(working context.Context, p *Page, handle func(context.Context, *Page) error) trial {
	handed := *p
	handed.Events = slices.Clone(p.Events) // the handler may do with it what it likes
	began := time.Now()
	t := trial{known: true, alone: len(p.Events) == 1}
	t.err = callOnce(working, r.options.Retry.Timeout, nil, handle, &handed)
	t.took = time.Since(began)
	var named *failedEvent
	switch {
	case handed.settle != nil:
		var held Checkpoint
		if held, t.known, t.err = handed.settle(working, t.err); t.known {
			t.held = &held
		}
		if t.err == nil {
			t.handled = len(p.Events) // also a Lost alone, which has no sequence number
		}
	case t.err == nil:
		t.handled = len(p.Events)
	case errors.As(t.err, &named):
		if i := slices.IndexFunc(p.Events, func(e Event) bool { return e.Sequence == named.sequence }); i >= 0 {
			t.handled, t.alone = i, true
		}
	}
	return t
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
