package stream

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
	"github.com/aws/smithy-go"
)

// An answer is one of GetRecords, or the error that ended a fetcher.
type answer struct {
	records []types.Record
	gap     *Gap // before the records
	empty   bool // DynamoDB had nothing new just now
	last    bool // the shard is closed and this is its end
	gone    bool // the shard went away
	at      time.Time
	floor   time.Time // before all records that are here and still to come, while none was read
	err     error
}

// A fetcher reads one shard from a position to its end.
type fetcher struct {
	api        API
	arn, shard string
	pos        position
	first      gapCheck
	quiet      quiet
	poll       time.Duration
	caller     caller // of GetRecords
	asking     caller // of GetShardIterator
	note       func(count)
	answers    chan answer
}

// A gapCheck is what to look at when a shard is first read from its
// beginning.
type gapCheck struct {
	parent string    // the one that was trimmed unseen, or empty
	oldest time.Time // until when the shard may go and is not missed
	placed time.Time // when the reader began; zero: it goes on, or had an answer
	done   bool
}

// maxRenewals bounds the iterators in a row that are of no use.
const maxRenewals = 10

// A quiet spell is some empty answers in a row.
type quiet struct {
	from    time.Time
	answers int
}

// enough is how many empty answers in a row, over clockSkew, say that a
// shard holds nothing. DynamoDB may give some though there are records
// further on.
const enough = 60

// fetcher makes one for the shard's position.
func (r *Reader) fetcher(s *shard) *fetcher {
	pace := &pacer{}
	if r.options.Pace > 0 {
		pace.every = time.Duration(float64(time.Second) / r.options.Pace)
	}
	poll := r.options.Poll
	if poll <= 0 {
		poll = time.Second
	}
	if r.options.Idle > 0 {
		poll = min(poll, r.options.Idle)
	}
	note := func(err error) { r.noteCall(s, err) }
	f := &fetcher{
		api: r.api, arn: r.arn, shard: s.id, pos: s.pos, poll: poll,
		caller: caller{pace, note}, asking: caller{&pacer{}, note},
		note:    func(c count) { r.noteCount(s, c) },
		answers: make(chan answer),
	}
	f.first.placed = s.placed
	if s.oldest {
		f.first.oldest = s.placed.Add(clockSkew)
	}
	if r.shards.orphan(s) {
		f.first.parent = s.parent
	}
	return f
}

// run hands over answer after answer until the shard ends, an error or
// the end of ctx. It fetches one ahead of the one that is being handled.
func (f *fetcher) run(ctx context.Context) {
	idle := 0
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
		switch {
		case a.last || a.err != nil:
			return
		case !a.empty:
			idle = 0
		default: // an empty page is no end: records may come later
			if sleep(ctx, min(f.poll, 50*time.Millisecond<<min(idle, 30))) != nil {
				return
			}
			idle++
		}
	}
}

// next asks for one page and moves the position past it.
func (f *fetcher) next(ctx context.Context) (answer, error) {
	var lost *Gap
	for tries := 0; ; tries++ {
		out, err := f.records(ctx)
		switch {
		case err == nil:
			return f.answer(out, lost), nil
		case goneError(err) && f.pos.kind != typeAfter && time.Now().Before(f.first.oldest):
			return answer{last: true, at: time.Now()}, nil
		case goneError(err):
			f.note(gaps)
			if lost == nil {
				lost = f.gap(err)
			}
			return answer{gap: lost, last: true, gone: true, at: time.Now()}, nil
		case trimmedError(err) && f.pos.kind == typeAfter:
			lost = f.gap(err)
			f.pos = position{kind: typeTrimHorizon, above: f.pos.after}
		case f.pos.renewable(err):
			f.note(renewals)
			f.first.done = false
		default:
			return answer{}, err
		}
		if tries == maxRenewals-1 {
			return answer{}, err
		}
		if tries > 0 {
			if err := sleep(ctx, backoff(tries)); err != nil {
				return answer{}, err
			}
		}
	}
}

func (f *fetcher) gap(err error) *Gap {
	return &Gap{Stream: f.arn, Shard: f.shard, Last: f.pos.after, Err: err}
}

