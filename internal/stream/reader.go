package stream

import (
	"context"
	"fmt"
	"iter"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
)

// API is what a Reader calls; *dynamodbstreams.Client has it.
type API interface {
	DescribeStream(context.Context, *dynamodbstreams.DescribeStreamInput, ...func(*dynamodbstreams.Options)) (*dynamodbstreams.DescribeStreamOutput, error)
	GetShardIterator(context.Context, *dynamodbstreams.GetShardIteratorInput, ...func(*dynamodbstreams.Options)) (*dynamodbstreams.GetShardIteratorOutput, error)
	GetRecords(context.Context, *dynamodbstreams.GetRecordsInput, ...func(*dynamodbstreams.Options)) (*dynamodbstreams.GetRecordsOutput, error)
}

// Start is where a Reader begins in a stream.
type Start string

const (
	// TrimHorizon is the oldest change that the stream still has.
	TrimHorizon Start = "trim-horizon"
	// Latest is the moment of Open: only later changes are read. Shards
	// that are made later are read from their beginning.
	Latest Start = "latest"
)

// Options are a Reader's choices. The zero value reads everything and
// goes on until it is stopped.
type Options struct {
	Start Start // zero: TrimHorizon
	// Idle, where it is more than zero, lets reading end once each shard
	// has ended or has given only empty answers for so long. That is a
	// guess: nothing in the API says that an open shard is read up.
	Idle time.Duration
}

// A Reader reads the changes of one stream. It is not safe for concurrent
// use.
type Reader struct {
	api     API
	arn     string
	options Options
	opened  time.Time
	newest  description // without its shards, which are in the tree
	shards  shardTree
}

// Open finds the stream's shards and, for Latest, marks the place in each
// of them. A stream that does not exist is a
// types.ResourceNotFoundException.
func Open(ctx context.Context, api API, arn string, o Options) (*Reader, error) {
	d, err := describe(ctx, api, arn)
	if err != nil {
		return nil, err
	}
	r := &Reader{
		api: api, arn: arn, options: o, opened: d.asked,
		shards: shardTree{byID: make(map[string]*shard)},
	}
	r.learn(d)
	if o.Start != Latest {
		return r, nil
	}
	for _, s := range r.shards.order {
		if s.closed {
			s.drain(r.opened) // all its records are older than now
			continue
		}
		s.start.kind = types.ShardIteratorTypeLatest
		if err := s.start.takeIterator(ctx, api, arn, s.id); err != nil {
			return nil, fmt.Errorf("marking the place in shard %s: %w", s.id, err)
		}
	}
	return r, nil
}

// learn takes in a description. A shard that is new in it is read from
// its beginning.
func (r *Reader) learn(d description) {
	r.shards.add(d.shards)
	r.newest = description{status: d.status, asked: d.asked}
}

// Events yields the stream's changes: those of one item in the order in
// which they were made, those of different items in any order.
//
// Asking for the next event means that the one before is handled. After a
// break, Events may be called again and goes on with the event that was
// not handled. An error is yielded once, as the last pair, with a zero
// Event: the end of ctx, a stream or shard that is gone, records that
// were trimmed before they were read (types.TrimmedDataAccessException),
// or a failure that outlasted its retries. No goroutine outlives the
// loop.
func (r *Reader) Events(ctx context.Context) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		var running sync.WaitGroup
		defer running.Wait()
		defer cancel()

		r.shards.rewind()
		look := discoverer{api: r.api, arn: r.arn, asks: make(chan struct{}, 1), found: make(chan discovery)}
		running.Go(func() { look.run(ctx) })
		pages := make(chan page)
		for !r.finished() {
			for _, s := range r.shards.ready() {
				s.phase = reading
				f := fetcher{api: r.api, arn: r.arn, shard: s, pos: s.start, poll: r.poll(), pages: pages}
				running.Go(func() { f.run(ctx) })
			}
			if len(r.shards.childless()) > 0 || len(r.shards.order) == 0 {
				look.ask()
			}
			var err error
			select {
			case p := <-pages:
				var more bool
				if more, err = r.handle(ctx, p, yield); !more {
					return
				}
			case d := <-look.found:
				if err = d.err; err == nil {
					r.learn(d.description)
				}
			case <-ctx.Done():
				err = ctx.Err()
			}
			if err != nil {
				yield(Event{}, err)
				return
			}
		}
	}
}

// handle yields the events of a page and moves the shard past each that
// was handled. It returns false once the caller has had enough.
func (r *Reader) handle(ctx context.Context, p page, yield func(Event, error) bool) (more bool, err error) {
	s := p.shard
	for _, record := range p.records {
		e, err := newEvent(s.id, record)
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return true, err
		}
		if !yield(e, nil) {
			return false, nil
		}
		s.start = position{kind: types.ShardIteratorTypeAfterSequenceNumber, after: e.Sequence}
	}
	switch {
	case p.err != nil:
		return true, p.err
	case p.last:
		s.drain(p.at)
	case p.empty:
		s.quietTo = p.at
		if s.quietFrom.IsZero() {
			s.quietFrom = p.at
		}
	default:
		s.quietFrom, s.quietTo = time.Time{}, time.Time{}
	}
	return true, nil
}

// finished reports whether nothing more will come or, with Idle, is
// likely to.
func (r *Reader) finished() bool {
	for _, s := range r.shards.order {
		quiet := s.phase == reading && r.options.Idle > 0 && s.quiet() >= r.options.Idle
		if s.phase != drained && !quiet {
			return false
		}
	}
	// A stream that is enabled always has an open shard. Where none is
	// listed yet, wait for it.
	for _, s := range r.shards.childless() {
		if !r.settled(s.drainedAt) {
			return false
		}
	}
	return len(r.shards.order) > 0 || r.settled(r.opened)
}

// settled reports whether no shard is to be expected any more that would
// follow what ended at the given time.
func (r *Reader) settled(end time.Time) bool {
	since := r.newest.asked.Sub(end)
	return r.newest.status == types.StreamStatusDisabled && since > 0 ||
		r.options.Idle > 0 && since >= r.options.Idle
}

func (r *Reader) poll() time.Duration {
	if r.options.Idle > 0 {
		return min(pollEvery, r.options.Idle)
	}
	return pollEvery
}

// Shards says how many shards the reader knows of, and how many of them
// it has read to their end.
func (r *Reader) Shards() (known, ended int) {
	for _, s := range r.shards.order {
		if s.phase == drained {
			ended++
		}
	}
	return len(r.shards.order), ended
}
