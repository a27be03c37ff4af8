package stream

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
)

const (
	// discoverEvery is how often the reader looks for new shards.
	discoverEvery = 10 * time.Second
	// discoverSoon is the same while a shard has ended whose children
	// are not listed yet.
	discoverSoon = time.Second
)

// discover looks for shards when asks says so, and now and then by
// itself, until ctx ends or a look fails.
func (r *Reader) discover(ctx context.Context, arn string, asks <-chan struct{}) error {
	regularly := time.NewTicker(discoverEvery)
	defer regularly.Stop()
	for {
		select {
		case <-asks:
		case <-regularly.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		d, err := r.describe(ctx, arn)
		if goneError(err) && (r.options.Current != nil || len(r.ahead) > 0) {
			// It has a successor. What was not read yet is a gap of
			// each shard.
			d, err = description{status: types.StreamStatusDisabled, asked: time.Now()}, nil
		}
		if err != nil {
			return err
		}
		r.mu.Lock()
		r.learn(d)
		r.mu.Unlock()
		r.wake()
		if err := sleep(ctx, discoverSoon); err != nil {
			return err
		}
	}
}

// A description is the answer of DescribeStream, all its pages together.
type description struct {
	status  types.StreamStatus
	shards  []types.Shard
	created time.Time
	asked   time.Time
}

// describe asks for all shards of the stream, 100 a call at most.
func (r *Reader) describe(ctx context.Context, arn string) (description, error) {
	d := description{asked: time.Now()}
	var last *string
	for {
		var out *dynamodbstreams.DescribeStreamOutput
		err := r.describing.do(ctx, func(ctx context.Context) (err error) {
			out, err = r.api.DescribeStream(ctx, &dynamodbstreams.DescribeStreamInput{
				StreamArn: &arn, ExclusiveStartShardId: last,
			})
			return err
		})
		if err != nil {
			return description{}, fmt.Errorf("describing stream %s: %w", arn, err)
		}
		d.status = out.StreamDescription.StreamStatus
		d.created = aws.ToTime(out.StreamDescription.CreationRequestDateTime)
		d.shards = append(d.shards, out.StreamDescription.Shards...)
		if last = out.StreamDescription.LastEvaluatedShardId; last == nil {
			return d, nil
		}
	}
}
