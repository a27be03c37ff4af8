package stream

import (
	"context"
	"fmt"
	"time"
)

// A Start is where a Reader without a checkpoint begins. It is of use
// once: shards that are found later are read from their beginning, and
// where there are checkpoints, these count.
type Start struct {
	latest   bool
	time     time.Time
	sequence string
}

var (
	// TrimHorizon is the oldest change that the stream still has. It is
	// the zero Start.
	TrimHorizon = Start{}
	// Latest is the moment of Open: only later changes are read. A
	// Reader that resumes from a checkpoint in which a shard had no
	// change yet may deliver a few that are up to six minutes older:
	// clocks differ, and none may be lost.
	Latest = Start{latest: true}
)

// At begins with the first change that was made at the time t or later.
// If the stream's records are rounded to the minute, as DynamoDB Local's
// are, so is t, downwards.
func At(t time.Time) Start { return Start{time: t} }

// After begins after the record with the given sequence number: in each
// shard with the first record whose number is larger.
func After(sequence string) Start { return Start{sequence: sequence} }

func (s Start) String() string {
	switch {
	case s.latest:
		return "latest"
	case !s.time.IsZero():
		return s.time.Format(time.RFC3339Nano)
	case s.sequence != "":
		return "after " + s.sequence
	}
	return "trim-horizon"
}

// place gives the shards of a first discovery their start.
func (r *Reader) place(ctx context.Context, start Start) error {
	for _, s := range r.shards.order {
		s.pos.floor = r.newest.asked
		s.oldest = s.closed && r.shards.byID[s.parent] == nil
		s.dirty = true
		switch {
		case start.latest && s.closed:
			r.shards.drain(s, r.newest.asked) // all its records are older than now
		case start.latest:
			s.pos.kind = typeLatest
			s.pos.since = r.newest.asked.Add(-clockSkew)
			f := r.fetcher(s)
			if err := f.takeIterator(ctx); err != nil {
				return fmt.Errorf("marking the place in shard %s: %w", s.id, err)
			}
			s.pos = f.pos
		case !start.time.IsZero():
			s.pos.kind, s.pos.since = typeAt, start.time
		case start.sequence != "":
			s.pos.above = start.sequence
			if r.shards.endedBy(s, start.sequence) {
				r.shards.drain(s, r.newest.asked)
			}
		}
	}
	return nil
}

// endedBy reports whether the shard and all it descends from have no
// record after the sequence number.
func (t *shardTree) endedBy(s *shard, sequence string) bool {
	for ; s != nil; s = t.byID[s.parent] {
		if s.ending == "" || compareSequence(s.ending, sequence) > 0 {
			return false
		}
	}
	return true
}
