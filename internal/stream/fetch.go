package stream

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
)

// pollEvery is how often a shard is asked at most while it has nothing
// new. The first few asks after a record come sooner.
const pollEvery = time.Second

// A page is one answer of GetRecords, or the error that ended a fetcher.
type page struct {
	shard   *shard
	records []types.Record
	empty   bool // DynamoDB had nothing new just now
	last    bool // the shard is closed and this page is its end
	at      time.Time
	err     error
}

// A fetcher reads one shard from a position to its end.
type fetcher struct {
	api   API
	arn   string
	shard *shard // only its id is read, the rest is the reader's
	pos   position
	poll  time.Duration
	pages chan<- page
}

// run hands over page after page until the shard ends, an error or the
// end of ctx. It fetches one page ahead of the one that is being handled.
func (f *fetcher) run(ctx context.Context) {
	idle := 0
	for {
		p, err := f.next(ctx)
		if err != nil {
			p = page{err: fmt.Errorf("reading shard %s: %w", f.shard.id, err)}
		}
		p.shard = f.shard
		select {
		case f.pages <- p:
		case <-ctx.Done():
			return
		}
		switch {
		case p.last || p.err != nil:
			return
		case !p.empty:
			idle = 0
		default: // an empty page is no end: records may come later
			if sleep(ctx, min(f.poll, 50*time.Millisecond<<min(idle, 10))) != nil {
				return
			}
			idle++
		}
	}
}

// next asks for one page and moves the position past it.
func (f *fetcher) next(ctx context.Context) (page, error) {
	out, err := f.records(ctx)
	if f.pos.renewable(err) {
		f.pos.iterator = ""
		out, err = f.records(ctx) // if a fresh iterator fails too, it is an error
	}
	if err != nil {
		return page{}, err
	}
	p := page{last: out.NextShardIterator == nil, empty: len(out.Records) == 0, at: time.Now()}
	f.pos.iterator = aws.ToString(out.NextShardIterator)
	//weave:after
	if n := len(out.Records); n > 0 {
		// What the iterator stands for, should it expire.
		f.pos.kind = types.ShardIteratorTypeAfterSequenceNumber
		f.pos.after = sequence(out.Records[n-1])
	}
	//weave:end
	p.records = f.pos.pass(out.Records)
	return p, nil
}

// records calls GetRecords, with a new iterator where there is none.
func (f *fetcher) records(ctx context.Context) (out *dynamodbstreams.GetRecordsOutput, err error) {
	if f.pos.iterator == "" {
		if err := f.pos.takeIterator(ctx, f.api, f.arn, f.shard.id); err != nil {
			return nil, err
		}
	}
	err = retrying(ctx, func() (err error) {
		out, err = f.api.GetRecords(ctx, &dynamodbstreams.GetRecordsInput{ShardIterator: &f.pos.iterator})
		return err
	})
	return out, err
}
