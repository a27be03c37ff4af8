package stream

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
)

// Stats is a snapshot of what a Reader does. Its times are this machine's,
// but for LastRecord; ages go by DynamoDB's clock.
type Stats struct {
	Stream string // the ARN of the one that is being read
	// Next is the ARN of the table's next stream, once it is known. It is
	// read after this one, and what was written in between is a Gap.
	Next string
	// Reading reports whether a read is under way, Standby whether Open waits
	// for another Reader that owns the checkpoints, and Since since when that
	// is so. Err is why Open failed or the last read ended; nil: neither did,
	// or Options.Idle ended it.
	Reading, Standby bool
	Since            time.Time
	Err              error
	// LastDescribed is when DescribeStream or ListStreams last answered.
	LastDescribed time.Time
	Throttles     int64 // of DescribeStream and ListStreams
	// LastSaved is when checkpoints were last saved, by the reader or by a
	// handler's transaction; zero: not yet.
	LastSaved time.Time
	// SavingSince is since when checkpoints are being loaded or saved;
	// zero: they aren't. SaveThrottles counts the calls of that which were
	// throttled, and SaveFailures those that failed otherwise.
	SavingSince time.Time
	// Renewed is when the lease of the checkpoints was last renewed or, in
	// standby, found to be another Reader's; zero: there is none.
	Renewed                     time.Time
	SaveThrottles, SaveFailures int64
	// Totals are the counts of all shards since Open, also of those that
	// are no longer among Shards.
	Totals Counts
	Shards []ShardStats // none in standby
	// LastGap is when a gap was last found; zero: none was.
	LastGap time.Time
	// Copy is what the copy of the table came to; its Number is 0 where there
	// is none.
	Copy CopyStats

	activity  activity
	copying   []segmentStats // what is under way of it
	listing   bool           // the shards are being listed regularly, or by Open
	switching *ShardStats    // the gap between two streams, while it is handled
}

// Counts are what happened since Open. They never fall.
type Counts struct {
	Calls, Records, EmptyPages, Throttles, Renewals, Gaps int64

	// Handled counts events, dead letters among them. Failures counts
	// attempts, of an event or a page. HandlingTime is that of all attempts,
	// without the waits between them.
	Handled, Failures, DeadLetters int64
	HandlingTime                   time.Duration
}

func (c *Counts) add(more Counts) {
	c.Handled += more.Handled
	c.Failures += more.Failures
	c.DeadLetters += more.DeadLetters
	c.HandlingTime += more.HandlingTime
	c.Calls += more.Calls
	c.Records += more.Records
	c.EmptyPages += more.EmptyPages
	c.Throttles += more.Throttles
	c.Renewals += more.Renewals
	c.Gaps += more.Gaps
}

// ShardStats is what a Reader knows of a shard.
type ShardStats struct {
	Shard, Parent string
	State         State
	// Since is since when it has its State. Of Handling, it is since the last
	// event was handled or, with Options.Parallel, since the oldest one that
	// is not had its first attempt.
	Since    time.Time
	LastCall time.Time // the last answer of GetRecords; zero: none yet
	// LastRecord is when the last record that was handled was made, by
	// DynamoDB's clock; zero: none was.
	LastRecord time.Time
	// Failing is why the newest attempt failed, where no event was handled
	// since.
	Failing error
	// CaughtUp reports whether the newest answer was empty, or the shard's
	// end, and all before it was handled. LastCall tells how new it is.
	CaughtUp bool
	// Lag is the age of the oldest record that was fetched and is not
	// handled, or else of the last one handled; zero where CaughtUp, or
	// nothing was read.
	Lag time.Duration
	// Left is the time until DynamoDB trims what is to be handled next, as far
	// as that is known, and zero where it may be trimmed already. For a shard
	// that is CaughtUp, or whose children are not listed yet, it assumes that
	// the next record was made right after the newest answer.
	Left time.Duration

	Counts
}

const (
	// Expecting is the State of a consumed shard whose children are not
	// listed yet.
	Expecting State = "expecting"
	// Stopped is the State of a shard that is to be read further while no
	// read is under way.
	Stopped State = "stopped"
)

// CaughtUpSince reports whether everything that was written before an earlier
// snapshot of the same Reader is handled, as far as DynamoDB tells: each open
// shard gave two empty answers after it, the first of which may have been asked
// for before. Where a shard's children or another stream are still to come, it
// is false.
func (s Stats) CaughtUpSince(earlier Stats) bool {
	before, parents := make(map[string]int64), make(map[string]bool)
	for _, d := range earlier.Shards {
		before[d.Shard] = d.EmptyPages
	}
	for _, d := range s.Shards {
		parents[d.Parent] = true
	}
	for _, d := range s.Shards {
		switch {
		case d.State == Expecting || d.State == Consumed && !parents[d.Shard]:
			return false
		case !d.State.Ended() && d.EmptyPages < before[d.Shard]+2:
			return false
		}
	}
	return len(s.Shards) > 0 && s.Next == ""
}

