package stream

import (
	"context"
	"iter"
)

// A turn is a page that waits to be yielded.
type turn struct {
	*Page
	reading context.Context // that of the page
	done    chan struct{}
}

// Events yields the stream's changes: those of one item in the order in
// which they were made, those of different items in any order. Shards are
// fetched side by side, one page ahead of what is yielded.
//
// Asking for the next event means that the one before is handled. After a
// break, a return or a panic that event is not: Events may be called
// again and goes on with it, and so does the next Reader of the same
// checkpoints. Close saves the last one.
//
// An error is yielded once, as the last pair, with a zero Event: the end
// of ctx, a *Gap, a stream that is gone, a checkpoint that can't be
// written, or a failure that outlasted its retries. No goroutine outlives
// the loop.
func (r *Reader) Events(ctx context.Context) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		turns := make(chan turn)
		crew := newCrew(ctx)
		crew.run(func(ctx context.Context) error {
			return orDone(r.read(ctx, func(ctx context.Context, p *Page) error {
				return queue(ctx, r, turns, p)
			}))
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
				if err := crew.wait(); err != nil {
					yield(Event{}, err)
				}
				return
			}
		}
	}
}

// queue waits until the page was yielded and handled.
func queue(ctx context.Context, r *Reader, turns chan<- turn, p *Page) error {
	r.enter(p.shard, Queued)
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

// yieldPage yields a page's events until the caller has had enough, which
// it reports with false, or the reading ends.
func (r *Reader) yieldPage(t turn, yield func(Event, error) bool) bool {
	r.enter(t.shard, Handling)
	for _, e := range t.Events {
		if t.reading.Err() != nil {
			return true
		}
		if !yield(e, nil) {
			return false
		}
		r.handled(t.Page, e)
	}
	return true
}
