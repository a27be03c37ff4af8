package mapping

import (
	"cmp"
	"context"
	"errors"
	"time"

	"dynamostreamer/internal/stream"
)

// A shardRun is the mapping of one shard. Its fields are those of the goroutine
// that runs it; each batch in work has a goroutine besides.
type shardRun struct {
	*Mapping
	feed    *stream.Feed
	lanes   []lane
	running int
	ended   bool // the shard has no further pages
	done    chan result
}

// A result is how a lane's batch ended: errStopped, or what ends Run; nil: all of
// it was handled.
type result struct {
	lane int
	err  error
}

var errStopped = errors.New("the reading ended")

// runShard maps one shard to its end, or to the end of ctx.
func (m *Mapping) runShard(ctx context.Context, f *stream.Feed) error {
	s := &shardRun{Mapping: m, feed: f, lanes: make([]lane, m.options.ParallelizationFactor), done: make(chan result)}
	reading, stop := context.WithCancel(ctx)
	defer stop()
	var failed error
	for failed == nil && ctx.Err() == nil {
		due := s.start(reading)
		if s.running == 0 {
			if s.ended {
				return nil // start leaves nothing behind then
			}
			f.Gathers()
		}
		select {
		case p, ok := <-s.pages():
			if s.ended = !ok; ok {
				failed = s.take(p)
			}
		case r := <-s.done:
			failed = s.finish(r)
		case <-due:
		case <-ctx.Done():
		}
	}
	for stop(); s.running > 0; {
		failed = cmp.Or(s.finish(<-s.done), failed)
	}
	return cmp.Or(failed, ctx.Err())
}

// start sends the batches that are due in lanes without one in work, and
// returns what tells that another one will be.
func (s *shardRun) start(ctx context.Context) (due <-chan time.Time) {
	var next time.Time
	for i := range s.lanes {
		l := &s.lanes[i]
		if l.busy || len(l.records) == 0 {
			continue
		}
		at := l.due(s.options, s.ended)
		switch now := time.Now(); {
		case at.After(now) && (next.IsZero() || at.Before(next)):
			next = at
		case !at.After(now):
			l.busy = true
			s.running++
			batch := l.cut(s.options.BatchSize)
			go func() { s.done <- result{i, s.deliver(ctx, batch)} }()
		}
	}
	if next.IsZero() {
		return nil
	}
	return time.After(time.Until(next))
}

// finish frees the lane of a batch, and returns what ends Run.
func (s *shardRun) finish(r result) error {
	s.lanes[r.lane].busy = false
	s.running--
	if r.err == errStopped {
		return nil
	}
	return r.err
}

// waiting is how many records wait for an invocation.
func (s *shardRun) waiting() (n int) {
	for i := range s.lanes {
		n += len(s.lanes[i].records)
	}
	return n
}

// pages gives further pages; nil: enough records wait. Then one of the lanes has
// a full batch, which is sent or in work.
func (s *shardRun) pages() <-chan *stream.Page {
	bytes := 0
	for i := range s.lanes {
		bytes += s.lanes[i].bytes
	}
	if s.ended || s.waiting() >= len(s.lanes)*s.options.BatchSize || bytes >= len(s.lanes)*MaxPayload {
		return nil
	}
	return s.feed.Pages
}

// take puts a page's records into their lanes, and leaves out those that no
// filter matches.
func (s *shardRun) take(p *stream.Page) error {
	for i, e := range p.Events {
		if e.Kind == stream.Lost {
			s.count(func(t *Totals) { t.Gaps++ })
			s.feed.Handled(p, i, 1)
			continue
		}
		r, err := newRecord(p, i)
		if err != nil {
			return err
		}
		if matches, err := matchesAny(s.filters, r.json); err != nil {
			return err
		} else if !matches {
			s.count(func(t *Totals) { t.Filtered++ })
			s.feed.Handled(p, i, 1)
			continue
		}
		s.lanes[r.item%uint64(len(s.lanes))].add(r)
	}
	return nil
}

// handled tells the reader that records are.
func (s *shardRun) handled(records []record) {
	for len(records) > 0 {
		n := 1
		for n < len(records) && records[n].page == records[0].page && records[n].index == records[0].index+n {
			n++
		}
		s.feed.Handled(records[0].page, records[0].index, n)
		records = records[n:]
	}
}
