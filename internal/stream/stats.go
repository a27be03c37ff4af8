package stream

import (
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
)

// Stats is a snapshot of what a Reader does.
type Stats struct {
	Stream string // the ARN of the one that is being read
	// LastDescribed is when the shards were last listed.
	LastDescribed time.Time
	Throttles     int64 // of DescribeStream
	// LastSaved is when checkpoints were last saved, by the reader or by a
	// handler's transaction; zero: not yet.
	LastSaved time.Time
	Shards    []ShardStats
}

// ShardStats is what a Reader knows of a shard, with counts since Open.
type ShardStats struct {
	Shard, Parent string
	State         State
	Since         time.Time // of State
	LastCall      time.Time // the last successful call; zero: none yet
	// LastRecord is when the last record that was handled was made; zero:
	// none was.
	LastRecord time.Time
	// CaughtUp says that the newest answer was empty, or the shard's
	// end, and all before it was handled. LastCall tells how new it is.
	CaughtUp bool
	// Lag is how long ago that was made which is to be handled next, or
	// was handled last; zero where CaughtUp, or nothing was read.
	Lag time.Duration
	// Left is the time until DynamoDB trims what is to be handled next,
	// as far as that is known, and zero where it may be trimmed already.
	// Of a shard that is CaughtUp, or whose children are not listed yet,
	// that might have been made right after the newest answer.
	Left time.Duration

	Calls, Records, EmptyPages, Throttles, Renewals, Gaps int64
}

// A State is what a shard waits for.
type State string

const (
	Waiting  State = "waiting"  // for its parent to be read to its end
	Fetching State = "fetching" // for an answer, with retries
	Queued   State = "queued"   // for the handler of another shard
	Handling State = "handling" // for the handler
	Ended    State = "ended"    // for nothing, or for its children to be listed
)

// doing is what a shard is at, and what it counted.
type doing struct {
	state      State
	since      time.Time
	warned     time.Time // of a stall, since when; zero: not
	lastCall   time.Time
	lastRecord time.Time
	next       time.Time // when the one to be handled next was made, or the one before
	caughtUp   bool
	counts     [countKinds]int64
}

type count int

const (
	calls count = iota
	records
	emptyPages
	throttles
	renewals
	gaps
	countKinds
)

type streamStats struct {
	tried         bool // to describe
	throttles     int64
	lastDescribed time.Time
	lastSaved     time.Time
	keeping       time.Time // since when Checkpoints are at work; zero: not
}

// Stats may be called at any time, from any goroutine.
func (r *Reader) Stats() Stats {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	stats := Stats{
		Stream: r.arn, LastDescribed: r.stats.lastDescribed,
		Throttles: r.stats.throttles, LastSaved: r.stats.lastSaved,
	}
	parents := r.shards.parents()
	for _, s := range r.shards.order {
		d := ShardStats{
			Shard: s.id, Parent: s.parent, State: s.state, Since: s.since,
			LastCall: s.lastCall, LastRecord: s.lastRecord, CaughtUp: s.caughtUp || s.phase == drained,
			Calls: s.counts[calls], Records: s.counts[records], EmptyPages: s.counts[emptyPages],
			Throttles: s.counts[throttles], Renewals: s.counts[renewals], Gaps: s.counts[gaps],
		}
		switch {
		case s.phase == drained:
			d.State, d.Since = Ended, s.drainedAt
		case s.phase == waiting:
			d.State = Waiting
		}
		if !d.CaughtUp && !s.next.IsZero() {
			d.Lag = max(now.Sub(s.next), 0)
		}
		next := r.shards.floor(s)
		switch {
		case s.phase == drained && !parents[s.id] && r.expectsChild(s):
			next = s.drainedAt
		case s.phase == drained:
			next = now
		case s.caughtUp:
			next = later(next, s.quietTo)
		}
		d.Left = retention
		if !next.IsZero() {
			d.Left = min(max(retention-now.Sub(next), 0), retention)
		}
		stats.Shards = append(stats.Shards, d)
	}
	return stats
}

func (r *Reader) noteDescribe(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stats.tried = true
	switch {
	case err == nil:
		r.stats.lastDescribed = time.Now()
	case throttled(err):
		r.stats.throttles++
	}
}

func (r *Reader) noteCall(s *shard, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s.counts[calls]++
	var expired *types.ExpiredIteratorException
	switch {
	case err == nil, errors.As(err, &expired):
		s.lastCall = time.Now()
	case throttled(err):
		s.counts[throttles]++
	}
}

func (r *Reader) noteCount(s *shard, c count) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s.counts[c]++
}

// enter notes what the shard waits for now.
func (r *Reader) enter(s *shard, state State) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s.state, s.since = state, time.Now()
}
