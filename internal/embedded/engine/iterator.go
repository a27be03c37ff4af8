package engine

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"dynamostreamer/internal/embedded/store"
)

// iteratorLife is how long a shard iterator can be used ("GetRecords":
// ExpiredIteratorException).
const iteratorLife = 15 * time.Minute

// An iterator is a place in a shard: before the record with the sequence number
// next, or before the first one that follows.
type iterator struct {
	arn        string // of the stream
	identity   uint32 // of the engine that issued it
	generation uint32
	issued     int64 // milliseconds
	shard      int64
	next       int64
}

const iteratorForm = "%08x.%x.%x.%x.%x"

// token is the iterator as the API shows it: like the service's, the stream's
// ARN and something opaque. It is not a secret, only guarded against mistakes.
func (it iterator) token() string {
	place := fmt.Sprintf(iteratorForm, it.identity, it.generation, it.issued, it.shard, it.next)
	return it.arn + "|1|" + base64.StdEncoding.EncodeToString([]byte(place))
}

func parseIterator(token string) (it iterator, ok bool) {
	arn, coded, _ := strings.Cut(token, "|1|")
	place, err := base64.StdEncoding.DecodeString(coded)
	if err != nil {
		return it, false
	}
	it.arn = arn
	_, err = fmt.Sscanf(string(place), iteratorForm, &it.identity, &it.generation, &it.issued, &it.shard, &it.next)
	return it, err == nil && it.token() == token
}

// iteratorAt makes the token of a new iterator.
func (e *Engine) iteratorAt(s *stream, shard, next int64) string {
	return iterator{s.arn, e.identity, e.generation.Load(), e.nowMilli(), shard, next}.token()
}

// ExpireIterators makes all iterators that this engine has issued so far answer
// ExpiredIteratorException.
func (e *Engine) ExpireIterators() { e.generation.Add(1) }

func (e *Engine) checkLife(it iterator) error {
	old := it.identity == e.identity && it.generation != e.generation.Load()
	if old || e.nowMilli()-it.issued >= iteratorLife.Milliseconds() {
		return fail(ExpiredIteratorException, "The iterator has expired: it was issued at %s and lives for %v; ask for a new one after the last sequence number that you have read",
			time.UnixMilli(it.issued).UTC().Format(time.RFC3339), iteratorLife)
	}
	return nil
}

// GetShardIteratorInput is the request of GetShardIterator.
type GetShardIteratorInput struct {
	StreamArn      *string  `api:",required,37..1024"`
	ShardId        *string  `api:",required,28..65"`
	Type           *string  `api:"ShardIteratorType,required,one of TRIM_HORIZON LATEST AT_SEQUENCE_NUMBER AFTER_SEQUENCE_NUMBER AT_TIMESTAMP"`
	SequenceNumber *string  `api:",21..40"`
	Timestamp      *float64 // Unix seconds
}

// GetShardIteratorOutput is the answer of GetShardIterator.
type GetShardIteratorOutput struct{ ShardIterator string }

// GetShardIterator makes an iterator that stands in a shard at its oldest record,
// behind its newest, at or behind a sequence number, or at a time.
func (e *Engine) GetShardIterator(ctx context.Context, in *GetShardIteratorInput) (*GetShardIteratorOutput, error) {
	if err := in.check(e.nowMilli()); err != nil {
		return nil, err
	}
	return read(ctx, e, func(tx *store.Tx, c *catalog) (*GetShardIteratorOutput, error) {
		s, err := c.streamByARN(*in.StreamArn)
		if err != nil {
			return nil, err
		}
		sh, found := tx.Shard(s.id, *in.ShardId)
		if !found {
			return nil, shardNotFound(*in.ShardId, s)
		}
		next, err := e.position(tx, sh, in)
		return &GetShardIteratorOutput{e.iteratorAt(s, sh.ID, next)}, err
	})
}

func (in *GetShardIteratorInput) check(now int64) error {
	bySequence := strings.HasSuffix(*in.Type, "_SEQUENCE_NUMBER")
	byTime := *in.Type == "AT_TIMESTAMP"
	switch {
	case bySequence && in.SequenceNumber == nil:
		return invalid(badValues + "Invalid SequenceNumber")
	case !bySequence && in.SequenceNumber != nil:
		return invalid(badValues + "SequenceNumber should not be passed for this iterator type")
	case byTime && in.Timestamp == nil:
		return invalid(badValues + "Timestamp is required for the iterator type AT_TIMESTAMP")
	case !byTime && in.Timestamp != nil:
		return invalid(badValues + "Timestamp should not be passed for this iterator type")
	case byTime && *in.Timestamp*1000 > float64(now):
		return invalid(badValues + "Timestamp is in the future")
	}
	return nil
}

// horizon is the time before which records are trimmed, swept or not.
func (e *Engine) horizon() int64 { return e.nowMilli() - Retention.Milliseconds() }

// position is the sequence number that the asked iterator stands before.
func (e *Engine) position(tx *store.Tx, sh store.Shard, in *GetShardIteratorInput) (next int64, err error) {
	switch *in.Type {
	case "LATEST":
		return tx.LastSequence() + 1, nil
	case "TRIM_HORIZON":
		return since(tx, sh, e.horizon()), nil
	case "AT_TIMESTAMP":
		return since(tx, sh, max(e.horizon(), int64(*in.Timestamp*1000))), nil
	}
	seq, ok := parseSequence(*in.SequenceNumber)
	if !ok || seq < sh.Starting || seq > tx.LastSequence() || sh.Ending != 0 && seq > sh.Ending {
		return 0, invalid("Invalid SequenceNumber for the shard")
	}
	if err := e.checkTrimmed(tx, sh, seq); err != nil {
		return 0, err
	}
	if *in.Type == "AFTER_SEQUENCE_NUMBER" {
		seq++
	}
	return seq, nil
}

// since is where the shard's first record since a time stands; without one, where
// its next record will.
func since(tx *store.Tx, sh store.Shard, at int64) int64 {
	if seq, found := tx.FirstSince(sh.ID, at); found {
		return seq
	}
	return tx.LastSequence() + 1
}

// checkTrimmed fails where the records from next on are not all there any more.
func (e *Engine) checkTrimmed(tx *store.Tx, sh store.Shard, next int64) error {
	trimmed, horizon := next <= sh.Trimmed, e.horizon()
	if !trimmed {
		tx.Records(sh.ID, next, func(r store.Record) bool {
			trimmed = r.At < horizon
			return false
		})
	}
	if trimmed {
		return fail(TrimmedDataAccessException, "The operation attempted to read past the oldest stream record in shard %s: what was recorded there more than 24 hours ago is gone", sh.Name)
	}
	return nil
}
