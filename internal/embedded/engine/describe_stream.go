package engine

import (
	"context"

	"dynamostreamer/internal/embedded/store"
)

// DescribeStreamInput is the request of DescribeStream.
type DescribeStreamInput struct {
	StreamArn             *string `api:",required,37..1024"`
	ExclusiveStartShardId *string `api:",28..65"`
	Limit                 *int64  `api:",1.."`
	ShardFilter           *ShardFilter
}

// A ShardFilter selects some of a stream's shards. Its only type is CHILD_SHARDS: the
// children of the shard ShardId.
type ShardFilter struct {
	Type    *string `api:",one of CHILD_SHARDS"`
	ShardId *string `api:",28..65"`
}

// A StreamDescription describes a stream in an answer.
type StreamDescription struct {
	StreamArn               string
	StreamLabel             string
	StreamStatus            string
	StreamViewType          string
	CreationRequestDateTime Seconds
	TableName               string
	KeySchema               []KeySchemaElement
	Shards                  []ShardDescription
	LastEvaluatedShardId    string
}

// A ShardDescription describes a shard in an answer. A shard without an ending sequence
// number is open.
type ShardDescription struct {
	ShardId             string
	SequenceNumberRange SequenceNumberRange
	ParentShardId       string // the parent may have vanished
}

// A SequenceNumberRange bounds the sequence numbers of a shard's records.
type SequenceNumberRange struct{ StartingSequenceNumber, EndingSequenceNumber string }

const maxShardsPage = 100

// DescribeStream describes a stream and lists its shards, at most 100 per page. Parents
// come before their children.
func (e *Engine) DescribeStream(ctx context.Context, in *DescribeStreamInput) (*StreamDescription, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	return read(ctx, e, func(tx *store.Tx, c *catalog) (*StreamDescription, error) {
		s, err := c.streamByARN(tx, *in.StreamArn)
		if err != nil {
			return nil, err
		}
		d := &StreamDescription{
			StreamArn: s.arn, StreamLabel: s.Label, StreamStatus: "ENABLED", StreamViewType: s.View,
			CreationRequestDateTime: Seconds(s.Created), TableName: s.Table, KeySchema: s.Key,
			Shards: []ShardDescription{},
		}
		if s.ended != 0 {
			d.StreamStatus = "DISABLED"
		}
		limit := orElse(in.Limit, maxShardsPage)
		shards, err := in.find(tx, s, limit+1)
		if err != nil {
			return nil, err
		}
		for i, sh := range shards {
			if i == limit {
				d.LastEvaluatedShardId = shards[limit-1].Name
				break
			}
			d.Shards = append(d.Shards, describeShard(sh))
		}
		return d, nil
	})
}

func (in *DescribeStreamInput) check() error {
	if in.Limit != nil && *in.Limit > maxShardsPage {
		return invalid(badValues+"Limit should be less than or equal to %d", maxShardsPage)
	}
	if f := in.ShardFilter; f != nil && (f.Type == nil || f.ShardId == nil) {
		return invalid(badValues + "ShardFilter needs both Type and ShardId")
	}
	return nil
}

// find returns up to limit of the shards that the request asks for.
func (in *DescribeStreamInput) find(tx *store.Tx, s *stream, limit int) ([]store.Shard, error) {
	parent := ""
	if in.ShardFilter != nil {
		parent = *in.ShardFilter.ShardId
		if _, found := tx.Shard(s.id, parent); !found {
			return nil, shardNotFound(parent, s)
		}
	}
	return tx.Shards(s.id, parent, text(in.ExclusiveStartShardId), limit), nil
}

func describeShard(sh store.Shard) ShardDescription {
	d := ShardDescription{ShardId: sh.Name, ParentShardId: sh.Parent}
	d.SequenceNumberRange.StartingSequenceNumber = formatSequence(sh.Starting)
	if sh.Ending != 0 {
		d.SequenceNumberRange.EndingSequenceNumber = formatSequence(sh.Ending)
	}
	return d
}
