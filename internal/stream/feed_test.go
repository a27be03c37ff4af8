package stream

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// feed reads a shard's feed in a world: it gathers up to three pages, and handles
// their items one after the other from the last one on, so that events are
// finished out of their order.
func (l *life) feed(ctx context.Context, f *Feed) error {
	for {
		pages, open := gather(ctx, f)
		if err := l.handleItems(ctx, f, pages); err != nil {
			return err
		}
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case !open:
			return nil
		}
	}
}

// gather takes up to three pages, and waits a second for each but the first.
func gather(ctx context.Context, f *Feed) (pages []*Page, open bool) {
	f.Gathers()
	var late <-chan time.Time
	for len(pages) < 3 {
		select {
		case p, ok := <-f.Pages:
			if !ok {
				return pages, false
			}
			pages = append(pages, p)
			late = time.After(time.Second)
		case <-late:
			return pages, true
		case <-ctx.Done():
			return pages, true
		}
	}
	return pages, true
}

// An eventAt is an event of a page.
type eventAt struct {
	*Page
	index int
}

// handleItems handles pages item by item. A Lost, and what comes before it, is
// handled before what follows.
func (l *life) handleItems(ctx context.Context, f *Feed, pages []*Page) error {
	var order []string
	items := make(map[string][]eventAt)
	finish := func() error {
		for _, item := range slices.Backward(order) {
			for _, e := range items[item] {
				if err := l.handleFed(ctx, f, e); err != nil {
					return err
				}
			}
		}
		order, items = nil, make(map[string][]eventAt)
		return nil
	}
	for _, p := range pages {
		for i, e := range p.Events {
			item := e.Item()
			if e.Kind == Lost {
				if err := finish(); err != nil {
					return err
				}
			}
			if items[item] == nil {
				order = append(order, item)
			}
			items[item] = append(items[item], eventAt{p, i})
			if e.Kind == Lost {
				if err := finish(); err != nil {
					return err
				}
			}
		}
	}
	return finish()
}

func (l *life) handleFed(ctx context.Context, f *Feed, at eventAt) error {
	e := at.Events[at.index]
	if r := at.Record(at.index); (r == nil) != (e.Kind == Lost) || r != nil && sequence(*r) != e.Sequence {
		l.violate("the record of event %s is %v", e.Sequence, r)
	}
	if err := f.Begin(context.WithoutCancel(ctx), at.Page, at.index); err != nil {
		return err
	}
	working, cancel := context.WithTimeout(f.Working, 5*time.Second)
	defer cancel()
	if err := l.handle(working, []Event{e}, nil); err != nil {
		return err
	}
	f.Handled(at.Page, at.index, 1)
	return nil
}

// TestFeedReturnsEarly: a function that returns before its shard's end loses
// nothing in silence.
func TestFeedReturnsEarly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(&fakeShard{id: "a"})
		f.recordsAPage = 1
		f.put(f.shards[0], "1", "2", "3")
		r := mustOpen(t, f, drain)
		err := r.RunFeeds(t.Context(), func(_ context.Context, feed *Feed) error {
			p := <-feed.Pages
			feed.Handled(p, 0, 1)
			return nil
		})
		if err == nil || !strings.Contains(err.Error(), "returned before the shard's end") {
			t.Errorf("RunFeeds = %v, want that the function returned early", err)
		}
	})
}

// TestFeedFails: an error at the shard's end ends the reading, and the shard is
// not consumed.
func TestFeedFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(&fakeShard{id: "a", closed: true}, &fakeShard{id: "b", parent: "a"})
		f.put(f.shards[0], "1")
		r := mustOpen(t, f, drain)
		failing := errors.New("the last batch fails")
		err := r.RunFeeds(t.Context(), func(_ context.Context, feed *Feed) error {
			if feed.Shard != "a" {
				t.Errorf("shard %s is read before its parent is consumed", feed.Shard)
			}
			for range feed.Pages {
			}
			return failing
		})
		if !errors.Is(err, failing) {
			t.Errorf("RunFeeds = %v, want %v", err, failing)
		}
		if _, consumed := r.Shards(); consumed != 0 {
			t.Errorf("%d shards are consumed, want 0", consumed)
		}
	})
}
