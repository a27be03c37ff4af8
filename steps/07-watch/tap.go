package main

import (
	"context"
	"maps"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"

	"dynamostreamer/internal/stream"
	"dynamostreamer/internal/watch"
)

// A tap passes a reader's calls on, and reports what it fetches.
type tap struct {
	stream.API
	report func(watch.Report)
	states bool // it also reports the states of shards

	mu     sync.Mutex
	shards map[string]string     // by an iterator
	asked  map[string]lastAnswer // by a shard that is being read
	listed time.Time             // when the shards were last asked for
	none   time.Time             // since when no shard is being read
}

// begins is the time in which a reader begins to read a shard that
// it has found.
const begins = time.Second

// A lastAnswer is the last one of GetRecords for a shard, zero before
// the first.
type lastAnswer struct {
	asked time.Time
	empty bool // it has no records, or is an error
	state string
}

func newTap(api stream.API, report func(watch.Report)) *tap {
	return &tap{
		API: api, report: report,
		shards: make(map[string]string), asked: make(map[string]lastAnswer), none: time.Now(),
	}
}

func (t *tap) DescribeStream(ctx context.Context, in *dynamodbstreams.DescribeStreamInput, o ...func(*dynamodbstreams.Options)) (
	*dynamodbstreams.DescribeStreamOutput, error,
) {
	t.mu.Lock()
	t.listed = time.Now()
	t.mu.Unlock()
	return t.API.DescribeStream(ctx, in, o...)
}

func (t *tap) GetShardIterator(ctx context.Context, in *dynamodbstreams.GetShardIteratorInput, o ...func(*dynamodbstreams.Options)) (
	*dynamodbstreams.GetShardIteratorOutput, error,
) {
	out, err := t.API.GetShardIterator(ctx, in, o...)
	if err == nil && out.ShardIterator != nil {
		t.mu.Lock()
		defer t.mu.Unlock()
		maps.DeleteFunc(t.shards, func(_, shard string) bool { return shard == *in.ShardId })
		t.shards[*out.ShardIterator] = *in.ShardId
		t.asked[*in.ShardId] = lastAnswer{state: t.asked[*in.ShardId].state}
	}
	return out, err
}

func (t *tap) GetRecords(ctx context.Context, in *dynamodbstreams.GetRecordsInput, o ...func(*dynamodbstreams.Options)) (
	*dynamodbstreams.GetRecordsOutput, error,
) {
	now := time.Now()
	out, err := t.API.GetRecords(ctx, in, o...)
	t.note(*in.ShardIterator, now, out, err)
	return out, err
}

// note notes an answer, and reports what is new in it.
func (t *tap) note(iterator string, asked time.Time, out *dynamodbstreams.GetRecordsOutput, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	shard := t.shards[iterator]
	a := lastAnswer{asked: asked, empty: true, state: "reading"}
	line := watch.Report{Shard: shard}
	switch {
	case err != nil:
		a.state = "stuck"
	case out.NextShardIterator == nil:
		a.state = "done"
	}
	if err == nil {
		delete(t.shards, iterator)
		if out.NextShardIterator != nil {
			t.shards[*out.NextShardIterator] = shard
		}
		if n := len(out.Records); n > 0 {
			a.empty = false
			line.Fetched = *out.Records[n-1].Dynamodb.SequenceNumber
		}
	}
	if was := t.asked[shard]; t.states && was.state != a.state {
		line.State = a.state
	}
	if t.asked[shard] = a; a.state == "done" {
		t.ended(shard)
	}
	if line.Fetched != "" || line.State != "" {
		t.report(line)
	}
}

// done notes that the reader reads a shard no further.
func (t *tap) done(shard string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ended(shard)
	t.report(watch.Report{Shard: shard, State: "done"})
}

func (t *tap) ended(shard string) {
	if delete(t.asked, shard); len(t.asked) == 0 {
		t.none = time.Now()
	}
}

// idle is a time since which the reader has asked for each shard
// that it reads, and got nothing; zero: it has something to do.
func (t *tap) idle() time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.asked) == 0 && time.Since(t.none) < begins {
		return time.Time{}
	}
	if len(t.asked) == 0 {
		return t.listed
	}
	var first time.Time
	for _, a := range t.asked {
		if a.asked.IsZero() || !a.empty {
			return time.Time{}
		}
		if first.IsZero() || a.asked.Before(first) {
			first = a.asked
		}
	}
	return first
}
