package stream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
)

// API is what a Reader calls; *dynamodbstreams.Client has it.
type API interface {
	DescribeStream(context.Context, *dynamodbstreams.DescribeStreamInput, ...func(*dynamodbstreams.Options)) (*dynamodbstreams.DescribeStreamOutput, error)
	ListStreams(context.Context, *dynamodbstreams.ListStreamsInput, ...func(*dynamodbstreams.Options)) (*dynamodbstreams.ListStreamsOutput, error)
	GetShardIterator(context.Context, *dynamodbstreams.GetShardIteratorInput, ...func(*dynamodbstreams.Options)) (*dynamodbstreams.GetShardIteratorOutput, error)
	GetRecords(context.Context, *dynamodbstreams.GetRecordsInput, ...func(*dynamodbstreams.Options)) (*dynamodbstreams.GetRecordsOutput, error)
}

// A Reader reads the changes of one table's stream. Stats may be called at
// any time. One read runs at a time: another one meanwhile, or Close, gets
// an error at once.
type Reader struct {
	api        API
	options    Options
	log        *slog.Logger
	given      string    // the stream that Open was given
	opened     time.Time // by this machine's clock
	clock      *clock
	describing caller
	// recordOptions are what GetRecords is called with.
	recordOptions []func(*dynamodbstreams.Options)
	changed       chan struct{} // holds one sign that something changed
	saver         saver
	tenure        tenure
	renewing      *crew // from acquire to Close; nil: there is no lease

	mu        sync.Mutex // guards all that follows
	activity  activity
	since     time.Time   // when it got that
	err       error       // why the last read ended
	end       func(error) // ends the read that is under way
	lost      error       // how the lease of the checkpoints was lost
	renewed   time.Time   // when it was last renewed, or looked at by a standby; zero: there is none
	lastGap   time.Time
	listing   bool      // the shards are listed regularly, or by Open
	switching *shard    // the gap between two streams, while it is handled
	graceEnd  time.Time // of the last read's shutdown

	arn     string // the stream that is read
	next    string // the one that follows it; empty: not known
	past    string // one that would have, and has vanished; empty: none has
	view    types.StreamViewType
	status  types.StreamStatus
	listed  time.Time // when the whole list was last asked for
	pages   int       // of that list
	lineage lineage
	copy    copying

	described time.Time // for Stats: when DescribeStream last answered
	throttles int64     // of DescribeStream and ListStreams
	forgotten Counts    // of shards that are no longer listed
}

// An activity is what a Reader is at.
type activity int

const (
	created activity = iota
	opening
	standingBy
	ready
	reading
	closed
)

// Open makes a Reader, and opens it.
func Open(ctx context.Context, api API, arn string, o Options) (*Reader, error) {
	r, err := NewReader(api, arn, o)
	if err == nil {
		err = r.Open(ctx)
	}
	if err != nil {
		return nil, err
	}
	return r, nil
}

// NewReader returns a Reader that is not open yet. Until it reads, its Health
// tells whether Open makes progress, which may wait for long as a standby.
func NewReader(api API, arn string, o Options) (*Reader, error) {
	if err := o.check(arn); err != nil {
		return nil, err
	}
	o = o.withDefaults()
	r := &Reader{
		api: api, options: o, log: o.Logger, given: arn, since: time.Now(), changed: make(chan struct{}, 1),
		saver: newSaver(o.Checkpoints), tenure: newTenure(o.Checkpoints), lineage: newLineage(),
	}
	r.clock = &clock{undated: sync.OnceFunc(func() {
		r.log.Warn("answers without a Date: this machine's clock stands for DynamoDB's", "stream", arn)
	})}
	r.recordOptions = callOptions(arn, r.log)
	r.describing = caller{pace: newPacer(describeRate), clock: r.clock, note: r.noteDescribe}
	return r, nil
}

// Open finds the stream's shards, and the position to begin at in each: the
// checkpoint, or else Options.Start. While another Reader owns the checkpoints,
// it stands by, until ctx ends: then its error is context.Cause(ctx). A stream
// that does not exist is a *ResourceNotFoundException of package
// dynamodbstreams/types; package dynamodb/types has another of that name. If
// there are checkpoints of it, Open succeeds and what is lost is a Gap. An Open
// that fails for what it found leaves the checkpoints to their owner. It is
// called once.
//
// A table that was recreated, or whose stream was switched off and on, has
// another stream. Reading continues there once the older one is consumed, also
// where Open found only checkpoints of the older one. What was written in
// between is a Gap.
func (r *Reader) Open(ctx context.Context) error {
	r.mu.Lock()
	before := r.activity
	if before == created {
		r.activity, r.since = opening, time.Now()
	}
	r.mu.Unlock()
	if before != created {
		return errors.New("the reader was opened before: make another one")
	}
	r.opened = time.Now()
	watching := newCrew(ctx)
	watching.run(r.watch)
	listed := r.lists()
	err := r.begin(ctx)
	listed()
	watching.end(errDone)
	watching.wait()
	if err != nil {
		if why := context.Cause(ctx); why != nil && !errors.Is(err, why) {
			err = fmt.Errorf("%w: %w", why, err)
		}
		r.mu.Lock()
		r.err = err
		r.mu.Unlock()
		r.turnTo(closed)
		return err
	}
	r.turnTo(ready)
	return nil
}

func (r *Reader) turnTo(a activity) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.activity, r.since = a, time.Now()
}

