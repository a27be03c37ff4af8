package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"

	"dynamostreamer/internal/stream"
	"dynamostreamer/internal/table"
	"dynamostreamer/internal/watch"
)

// A follower tells the model what the stream has: the truth, by
// which the readers are judged.
type follower struct {
	db      *dynamodb.Client
	streams *dynamodbstreams.Client
	table   string
	pace    float64
	poll    time.Duration
	model   *watch.Model
}

// run follows the table's streams until ctx ends. Where reading
// fails, it says so and begins again after the last record.
func (f *follower) run(ctx context.Context) {
	for ctx.Err() == nil {
		err := f.read(ctx)
		if ctx.Err() == nil {
			f.model.Note(fmt.Sprintf("the page can't read the stream: %v", err))
			sleep(ctx, 2*time.Second)
		}
	}
}

func (f *follower) read(ctx context.Context) error {
	t, err := table.Describe(ctx, f.db, f.table)
	if err != nil {
		return err
	}
	if t.StreamARN == "" {
		return errors.New("the table has no stream")
	}
	reader, err := stream.Open(ctx, f.streams, t.StreamARN, stream.Options{
		OnGap: stream.SkipGaps, Pace: f.pace, Poll: f.poll,
		Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	if err != nil {
		return err
	}
	defer reader.Close()
	ctx, stop := context.WithCancel(ctx)
	var listing sync.WaitGroup
	defer listing.Wait()
	defer stop()
	listing.Go(func() { f.list(ctx, reader) })
	return reader.RunPages(ctx, func(_ context.Context, page *stream.Page) error {
		for i, e := range page.Events {
			if e.Kind == stream.Lost {
				f.model.Note("the page itself missed records: " + e.Gap.Error())
				continue
			}
			raw, err := recordJSON(*page.Record(i))
			if err != nil {
				return fmt.Errorf("record %s: %w", e.Sequence, err)
			}
			f.model.Saw(e, raw)
		}
		return nil
	})
}

// list tells the model which shards the stream has.
func (f *follower) list(ctx context.Context, reader *stream.Reader) {
	for {
		arn := reader.Stream()
		if shards, err := f.shards(ctx, arn); err == nil {
			f.model.SetShards(arn, shards)
		}
		if !sleep(ctx, max(f.poll, 500*time.Millisecond)) {
			return
		}
	}
}

func (f *follower) shards(ctx context.Context, arn string) (all []watch.Shard, err error) {
	in := &dynamodbstreams.DescribeStreamInput{StreamArn: &arn}
	for {
		out, err := f.streams.DescribeStream(ctx, in)
		if err != nil {
			return nil, err
		}
		for _, s := range out.StreamDescription.Shards {
			all = append(all, watch.Shard{
				ID: *s.ShardId, Parent: aws.ToString(s.ParentShardId),
				Open: s.SequenceNumberRange.EndingSequenceNumber == nil,
			})
		}
		if in.ExclusiveStartShardId = out.StreamDescription.LastEvaluatedShardId; in.ExclusiveStartShardId == nil {
			return all, nil
		}
	}
}
