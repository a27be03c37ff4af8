package stream

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	streamtypes "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
)

// A Page is some events of one shard, in order.
type Page struct {
	Shard  string
	Events []Event
	// Checkpoint is the shard's, once all Events are handled.
	Checkpoint Checkpoint

	shard    *shard
	previous string                          // the sequence number of the checkpoint before it
	commit   map[string]types.AttributeValue // the Checkpoint, where the handler writes it
}

// A pageHandler handles a page, notes with handled how far it came, and
// returns once nothing of the page is in work.
type pageHandler func(context.Context, *Page) error

// read reads to the end of the stream, and of the streams that follow it.
func (r *Reader) read(ctx context.Context, handle pageHandler) error {
	switch {
	case r.closed:
		return errors.New("the reader is closed")
	case r.taken != nil:
		return r.taken
	}
	// It watches handlers too that go on after the end.
	watching := newCrew(context.WithoutCancel(ctx))
	watching.run(r.watch)
	defer watching.wait()
	defer watching.end(errDone)
	beside := newCrew(ctx)
	beside.run(r.saveRegularly)
	beside.run(func(ctx context.Context) error {
		for {
			if err := r.readStream(ctx, handle); err != nil {
				return err
			}
			if more, err := r.succeed(ctx); err != nil || !more {
				return orDone(err)
			}
		}
	})
	return beside.wait()
}

// readStream reads one stream, each shard on goroutines of its own.
func (r *Reader) readStream(ctx context.Context, handle pageHandler) error {
	crew := newCrew(ctx)
	asks := make(chan struct{}, 1)
	arn := r.Stream()
	crew.run(func(ctx context.Context) error { return r.discover(ctx, arn, asks) })
	r.mu.Lock()
	r.shards.rewind()
	r.mu.Unlock()
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

// plan takes the shards that may be read from now on, and says whether
// new shards are due and whether all is read.
func (r *Reader) plan() (ready []*shard, lookSoon, finished bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.finished() {
		return nil, false, true
	}
	ready = r.shards.ready()
	for _, s := range ready {
		s.phase = reading
	}
	return ready, r.expecting(), false
}

// expecting reports whether shards are due that are not listed yet: the
// children of those that ended, or a stream's first ones. A stream that is
// enabled always has an open shard.
func (r *Reader) expecting() bool {
	return slices.ContainsFunc(r.shards.childless(), r.expectsChild) ||
		len(r.shards.order) == 0 && !r.settled(r.opened)
}

// expectsChild reports whether a child is due of a shard that ended and has
// none. One that went away closed a day ago: its children are listed, or
// gone too.
func (r *Reader) expectsChild(s *shard) bool {
	listed := s.gone && r.newest.asked.After(s.drainedAt)
	return !listed && !r.settled(s.drainedAt)
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
	r.mu.Lock()
	f := r.fetcher(s)
	r.mu.Unlock()
	fetching := newCrew(ctx)
	fetching.run(func(ctx context.Context) error { f.run(ctx); return nil })
	defer fetching.wait()
	defer fetching.end(errDone)
	for {
		r.enter(s, Fetching)
		select {
		case a := <-f.answers:
			if err := r.take(ctx, s, a, handle); err != nil || a.last {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// take has an answer's events handled and notes what the answer means for
// the shard.
func (r *Reader) take(ctx context.Context, s *shard, a answer, handle pageHandler) error {
	r.noteAnswer(s, a)
	if a.gap != nil && r.options.OnGap == StopAtGap {
		return a.gap
	}
	events, err := newEvents(s.id, a)
	size := r.options.PageSize
	if size <= 0 {
		size = max(len(events), 1)
	}
	for len(events) > 0 {
		if ctx.Err() != nil {
			return ctx.Err() // the rest stays unhandled
		}
		n := min(size, len(events))
		p := r.page(s, events[:n:n])
		events = events[n:]
		if err := handle(ctx, p); err != nil {
			return err
		}
	}
	if err = errors.Join(err, a.err); err != nil {
		return err
	}
	r.noteHandled(s, a)
	return nil
}

// newEvents reads an answer's records. With an error, it returns the
// events before the one that can't be read.
func newEvents(shard string, a answer) ([]Event, error) {
	events := make([]Event, 0, len(a.records)+1)
	if a.gap != nil {
		events = append(events, Event{Kind: Lost, Gap: a.gap, Shard: shard, Seen: a.at})
	}
	for _, record := range a.records {
		e, err := newEvent(shard, record)
		if err != nil {
			return events, err
		}
		e.Seen = a.at
		events = append(events, e)
	}
	return events, nil
}

// page makes one with the checkpoint that it leads to.
func (r *Reader) page(s *shard, events []Event) *Page {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := &Page{Shard: s.id, Events: events, shard: s, previous: s.pos.after, Checkpoint: s.checkpoint(r.arn)}
	if last := events[len(events)-1]; last.Kind != Lost {
		p.Checkpoint = Checkpoint{
			Stream: r.arn, Shard: s.id, Parent: s.parent, Sequence: last.Sequence, Floor: last.At,
		}
	}
	return p
}

// handled moves the shard past an event of the page.
func (r *Reader) handled(p *Page, e Event) {
	if e.Kind == Lost {
		return // the record after it moves the shard
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s := p.shard
	s.since = time.Now()
	s.pos = afterRecord(e.Sequence)
	s.pos.floor = e.At
	s.lastRecord, s.next = e.At, e.At
	if s.dirty = p.commit == nil; !s.dirty {
		r.stats.lastSaved = time.Now()
	}
}

// noteAnswer counts an answer before it is handled.
func (r *Reader) noteAnswer(s *shard, a answer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case a.err != nil:
		return
	case a.empty:
		s.counts[emptyPages]++
	default:
		s.counts[records] += int64(len(a.records))
		if len(a.records) > 0 {
			s.next = recordTime(a.records[0])
		}
		s.quietFrom, s.quietTo = time.Time{}, time.Time{}
		s.caughtUp = false
	}
	if s.pos.after == "" && a.floor.After(s.pos.floor) {
		s.pos.floor, s.dirty = a.floor, true
	}
}

// noteHandled notes what an answer whose events are handled means.
func (r *Reader) noteHandled(s *shard, a answer) {
	r.mu.Lock()
	switch {
	case a.last:
		s.gone = a.gone
		r.shards.drain(s, a.at)
	case a.empty:
		s.caughtUp = true
		s.stillQuiet(a.at)
	}
	r.mu.Unlock()
	if a.last || a.empty && r.options.Idle > 0 {
		r.wake()
	}
}

// finished reports whether nothing more will come or, with Idle, is
// likely to.
func (r *Reader) finished() bool {
	for _, s := range r.shards.order {
		quiet := s.phase == reading && r.options.Idle > 0 && s.quiet() >= r.options.Idle
		if s.phase != drained && !quiet {
			return false
		}
	}
	return !r.expecting()
}

// settled reports whether no shard is to be expected any more that would
// follow what ended at the given time.
func (r *Reader) settled(end time.Time) bool {
	since := r.newest.asked.Sub(end)
	return r.newest.status == streamtypes.StreamStatusDisabled && since >= lateListing ||
		r.options.Idle > 0 && since >= r.options.Idle
}

// saveRegularly saves the checkpoints now and then.
func (r *Reader) saveRegularly(ctx context.Context) error {
	every := r.options.CheckpointEvery
	if every <= 0 {
		every = time.Second
	}
	for {
		if err := sleep(ctx, every); err != nil {
			return err
		}
		if err := r.save(ctx); err != nil {
			return err
		}
	}
}
