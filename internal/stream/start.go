package stream

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// A Start is where a Reader without a checkpoint begins. It is of use
// once: shards that are found later are read from their beginning, and
// where there are checkpoints, these count. What was trimmed before Open, or
// is within some minutes of it, is no Gap: nobody has begun to read it.
type Start struct {
	latest   bool
	time     time.Time
	sequence string
}

var (
	// TrimHorizon is the oldest change that the stream still has. It is
	// the zero Start.
	TrimHorizon = Start{}
	// Latest is the moment of Open: only later changes are read. Where
	// reading goes on from it in a shard that had no change for 15
	// minutes, or from such a shard's checkpoint, a few may come that
	// are up to six minutes older: clocks differ, and none may be lost.
	Latest = Start{latest: true}
)

// At begins with the first change that was made at the time t or later.
// If the stream's records are rounded to the minute, as DynamoDB Local's
// are, so is t, downwards. The zero time is TrimHorizon.
func At(t time.Time) Start { return Start{time: t} }

// After begins after the record with the given sequence number: in each
// shard with the first record whose number is larger. An empty number is
// TrimHorizon.
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
	r.mu.Lock()
	now := r.newest.asked
	for _, s := range r.shards.order {
		// What is trimmed within minutes from now is not missed.
		s.pos.floor = later(r.newest.created, now.Add(2*clockSkew-retention))
		s.placed = now
		s.oldest = s.closed && r.shards.byID[s.parent] == nil
		s.dirty = true
		switch {
		case start.latest && s.closed:
			s.pos.floor = now // all its records are older
			r.shards.drain(s, now)
		case start.latest:
			s.pos.floor = now
			s.pos.kind = typeLatest
			s.pos.since = now.Add(-clockSkew)
		case !start.time.IsZero():
			s.pos.floor = later(s.pos.floor, start.time)
			s.pos.kind, s.pos.since = typeAt, start.time
		case start.sequence != "":
			s.pos.above = start.sequence
			if r.shards.endedBy(s, start.sequence) {
				r.shards.drain(s, now)
			}
		}
	}
	shards := slices.Clone(r.shards.order)
	r.mu.Unlock()
	return besideEachOther(ctx, len(shards), func(ctx context.Context, i int) error {
		if err := r.mark(ctx, shards[i]); err != nil {
			return fmt.Errorf("marking the place in shard %s: %w", shards[i].id, err)
		}
		return nil
	})
}

// mark takes the iterator that is the place of a shard at its latest.
func (r *Reader) mark(ctx context.Context, s *shard) error {
	r.mu.Lock()
	f := r.fetcher(s)
	r.mu.Unlock()
	if f.pos.kind != typeLatest {
		return nil
	}
	if err := f.takeIterator(ctx); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s.pos = f.pos
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
