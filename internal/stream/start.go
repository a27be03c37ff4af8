package stream

import (
	"context"
	"fmt"
	"time"
)

// A Start is where a Reader without a checkpoint begins. It is of use once:
// shards that are found later are read from their beginning, and where there
// are checkpoints, they take precedence. What was trimmed before Open, or is
// within 15 minutes of it, is not a Gap: nobody has begun to read it. All
// times are DynamoDB's.
type Start struct {
	at       time.Time
	ago      time.Duration
	sequence string
}

var (
	// TrimHorizon is the oldest change that the stream still has. It is
	// the zero Start.
	TrimHorizon = Start{}
	// Latest is the moment of Open: only later changes are read. Where
	// reading resumes in a shard that had no change since, a few may come
	// that are up to two minutes older: clocks differ, and none may be lost.
	Latest = Start{ago: -1}
)

// At begins with the first change that was made at the time t or later. If
// the stream's records are rounded to the minute, as DynamoDB Local's are, so
// is t, downwards. The zero time is TrimHorizon.
func At(t time.Time) Start { return Start{at: t} }

// Ago begins d before the time of Open, by DynamoDB's clock, as At does. A d
// of zero or less is TrimHorizon, as the zero time is.
func Ago(d time.Duration) Start { return Start{ago: max(d, 0)} }

// After begins after the record with the given sequence number: in each shard
// with the first record whose number is larger. An empty number is
// TrimHorizon.
func After(sequence string) Start { return Start{sequence: sequence} }

func (s Start) String() string {
	switch {
	case s.ago < 0:
		return "latest"
	case s.ago > 0:
		return s.ago.String() + " ago"
	case !s.at.IsZero():
		return s.at.Format(time.RFC3339Nano)
	case s.sequence != "":
		return "after " + s.sequence
	}
	return "trim-horizon"
}

// time is the time at which s begins a reader that opens now; zero: it does
// not begin at a time.
func (s Start) time(now time.Time) time.Time {
	if s.ago > 0 {
		return now.Add(-s.ago)
	}
	return s.at.Round(0).UTC()
}

// place gives the shards of a first discovery their start.
func (r *Reader) place(ctx context.Context, d description) error {
	start := r.options.Start
	r.mu.Lock()
	var latest []*shard
	for _, s := range r.lineage.order {
		at := start.time(d.at)
		s.handled.NotBefore = later(later(d.created, placed(d.at)), at)
		if at.After(d.at) {
			s.handled.NotBefore = d.at
		}
		switch {
		case start == Latest && r.lineage.closed(s):
			r.lineage.consume(s, Consumed, d.at) // all its records are older
		case start == Latest:
			s.handled.NotBefore, s.handled.Since = d.at, d.at.Add(-margin)
			if r.copy.mark == nil {
				latest = append(latest, s)
			} // else those of two minutes before come, and none of them after CopyDone
		case !at.IsZero():
			s.handled.Since = at
		case start.sequence != "":
			s.handled.Above = start.sequence
			if r.lineage.endedBy(s, start.sequence) {
				r.lineage.consume(s, Consumed, time.Time{})
			}
		}
	}
	r.mu.Unlock()
	return besideEachOther(ctx, len(latest), func(ctx context.Context, i int) error {
		err := r.mark(ctx, latest[i])
		if err != nil {
			return fmt.Errorf("taking the latest iterator of shard %s: %w", latest[i].id, err)
		}
		return nil
	})
}

// mark takes the iterator that is the position of a shard at its latest. A
// shard that is listed and has vanished is left to reading.
func (r *Reader) mark(ctx context.Context, s *shard) error {
	f := r.fetcher(s)
	_, err := f.takeIterator(ctx, typeLatest)
	if vanishedError(err) {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s.latest = f.iterator
	return err
}
