package engine

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"time"

	"dynamostreamer/internal/embedded/store"
)

// allHashes is one more than the largest partition hash.
const allHashes = 1 << 32

// sequenceBase makes sequence numbers 21 digits long, as the service's shortest are.
const sequenceBase = "1"

// formatSequence returns the sequence number that the API shows.
func formatSequence(seq int64) string {
	digits := strconv.FormatInt(seq, 10)
	return sequenceBase + "00000000000000000000"[len(digits):] + digits
}

// parseSequence reads a sequence number of the API. It is not ok if it doesn't have the
// form of this engine's sequence numbers.
func parseSequence(text string) (seq int64, ok bool) {
	if len(text) != 21 || text[:1] != sequenceBase {
		return 0, false
	}
	n, err := strconv.ParseUint(text[1:], 10, 63)
	return int64(n), err == nil
}

// addShard opens a shard for the partition hashes low <= hash < high. Its name sorts
// after its parent's, even if the clock was set back.
func (e *Engine) addShard(tx *store.Tx, streamID int64, parent store.Shard, low, high int64) store.Shard {
	opened := max(e.nowMilli(), parent.Opened)
	return tx.InsertShard(store.Shard{
		Stream: streamID,
		Name:   fmt.Sprintf("shardId-%020d-%08x", opened, uint32(tx.NextSequence())),
		Parent: parent.Name,
		Low:    low,
		High:   high,
		Opened: opened,
	})
}

// replace closes a shard and opens its children: one with all of its hashes or, with a
// bound, two that split its hashes there. It returns the last child.
func (e *Engine) replace(tx *store.Tx, sh store.Shard, bound ...int64) (child store.Shard) {
	tx.CloseShard(sh.ID, e.nowMilli())
	low := sh.Low
	for _, high := range append(bound, sh.High) {
		child = e.addShard(tx, sh.Stream, sh, low, high)
		low = high
	}
	return child
}

// shardFor returns the open shard for a partition hash. It first replaces a shard that
// is too old or too large, so that every item stays in one lineage.
func (e *Engine) shardFor(tx *store.Tx, s *stream, part uint32, now int64) (id int64) {
	for _, sh := range openShards(tx, s) {
		switch {
		case int64(part) < sh.Low || int64(part) >= sh.High:
		case tx.ShardBytes(sh.ID) < e.options.ShardBytes && !e.tooOld(sh, now):
			return sh.ID
		default:
			return e.replace(tx, sh).ID
		}
	}
	tx.Fail(fmt.Errorf("stream %s has no open shard for the partition hash %d", s.arn, part))
	return 0
}

// openShards returns the stream's open shards, including the changes of tx.
func openShards(tx *store.Tx, s *stream) []store.Shard {
	if !tx.CatalogChanged() {
		return s.shards
	}
	return tx.OpenShards(s.id)
}

// tooOld reports whether an open shard has to be replaced.
func (e *Engine) tooOld(sh store.Shard, now int64) bool {
	return now-sh.Opened >= e.options.ShardAge.Milliseconds()
}

// everything is a limit that nothing reaches.
const everything = math.MaxInt32

// onStream runs fn in a transaction with the enabled stream of a table.
func (e *Engine) onStream(ctx context.Context, tableName string, fn func(*store.Tx, *stream) error) error {
	_, err := write(ctx, e, func(tx *store.Tx, c *catalog) (none struct{}, err error) {
		t, err := c.named(tableName)
		if err != nil {
			return none, err
		}
		if t.stream == nil {
			return none, LabError(fmt.Sprintf("table %s has no enabled stream: enable it first", tableName))
		}
		return none, fn(tx, t.stream)
	})
	return err
}

// RollShards closes every open shard of the table's stream and opens one child for
// each, as the service does about every four hours.
func (e *Engine) RollShards(ctx context.Context, tableName string) error {
	return e.onStream(ctx, tableName, func(tx *store.Tx, s *stream) error {
		for _, sh := range s.shards {
			e.replace(tx, sh)
		}
		return nil
	})
}

// SplitShard closes a shard and opens two children that divide its items between them,
// as the service does when a partition splits. An empty shardID is the oldest open
// shard.
func (e *Engine) SplitShard(ctx context.Context, tableName, shardID string) error {
	return e.onStream(ctx, tableName, func(tx *store.Tx, s *stream) error {
		sh, found := toSplit(s, shardID)
		if !found {
			return LabError(fmt.Sprintf("stream %s has no open shard %s: name one without an ending sequence number", s.arn, shardID))
		}
		middle := sh.Low + (sh.High-sh.Low)/2
		if middle == sh.Low {
			return LabError(fmt.Sprintf("shard %s is too narrow to split: split another one", sh.Name))
		}
		e.replace(tx, sh, middle)
		return nil
	})
}

// toSplit finds an open shard, the oldest if shardID is empty.
func toSplit(s *stream, shardID string) (sh store.Shard, found bool) {
	for _, sh := range s.shards {
		if shardID == "" || sh.Name == shardID {
			return sh, true
		}
	}
	return sh, false
}

// TrimTo removes the records that the table's stream made before a time, as if they
// were older than 24 hours.
func (e *Engine) TrimTo(ctx context.Context, tableName string, before time.Time) error {
	return e.onStream(ctx, tableName, func(tx *store.Tx, s *stream) error {
		for _, sh := range tx.Shards(s.id, "", "", everything) {
			tx.Trim(sh.ID, before.UnixMilli(), everything)
		}
		return nil
	})
}