// answer moves the position past what GetRecords gave, and finds out
// whether something is missing before it.
func (f *fetcher) answer(out *dynamodbstreams.GetRecordsOutput, lost *Gap) answer {
	a := answer{
		last: out.NextShardIterator == nil, empty: len(out.Records) == 0, at: time.Now(),
		gap: lost,
	}
	f.pos.iterator = aws.ToString(out.NextShardIterator)
	if a.gap == nil && f.pos.kind != typeAfter && !f.first.done {
		a.gap = f.firstGap(a.at)
	}
	f.first.done = true
	if a.gap != nil && !a.empty {
		a.gap.Oldest = sequence(out.Records[0])
		if a.gap.Last != "" && compareSequence(a.gap.Oldest, a.gap.Last) <= 0 {
			a.gap = nil // they are all there after all
		}
	}
	if a.gap != nil {
		f.note(gaps)
	}
	unread := f.pos.kind != typeAfter
	//weave:after
	if n := len(out.Records); n > 0 {
		// Where to go on, should the iterator expire.
		f.pos.kind = typeAfter
		f.pos.after = sequence(out.Records[n-1])
	}
	//weave:end
	a.records = f.pos.pass(out.Records)
	if unread && a.gap == nil {
		f.lift(a)
	}
	a.floor = f.pos.floor
	return a
}

// lift has the floor go up by what the first answers tell. After a gap it
// stays, so that the gap is met again until a record after it was handled.
func (f *fetcher) lift(a answer) {
	if f.quiet.from.IsZero() {
		f.quiet.from = a.at
	}
	f.quiet.answers++
	raised := a.at.Add(-clockSkew)
	switch {
	case len(a.records) > 0:
		f.pos.floor = recordTime(a.records[0])
	case !a.empty || a.last:
	case !f.first.placed.IsZero():
		f.pos.floor = later(f.pos.floor, f.first.placed) // there was nothing
	case f.quiet.answers > enough && a.at.Sub(f.quiet.from) >= clockSkew && raised.Sub(f.pos.floor) > time.Hour:
		f.pos.floor = raised
	}
	f.first.placed = time.Time{}
}

// firstGap is the gap before the first records of a shard, of which those
// since the floor are missing if DynamoDB has trimmed some by now. Where
// the clocks leave that open, it is a gap.
func (f *fetcher) firstGap(now time.Time) *Gap {
	switch {
	case f.first.parent != "":
		return &Gap{Stream: f.arn, Shard: f.first.parent}
	case !f.pos.floor.IsZero() && now.Sub(f.pos.floor) > retention-clockSkew:
		return f.gap(nil)
	}
	return nil
}

// records calls GetRecords, with a new iterator where there is none.
func (f *fetcher) records(ctx context.Context) (out *dynamodbstreams.GetRecordsOutput, err error) {
	if f.pos.iterator == "" {
		if err := f.takeIterator(ctx); err != nil {
			return nil, err
		}
	}
	err = f.caller.do(ctx, func(ctx context.Context) (err error) {
		out, err = f.api.GetRecords(ctx, &dynamodbstreams.GetRecordsInput{ShardIterator: &f.pos.iterator}, tryOnce)
		return err
	})
	return out, err
}

// takeIterator asks for a new iterator for the position.
func (f *fetcher) takeIterator(ctx context.Context) error {
	in := &dynamodbstreams.GetShardIteratorInput{
		StreamArn: &f.arn, ShardId: &f.shard, ShardIteratorType: f.pos.kind,
	}
	switch f.pos.kind {
	case typeAfter:
		in.SequenceNumber = &f.pos.after
	case typeAt:
		in.Timestamp = &f.pos.since
	}
	err := f.asking.do(ctx, func(ctx context.Context) error {
		out, err := f.api.GetShardIterator(ctx, in, tryOnce)
		if in.ShardIteratorType == typeAt && refused(err) {
			// The endpoint lacks AT_TIMESTAMP: read all there is and
			// pass over what is older.
			f.pos.kind = typeTrimHorizon
			in.ShardIteratorType, in.Timestamp = typeTrimHorizon, nil
			out, err = f.api.GetShardIterator(ctx, in, tryOnce)
		}
		if err != nil {
			return err
		}
		f.pos.iterator = aws.ToString(out.ShardIterator)
		return nil
	})
	return err
}

// refused reports whether the endpoint does not know AT_TIMESTAMP: a
// ValidationException, or the InternalFailure of DynamoDB Local 3.
func refused(err error) bool {
	var api smithy.APIError
	if !errors.As(err, &api) || throttled(err) {
		return false
	}
	return api.ErrorCode() == "ValidationException" || api.ErrorCode() == "InternalFailure" || api.ErrorCode() == "SerializationException"
}
