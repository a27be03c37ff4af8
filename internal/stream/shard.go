package stream

import (
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
)

// A shard is what the reader knows of one shard of the stream. It
// belongs to the goroutine that runs Events; a fetcher gets a position
// and never the shard.
type shard struct {
	id, parent string
	closed     bool     // when it was found: it gets no more records
	start      position // where the next fetcher begins
	phase      phase
	drainedAt  time.Time
	// The first and the newest of the empty answers since the last
	// record; both zero after a record.
	quietFrom, quietTo time.Time
}

type phase int

const (
	waiting phase = iota // for its parent, or for a fetcher
	reading
	drained // its last record was handled
)

// quiet is how long an open shard has given nothing but empty answers.
func (s *shard) quiet() time.Duration { return s.quietTo.Sub(s.quietFrom) }

// drain marks the shard's end, which was seen at the given time.
func (s *shard) drain(at time.Time) { s.phase, s.drainedAt = drained, at }

// A shardTree is the stream's shards by id and in the order in which they
// were found.
type shardTree struct {
	byID  map[string]*shard
	order []*shard
}

// add takes the shards of a description. Those that it knows already
// keep their state.
func (t *shardTree) add(found []types.Shard) {
	for _, f := range found {
		id := aws.ToString(f.ShardId)
		if t.byID[id] != nil {
			continue
		}
		s := &shard{id: id, parent: aws.ToString(f.ParentShardId)}
		s.start.kind = types.ShardIteratorTypeTrimHorizon
		s.closed = f.SequenceNumberRange != nil && f.SequenceNumberRange.EndingSequenceNumber != nil
		t.byID[id] = s
		t.order = append(t.order, s)
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

//weave:ready

// ready lists the shards that may be read now: those whose parent is
// drained, or is no longer listed since all its records were trimmed.
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

// childless lists the drained shards that no known shard descends from.
func (t *shardTree) childless() []*shard {
	parents := make(map[string]bool)
	for _, s := range t.order {
		parents[s.parent] = true
	}
	return slices.DeleteFunc(slices.Clone(t.order), func(s *shard) bool {
		return s.phase != drained || parents[s.id]
	})
}
