// Package naive has readers of a stream that are wrong, each in one way that is common in
// the field. The tutorial shows what each of them loses, step 07 lets them run beside a
// reader that is right, and tests of readers have to find them out.
//
// What is wrong is in mistakes.go. All else is right: a call that
// DynamoDB throttles or fails is repeated, an iterator that expired is renewed, shards
// that come later are found, and a shard is read after its parent. None keeps a
// checkpoint.
package naive

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"dynamostreamer/internal/stream"
)

// A Reader is wrong in one way.
type Reader struct {
	ID      string // such as "empty-page"
	Title   string // what it does, to follow "a reader that"
	Mistake string // a sentence
	// Why says in a sentence why it lost a record, or of the one that reads children
	// beside their parents why one came out of order.
	Why  string
	read func(*source)
}

// Readers are all of them.
var Readers = []Reader{
	{
		"empty-page", "stops at an empty page",
		"It takes an empty page for the end of a shard.",
		"It took an empty page for the end of the shard.",
		func(s *source) { s.eachShard(s.untilEmptyPage) },
	}, {
		"last-page", "drops the last page",
		"It ends at the page that has no next iterator, and drops that page's records.",
		"It dropped the shard's last page, which had no next iterator but records.",
		func(s *source) { s.eachShard(s.withoutLastPage) },
	}, {
		"side-by-side", "reads children beside their parents",
		"It doesn't wait until a shard's parent was read to the end.",
		"It read the child beside its parent, so a later change of this row came first.",
		func(s *source) { s.sideBySide() },
	}, {
		"first-shards", "forgets new shards",
		"It lists the shards once, when it starts.",
		"It listed the shards once, and never saw this one.",
		func(s *source) { s.firstShards() },
	}, {
		"latest", "starts at LATEST",
		"It begins each shard at its end.",
		"It began the shard at LATEST, after this record.",
		func(s *source) { s.eachShard(s.fromLatest) },
	}, {
		"expired-iterator", "keeps an expired iterator",
		"It asks again with an iterator that has expired.",
		"Its iterator expired, and it asks with it for ever.",
		func(s *source) { s.eachShard(s.withOneIterator) },
	},
}

// Named finds a reader by its ID.
func Named(id string) (r Reader, found bool) {
	i := slices.IndexFunc(Readers, func(r Reader) bool { return r.ID == id })
	if i < 0 {
		return Reader{}, false
	}
	return Readers[i], true
}

// An Input is what a Reader reads.
type Input struct {
	API    stream.API
	Stream string // its ARN
	Limit  int32  // the records of a page at most; 0: as many as DynamoDB gives
	// Handle gets the records of each page that has some. It is called by several
	// goroutines, one at a time for a shard.
	Handle func(shard string, records []types.Record)
}

// pause is the time before a reader lists the shards again, and before it asks again with
// an iterator where nothing was new.
const pause = 200 * time.Millisecond

// Read reads until the reader believes that it has read all, and then returns nil, until
// ctx ends, or until a call fails in a way that a repetition can't cure.
func (r Reader) Read(ctx context.Context, in Input) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	s := newSource(ctx, cancel, in)
	s.side(func() { r.read(s) })
	s.running.Wait()
	return context.Cause(ctx)
}

func newSource(ctx context.Context, fail context.CancelCauseFunc, in Input) *source {
	return &source{
		Input: in, ctx: ctx, fail: fail,
		begun: make(map[string]bool), consumed: make(map[string]bool), places: make(map[string]place),
	}
}

// A source is a stream that is being read. Its methods are for readers that can do without
// errors: one that can't continue ends the goroutine.
type source struct {
	Input
	ctx     context.Context
	fail    context.CancelCauseFunc
	running sync.WaitGroup
	listed  time.Time       // when the shards were last listed
	begun   map[string]bool // shards that are or were read

	mu       sync.Mutex
	consumed map[string]bool  // shards that were read
	places   map[string]place // by the iterator that stands for it
}

// A place is where an iterator is: after a record, or at the shard's beginning. Where the
// page before it was empty, idle is since when.
type place struct {
	shard, after string
	idle         time.Time
}

// errStopped ends a goroutine of a source, whose context says why.
var errStopped = errors.New("stopped")

// side runs f on a goroutine.
func (s *source) side(f func()) {
	s.running.Go(func() {
		defer func() {
			if p := recover(); p != nil && p != errStopped {
				panic(p)
			}
		}()
		f()
	})
}

// must ends the reading where a call failed for good.
func (s *source) must(err error) {
	if err != nil {
		s.fail(err)
		panic(errStopped)
	}
}

// wait waits until a pause has passed since a time.
func (s *source) wait(since time.Time) {
	select {
	case <-time.After(time.Until(since.Add(pause))):
	case <-s.ctx.Done():
		panic(errStopped)
	}
}

// eachShard has each shard read once its parent was, also those that come later.
func (s *source) eachShard(read func(types.Shard)) {
	for {
		s.begin(s.shards(), read)
	}
}

