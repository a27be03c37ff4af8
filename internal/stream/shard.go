package stream

import (
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// A State is where a shard is in its life.
type State string

const (
	Waiting  State = "waiting"  // for its parent to be consumed
	Fetching State = "fetching" // for DynamoDB's answer, with retries
	Queued   State = "queued"   // for the handler of another shard
	Handling State = "handling" // for the handler

	// Consumed means that the shard was read and handled to its end.
	Consumed State = "consumed"
	// Vanished means that DynamoDB no longer has the shard. What was not
	// handled of it is a Gap, or was not asked for.
	Vanished State = "vanished"
	// Final means that the shard is consumed and its stream ended with it:
	// no child comes.
	Final State = "final"
	// Switched is not a shard's: it marks in a stream's checkpoints that the
	// switch from the stream before was handled.
	Switched State = "switched"
)

// A shard is what the reader knows of one shard of the stream. The Reader's
// mutex guards it, but for id and parent, which stay.
type shard struct {
	id, parent string
	state      State
	since      time.Time // when it got its state, by this machine's clock

	handled Position // all before it was handled, and fetching resumes there
	latest  string   // an iterator for a handled that is Latest; empty: none
	fetched string   // the number of the newest record that was fetched; empty: none
	out     tracker  // what was fetched after handled
	row     string   // of a segment of a copy: the key of the last handled row

	// What the descriptions tell: the number of a closed shard's last
	// record, and when the shard was last seen open, by DynamoDB's clock.
	ending string
	openAt time.Time

	// For Stats. idle is since when all answers were empty; zero: the last
	// one was not.
	lastCall, lastRecord, idle time.Time
	// Of the answers since idle, when the first and the newest that was
	// handled came, by DynamoDB's clock.
	emptySince, empty time.Time
	failing           error // the newest attempt's; nil: an event was handled since
	counts            Counts
}

// Ended reports whether nothing more of a shard in this state is to be read.
func (s State) Ended() bool {
	return s == Consumed || s == Expecting || s == Vanished || s == Final || s == Switched
}

// done reports whether nothing more of the shard is to be read.
func (s *shard) done() bool { return s.state.Ended() }

// reads reports whether the shard has a fetcher.
func (s *shard) reads() bool { return !s.done() && s.state != Waiting }

func (s *shard) enter(state State) { s.state, s.since = state, time.Now() }

// checkpoint is how far the shard of the given stream was handled.
func (s *shard) checkpoint(stream string) Checkpoint {
	c := Checkpoint{Stream: stream, Shard: s.id, Parent: s.parent, Position: s.handled, Row: s.row}
	if s.done() {
		c.State = s.state
	}
	return c
}

// A lineage is the stream's shards by id, and in the order in which they were
// found. A switch of streams, whose id is empty, is the parent of all roots.
type lineage struct {
	byID     map[string]*shard
	order    []*shard
	children map[string]int // how many were found, by parent
	listedAt time.Time      // of the last whole list, by DynamoDB's clock
}

func newLineage() lineage {
	return lineage{byID: make(map[string]*shard), children: make(map[string]int)}
}

// closed reports whether the shard gets no more records. One that has
// children has ended even if it is listed as open.
func (l *lineage) closed(s *shard) bool { return s.ending != "" || l.children[s.id] > 0 }

//weave:ready

// ready lists the shards that may be read now: those whose parent is
// consumed, or is not known since all its records were trimmed.
func (l *lineage) ready() []*shard {
	var ready []*shard
	for _, s := range l.order {
		parent := l.byID[s.parent]
		if s.state == Waiting && (parent == nil || parent.done()) {
			ready = append(ready, s)
		}
	}
	return ready
}

//weave:end

// insert adds a shard that is to be read from its beginning, if its id is
// new.
func (l *lineage) insert(id, parent string) *shard {
	s := l.byID[id]
	if s != nil {
		return s
	}
	s = &shard{id: id, parent: parent}
	s.enter(Waiting)
	if p := l.byID[parent]; p != nil && p.done() {
		s.handled.NotBefore = p.handled.NotBefore
	}
	if id != "" {
		l.children[parent]++
	}
	l.byID[id] = s
	l.order = append(l.order, s)
	return s
}

// restore takes in a checkpoint.
func (l *lineage) restore(c Checkpoint) {
	s := l.insert(c.Shard, c.Parent)
	s.handled = c.Position
	if c.State != "" {
		s.enter(c.State)
	}
}

// consume ends a shard's life with a state. What its children hold is not
// older than notBefore, and not older than the time at which it was open.
func (l *lineage) consume(s *shard, state State, notBefore time.Time) {
	s.enter(state)
	s.handled.NotBefore = later(later(s.handled.NotBefore, s.openAt), notBefore)
	if l.children[s.id] == 0 {
		return
	}
	for _, child := range l.order {
		if child.parent == s.id && child.state == Waiting {
			child.handled.NotBefore = later(child.handled.NotBefore, s.handled.NotBefore)
		}
	}
}

// learn takes in a description. Shards that are known keep their state. Of a
// part of the shards, those are left out whose parent is not known: it may be
// in another part.
func (l *lineage) learn(d description) {
	forgotten := make(map[string]bool) // and listed again, or still
	for _, listed := range d.shards {
		id := aws.ToString(listed.ShardId)
		forgotten[id] = l.byID[id] == nil && l.children[id] > 0
	}
	for _, listed := range d.shards {
		id, parent := aws.ToString(listed.ShardId), aws.ToString(listed.ParentShardId)
		if forgotten[id] || l.byID[id] == nil && !d.whole && parent != "" && l.byID[parent] == nil {
			continue
		}
		known := l.byID[id] != nil
		s := l.insert(id, parent)
		if !known && parent == "" {
			// It began after the list before, or with the stream.
			s.handled.NotBefore = later(s.handled.NotBefore, later(d.created, l.listedAt))
		}
		if r := listed.SequenceNumberRange; r != nil && r.EndingSequenceNumber != nil {
			s.ending = *r.EndingSequenceNumber
		}
	}
	if !d.whole {
		return // a shard that is listed as open may have a child in another part
	}
	for _, listed := range d.shards {
		if s := l.byID[aws.ToString(listed.ShardId)]; s != nil && !l.closed(s) {
			s.openAt = d.at
		}
	}
	l.listedAt = d.at
}

// forget removes the shards that are done, have children and are no longer
// listed, and returns what they counted. One that can't have been trimmed yet
// is only missing, and will be listed again.
func (l *lineage) forget(d description) (counted Counts) {
	listed := d.ids()
	l.order = slices.DeleteFunc(l.order, func(s *shard) bool {
		remove := s.done() && !listed[s.id] && l.children[s.id] > 0 && d.at.Sub(s.handled.NotBefore) > retention
		if remove {
			delete(l.byID, s.id)
			counted.add(s.counts)
		}
		return remove
	})
	return counted
}

// reopen schedules another read of consumed shards that vanished before any
// child of theirs was seen. What came after them, if anything, vanished too,
// and reading them says so.
func (l *lineage) reopen(d description) {
	listed := d.ids()
	for _, s := range l.childless() {
		if !listed[s.id] && s.state == Consumed {
			s.enter(Waiting)
		}
	}
}

// rewind lets the shards that were being read wait for another fetcher, which
// begins after what was handled.
func (l *lineage) rewind() {
	for _, s := range l.order {
		if s.reads() {
			s.enter(Waiting)
		}
		s.idle, s.out = time.Time{}, tracker{}
	}
}

// orphan reports whether the shard's parent was trimmed before it was seen:
// nothing else is found without a NotBefore and without its parent.
func (l *lineage) orphan(s *shard) bool {
	return s.handled.Sequence == "" && s.handled.NotBefore.IsZero() && s.parent != "" && l.byID[s.parent] == nil
}

// notBefore is a time before all records that are still to be handled of the
// shard; zero: none is known. A child's are later than its parent's. known
// holds what was found out before.
func (l *lineage) notBefore(s *shard, known map[*shard]time.Time) (at time.Time) {
	if at, ok := known[s]; ok {
		return at
	}
	if oldest, ok := s.out.oldest(); ok {
		known[s] = oldest
		return oldest
	}
	at = s.handled.NotBefore
	known[s] = at // also where shards are each other's parents
	if parent := l.byID[s.parent]; parent != nil {
		at = later(at, l.notBefore(parent, known))
	}
	known[s] = at
	return at
}

// childless lists the shards that are done and that no known shard descends
// from.
func (l *lineage) childless() []*shard {
	var childless []*shard
	for _, s := range l.order {
		if s.done() && l.children[s.id] == 0 {
			childless = append(childless, s)
		}
	}
	return childless
}

// endedBy reports whether the shard and all it descends from have no record
// after the sequence number.
func (l *lineage) endedBy(s *shard, sequence string) bool {
	for ; s != nil; s = l.byID[s.parent] {
		if s.ending == "" || compareSequence(s.ending, sequence) > 0 {
			return false
		}
	}
	return true
}

// A tracker records which of a shard's fetched events were handled. Events may
// be handed to handlers side by side and finished in any order: the shard
// moves up to the last one before which all are finished.
type tracker struct {
	first  int // the number of events[0]
	events []tracked
}

// A tracked is an event that may be in work. Its sequence is empty where it
// is Lost: the record after it moves the shard.
type tracked struct {
	sequence string
	at       time.Time
	begun    time.Time // its first attempt, side by side with others; zero: none yet
	finished bool
	row      string // the primary key, where it is Copied
}

// add takes in events that were fetched, and numbers them from first on.
func (t *tracker) add(events []Event) (first int) {
	first = t.first + len(t.events)
	for _, e := range events {
		in := tracked{sequence: e.Sequence, at: e.At}
		if e.Kind == Copied {
			in.row = rowText(e.Keys)
		}
		t.events = append(t.events, in)
	}
	return first
}

// finish notes that n events from first on are handled, and returns the last
// one before which all are; moved: it was not that before.
func (t *tracker) finish(first, n int) (last tracked, moved bool) {
	for i := range n {
		t.events[first-t.first+i].finished = true
	}
	k := 0
	for ; k < len(t.events) && t.events[k].finished; k++ {
		if t.events[k].sequence != "" {
			last, moved = t.events[k], true
		}
	}
	t.first += k
	if t.events = t.events[k:]; len(t.events) == 0 {
		t.events = nil
	}
	return last, moved
}

// oldestBegun is when the oldest event that is not finished had its first
// attempt, where that was noted.
func (t *tracker) oldestBegun() (begun time.Time) {
	for _, e := range t.events {
		if !e.finished && !e.begun.IsZero() && (begun.IsZero() || e.begun.Before(begun)) {
			begun = e.begun
		}
	}
	return begun
}

// oldest is when the oldest event was made that is not finished.
func (t *tracker) oldest() (at time.Time, ok bool) {
	for _, e := range t.events {
		if e.sequence != "" {
			return e.at, true
		}
	}
	return time.Time{}, false
}
