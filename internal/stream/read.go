package stream

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
)

// A pageHandler handles pages, and notes with handled how far it came.
type pageHandler struct {
	// handle may leave in work what it gave to the page's lanes.
	handle   func(context.Context, *Page) error
	parallel int // how many items of a shard at a time; 1: pages have no lanes
	// feed, if set, is given each shard's pages in place of handle.
	feed func(context.Context, *Feed) error
	// drain, if set, waits until all that handle was given is handled.
	drain func() error
}

// read reads to the end of the stream, and of the streams that follow it.
func (r *Reader) read(ctx context.Context, handle pageHandler) error {
	// It watches handlers too that continue after the end.
	watching := newCrew(context.WithoutCancel(ctx))
	watching.run(r.watch)
	defer watching.wait()
	defer watching.end(errDone)
	beside := newCrew(ctx)
	beside.run(r.saveRegularly)
	r.endsWith(beside.end)
	defer r.endsWith(nil)
	beside.run(func(ctx context.Context) error {
		for {
			if err := r.readStream(ctx, handle); err != nil {
				return err
			}
			next, err := r.succeed(ctx)
			var ended *EndedError
			if next == "" && (err == nil || errors.As(err, &ended) && ended.Err == nil) { // nothing follows
				err = cmp.Or(r.finishCopy(ctx, handle), err)
			}
			if err == nil && next != "" {
				err = r.switchTo(ctx, next, handle)
			}
			if err != nil || next == "" {
				return orDone(err)
			}
		}
	})
	return beside.wait()
}

// endsWith notes how to end the read that is under way, should the lease be
// lost.
func (r *Reader) endsWith(end func(error)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.end = end; end != nil && r.lost != nil {
		end(r.lost)
	}
}

// beginReading refuses a read while another one is under way.
func (r *Reader) beginReading() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.activity == reading:
		return errors.New("the reader is reading already: a Reader reads once at a time")
	case r.activity == closed:
		return errors.New("the reader is closed")
	case r.activity != ready:
		return errors.New("the reader is not open")
	case errors.As(r.err, new(*FencedError)):
		return r.err
	case r.lost != nil:
		return r.lost
	}
	r.activity, r.since, r.err, r.graceEnd = reading, time.Now(), nil, time.Time{}
	r.lineage.rewind()
	r.copy.rewind()
	return nil
}

// endReading ends a read. What was handed over and not handled is redelivered
// by the next one.
func (r *Reader) endReading(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.activity, r.since, r.err = ready, time.Now(), err
}

// readStream reads one stream, each shard on separate goroutines.
func (r *Reader) readStream(ctx context.Context, handle pageHandler) error {
	crew := newCrew(ctx)
	asks := make(chan struct{}, 1)
	arn := r.Stream()
	crew.run(func(ctx context.Context) error { return r.discover(ctx, arn, asks) })
	if r.copies() {
		crew.run(func(ctx context.Context) error { return r.copyTable(ctx, handle) })
	}
	for {
		ready, lookSoon, finished := r.plan()
		if finished {
			break
		}
		for _, s := range ready {
			crew.run(func(ctx context.Context) error { return r.readShard(ctx, s, handle) })
		}
		if lookSoon {
			select {
			case asks <- struct{}{}:
			default:
			}
		}
		select {
		case <-r.changed:
			continue
		case <-crew.ctx.Done():
		}
		break
	}
	crew.end(errDone)
	return crew.wait()
}

// plan takes the shards that may be read from now on, and says whether new
// shards are due and whether all is read.
func (r *Reader) plan() (ready []*shard, lookSoon, finished bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.finished() && r.copyMayEnd() {
		r.idled()
		return nil, false, true
	}
	if !r.copy.scanning() {
		ready = r.lineage.ready()
	}
	for _, s := range ready {
		s.enter(Fetching)
	}
	lookSoon = slices.ContainsFunc(r.lineage.childless(), func(s *shard) bool {
		return time.Since(s.since) < childrenSoon && r.expectsChild(s)
	})
	return ready, lookSoon || len(r.lineage.order) == 0, false
}

