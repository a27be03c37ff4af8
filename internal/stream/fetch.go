package stream

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
)

// An answer is one of GetRecords, or the error that ended a fetcher.
type answer struct {
	records   []types.Record
	rows      []Event   // of a segment of a copy, in place of records
	gap       *Gap      // before the records
	empty     bool      // DynamoDB gave no records
	end       State     // Consumed or Vanished where it is the last one
	at        time.Time // by DynamoDB's clock
	notBefore time.Time // before all records that are here and still to come, while none was read
	err       error
}

// gaps is how many events the answer's gap is.
func (a answer) gaps() int {
	if a.gap == nil {
		return 0
	}
	return 1
}

// A fetcher reads one shard from a position to its end, page after page.
type fetcher struct {
	api        API
	arn, shard string
	pos        Position // what was fetched is before it
	iterator   string   // for pos; empty: to be asked for
	orphan     bool     // the parent was trimmed unseen
	told       bool     // a gap before all records was told
	parent     string
	poll       time.Duration
	limit      *int32
	polling    caller // of GetRecords
	asking     caller // of GetShardIterator
	options    []func(*dynamodbstreams.Options)
	closed     func() bool // reports whether the shard gets no more records
	fetched    string      // the newest record that the Reader fetched of the shard
	count      func(func(*Counts))
	answers    chan answer

	empties int       // empty answers in a row
	idle    time.Time // when the one before the newest came, by DynamoDB's clock
}

const (
	// maxRenewals bounds the iterators in a row that are of no use.
	maxRenewals = 10
	// steadily is how many empty answers in a row there are before an open
	// shard counts as idle: DynamoDB may give some though there are records
	// further on. The first five come with growing waits between.
	steadily = 65
)

// fetcher makes one for what was handled of the shard.
func (r *Reader) fetcher(s *shard) *fetcher {
	r.mu.Lock()
	defer r.mu.Unlock()
	f := &fetcher{
		api: r.api, arn: r.arn, shard: s.id, parent: s.parent, pos: s.handled, poll: r.options.Poll,
		orphan: r.lineage.orphan(s), options: r.recordOptions,
		closed: func() bool {
			r.mu.Lock()
			defer r.mu.Unlock()
			return r.lineage.closed(s)
		},
		fetched: s.fetched,
		count:   func(add func(*Counts)) { r.noteCount(s, add) },
		answers: make(chan answer),
	}
	f.polling = caller{pace: newPacer(r.options.Pace), clock: r.clock, note: func(err error) { r.noteCall(s, err, true) }}
	f.asking = caller{pace: newPacer(Unbounded), clock: r.clock, note: func(err error) { r.noteCall(s, err, false) }}
	if s.handled.Sequence == "" {
		f.iterator = s.latest
	}
	if r.options.Limit > 0 {
		f.limit = &r.options.Limit
	}
	return f
}

// run hands over answer after answer until the shard ends, an error or the
// end of ctx. It fetches one ahead of the one that is being handled.
func (f *fetcher) run(ctx context.Context) {
	for {
		a, err := f.next(ctx)
		if err != nil {
			a = answer{err: fmt.Errorf("reading shard %s: %w", f.shard, err)}
		}
		select {
		case f.answers <- a:
		case <-ctx.Done():
			return
		}
		if a.end != "" || a.err != nil {
			return
		}
		if sleep(ctx, f.wait()) != nil {
			return
		}
	}
}

// wait is how long to wait before the next page. An empty page does not end a
// shard: a closed one is read on at once, and an open one soon, until it
// counts as idle. Waits differ, the first ones by up to half, so that the polls
// of many shards spread in time.
func (f *fetcher) wait() time.Duration {
	if f.empties == 0 || f.closed() {
		return 0
	}
	d := min(50*time.Millisecond<<min(f.empties-1, 10), time.Second)
	if f.empties > steadily {
		d = time.Second << min(f.empties-steadily, 20)
	}
	spread := 2
	if f.empties > 5 {
		spread = 100
	}
	d = min(d, f.poll)
	return d - rand.N(d/time.Duration(spread)+1)
}

// next asks for one page and moves the position past it.
func (f *fetcher) next(ctx context.Context) (answer, error) {
	var lost *Gap
	for try := 1; ; try++ {
		fresh := f.iterator == ""
		out, at, err := f.records(ctx)
		switch expired := (*types.ExpiredIteratorException)(nil); {
		case err == nil:
			return f.answer(out, at, fresh, lost), nil
		case vanishedError(err):
			return f.vanished(at, lost, err), nil
		case trimmedError(err) && f.pos.Sequence != "":
			// What is still to be passed over is not lost.
			if f.pos.Above == "" || compareSequence(f.pos.Above, f.pos.Sequence) < 0 {
				f.pos.Above = f.pos.Sequence
			}
			lost = f.gap(f.pos.Above, err)
			f.pos.Sequence = ""
		case trimmedError(err) || errors.As(err, &expired):
			// Of an iterator's place where nothing was read, trimmed says
			// that the oldest record was trimmed just now, or this is
			// DynamoDB Local, which says so of a shard that got its first
			// record after the iterator was taken. NotBefore tells whether
			// anything is missed.
			f.count(func(c *Counts) { c.Renewals++ })
		default:
			return answer{}, err
		}
		f.iterator = ""
		if try == maxRenewals {
			return answer{}, err
		}
		if try > 1 {
			if err := sleep(ctx, backoff(try-1)); err != nil {
				return answer{}, err
			}
		}
	}
}

