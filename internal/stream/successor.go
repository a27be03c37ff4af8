package stream

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
)

// succeed turns to the table's next stream, where this one is disabled
// and there is one. A stream that came and went within the time in which
// nobody read is not known to have been.
func (r *Reader) succeed(ctx context.Context) (more bool, err error) {
	if r.newest.status == types.StreamStatusEnabled {
		return false, nil
	}
	r.endStream()
	patience := time.Minute // the table may just be being made
	if r.options.Idle > 0 {
		patience = min(patience, r.options.Idle)
	}
	for began := time.Now(); ; {
		arn, err := r.successor(ctx)
		if err != nil {
			return false, err
		}
		if arn != "" {
			r.log.Info("the table has another stream: reading goes on there", "stream", arn)
			d, err := r.describe(ctx, arn)
			if err := r.attach(arn, d, err); err != nil {
				return false, err
			}
			return true, r.save(ctx)
		}
		if time.Since(began) >= patience {
			return false, nil
		}
		if err := sleep(ctx, discoverSoon); err != nil {
			return false, err
		}
	}
}

// endStream notes that nothing comes after the shards that were read to
// their end, if the stream is disabled. In a day the stream will be gone,
// and then nobody can tell.
func (r *Reader) endStream() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.newest.status != types.StreamStatusDisabled {
		return
	}
	for _, s := range r.shards.childless() {
		if !s.last {
			s.last, s.dirty = true, true
		}
	}
}

// successor is the oldest of the table's streams that are newer than the
// one that was read, or empty.
func (r *Reader) successor(ctx context.Context) (next string, err error) {
	consider := func(arn string) {
		if arn > r.arn && (next == "" || arn < next) {
			next = arn
		}
	}
	consider(r.given)
	var last *string
	for {
		var out *dynamodbstreams.ListStreamsOutput
		err := r.describing.do(ctx, func(ctx context.Context) (err error) {
			out, err = r.api.ListStreams(ctx, &dynamodbstreams.ListStreamsInput{
				TableName: tableName(r.arn), ExclusiveStartStreamArn: last,
			}, tryOnce)
			return err
		})
		if err != nil {
			return "", fmt.Errorf("listing the streams of the table of %s: %w", r.arn, err)
		}
		for _, s := range out.Streams {
			consider(aws.ToString(s.StreamArn))
		}
		if last = out.LastEvaluatedStreamArn; last == nil {
			return next, nil
		}
	}
}

// tableOf is a stream's ARN without its label: the table's.
func tableOf(arn string) string {
	table, _, _ := strings.Cut(arn, "/stream/")
	return table
}

func tableName(arn string) *string {
	table := tableOf(arn)
	return aws.String(table[strings.LastIndex(table, "/")+1:])
}

// goneStream stands for the description of a stream that is gone. What
// was not read of its shards is a gap of each.
func goneStream() description {
	return description{status: types.StreamStatusDisabled, asked: time.Now()}
}
