package stream

import (
	"cmp"
	"context"
	"errors"
	"time"
)

// RunFeeds is RunPages for a function that has several pages of a shard in
// work, and handles their events in any order: one that gathers batches across
// pages, such as AWS Lambda's. It calls read for each shard, side by side and a
// shard after its parent. read takes pages from its Feed until they end, tells
// of each event that it is handled, and returns once all are. Then the shard is
// consumed. The checkpoint moves to the last event that, like all before it, is
// handled: after a crash, what was handled behind it is redelivered.
//
// When ctx ends, read's context does. It begins nothing new, waits until what is
// in work is handled, for which Options.Grace leaves Working some time, and
// returns the context's error. Any other error ends the reading. Of the Options
// that concern handlers, PageSize and Grace apply: read retries and gives up by
// itself.
func (r *Reader) RunFeeds(ctx context.Context, read func(context.Context, *Feed) error) error {
	return r.runHandlers(ctx, func(h *handling) pageHandler {
		feed := func(reading context.Context, f *Feed) error {
			f.Working = h.working
			return h.do(reading, func(ctx context.Context) error { return read(ctx, f) })
		}
		return pageHandler{parallel: 1, feed: feed, handle: func(ctx context.Context, p *Page) error {
			return r.feedAlone(ctx, p, feed)
		}}
	})
}

// A Feed is the pages of one shard, or of a switch of streams, whose Shard is
// empty.
type Feed struct {
	Shard string
	// Pages gives the next page once it is received, and is closed behind the
	// last one. The reader fetches one page ahead.
	Pages <-chan *Page
	// Working is the context for what is in work when the reading ends.
	Working context.Context

	reader *Reader
	shard  *shard
	pages  chan *Page
	ended  chan struct{} // closed once read has returned
	err    error         // what it returned
}

// newFeed has read get a shard's pages, on a goroutine of the crew.
func (r *Reader) newFeed(c *crew, s *shard, read func(context.Context, *Feed) error) *Feed {
	f := &Feed{Shard: s.id, reader: r, shard: s, pages: make(chan *Page), ended: make(chan struct{}), err: errGoexit}
	f.Pages = f.pages
	c.run(func(ctx context.Context) error {
		defer close(f.ended)
		f.err = read(ctx, f)
		return f.err
	})
	return f
}

// hand hands over a page.
func (f *Feed) hand(ctx context.Context, p *Page) error {
	if err := f.reader.tenure.wait(ctx); err != nil {
		return err
	}
	select {
	case f.pages <- p:
		return nil
	case <-f.ended:
		if f.err == nil {
			return errors.New("the function that reads shard " + f.Shard + " returned before the shard's end")
		}
		return f.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// drain waits until all pages are handled.
func (f *Feed) drain() error {
	close(f.pages)
	<-f.ended
	return f.err
}

// feedAlone feeds a page that belongs to no shard.
func (r *Reader) feedAlone(ctx context.Context, p *Page, read func(context.Context, *Feed) error) error {
	c := newCrew(ctx)
	f := r.newFeed(c, p.shard, read)
	err := cmp.Or(f.hand(ctx, p), f.drain())
	c.end(orDone(err))
	return c.wait()
}

// Begin is called before each attempt to handle events, with the first of them:
// one of a page, by its index. It waits until this Reader owns the checkpoints, and
// notes for Stats and Health since when the event is attempted.
func (f *Feed) Begin(ctx context.Context, p *Page, index int) error {
	if err := f.reader.tenure.wait(ctx); err != nil {
		return err
	}
	f.reader.mu.Lock()
	defer f.reader.mu.Unlock()
	if f.shard.state != Handling {
		f.shard.enter(Handling)
	}
	if e := &f.shard.out.events[p.number+index-f.shard.out.first]; e.begun.IsZero() {
		e.begun = time.Now()
	}
	return nil
}

// Gathers notes for Stats and Health that nothing is in work: what was taken
// waits for more.
func (f *Feed) Gathers() {
	f.reader.mu.Lock()
	defer f.reader.mu.Unlock()
	if f.shard.state == Handling {
		f.shard.enter(Fetching)
	}
}

// Attempted notes for Stats and Health how an attempt ended that took some time.
func (f *Feed) Attempted(err error, took time.Duration) { f.reader.noteAttempt(f.shard, err, took) }

// Handled tells that n events of a page are handled, from the one of an index
// on. It is told once of each event.
func (f *Feed) Handled(p *Page, index, n int) { f.reader.handled(f.shard, p.number+index, n, 0) }

// Now is the time of DynamoDB's clock.
func (f *Feed) Now() time.Time { return f.reader.clock.now() }
