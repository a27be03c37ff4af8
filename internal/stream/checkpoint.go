package stream

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A Checkpoint is how far one shard was handled.
type Checkpoint struct {
	Stream string `json:"stream"` // its ARN
	Shard  string `json:"shard"`
	Parent string `json:"parent,omitempty"`
	// Sequence is the number of the last record that was handled with
	// all before it. It is empty where none was: then Since and Above
	// are what remains of the Start.
	Sequence string    `json:"sequence,omitempty"`
	Since    time.Time `json:"since,omitzero"`
	Above    string    `json:"above,omitempty"`
	// Ended says that the shard was read to its end.
	Ended bool `json:"ended,omitempty"`
	// Gone says that it Ended with a gap since it went away.
	Gone bool `json:"gone,omitempty"`
	// Last says that it Ended and no shard of its stream comes after it.
	Last bool `json:"last,omitempty"`
	// Floor is a time before all records that are still to be read, here
	// or, once Ended, in the shard's children.
	Floor time.Time `json:"floor,omitzero"`
}

// Checkpoints keep the checkpoints of one reader. A Reader calls one
// method at a time, and waits for it: what may pass, the method repeats
// by itself, and its error ends the reading.
type Checkpoints interface {
	// Load takes possession and returns all that is kept. From here on
	// no other reader may write: either it is refused with an error of
	// its own, or its next Save fails with a *TakenError.
	Load(context.Context) ([]Checkpoint, error)
	// Save keeps the changed checkpoints, in the place of older ones of
	// the same stream and shard, and removes those that are gone. It
	// returns once they would outlive the process. Cut short, it may have
	// kept some of them, but no shard's without its parent's, and removed
	// none before all are kept.
	Save(ctx context.Context, changed, gone []Checkpoint) error
	// Close gives up possession. The Reader calls it.
	Close() error
}

// A TakenError is what a reader gets whose checkpoints belong to another
// one, or are not what they were when it read the page. Don't start it
// again while the other one lives: it would take over in its turn, and so
// on without end.
type TakenError struct {
	Name string // the checkpoints'
	Err  error  // what tells so, or nil
}

func (e *TakenError) Error() string {
	return "checkpoint " + e.Name + " is in use by another reader"
}

func (e *TakenError) Unwrap() error { return e.Err }

// checkpoint is how far the shard was handled.
func (s *shard) checkpoint(stream string) Checkpoint {
	return Checkpoint{
		Stream: stream, Shard: s.id, Parent: s.parent,
		Sequence: s.pos.after, Since: s.pos.since, Above: s.pos.above,
		Ended: s.phase == drained, Gone: s.gone, Last: s.last, Floor: s.pos.floor,
	}
}

// position is the place that the checkpoint stands for.
func (c Checkpoint) position() position {
	p := position{kind: typeTrimHorizon, since: c.Since, above: c.Above, floor: c.Floor}
	switch {
	case c.Sequence != "":
		p.kind, p.after = typeAfter, c.Sequence
	case !c.Since.IsZero():
		p.kind = typeAt
	}
	return p
}

// save writes the checkpoints that changed since they were last written.
func (r *Reader) save(ctx context.Context) error {
	if r.options.Checkpoints == nil {
		return nil
	}
	r.saving <- struct{}{}
	defer func() { <-r.saving }()
	changed, gone := r.takeDirty()
	if len(changed)+len(gone) == 0 {
		return nil
	}
	defer r.keeping()()
	if err := r.options.Checkpoints.Save(ctx, changed, gone); err != nil {
		r.putBack(changed, gone)
		err = saveError(err)
		if errors.As(err, new(*TakenError)) {
			r.taken = err
		}
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stats.lastSaved = time.Now()
	return nil
}

// load takes possession of the checkpoints.
func (r *Reader) load(ctx context.Context) ([]Checkpoint, error) {
	if r.options.Checkpoints == nil {
		return nil, nil
	}
	defer r.keeping()()
	kept, err := r.options.Checkpoints.Load(ctx)
	r.loaded = err == nil
	return kept, err
}

// keeping notes since when the Checkpoints are at work, for watch, until
// it is called.
func (r *Reader) keeping() (done func()) {
	note := func(since time.Time) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.stats.keeping = since
	}
	note(time.Now())
	return func() { note(time.Time{}) }
}

// forget has checkpoints removed.
func (r *Reader) forget(checkpoints ...Checkpoint) {
	if r.options.Checkpoints != nil {
		r.gone = append(r.gone, checkpoints...)
	}
}

// takeDirty returns the checkpoints that changed and those that are no
// longer needed, and takes them for written.
func (r *Reader) takeDirty() (changed, gone []Checkpoint) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.shards.order {
		if s.dirty {
			changed = append(changed, s.checkpoint(r.arn))
			s.dirty = false
		}
	}
	gone, r.gone = r.gone, nil
	return changed, gone
}

// putBack undoes takeDirty.
func (r *Reader) putBack(changed, gone []Checkpoint) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range changed {
		if s := r.shards.byID[c.Shard]; s != nil && c.Stream == r.arn {
			s.dirty = true
		}
	}
	r.gone = append(r.gone, gone...)
}

// saveError adds what was being done, unless the error says it.
func saveError(err error) error {
	if taken := (*TakenError)(nil); errors.As(err, &taken) {
		return err
	}
	return fmt.Errorf("saving the checkpoint: %w", err)
}
