package stream

import "time"

// CopyStats is what a Reader knows of the copy that its events belong to.
type CopyStats struct {
	Number int64
	// Rows is how many were handled, also by readers before; 0 where the copy
	// was complete at Open. Of is how many there were, as DynamoDB tells about
	// every six hours.
	Rows, Of int64
	// Done reports whether the copy is complete.
	Done bool
	// Failures counts the attempts to handle a row, a page of them or
	// CopyDone that failed, and Throttles the calls of Scan that DynamoDB
	// throttled. Totals has the failures too.
	Failures, Throttles int64
}

// segmentStats is a segment, or the copy itself while CopyDone is handled.
type segmentStats struct {
	ShardStats
	wait time.Duration // for its turn, at most
}

// copyStats adds the copy's. The mutex is held.
func (r *Reader) copyStats(stats *Stats) {
	c := &r.copy
	if c.mark == nil {
		return
	}
	stats.Copy = CopyStats{Number: c.number, Rows: c.rows(), Of: c.of, Done: !c.underWay()}
	for _, s := range append(c.segments[:len(c.segments):len(c.segments)], c.mark) {
		stats.Copy.Failures += s.counts.Failures
		stats.Copy.Throttles += s.counts.Throttles
		n := s.counts
		stats.Totals.add(Counts{Handled: n.Handled, Failures: n.Failures, DeadLetters: n.DeadLetters, HandlingTime: n.HandlingTime})
		if s.done() || r.activity != reading {
			continue
		}
		d := segmentStats{ShardStats: ShardStats{Shard: s.id, State: s.state, Since: s.since, LastCall: s.lastCall, Failing: s.failing}}
		if begun := s.out.oldestBegun(); s.state == Handling && !begun.IsZero() {
			d.Since = begun
		}
		if c.rate != nil {
			d.wait = c.rate.wait(len(c.segments))
		}
		stats.copying = append(stats.copying, d)
	}
}

// stall adds what the segment waits for, if that takes too long.
func (d segmentStats) stall(s Stats, add func(what string, since time.Time, limit time.Duration, why error, log ...any)) {
	since, limit := later(d.Since, s.Since), stallAfter
	switch d.State {
	case Fetching:
		since, limit = later(since, d.LastCall), limit+d.wait
	case Handling:
	default:
		return
	}
	what := "the copy's segment " + d.Shard + " is " + string(d.State)
	if d.Shard == copyShard {
		what = "the end of the copy is handling"
	}
	add(what, since, limit, d.Failing, "segment", d.Shard, "state", string(d.State), "since", d.Since)
}
