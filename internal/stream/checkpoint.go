package stream

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// A Checkpoint is how far one shard was handled.
type Checkpoint struct {
	Stream string `json:"stream"` // its ARN
	// Shard is empty in the one that marks the switch to Stream from the
	// table's stream before.
	Shard  string `json:"shard,omitempty"`
	Parent string `json:"parent,omitempty"`
	Position
	// Row is the primary key of the last row that was handled, as
	// DynamoDB's JSON, where the checkpoint is that of a segment of a copy.
	Row string `json:"row,omitempty"`
	// State is Consumed, Vanished, Final, Switched, or empty: the shard is
	// still to be read.
	State State `json:"state,omitempty"`
}

// Age is how long ago, at the time now of DynamoDB's clock, the last record was
// made that was handled; where none was, the earliest that may follow. Zero: not
// known.
func (c Checkpoint) Age(now time.Time) time.Duration {
	if c.NotBefore.IsZero() || c.OfCopy() {
		return 0
	}
	return max(now.Sub(c.NotBefore), 0)
}

// Left is how long it takes at least until DynamoDB trims a record that follows
// the checkpoint; zero: it may have.
func (c Checkpoint) Left(now time.Time) time.Duration {
	switch {
	case c.State.Ended() || c.OfCopy():
		return retention
	case c.NotBefore.IsZero():
		return 0
	}
	return max(retention-c.Age(now), 0)
}

type checkpointKey struct{ stream, shard string }

func (c Checkpoint) key() checkpointKey { return checkpointKey{c.Stream, c.Shard} }

// Checkpoints keep the checkpoints of one reader. A Reader calls one method at
// a time, and waits for it. Methods retry transient failures themselves; an
// error that they return ends the reading.
//
// If an implementation is a Peeker too, an Open that fails for what it found
// leaves the checkpoints to their owner. Where it has methods Throttles() int64
// and Failures() int64, which count calls, Stats shows them.
type Checkpoints interface {
	// Load makes the caller the owner, unless it acquired the Lease before,
	// and returns all that is kept, in any order. From here on no other
	// reader may write: either it is refused with its own error, or its next
	// Save fails with a *FencedError.
	Load(context.Context) ([]Checkpoint, error)
	// Save keeps the changed checkpoints, in the place of older ones of
	// the same stream and shard, and removes others. It returns once they
	// would outlive the process. Cut short, it may have kept some of them,
	// but no shard's without its parent's, and removed none before all are
	// kept.
	Save(ctx context.Context, changed, removed []Checkpoint) error
	// Close gives up ownership. The Reader calls it.
	Close() error
}

// A Peeker returns all that is kept and leaves it to its owner.
type Peeker interface {
	Peek(context.Context) ([]Checkpoint, error)
}

// A FencedError is what a reader gets whose checkpoints belong to another one. A
// handler that returns one ends the reading at once, without Retry and DeadLetter.
type FencedError struct {
	Name string // the checkpoints'
	Err  error  // what tells so, or nil
}

func (e *FencedError) Error() string {
	return "checkpoint " + e.Name + " is in use by another reader: stop that one, or give this one another name"
}

func (e *FencedError) Unwrap() error { return e.Err }

// An AlteredError is what a reader gets whose checkpoint was deleted or edited
// by something other than a reader. Nobody knows what it should be: stop all
// readers of that name, then repair it, or delete all its checkpoints to start
// over.
type AlteredError struct {
	Name string // the checkpoint's
	What string // such as "was deleted"
}

func (e *AlteredError) Error() string {
	return fmt.Sprintf("checkpoint %s %s by something other than a reader: restore it, or delete all checkpoints of this reader to start over", e.Name, e.What)
}

// An EndedError ends the reading of a stream that has ended: it was disabled,
// or its table deleted, and the table has no newer stream. DescribeTable tells
// which. All that the stream held was handled.
type EndedError struct {
	Stream string
	Err    error // why the table's streams could not be listed; nil: they were
}

