package stream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
)

// API is what a Reader calls; *dynamodbstreams.Client has it.
type API interface {
	DescribeStream(context.Context, *dynamodbstreams.DescribeStreamInput, ...func(*dynamodbstreams.Options)) (*dynamodbstreams.DescribeStreamOutput, error)
	ListStreams(context.Context, *dynamodbstreams.ListStreamsInput, ...func(*dynamodbstreams.Options)) (*dynamodbstreams.ListStreamsOutput, error)
	GetShardIterator(context.Context, *dynamodbstreams.GetShardIteratorInput, ...func(*dynamodbstreams.Options)) (*dynamodbstreams.GetShardIteratorOutput, error)
	GetRecords(context.Context, *dynamodbstreams.GetRecordsInput, ...func(*dynamodbstreams.Options)) (*dynamodbstreams.GetRecordsOutput, error)
}

// Options are a Reader's choices. The zero value reads everything and
// goes on until it is stopped.
type Options struct {
	Start Start
	// Idle, where it is more than zero, lets reading end once each shard
	// has ended or has given only empty answers for so long. That is a
	// guess: nothing in the API says that an open shard is read up.
	Idle time.Duration
	// OnGap is what happens where records were lost. Zero: StopAtGap.
	OnGap GapPolicy
	// Poll is the longest wait between two looks into a shard that has
	// nothing new: a change is seen no later than that, and an idle shard
	// costs a call in each Poll. The first looks after a record come
	// sooner. Zero: a second. It is no longer than Idle, if that is set.
	Poll time.Duration
	// Pace bounds the calls of GetRecords a second for each shard. Zero:
	// no bound. DynamoDB allows 5, for all readers of a shard together.
	Pace float64

	// Checkpoints keep the place beyond this Reader, which closes them.
	// Nil: a Reader's place is gone with it.
	Checkpoints Checkpoints
	// CheckpointEvery is how often they are saved. Zero: every second.
	CheckpointEvery time.Duration

	// Attempts is how often Run and RunPages call a handler that fails,
	// with waits between. Zero: 3 times.
	Attempts int
	// DeadLetter, if set, gets the event, and the last error, after all
	// of Run's attempts. If it returns nil, the event counts as handled.
	// Otherwise reading ends with both errors, and where it is nil, with
	// the handler's. So it does where ctx ended before all attempts were
	// made: the event comes again.
	DeadLetter func(context.Context, Event, error) error
	// PageSize bounds the events that RunPages hands over at once. Zero:
	// as many as DynamoDB gave, 1,000 at most.
	PageSize int
	// Grace is how long handlers may go on after the end of Run's
	// context before their own context ends too. Zero: 10 seconds.
	Grace time.Duration

	// Logger gets the warnings. Nil: slog's default.
	Logger *slog.Logger

	rhythm rhythm // for tests; zero: the usual one
}

// A Reader reads the changes of one table's stream. Stats may be called
// at any time, of the rest one method at a time.
type Reader struct {
	api        API
	options    Options
	log        *slog.Logger
	given      string                  // the stream that Open was given
	kept       map[string][]Checkpoint // as they were loaded, by stream
	opened     time.Time
	describing caller
	changed    chan struct{} // holds one sign that something changed
	saving     chan struct{} // held while checkpoints are written
	loaded     bool          // the Checkpoints are in possession
	taken      error         // what a save said, once another reader has the checkpoints
	closed     bool

	mu     sync.Mutex // guards all that follows
	arn    string
	newest description
	shards shardTree
	gone   []Checkpoint // to be removed
	left   []Checkpoint // of the stream before, to be removed once this one has some
	stats  streamStats
}

// check refuses what is a mistake.
func (o Options) check(arn string) error {
	if tableOf(arn) == arn {
		return fmt.Errorf("%q is no stream's ARN: use the table's LatestStreamArn, which it has if it has a stream", arn)
	}
	for name, wrong := range map[string]bool{
		"Idle": o.Idle < 0, "Poll": o.Poll < 0, "CheckpointEvery": o.CheckpointEvery < 0, "Grace": o.Grace < 0,
		"Attempts": o.Attempts < 0, "PageSize": o.PageSize < 0, "Pace": o.Pace < 0,
		"OnGap": o.OnGap != StopAtGap && o.OnGap != SkipGaps,
	} {
		if wrong {
			return fmt.Errorf("option %s is out of its range", name)
		}
	}
	return nil
}

