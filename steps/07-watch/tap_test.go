package main

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
	"github.com/google/go-cmp/cmp"

	"dynamostreamer/internal/stream"
	"dynamostreamer/internal/watch"
)

// A script answers each call of GetRecords with what comes next.
type script struct {
	stream.API
	pages []any // an error, or the number of records; negative: the last page
	n     int
}

func (s *script) DescribeStream(context.Context, *dynamodbstreams.DescribeStreamInput, ...func(*dynamodbstreams.Options)) (*dynamodbstreams.DescribeStreamOutput, error) {
	return &dynamodbstreams.DescribeStreamOutput{}, nil
}

func (s *script) GetShardIterator(_ context.Context, in *dynamodbstreams.GetShardIteratorInput, _ ...func(*dynamodbstreams.Options)) (*dynamodbstreams.GetShardIteratorOutput, error) {
	return &dynamodbstreams.GetShardIteratorOutput{ShardIterator: aws.String(*in.ShardId + " begin")}, nil
}

func (s *script) GetRecords(_ context.Context, in *dynamodbstreams.GetRecordsInput, _ ...func(*dynamodbstreams.Options)) (*dynamodbstreams.GetRecordsOutput, error) {
	next := s.pages[0]
	s.pages = s.pages[1:]
	if err, ok := next.(error); ok {
		return nil, err
	}
	out := &dynamodbstreams.GetRecordsOutput{}
	for range max(next.(int), -next.(int)) {
		s.n++
		out.Records = append(out.Records, types.Record{Dynamodb: &types.StreamRecord{SequenceNumber: aws.String(fmt.Sprint(s.n))}})
	}
	if next.(int) >= 0 {
		out.NextShardIterator = aws.String(*in.ShardIterator + "+")
	}
	return out, nil
}

// A reader is idle once each of its shards gave an empty answer, and not while it may be
// about to begin a shard.
func TestTap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var reports []watch.Report
		calls := &script{pages: []any{2, 0, 0, 1, errors.New("expired"), -1}}
		tap := newTap(calls, func(r watch.Report) { reports = append(reports, r) })
		tap.states = true
		idle := func(want time.Time) {
			t.Helper()
			if got := tap.idle(); !got.Equal(want) {
				t.Errorf("idle since %v, want %v", got, want)
			}
		}
		iterators := make(map[string]*string)
		begin := func(shard string) {
			out, err := tap.GetShardIterator(t.Context(), &dynamodbstreams.GetShardIteratorInput{ShardId: &shard})
			if err != nil {
				t.Fatal(err)
			}
			iterators[shard] = out.ShardIterator
		}
		get := func(shard string) time.Time {
			time.Sleep(time.Second)
			out, err := tap.GetRecords(t.Context(), &dynamodbstreams.GetRecordsInput{ShardIterator: iterators[shard]})
			if err == nil {
				iterators[shard] = out.NextShardIterator
			}
			return time.Now()
		}
		never := time.Time{}

		tap.DescribeStream(t.Context(), nil)
		listed := time.Now()
		idle(never) // it has just begun
		begin("a")
		idle(never)
		get("a") // 2 records
		idle(never)
		first := get("a") // none
		idle(first)
		begin("b")
		idle(never)
		get("b") // none
		idle(first)
		get("a") // 1 record
		idle(never)
		stuck := get("a")
		idle(first.Add(time.Second)) // that of b
		tap.done("b")
		idle(stuck)
		get("a") // the last
		idle(never)
		time.Sleep(begins)
		idle(listed) // it looks for shards no more

		want := []watch.Report{
			{Shard: "a", Fetched: "2", State: "reading"}, {Shard: "b", State: "reading"},
			{Shard: "a", Fetched: "3"}, {Shard: "a", State: "stuck"}, {Shard: "b", State: "done"},
			{Shard: "a", Fetched: "4", State: "done"},
		}
		if diff := cmp.Diff(want, reports); diff != "" {
			t.Errorf("reports (-want +got):\n%s", diff)
		}
	})
}
