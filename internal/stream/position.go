package stream

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
)

// clockSkew is how far the clocks of the reader and of DynamoDB may be
// apart, the rounding of a record's time included. AWS refuses calls
// from clocks that are further off.
const clockSkew = 6 * time.Minute

// A position is a place in a shard.
type position struct {
	kind  types.ShardIteratorType
	after string // sequence number, for AFTER_SEQUENCE_NUMBER

	// iterator is one for this place, taken at the time taken, or empty.
	// It dies 15 minutes after that.
	iterator string
	taken    time.Time

	// since, if set, has older records passed over.
	since time.Time
}

// renewable reports whether a call failed only for its iterator, so that
// the shard can be read on with another one from the same place, to which
// it moves the position.
func (p *position) renewable(err error) bool {
	var expired *types.ExpiredIteratorException
	var trimmed *types.TrimmedDataAccessException
	switch {
	case errors.As(err, &expired):
		if p.kind == types.ShardIteratorTypeLatest {
			// Another LATEST would pass over what was written since
			// the first one was taken. Read all there is, without
			// what is surely older.
			p.kind = types.ShardIteratorTypeTrimHorizon
			p.since = p.taken.Add(-clockSkew)
		}
		return true
	case errors.As(err, &trimmed) && p.kind != types.ShardIteratorTypeAfterSequenceNumber:
		// Nothing was read yet, so nothing is missed: the oldest record
		// was trimmed just now, or this is DynamoDB Local, which says
		// so of a shard that got its first record after the iterator
		// was taken. Whatever the shard holds comes after this place.
		p.kind = types.ShardIteratorTypeTrimHorizon
		return true
	}
	return false
}

// takeIterator asks for a new iterator for the position.
func (p *position) takeIterator(ctx context.Context, api API, arn, shard string) error {
	in := &dynamodbstreams.GetShardIteratorInput{
		StreamArn: &arn, ShardId: &shard, ShardIteratorType: p.kind,
	}
	if p.kind == types.ShardIteratorTypeAfterSequenceNumber {
		in.SequenceNumber = &p.after
	}
	p.taken = time.Now()
	return retrying(ctx, func() error {
		out, err := api.GetShardIterator(ctx, in)
		if err != nil {
			return err
		}
		p.iterator = aws.ToString(out.ShardIterator)
		return nil
	})
}

// pass returns the records without those that are too old.
func (p *position) pass(records []types.Record) []types.Record {
	if p.since.IsZero() {
		return records
	}
	return slices.DeleteFunc(records, func(r types.Record) bool {
		return aws.ToTime(r.Dynamodb.ApproximateCreationDateTime).Before(p.since)
	})
}