func (e *EndedError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("stream %s has ended, and whether its table has another one is not known: %v", e.Stream, e.Err)
	}
	return fmt.Sprintf("stream %s has ended, and its table has no newer one", e.Stream)
}

func (e *EndedError) Unwrap() error { return e.Err }

// A saver brings what Checkpoints hold to what they should hold. It compares
// the two, so that nobody has to say what changed.
type saver struct {
	to      Checkpoints   // nil: nothing is kept
	turn    chan struct{} // held while the Checkpoints are at work
	resumed bool

	mu      sync.Mutex
	holds   map[checkpointKey]Checkpoint // what they hold
	handed  map[checkpointKey]bool       // those of which RunPages' handler has a page
	overdue map[checkpointKey]bool       // those that a save passed by meanwhile
	since   time.Time                    // since when they are at work; zero: they aren't
	saved   time.Time                    // when they were last saved
	// failures counts what they failed at, where they don't count their calls.
	failures int64
}

func newSaver(to Checkpoints) saver {
	return saver{
		to: to, turn: make(chan struct{}, 1), holds: make(map[checkpointKey]Checkpoint),
		handed: make(map[checkpointKey]bool), overdue: make(map[checkpointKey]bool),
	}
}

// peek returns what is kept, and takes nothing; ok: it could be asked for.
func (s *saver) peek(ctx context.Context) (kept []Checkpoint, ok bool, err error) {
	p, ok := s.to.(Peeker)
	if !ok {
		return nil, s.to == nil, nil
	}
	defer s.work()()
	kept, err = p.Peek(ctx)
	s.note(err)
	return kept, true, err
}

// load makes the reader the owner of the checkpoints.
func (s *saver) load(ctx context.Context) ([]Checkpoint, error) {
	if s.to == nil {
		return nil, nil
	}
	defer s.work()()
	kept, err := s.to.Load(ctx)
	s.note(err)
	for _, c := range kept {
		s.holds[c.key()] = c
	}
	s.resumed = newestStream(kept) != ""
	return kept, err
}

// note counts a failure.
func (s *saver) note(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil && !errors.Is(err, context.Canceled) {
		s.failures++
	}
}

func (s *saver) close() error {
	if s.to == nil {
		return nil
	}
	return s.to.Close()
}

// work notes since when the Checkpoints are at work, until it is called.
func (s *saver) work() (done func()) {
	note := func(since time.Time) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.since = since
	}
	note(time.Now())
	return func() { note(time.Time{}) }
}

