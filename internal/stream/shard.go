package stream

import "time"

// A phase is where a shard is in its life. It goes back to waiting when a
// fetcher ends early, or when what came after its end may be lost.
type phase int

const (
	waiting phase = iota // for its parent, or for a fetcher
	reading
	drained // its last record was handled
)

// A shard is what the reader knows of one shard of the stream. The
// Reader's mutex guards it, but for id and parent, which stay.
type shard struct {
	id, parent string
	phase      phase
	drainedAt  time.Time

	// pos is the place up to which everything was handled, and where the
	// next fetcher begins. dirty says that its checkpoint is not written.
	pos   position
	dirty bool

	// What the descriptions tell. A shard that is closed gets no more
	// records; ending is the number of its last one, where it is told.
	listed bool // in the newest description
	closed bool
	ending string
	openAt time.Time // when it was last seen open, and without children

	// What tells of records that nobody will see.
	placed time.Time // when the first discovery found it; zero: a later one did
	oldest bool      // placed, closed and without a parent: it may be trimmed any moment
	gone   bool      // it went away before it was read to its end
	last   bool      // its stream ended with it: nothing comes after it

	// The first and the newest of the empty answers since the last
	// record; both zero after a record.
	quietFrom, quietTo time.Time

	doing // what its fetcher does, for Stats
}

// stillQuiet notes an empty answer.
func (s *shard) stillQuiet(at time.Time) {
	if s.quietFrom.IsZero() {
		s.quietFrom = at
	}
	s.quietTo = at
}

// quiet is how long an open shard has given nothing but empty answers.
func (s *shard) quiet() time.Duration { return s.quietTo.Sub(s.quietFrom) }