// Open finds the stream's shards, and the place to begin in each: the
// checkpoint, or else Options.Start. A stream that does not exist is a
// *ResourceNotFoundException of package dynamodbstreams/types; package
// dynamodb/types has another of that name. Where there are checkpoints of
// it, what is lost of it is a Gap instead.
//
// A table that was recreated has another stream. Reading goes on with it
// once the older one is read to its end, whether that happens under way
// or there are checkpoints of the older one.
func Open(ctx context.Context, api API, arn string, o Options) (*Reader, error) {
	if err := o.check(arn); err != nil {
		return nil, err
	}
	r := &Reader{
		api: api, options: o, log: o.Logger, given: arn, kept: make(map[string][]Checkpoint), opened: time.Now(),
		changed: make(chan struct{}, 1), saving: make(chan struct{}, 1),
	}
	if o.rhythm == (rhythm{}) {
		r.options.rhythm = usual
	}
	if r.log == nil {
		r.log = slog.Default()
	}
	// DescribeStream may be called 10 times a second.
	r.describing = caller{pace: &pacer{every: 100 * time.Millisecond}, note: r.noteDescribe}
	beside := newCrew(ctx)
	beside.run(r.watch)
	beside.run(func(ctx context.Context) error { return orDone(r.begin(ctx)) })
	if err := beside.wait(); err != nil {
		if r.loaded {
			err = errors.Join(err, o.Checkpoints.Close())
		}
		return nil, err
	}
	return r, nil
}

// begin attaches the reader to the newest stream that has checkpoints, or
// else to the one it was given. A stream gets its first checkpoint when the
// one before it was read to its end, so that what is left of that is not
// needed.
func (r *Reader) begin(ctx context.Context) error {
	d, gone := r.describe(ctx, r.given)
	if gone != nil && !goneError(gone) {
		return gone // and nothing is taken from an older reader
	}
	kept, err := r.load(ctx)
	if err != nil {
		return err
	}
	first := r.given
	for i, c := range kept {
		if tableOf(c.Stream) != tableOf(r.given) {
			return fmt.Errorf("the checkpoint is one of %s, not of %s", tableOf(c.Stream), tableOf(r.given))
		}
		r.kept[c.Stream] = append(r.kept[c.Stream], c)
		if i == 0 || c.Stream > first { // an ARN ends with the time when it was made
			first = c.Stream
		}
	}
	for _, c := range kept {
		if c.Stream != first {
			r.forget(c)
		}
	}
	if first != r.given {
		d, gone = r.describe(ctx, first)
	}
	if err := r.attach(first, d, gone); err != nil {
		return err
	}
	if len(kept) == 0 {
		if err := r.place(ctx, r.options.Start); err != nil {
			return err
		}
	}
	return r.save(ctx)
}

// attach turns the reader to a stream as it was described, with the
// checkpoints that there are of it.
func (r *Reader) attach(arn string, d description, err error) error {
	kept := r.kept[arn]
	if goneError(err) && len(kept) > 0 {
		d, err = goneStream(), nil
	}
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.shards.order {
		r.left = append(r.left, s.checkpoint(r.arn))
	}
	r.arn, r.shards = arn, newShardTree()
	for _, c := range kept {
		r.shards.restore(c)
	}
	r.learn(d)
	r.shards.reopen()
	if len(kept) == 0 {
		for _, s := range r.shards.order {
			s.pos.floor = d.created
		}
	}
	return nil
}

// learn takes in a description. A shard that is new in it is read from
// its beginning.
func (r *Reader) learn(d description) {
	for _, s := range r.shards.update(d) {
		r.forget(s.checkpoint(r.arn))
	}
	if len(r.shards.order) > 0 {
		r.forget(r.left...)
		r.left = nil
	}
	r.newest = description{status: d.status, created: d.created, asked: d.asked}
}

// Close saves the last checkpoint, closes the Checkpoints and returns what
// failed of that: the error that an iterator can't return. A *TakenError
// that ended the reading is not told again. It may take 10 seconds. Closing
// again does nothing, and reading fails from then on.
func (r *Reader) Close() error {
	if r.closed {
		return nil
	}
	r.closed = true
	if r.options.Checkpoints == nil {
		return nil
	}
	return errors.Join(r.lastSave(), r.options.Checkpoints.Close())
}

// lastSave saves when the context that reading had may be over. Where that
// ended since another reader has the checkpoints, it has nothing to add.
func (r *Reader) lastSave() error {
	if r.taken != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return r.save(ctx)
}

// Resumed reports whether Open found checkpoints to go on from.
func (r *Reader) Resumed() bool { return len(r.kept) > 0 }

// Shards says how many shards of the stream the reader knows of, and how
// many of them it has read to their end.
func (r *Reader) Shards() (known, ended int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.shards.order {
		if s.phase == drained {
			ended++
		}
	}
	return len(r.shards.order), ended
}

// Stream is the ARN of the stream that is being read.
func (r *Reader) Stream() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.arn
}