// takeTurn waits until nobody else has the Checkpoints at work.
func (s *saver) takeTurn(ctx context.Context) error {
	select {
	case s.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *saver) endTurn() { <-s.turn }

// difference is what has to be written and removed so that the Checkpoints
// hold what is wanted. Those that were handed over stay as they are.
// No handler's commit falls between the two.
func (s *saver) difference(want func() []Checkpoint) (changed, removed []Checkpoint) {
	s.mu.Lock()
	defer s.mu.Unlock()
	wanted := want()
	among := make(map[checkpointKey]bool, len(wanted))
	for _, c := range wanted {
		among[c.key()] = true
		switch held, ok := s.holds[c.key()]; {
		case ok && held == c:
		case s.handed[c.key()]:
			s.overdue[c.key()] = true
		default:
			changed = append(changed, c)
		}
	}
	if len(wanted) == 0 {
		return nil, nil // a stream that lists nothing yet
	}
	for key, c := range s.holds {
		turnsTo := c.State == Switched && c.Stream > wanted[0].Stream // the reader is about to turn to it
		if !s.handed[key] && !among[key] && !turnsTo {
			removed = append(removed, c)
		}
	}
	return changed, removed
}

// write writes and removes checkpoints. The turn is held.
func (s *saver) write(ctx context.Context, changed, removed []Checkpoint) error {
	changed = s.forward(changed)
	if len(changed)+len(removed) == 0 {
		return nil
	}
	defer s.work()()
	if err := s.to.Save(ctx, changed, removed); err != nil {
		s.note(err)
		return saveError(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range changed {
		s.holds[c.key()] = c
		delete(s.overdue, c.key())
	}
	for _, c := range removed {
		delete(s.holds, c.key())
	}
	s.saved = time.Now()
	return nil
}

// hand keeps saves off a checkpoint while a handler has a page that follows
// it, and returns what is held of it, until back says what is. First it writes
// the checkpoint if it is missing, since a transaction's condition needs it, or
// if a save skipped it while the previous page was being handled. It writes
// those of the shards it descends from too: a commit must not come before them.
func (s *saver) hand(ctx context.Context, c Checkpoint, ancestors []Checkpoint) (held Checkpoint, back func(held Checkpoint), err error) {
	if s.to == nil {
		return held, func(Checkpoint) {}, nil
	}
	if err := s.takeTurn(ctx); err != nil {
		return held, func(Checkpoint) {}, err
	}
	defer s.endTurn()
	key := c.key()
	s.mu.Lock()
	var due []Checkpoint
	if held, ok := s.holds[key]; !ok || s.overdue[key] && held != c {
		due = append(due, c)
	}
	for _, a := range ancestors {
		if s.holds[a.key()] != a {
			due = append(due, a)
		}
	}
	s.handed[key] = true
	s.mu.Unlock()
	err = s.write(ctx, due, nil)
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.holds[key]
	return before, func(held Checkpoint) {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.handed, key)
		if held != before {
			s.holds[key], s.saved = held, time.Now()
			delete(s.overdue, key)
		}
	}, err
}

// forward leaves out the checkpoints that are behind what is held: a handler's
// transaction may have committed more than the reader has seen.
func (s *saver) forward(checkpoints []Checkpoint) []Checkpoint {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(checkpoints, func(c Checkpoint) bool {
		return compareSequence(s.holds[c.key()].Sequence, c.Sequence) > 0
	})
}

// save has the Checkpoints hold what they should hold.
func (r *Reader) save(ctx context.Context) error {
	if r.saver.to == nil {
		return nil
	}
	if err := r.saver.takeTurn(ctx); err != nil {
		return saveError(err)
	}
	defer r.saver.endTurn()
	changed, removed := r.saver.difference(r.wanted)
	return r.saver.write(ctx, changed, removed)
}

// wanted is what the Checkpoints should hold.
func (r *Reader) wanted() []Checkpoint {
	r.mu.Lock()
	defer r.mu.Unlock()
	wanted := make([]Checkpoint, 0, len(r.lineage.order))
	for _, s := range r.lineage.order {
		wanted = append(wanted, s.checkpoint(r.arn))
	}
	if len(wanted) > 0 { // else the stream lists nothing yet
		wanted = append(wanted, r.copy.wanted(r.arn)...)
	}
	return wanted
}

// saveRegularly saves the checkpoints now and then.
func (r *Reader) saveRegularly(ctx context.Context) error {
	for {
		if err := sleep(ctx, r.options.CheckpointEvery); err != nil {
			return err
		}
		if err := r.save(ctx); err != nil {
			return err
		}
	}
}

// saveError adds what was being done, unless the error says it.
func saveError(err error) error {
	if errors.As(err, new(*FencedError)) || errors.As(err, new(*AlteredError)) {
		return err
	}
	return fmt.Errorf("saving the checkpoint: %w", err)
}

// sameCheckpoints reports whether both are the same ones, in any order.
func sameCheckpoints(a, b []Checkpoint) bool {
	among := make(map[Checkpoint]bool, len(a))
	for _, c := range a {
		among[c] = true
	}
	for _, c := range b {
		if !among[c] {
			return false
		}
	}
	return len(a) == len(b)
}
