package stream

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
)

// A rhythm is how often the reader does what it does again and again.
type rhythm struct {
	// discover is how often the reader looks for new shards, and watch
	// how often for what waits too long.
	discover, watch time.Duration
}

var usual = rhythm{discover: 10 * time.Second, watch: 5 * time.Second}

// discoverSoon is how often the reader looks for new shards while one has
// ended whose children are not listed yet.
const discoverSoon = time.Second

// lateListing is how long the children of a disabled stream's shard may not be
// listed yet.
const lateListing = 30 * time.Second

// discover looks for shards when asks says so, and now and then by
// itself, until ctx ends or a look fails.
func (r *Reader) discover(ctx context.Context, arn string, asks <-chan struct{}) error {
	regularly := time.NewTicker(r.options.rhythm.discover)
	defer regularly.Stop()
	for {
		select {
		case <-asks:
		case <-regularly.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		d, err := r.describe(ctx, arn)
		if goneError(err) {
			d, err = goneStream(), nil
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
			}, tryOnce)
			return err
		})
		if err != nil {
			return description{}, fmt.Errorf("describing stream %s: %w", arn, err)
		}
		if last == nil {
			// A status that is newer than the first page would promise
			// shards that the pages passed by already.
			d.status = out.StreamDescription.StreamStatus
		}
		d.created = aws.ToTime(out.StreamDescription.CreationRequestDateTime)
		d.shards = append(d.shards, out.StreamDescription.Shards...)
		if last = out.StreamDescription.LastEvaluatedShardId; last == nil {
			return d, nil
		}
	}
}
