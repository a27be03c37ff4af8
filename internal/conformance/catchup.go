package conformance

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
)

// CatchUpChanges is how many changes CatchUp lets a reader catch up with.
const CatchUpChanges = 5000

// CatchUp measures how long a reader takes from its first call until it has handled
// CatchUpChanges changes in one shard, and how long a bare loop takes to fetch them. The
// reader's time is that of its result.
func CatchUp(ctx context.Context, o Options) (result Result, bare time.Duration, err error) {
	p := Point{Name: "catching-up", About: fmt.Sprintf("caught up with %d changes", CatchUpChanges)}
	var took time.Duration
	p.play = func(w *World) {
		w.Put(w.Rows(CatchUpChanges)...)
		bare = w.loop(ctx)
		seen := len(w.service.noted())
		w.Start()
		w.Handles()
		took = time.Since(w.service.noted()[seen].at)
	}
	result, err = Run(ctx, p, o)
	result.Took = took
	return result, bare, err
}

// loop fetches all records of the table's shard, and does nothing with them.
func (w *World) loop(ctx context.Context) time.Duration {
	client := dynamodbstreams.New(dynamodbstreams.Options{
		Region: w.service.db.Region(), BaseEndpoint: &w.service.url,
		Credentials: credentials.NewStaticCredentialsProvider(readerKey, readerKey, ""),
	})
	arn, err := w.streamARN()
	w.must(err)
	began := time.Now()
	iterator, err := client.GetShardIterator(ctx, &dynamodbstreams.GetShardIteratorInput{
		StreamArn: &arn, ShardId: aws.String(w.open()[0]), ShardIteratorType: types.ShardIteratorTypeTrimHorizon,
	})
	w.must(err)
	for n, next := 0, iterator.ShardIterator; n < CatchUpChanges; {
		page, err := client.GetRecords(ctx, &dynamodbstreams.GetRecordsInput{ShardIterator: next})
		w.must(err)
		if len(page.Records) == 0 {
			w.must(errors.New("the loop found fewer records than there are"))
		}
		n, next = n+len(page.Records), page.NextShardIterator
	}
	return time.Since(began)
}
