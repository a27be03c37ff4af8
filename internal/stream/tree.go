package stream

import (
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// A shardTree is the stream's shards by id and in the order in which they
// were found.
type shardTree struct {
	byID  map[string]*shard
	order []*shard
}

func newShardTree() shardTree { return shardTree{byID: make(map[string]*shard)} }

//weave:ready

// ready lists the shards that may be read now: those whose parent is
// drained, or is not known since all its records were trimmed.
func (t *shardTree) ready() []*shard {
	var ready []*shard
	for _, s := range t.order {
		parent := t.byID[s.parent]
		if s.phase == waiting && (parent == nil || parent.phase == drained) {
			ready = append(ready, s)
		}
	}
	return ready
}

//weave:end

// insert adds a shard that is to be read from its beginning, if its id is
// new.
func (t *shardTree) insert(id, parent string) *shard {
	s := t.byID[id]
	if s == nil {
		s = &shard{id: id, parent: parent}
		s.pos.kind = typeTrimHorizon
		s.since = time.Now()
		t.byID[id] = s
		t.order = append(t.order, s)
	}
	return s
}

// restore takes in a checkpoint.
func (t *shardTree) restore(c Checkpoint) {
	s := t.insert(c.Shard, c.Parent)
	s.pos = c.position()
	s.gone, s.last = c.Gone, c.Last
	if c.Ended {
		s.phase, s.drainedAt = drained, time.Now()
	}
}

// drain marks a shard's end, which was seen at the given time. What its
// children hold is later than its last record, and than the time at which
// it was still open.
func (t *shardTree) drain(s *shard, at time.Time) {
	s.phase, s.drainedAt, s.dirty = drained, at, true
	if s.openAt.After(s.pos.floor) {
		s.pos.floor = s.openAt
	}
	for _, child := range t.order {
		if child.parent == s.id && child.phase == waiting {
			child.pos.floor, child.dirty = s.pos.floor, true
		}
	}
}

// update takes in a description. Shards that it knows already keep their
// state; those that are drained and listed no more are removed, once a
// child of theirs is known, and returned. One that can't have been trimmed
// yet is only missing and will be listed again.
func (t *shardTree) update(d description) (gone []*shard) {
	known := len(t.order)
	for _, s := range t.order {
		s.listed = false
	}
	for _, f := range d.shards {
		s := t.insert(aws.ToString(f.ShardId), aws.ToString(f.ParentShardId))
		s.listed = true
		if f.SequenceNumberRange != nil && f.SequenceNumberRange.EndingSequenceNumber != nil {
			s.closed, s.ending = true, *f.SequenceNumberRange.EndingSequenceNumber
		}
	}
	for _, s := range t.order[known:] {
		parent := t.byID[s.parent]
		s.dirty = true
		if parent != nil && parent.phase == drained {
			s.pos.floor = parent.pos.floor
		}
	}
	parents := t.parents()
	for _, s := range t.order {
		// One that has children has ended, even if it is listed as open.
		if s.listed && !s.closed && !parents[s.id] {
			s.openAt = d.asked
		}
	}
	t.order = slices.DeleteFunc(t.order, func(s *shard) bool {
		remove := s.phase == drained && !s.listed && parents[s.id] && d.asked.Sub(s.pos.floor) > retention
		if remove {
			delete(t.byID, s.id)
			gone = append(gone, s)
		}
		return remove
	})
	return gone
}

// reopen has the drained shards read once more that went away before a
// child of theirs was seen: what comes after them went away too, if there
// was anything, and reading them tells so.
func (t *shardTree) reopen() {
	for _, s := range t.childless() {
		if !s.listed && !s.gone && !s.last {
			s.phase, s.drainedAt = waiting, time.Time{}
		}
	}
}

// rewind has the shards that were being read wait for a new fetcher.
func (t *shardTree) rewind() {
	for _, s := range t.order {
		if s.phase == reading {
			s.phase, s.quietFrom, s.quietTo = waiting, time.Time{}, time.Time{}
		}
	}
}

// orphan reports whether the shard's parent was trimmed before it was seen:
// nothing else is found without a floor and without its parent.
func (t *shardTree) orphan(s *shard) bool {
	return s.pos.after == "" && s.pos.floor.IsZero() && s.parent != "" && t.byID[s.parent] == nil
}

// floor is a time before all records that are still to be handled of the
// shard, zero where none is known. A child's are later than its parent's.
func (t *shardTree) floor(s *shard) (at time.Time) {
	for ; s != nil; s = t.byID[s.parent] {
		at = later(at, later(s.pos.floor, s.next))
	}
	return at
}

func (t *shardTree) parents() map[string]bool {
	parents := make(map[string]bool, len(t.order))
	for _, s := range t.order {
		parents[s.parent] = true
	}
	return parents
}

// childless lists the drained shards that no known shard descends from.
func (t *shardTree) childless() []*shard {
	parents := t.parents()
	return slices.DeleteFunc(slices.Clone(t.order), func(s *shard) bool {
		return s.phase != drained || parents[s.id]
	})
}
