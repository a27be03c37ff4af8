package engine

import (
	"time"

	"dynamostreamer/internal/embedded/store"
)

// Retention is how long a stream keeps its records ("Change data capture for
// DynamoDB Streams").
const Retention = 24 * time.Hour

// horizon returns the time before which records count as trimmed, whether or not they
// have been swept.
func (e *Engine) horizon() int64 { return e.nowMilli() - Retention.Milliseconds() }

// checkTrimmed fails if any of the shard's records from next on have been trimmed.
func (e *Engine) checkTrimmed(tx *store.Tx, sh store.Shard, next int64) error {
	trimmed, horizon := next <= sh.Trimmed, e.horizon()
	if !trimmed {
		tx.Records(sh.ID, next, func(r store.Record) bool {
			trimmed = r.At < horizon
			return false
		})
	}
	if trimmed {
		return fail(TrimmedDataAccessException, "The operation attempted to read past the oldest stream record in shard %s: records older than 24 hours have been trimmed", sh.Name)
	}
	return nil
}

// trim removes some of the records, shards and streams that are older than 24 hours,
// and forgets old tokens.
func (e *Engine) trim(tx *store.Tx, c *catalog) (more bool) {
	horizon, left := e.horizon(), trimBatch
	for _, s := range tx.AllStreams() {
		shards := tx.Shards(s.ID, "", "", everything)
		remaining := len(shards)
		for _, sh := range shards {
			if left -= tx.Trim(sh.ID, horizon, left); left == 0 {
				return true
			}
			if sh.Closed != 0 && sh.Closed < horizon {
				remaining--
				tx.DeleteShard(sh.ID)
			}
		}
		if s.Ended != 0 && remaining == 0 {
			tx.DeleteStream(s.ID)
		}
	}
	tx.ForgetTokens(e.nowMilli() - tokenLife.Milliseconds())
	return tx.GiveBack()
}
