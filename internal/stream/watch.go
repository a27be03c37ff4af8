package stream

import (
	"cmp"
	"context"
	"time"
)

// stallAfter is how long anything may wait before it is looked at.
const stallAfter = 20 * time.Second

// watch warns of everything that waits too long, once each time.
func (r *Reader) watch(ctx context.Context) error {
	began := time.Now()
	warned := false
	var warnedOf time.Time // of the Checkpoints
	for {
		if err := sleep(ctx, r.options.rhythm.watch); err != nil {
			return err
		}
		for _, s := range r.stalls(began) {
			r.log.Warn("reading stalls", "shard", s.Shard, "state", string(s.State), "since", s.Since, "last call", s.LastCall)
		}
		r.mu.Lock()
		described, tried, keeping := r.stats.lastDescribed, r.stats.tried, r.stats.keeping
		r.mu.Unlock()
		if !keeping.IsZero() && time.Since(keeping) > stallAfter && keeping != warnedOf {
			r.log.Warn("reading stalls: the checkpoints can't be loaded or saved", "since", keeping)
			warnedOf = keeping
		}
		late := tried && time.Since(later(described, began)) > r.options.rhythm.discover+stallAfter-usual.watch
		if late && !warned {
			r.log.Warn("reading stalls: the stream's shards can't be listed", "stream", cmp.Or(r.Stream(), r.given), "last call", described)
		}
		warned = late
	}
}

// stalls lists the shards that wait for the same thing for too long and
// were not listed for it before.
func (r *Reader) stalls(began time.Time) []ShardStats {
	stats := r.Stats()
	r.mu.Lock()
	defer r.mu.Unlock()
	parents := r.shards.parents()
	var stalled []ShardStats
	for _, d := range stats.Shards {
		s := r.shards.byID[d.Shard]
		if s == nil {
			continue
		}
		since := later(d.Since, began)
		switch {
		case d.State == Handling:
		case d.State == Fetching:
			// An empty answer is an answer.
			since = later(since, d.LastCall)
		case d.State == Ended && !parents[d.Shard] && r.expectsChild(s):
		default:
			continue // it waits for another shard, which is told of
		}
		if time.Since(since) > stallAfter && !s.warned.Equal(since) {
			s.warned = since
			stalled = append(stalled, d)
		}
	}
	return stalled
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