// begin attaches the reader to the newest stream that has checkpoints, or else
// to the one it was given. All that may be refused is asked for before the
// reader waits for the checkpoints.
func (r *Reader) begin(ctx context.Context) error {
	given, missing := r.describe(ctx, r.given, part{whole: true})
	if missing != nil && !vanishedError(missing) {
		return missing
	}
	kept, peeked, err := r.saver.peek(ctx)
	if err == nil && peeked {
		err = r.start(ctx, given, missing, kept)
	}
	if err != nil {
		return err
	}
	waited, err := r.acquire(ctx)
	if err != nil {
		return err
	}
	held, err := r.saver.load(ctx)
	if err == nil && waited {
		r.opened = time.Now()
		if given, missing = r.describe(ctx, r.given, part{whole: true}); !vanishedError(missing) {
			err = missing
		}
	}
	if err == nil && (waited || !peeked || !sameCheckpoints(held, kept)) {
		err = r.start(ctx, given, missing, held)
	}
	if err == nil {
		r.numberCopy()
		err = r.save(ctx)
	}
	if err != nil {
		return errors.Join(err, r.release())
	}
	return nil
}

// start attaches the reader to its stream with the checkpoints that are kept,
// or gives the shards the position of Options.Start.
func (r *Reader) start(ctx context.Context, given description, missing error, kept []Checkpoint) error {
	arn, d, err := r.given, given, missing
	current := newestStream(kept)
	for _, c := range kept {
		if tableOf(c.Stream) != tableOf(r.given) {
			return fmt.Errorf("the checkpoint is one of %s, not of %s", tableOf(c.Stream), tableOf(r.given))
		}
	}
	if err := r.startCopy(ctx, kept); err != nil {
		return err
	}
	if current != "" && current != r.given {
		arn = current
		d, err = r.describe(ctx, arn, part{whole: true})
	}
	if vanishedError(err) && current != "" {
		d, err = r.vanishedStream(), nil
	}
	if err != nil {
		return err
	}
	kept = slices.DeleteFunc(slices.Clone(kept), func(c Checkpoint) bool { return c.Stream != current || c.OfCopy() })
	r.attach(arn, d, kept)
	if len(kept) > 0 {
		return nil
	}
	return r.place(ctx, d)
}

// newestStream is the one that the reader of the checkpoints was at. An ARN
// ends with the time when the stream was made.
func newestStream(kept []Checkpoint) (arn string) {
	for _, c := range kept {
		pending := c.Shard == "" && c.State != Switched // the switch to it was not handled
		if c.Stream > arn && !pending && !c.OfCopy() {
			arn = c.Stream
		}
	}
	return arn
}

// attach turns the reader to a stream as it was described, with the
// checkpoints that are kept of it.
func (r *Reader) attach(arn string, d description, kept []Checkpoint) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.arn, r.next, r.view = arn, "", d.view
	for _, s := range r.lineage.order {
		r.forgotten.add(s.counts)
	}
	r.lineage = newLineage()
	for _, c := range kept {
		r.lineage.restore(c)
	}
	r.status, r.listed, r.pages = d.status, d.asked, d.pages
	r.lineage.learn(d)
	r.forgotten.add(r.lineage.forget(d))
	r.lineage.reopen(d)
}

// Close saves the last checkpoint, closes the Checkpoints and returns what
// failed of that: the error that an iterator can't return. A *FencedError that
// ended the reading is not told again. While a read is under way, Close does
// nothing but return an error: end the read first. Closing again does nothing,
// and reading fails from then on.
func (r *Reader) Close() error {
	r.mu.Lock()
	before, ended := r.activity, r.err
	if before == ready {
		r.activity = closed
	}
	r.mu.Unlock()
	switch before {
	case reading:
		return errors.New("closing the reader: a read is under way: end its context or leave its loop, then close")
	case created, opening, standingBy:
		return errors.New("closing the reader: it is not open: end the context of Open, which then closes it")
	case closed:
		return nil
	}
	var err error
	if !errors.As(ended, new(*FencedError)) {
		err = r.lastSave(1)
	}
	return errors.Join(err, r.release())
}

// lastSave saves when the context that reading had may be over. It may take
// until the given part of Grace after the end of the last read's context, and
// a tenth of Grace in any case.
func (r *Reader) lastSave(part float64) error {
	r.mu.Lock()
	grace, end := r.options.Grace, r.graceEnd
	r.mu.Unlock()
	limit := time.Duration(part * float64(grace))
	if !end.IsZero() {
		limit = time.Until(end) - time.Duration((1-part)*float64(grace))
	}
	ctx, cancel := context.WithTimeout(context.Background(), max(limit, grace/10))
	defer cancel()
	return r.save(ctx)
}

// Resumed reports whether Open found checkpoints of a complete state to resume
// from: with Options.Copy, those of a complete copy.
func (r *Reader) Resumed() bool { return r.saver.resumed && !r.copy.anew }

// ViewType is what the stream's records hold, as Open or the last switch of
// streams found it: event images that it leaves out are nil. Empty: the
// stream had vanished.
func (r *Reader) ViewType() types.StreamViewType {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.view
}

// Shards returns how many shards of the stream the reader knows of, and how
// many of them it consumed.
func (r *Reader) Shards() (known, consumed int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.lineage.order {
		if s.id == "" {
			continue
		}
		if known++; s.done() {
			consumed++
		}
	}
	return known, consumed
}

// Stream is the ARN of the stream that is being read.
func (r *Reader) Stream() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.arn
}
