package engine

import (
	"context"
	"strings"

	"dynamostreamer/internal/embedded/store"
)

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

// GetShardIterator makes an iterator in a shard: at its oldest record, after its newest,
// at or after a sequence number, or at a time.
func (e *Engine) GetShardIterator(ctx context.Context, in *GetShardIteratorInput) (*GetShardIteratorOutput, error) {
	if err := in.check(e.nowMilli()); err != nil {
		return nil, err
	}
	return read(ctx, e, func(tx *store.Tx, c *catalog) (*GetShardIteratorOutput, error) {
		s, err := c.streamByARN(tx, *in.StreamArn)
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

// position returns the sequence number of the first record that the iterator may read.
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

// since returns the sequence number of the shard's first record since a time. If there
// is none, it returns the least that the shard's next record can have.
func since(tx *store.Tx, sh store.Shard, at int64) int64 {
	if seq, found := tx.FirstSince(sh.ID, at); found {
		return seq
	}
	return tx.LastSequence() + 1
}
