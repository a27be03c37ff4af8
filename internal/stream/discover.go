package stream

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
)

const (
	// discoverEvery is how often the reader looks for new shards.
	discoverEvery = 10 * time.Second
	// discoverSoon is the same while a shard has ended whose children
	// are not listed yet. DescribeStream may be called 10 times a second.
	discoverSoon = time.Second
)

// A discoverer looks for shards beside the reading.
type discoverer struct {
	api   API
	arn   string
	asks  chan struct{} // holds one ask
	found chan discovery
}

type discovery struct {
	description
	err error
}

// ask has the discoverer look soon. It never blocks.
func (d *discoverer) ask() {
	select {
	case d.asks <- struct{}{}:
	default:
	}
}

// run looks when it is asked to, and now and then by itself, until ctx
// ends or a look fails.
func (d *discoverer) run(ctx context.Context) {
	regularly := time.NewTicker(discoverEvery)
	defer regularly.Stop()
	for {
		select {
		case <-d.asks:
		case <-regularly.C:
		case <-ctx.Done():
			return
		}
		var look discovery
		look.description, look.err = describe(ctx, d.api, d.arn)
		select {
		case d.found <- look:
		case <-ctx.Done():
			return
		}
		if look.err != nil || sleep(ctx, discoverSoon) != nil {
			return
		}
	}
}

// A description is the answer of DescribeStream, all its pages together.
type description struct {
	status types.StreamStatus
	shards []types.Shard
	asked  time.Time
}

// describe asks for all shards of the stream, 100 a call at most.
func describe(ctx context.Context, api API, arn string) (description, error) {
	d := description{asked: time.Now()}
	var last *string
	for {
		var out *dynamodbstreams.DescribeStreamOutput
		err := retrying(ctx, func() (err error) {
			out, err = api.DescribeStream(ctx, &dynamodbstreams.DescribeStreamInput{
				StreamArn: &arn, ExclusiveStartShardId: last,
			})
			return err
		})
		if err != nil {
			return description{}, fmt.Errorf("describing stream %s: %w", arn, err)
		}
		d.status = out.StreamDescription.StreamStatus
		d.shards = append(d.shards, out.StreamDescription.Shards...)
		if last = out.StreamDescription.LastEvaluatedShardId; last == nil {
			return d, nil
		}
	}
}