// begin has those of the shards read that aren't yet and whose parent was. It reports
// whether some are still to be read to the end.
func (s *source) begin(listed []types.Shard, read func(types.Shard)) (more bool) {
	for _, shard := range listed {
		id := *shard.ShardId
		if !s.begun[id] && s.ready(shard, listed) {
			s.begun[id] = true
			s.side(func() { read(shard); s.consume(id) })
		}
		more = more || !s.isConsumed(id)
	}
	return more
}

// ready reports whether a shard's parent was read, or is listed no more.
func (s *source) ready(shard types.Shard, listed []types.Shard) bool {
	parent := aws.ToString(shard.ParentShardId)
	return s.isConsumed(parent) || !slices.ContainsFunc(listed, func(other types.Shard) bool { return *other.ShardId == parent })
}

func (s *source) consume(shard string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.consumed[shard] = true
}

func (s *source) isConsumed(shard string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.consumed[shard]
}

// shards lists the shards that the stream has now.
func (s *source) shards() (all []types.Shard) {
	s.wait(s.listed)
	s.listed = time.Now()
	in := &dynamodbstreams.DescribeStreamInput{StreamArn: &s.Stream}
	for {
		out, err := s.API.DescribeStream(s.ctx, in)
		if s.again(err) {
			continue
		}
		s.must(err)
		all = append(all, out.StreamDescription.Shards...)
		if in.ExclusiveStartShardId = out.StreamDescription.LastEvaluatedShardId; in.ExclusiveStartShardId == nil {
			return all
		}
	}
}

// start returns an iterator at the beginning of a shard.
func (s *source) start(shard types.Shard) *string {
	return s.iterator(place{shard: *shard.ShardId}, "")
}

// latest returns an iterator at the end of a shard.
func (s *source) latest(shard types.Shard) *string {
	return s.iterator(place{shard: *shard.ShardId}, types.ShardIteratorTypeLatest)
}

// iterator returns one for a place, which is of another kind only where it says so. It is
// nil where the shard has vanished.
func (s *source) iterator(at place, kind types.ShardIteratorType) *string {
	in := &dynamodbstreams.GetShardIteratorInput{StreamArn: &s.Stream, ShardId: &at.shard, ShardIteratorType: kind}
	switch {
	case kind != "":
	case at.after != "":
		in.ShardIteratorType, in.SequenceNumber = types.ShardIteratorTypeAfterSequenceNumber, &at.after
	default:
		in.ShardIteratorType = types.ShardIteratorTypeTrimHorizon
	}
	for {
		out, err := s.API.GetShardIterator(s.ctx, in)
		var trimmed *types.TrimmedDataAccessException
		switch {
		case s.again(err):
			continue
		case vanished(err):
			return nil
		case errors.As(err, &trimmed) && at.after != "":
			return s.iterator(place{shard: at.shard}, "")
		}
		s.must(err)
		return s.at(at, out.ShardIterator)
	}
}

// at notes the place of an iterator.
func (s *source) at(p place, iterator *string) *string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if iterator != nil {
		s.places[*iterator] = p
	}
	return iterator
}

// ask calls GetRecords. What it returns is an error that a repetition doesn't cure.
func (s *source) ask(iterator *string) (*dynamodbstreams.GetRecordsOutput, error) {
	in := &dynamodbstreams.GetRecordsInput{ShardIterator: iterator}
	if s.Limit > 0 {
		in.Limit = &s.Limit
	}
	at := s.place(iterator)
	s.wait(at.idle)
	for {
		page, err := s.API.GetRecords(s.ctx, in)
		if s.again(err) {
			continue
		}
		at.idle = time.Now()
		if err != nil {
			s.at(at, iterator)
			return nil, err
		}
		if n := len(page.Records); n > 0 {
			at.after, at.idle = *page.Records[n-1].Dynamodb.SequenceNumber, time.Time{}
		}
		s.forget(iterator)
		s.at(at, page.NextShardIterator)
		return page, nil
	}
}

// records gets a page. It renews an iterator that expired, and passes over what was
// trimmed. A shard that has vanished has an empty last page.
func (s *source) records(iterator *string) *dynamodbstreams.GetRecordsOutput {
	for iterator != nil {
		page, err := s.ask(iterator)
		at := s.place(iterator)
		var expired *types.ExpiredIteratorException
		var trimmed *types.TrimmedDataAccessException
		switch {
		case errors.As(err, &expired):
			iterator = s.iterator(at, "")
		case errors.As(err, &trimmed):
			iterator = s.iterator(place{shard: at.shard}, "")
		case vanished(err):
			iterator = nil
		default:
			s.must(err)
			return page
		}
	}
	return &dynamodbstreams.GetRecordsOutput{}
}

func (s *source) place(iterator *string) place {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.places[*iterator]
}

func (s *source) forget(iterator *string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.places, *iterator)
}

// handle hands over the records of a page, if it has some.
func (s *source) handle(shard types.Shard, records []types.Record) {
	if len(records) > 0 {
		s.Handle(*shard.ShardId, records)
	}
}

// again reports whether a call that failed is to be made again, and waits before.
func (s *source) again(err error) bool {
	if err == nil || !stream.Retryable(err) {
		return false
	}
	s.wait(time.Now())
	return true
}

func vanished(err error) bool {
	var missing *types.ResourceNotFoundException
	return errors.As(err, &missing)
}