func (f *fetcher) gap(last string, err error) *Gap {
	return &Gap{Stream: f.arn, Shard: f.shard, Last: last, Err: err}
}

// unread is what is known of what was not fetched.
func (f *fetcher) unread() unread {
	return unread{Position: f.pos, orphan: f.orphan, fetched: f.fetched}
}

// vanished is the last answer of a shard that DynamoDB no longer has.
func (f *fetcher) vanished(at time.Time, lost *Gap, err error) answer {
	a := answer{end: Vanished, at: later(at, f.polling.clock.now()), gap: lost}
	if lost == nil {
		lost = f.gap(f.pos.Sequence, err)
	}
	judged := f.unread().vanished(at, lost.Last)
	if judged == nothingLost {
		a.notBefore = afterVanished(at)
		return a
	}
	a.gap, lost.Certain = lost, judged == surelyLost
	f.countGap()
	return a
}

// answer moves the position past what GetRecords gave, and finds out whether
// something is missing before it.
func (f *fetcher) answer(out *dynamodbstreams.GetRecordsOutput, at time.Time, fresh bool, lost *Gap) answer {
	a := answer{empty: len(out.Records) == 0, at: at}
	if out.NextShardIterator == nil {
		a.end = Consumed
	}
	unread := f.unread()
	a.gap = f.judge(unread, out.Records, at, fresh, lost)
	f.iterator = aws.ToString(out.NextShardIterator)
	//weave:after
	if n := len(out.Records); n > 0 {
		// Where to continue, should the iterator expire.
		f.pos.Sequence = sequence(out.Records[n-1])
	}
	//weave:end
	a.records = f.pos.pass(out.Records)
	if f.empties++; !a.empty {
		f.empties = 0
	}
	if unread.Sequence == "" && a.gap == nil {
		a.notBefore = f.raise(a)
	}
	f.idle = at
	return a
}

// judge returns the gap before an answer's records, or nil.
func (f *fetcher) judge(unread unread, records []types.Record, at time.Time, fresh bool, lost *Gap) *Gap {
	oldest, judged := "", nothingLost
	if len(records) > 0 {
		oldest = sequence(records[0])
	}
	switch {
	case lost != nil:
		judged = unread.trimmed(lost.Last, oldest)
	case unread.Sequence == "" && fresh && !f.told:
		judged = unread.begun(at, oldest)
		if lost = f.gap("", nil); f.orphan {
			lost.Shard = f.parent
		}
	}
	f.orphan = false
	if judged == nothingLost {
		return nil
	}
	f.told = true
	lost.Oldest, lost.Certain = oldest, judged == surelyLost
	f.countGap()
	return lost
}

// raise has NotBefore go up by what the answers tell while none had a record.
// After a gap it stays, so that the gap is met again until a record after it
// was handled.
func (f *fetcher) raise(a answer) time.Time {
	switch {
	case len(a.records) > 0:
		f.pos.NotBefore = recordTime(a.records[0])
	case f.empties > steadily && f.idle.Sub(f.pos.NotBefore) > time.Hour && !f.closed():
		f.pos.NotBefore = f.idle // an idle shard answers with all it has
	}
	return f.pos.NotBefore
}

func (f *fetcher) countGap() { f.count(func(c *Counts) { c.Gaps++ }) }

// records calls GetRecords, with a new iterator where there is none.
func (f *fetcher) records(ctx context.Context) (out *dynamodbstreams.GetRecordsOutput, at time.Time, err error) {
	if f.iterator == "" {
		if at, err = f.takeIterator(ctx, f.pos.iteratorType()); err != nil {
			return nil, at, err
		}
	}
	in := &dynamodbstreams.GetRecordsInput{ShardIterator: &f.iterator, Limit: f.limit}
	at, err = f.polling.do(ctx, func(ctx context.Context) (_ middleware.Metadata, err error) {
		if out, err = f.api.GetRecords(ctx, in, f.options...); err != nil {
			return middleware.Metadata{}, err
		}
		return out.ResultMetadata, nil
	})
	return out, at, err
}

// takeIterator asks for a new iterator for the position, and returns the time
// of the answer.
func (f *fetcher) takeIterator(ctx context.Context, kind types.ShardIteratorType) (at time.Time, err error) {
	in := &dynamodbstreams.GetShardIteratorInput{StreamArn: &f.arn, ShardId: &f.shard, ShardIteratorType: kind}
	switch kind {
	case typeAfter:
		in.SequenceNumber = &f.pos.Sequence
	case typeAt:
		in.Timestamp = &f.pos.Since
	}
	return f.asking.do(ctx, func(ctx context.Context) (middleware.Metadata, error) {
		out, err := f.api.GetShardIterator(ctx, in, tryOnce)
		if in.ShardIteratorType == typeAt && refused(err) {
			// The endpoint lacks AT_TIMESTAMP, or the time is to come:
			// read all there is and pass over what is older.
			in.ShardIteratorType, in.Timestamp = typeTrimHorizon, nil
			out, err = f.api.GetShardIterator(ctx, in, tryOnce)
		}
		if err != nil {
			return middleware.Metadata{}, err
		}
		f.iterator = aws.ToString(out.ShardIterator)
		return out.ResultMetadata, nil
	})
}

// refused reports whether the endpoint does not know what was asked for: a
// ValidationException, or the InternalFailure of DynamoDB Local 3.
func refused(err error) bool {
	var api smithy.APIError
	if !errors.As(err, &api) || throttled(err) {
		return false
	}
	return api.ErrorCode() == "ValidationException" || api.ErrorCode() == "InternalFailure" || api.ErrorCode() == "SerializationException"
}