// Stats may be called at any time, from any goroutine.
func (r *Reader) Stats() Stats {
	stats := Stats{}
	r.saver.mu.Lock()
	stats.LastSaved, stats.SavingSince, stats.SaveFailures = r.saver.saved, r.saver.since, r.saver.failures
	r.saver.mu.Unlock()
	if counting, ok := r.saver.to.(interface{ Throttles() int64 }); ok {
		stats.SaveThrottles = counting.Throttles()
	}
	if counting, ok := r.saver.to.(interface{ Failures() int64 }); ok {
		stats.SaveFailures = counting.Failures()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	stats.Stream, stats.Next = r.arn, r.next
	stats.activity, stats.Reading, stats.Standby = r.activity, r.activity == reading, r.activity == standingBy
	stats.Since, stats.Err = r.since, r.err
	stats.LastDescribed, stats.Throttles = r.described, r.throttles
	stats.Renewed, stats.LastGap, stats.listing = r.renewed, r.lastGap, r.listing
	stats.Totals = r.forgotten
	r.copyStats(&stats)
	if s := r.switching; s != nil {
		stats.Totals.add(s.counts)
		stats.switching = &ShardStats{State: s.state, Since: s.since, Failing: s.failing}
	}
	now, notBefore := r.clock.now(), make(map[*shard]time.Time)
	for _, s := range r.lineage.order {
		if s.id == "" {
			continue
		}
		stats.Totals.add(s.counts)
		if !stats.Standby {
			stats.Shards = append(stats.Shards, r.shardStats(s, now, r.lineage.notBefore(s, notBefore)))
		}
	}
	return stats
}

func (r *Reader) shardStats(s *shard, now, next time.Time) ShardStats {
	d := ShardStats{
		Shard: s.id, Parent: s.parent, State: s.state, Since: s.since,
		LastCall: s.lastCall, LastRecord: s.lastRecord, CaughtUp: s.done() || !s.idle.IsZero() && s.out.events == nil,
		Failing: s.failing, Counts: s.counts,
	}
	expecting := s.done() && r.lineage.children[s.id] == 0 && r.expectsChild(s)
	switch {
	case expecting && r.status == types.StreamStatusEnabled:
		d.State = Expecting
	case !s.done() && r.activity != reading:
		d.State = Stopped
	}
	if begun := s.out.oldestBegun(); d.State == Handling && !begun.IsZero() {
		d.Since = begun
	}
	if oldest, ok := s.out.oldest(); ok {
		d.Lag = max(now.Sub(oldest), 0)
	} else if !d.CaughtUp && !s.lastRecord.IsZero() {
		d.Lag = max(now.Sub(s.lastRecord), 0)
	}
	switch {
	case expecting:
		next = r.clock.at(s.since)
	case s.done():
		next = now
	case d.CaughtUp:
		next = later(next, r.clock.at(s.lastCall))
	}
	d.Left = retention
	if !next.IsZero() {
		d.Left = min(max(retention-now.Sub(next), 0), retention)
	}
	return d
}

func (r *Reader) noteDescribe(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case err == nil:
		r.described = time.Now()
	case throttled(err):
		r.throttles++
	}
}

// noteCall notes a call for a shard; polled: of GetRecords.
func (r *Reader) noteCall(s *shard, err error, polled bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s.counts.Calls++
	switch {
	case err == nil && polled:
		s.lastCall = time.Now()
	case throttled(err):
		s.counts.Throttles++
	}
}

// lists notes that the shards are being listed, until it is called.
func (r *Reader) lists() (done func()) {
	note := func(listing bool) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.listing = listing
	}
	note(true)
	return func() { note(false) }
}

func (r *Reader) noteCount(s *shard, add func(*Counts)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	gaps := s.counts.Gaps
	if add(&s.counts); s.counts.Gaps > gaps {
		r.lastGap = time.Now()
	}
}

// noteAttempt notes an attempt that took some time, and its error.
func (r *Reader) noteAttempt(s *shard, err error, took time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s.counts.HandlingTime += took
	if err != nil {
		s.failing = err
		s.counts.Failures++
	}
}

// enters notes what the shard waits for now.
func (r *Reader) enters(s *shard, state State) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s.out.events != nil && (state == Fetching || state == s.state && s.state == Handling) {
		return // some events are in work: it is still Handling
	}
	s.enter(state)
}