// finished reports whether nothing more will come or, with Idle, is likely
// to.
func (r *Reader) finished() bool {
	open, last := false, r.opened
	for _, s := range r.lineage.order {
		switch {
		case s.done():
			last = later(last, s.since)
		case r.idle(s):
			open = true
		default:
			return false
		}
	}
	disabled := r.status == types.StreamStatusDisabled
	if len(r.lineage.order) == 0 || !open && !disabled {
		// A stream that is enabled always has an open shard, listed or not.
		return r.settled(last)
	}
	ends := r.options.Idle > 0 || disabled
	return ends && !slices.ContainsFunc(r.lineage.childless(), r.expectsChild)
}

// idle reports whether an open shard has given nothing but empty answers for
// so long that reading may end.
func (r *Reader) idle(s *shard) bool {
	return r.options.Idle > 0 && s.reads() && s.out.events == nil && !s.idle.IsZero() && s.lastCall.Sub(s.idle) >= r.options.Idle
}

// idled records which shards were empty, so that a Reader that resumes knows
// it.
func (r *Reader) idled() {
	for _, s := range r.lineage.order {
		if r.idle(s) && s.handled.Sequence == "" {
			s.handled.NotBefore = later(s.handled.NotBefore, r.clock.at(s.idle))
		}
	}
}

// expectsChild reports whether a child is due of a shard that is done and has
// none. One that vanished closed a day ago: its children are listed, or have
// vanished too.
func (r *Reader) expectsChild(s *shard) bool {
	listed := s.state == Vanished && r.listed.After(s.since)
	return s.state != Final && !listed && !r.settled(s.since)
}

// settled reports whether no shard is expected any more that would follow what
// ended at the given time.
func (r *Reader) settled(end time.Time) bool {
	since := r.listed.Sub(end)
	return r.status == types.StreamStatusDisabled && since >= r.options.rhythm.late() ||
		r.options.Idle > 0 && since >= r.options.Idle
}

// wake has readStream make a new plan.
func (r *Reader) wake() {
	select {
	case r.changed <- struct{}{}:
	default:
	}
}

// readShard reads one shard from its position to its end.
func (r *Reader) readShard(ctx context.Context, s *shard, handle pageHandler) error {
	f := r.fetcher(s)
	return r.readAnswers(ctx, s, f.answers, f.run, handle)
}

