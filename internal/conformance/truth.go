package conformance

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// A change is a record of the table's streams, and how often it has to be handled.
type change struct {
	id, sequence string
	kind         string // inserted, modified, deleted or expired
	shard        string
	old, new     json.RawMessage

	fewest, most int
	times        int       // how often it was handled
	known        time.Time // when it had been made
}

// A truth is what happened to the table, by the engine's own records.
type truth struct {
	service    *service
	changes    []*change // in the order of their sequence numbers
	bySequence map[string]*change
	byID       map[string][]*change
	shards     []string        // in the order in which they were made
	closed     map[string]bool // those that are closed, and nothing more is to be learned of

	fewest, most int // for the changes from now on
}

func newTruth(s *service) *truth {
	return &truth{service: s, bySequence: make(map[string]*change), byID: make(map[string][]*change), closed: make(map[string]bool), fewest: 1, most: 1}
}

// letter names a shard for a person: A is the table's first.
func (t *truth) letter(shard string) string {
	i := slices.Index(t.shards, shard)
	if i < 0 || i >= 26 {
		return fmt.Sprint("number ", i+1)
	}
	return string(rune('A' + i))
}

// learn takes in what is new in the table's streams.
func (t *truth) learn() error {
	streams, err := t.service.db.Streams(context.Background(), tableName)
	if err != nil {
		return err
	}
	for _, s := range streams {
		for _, shard := range s.Shards {
			if t.closed[shard.ID] {
				continue
			}
			if err := t.learnShard(s.ARN, shard.ID); err != nil {
				return err
			}
		}
	}
	slices.SortFunc(t.changes, func(a, b *change) int { return cmp.Compare(a.sequence, b.sequence) })
	return nil
}

// learnShard reads a shard from its beginning: iterators and positions don't outlive what
// the points do.
func (t *truth) learnShard(stream, shard string) error {
	if !slices.Contains(t.shards, shard) {
		t.shards = append(t.shards, shard)
	}
	var iterator struct{ ShardIterator string }
	err := t.service.ask("GetShardIterator", map[string]any{
		"StreamArn": stream, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON",
	}, &iterator)
	if err != nil {
		return err
	}
	for next := iterator.ShardIterator; ; {
		var out struct {
			Records           []record
			NextShardIterator string
		}
		if err := t.service.ask("GetRecords", map[string]any{"ShardIterator": next}, &out); err != nil {
			return err
		}
		for _, r := range out.Records {
			t.add(shard, r)
		}
		next = out.NextShardIterator
		t.closed[shard] = next == ""
		if next == "" || len(out.Records) == 0 {
			return nil
		}
	}
}

// A record is one of GetRecords.
type record struct {
	EventName string `json:"eventName"`
	Dynamodb  struct {
		Keys struct {
			ID struct{ S string } `json:"id"`
		}
		NewImage, OldImage json.RawMessage
		SequenceNumber     string
	} `json:"dynamodb"`
	UserIdentity *struct{ Type string } `json:"userIdentity"`
}

// add takes in a record, unless it is known.
func (t *truth) add(shard string, r record) {
	if t.bySequence[r.Dynamodb.SequenceNumber] != nil {
		return
	}
	c := &change{
		id: r.Dynamodb.Keys.ID.S, sequence: r.Dynamodb.SequenceNumber, shard: shard,
		old: r.Dynamodb.OldImage, new: r.Dynamodb.NewImage, fewest: t.fewest, most: t.most, known: time.Now(),
	}
	c.kind = map[string]string{"INSERT": "inserted", "MODIFY": "modified", "REMOVE": "deleted"}[r.EventName]
	if r.UserIdentity != nil {
		c.kind = "expired"
	}
	t.keep(c)
}

func (t *truth) keep(c *change) {
	t.changes = append(t.changes, c)
	t.bySequence[c.sequence] = c
	t.byID[c.id] = append(t.byID[c.id], c)
}

// before lists the earlier changes of the same item.
func (t *truth) before(c *change) []*change {
	all := t.byID[c.id]
	return all[:slices.Index(all, c)]
}