// readAnswers has the answers handled that fetch gives, up to the last one.
func (r *Reader) readAnswers(ctx context.Context, s *shard, answers <-chan answer, fetch func(context.Context), handle pageHandler) error {
	crew := newCrew(ctx)
	crew.run(func(ctx context.Context) error { fetch(ctx); return nil })
	crew.run(func(ctx context.Context) error {
		var l *lanes
		if handle.parallel > 1 {
			l = newLanes(crew, handle.parallel)
		}
		if handle.feed != nil {
			f := r.newFeed(crew, s, handle.feed)
			handle.handle, handle.drain = f.hand, f.drain
		}
		for {
			r.enters(s, Fetching)
			select {
			case a := <-answers:
				if err := r.take(ctx, s, a, l, handle); err != nil {
					return err
				}
				if a.end != "" {
					return errDone
				}
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	})
	return crew.wait()
}

// take has an answer's events handled and notes what the answer means for the
// shard.
func (r *Reader) take(ctx context.Context, s *shard, a answer, l *lanes, handle pageHandler) error {
	if a.err != nil {
		return a.err
	}
	if a.gap != nil && r.options.OnGap == StopAtGap {
		return a.gap
	}
	events, bad := r.newEvents(s, a)
	number := r.fetched(s, a, events)
	records := a.records[:len(events)-len(a.rows)-a.gaps()]
	for len(events) > 0 {
		if ctx.Err() != nil {
			return ctx.Err() // the rest stays unhandled
		}
		n := min(r.options.PageSize, len(events))
		p := r.page(s, events[:n:n], number)
		p.lanes, p.records = l, records[:max(n-(len(events)-len(records)), 0)] // the last events have them
		records = records[len(p.records):]
		if n == len(events) && a.end == Vanished {
			p.Checkpoint.State = Vanished
		}
		events, number = events[n:], number+n
		if err := handle.handle(ctx, p); err != nil {
			return err
		}
	}
	if a.end != "" || bad != nil {
		l.drain() // children wait for all of it
		if handle.drain != nil {
			if err := handle.drain(); err != nil {
				return err
			}
		}
	}
	switch {
	case bad != nil:
		return bad
	case ctx.Err() != nil:
		return ctx.Err() // something may not be handled
	}
	r.handledAnswer(s, a)
	return nil
}

// newEvents reads an answer's records. With an error, it returns the events
// before the one that can't be read.
func (r *Reader) newEvents(s *shard, a answer) ([]Event, error) {
	stream, generation, number := r.Stream(), r.tenure.generation, r.copyNumber()
	events := make([]Event, 0, len(a.records)+len(a.rows)+1)
	if a.gap != nil {
		events = append(events, Event{Kind: Lost, Gap: a.gap, Stream: stream, Shard: s.id, Seen: a.at, Generation: generation, Copy: number})
	}
	for _, e := range a.rows {
		e.Stream, e.Generation, e.Copy = stream, generation, number
		events = append(events, e)
	}
	for _, record := range a.records {
		e, err := newEvent(s.id, record)
		if err != nil {
			return events, err
		}
		e.Stream, e.Seen, e.Generation, e.Copy = stream, a.at, generation, number
		events = append(events, e)
	}
	return events, nil
}

// fetched notes an answer before it is handled, and returns the number of its
// first event.
func (r *Reader) fetched(s *shard, a answer, events []Event) (number int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if a.empty && a.end == "" {
		s.counts.EmptyPages++
	} else {
		s.counts.Records += int64(len(a.records))
		s.idle = time.Time{}
	}
	if s.handled.Sequence == "" {
		s.handled.NotBefore = later(s.handled.NotBefore, a.notBefore)
	}
	if n := len(a.records); n > 0 {
		s.fetched = sequence(a.records[n-1])
	}
	return s.out.add(events)
}

// handled notes that n events from number on are handled, in an attempt that
// took some time. It moves the shard past the last one before which all are.
func (r *Reader) handled(s *shard, number, n int, took time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s.since, s.failing = time.Now(), nil
	s.counts.Handled += int64(n)
	s.counts.HandlingTime += took
	if last, moved := s.out.finish(number, n); moved {
		s.handled, s.row = Position{Sequence: last.sequence, NotBefore: last.at}, last.row
		s.lastRecord = last.at
	}
}

// mayHand reports whether the event of a number is less than MaxInWork after
// the shard's position.
func (r *Reader) mayHand(s *shard, number int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return number-s.out.first < r.options.MaxInWork
}

// begins notes an event's first attempt, beside others.
func (r *Reader) begins(s *shard, number int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s.out.events[number-s.out.first].begun = time.Now()
}

// handledAnswer notes what an answer whose events are handled means.
func (r *Reader) handledAnswer(s *shard, a answer) {
	r.mu.Lock()
	switch {
	case a.end != "":
		r.lineage.consume(s, a.end, a.notBefore)
	case a.empty && s.idle.IsZero():
		s.idle, s.emptySince = time.Now(), a.at
	}
	if a.empty {
		s.empty = a.at
	}
	r.mu.Unlock()
	if a.end != "" || a.empty && r.options.Idle > 0 {
		r.wake()
	}
}

// handlerError says which event a handler failed at.
func handlerError(p *Page, e Event, err error) error {
	switch {
	case errors.As(err, new(*FencedError)) || errors.As(err, new(*AlteredError)):
		return err
	case e.Kind == CopyDone:
		return fmt.Errorf("handling the end of copy %d: %w", e.Copy, err)
	case p.Shard == "":
		return fmt.Errorf("handling the switch to stream %s: %w", e.Stream, err)
	}
	return fmt.Errorf("handling event %s of shard %s: %w", e.Sequence, p.Shard, err)
}
