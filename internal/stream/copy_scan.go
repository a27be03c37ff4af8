package stream

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	streamtypes "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
	"github.com/aws/smithy-go/middleware"
)

const (
	// clockError is by how much a record's time may be behind the time of an
	// answer: answers are dated to the second, and hosts differ a little.
	clockError = 2 * time.Second
	// copyIdle is for how long a shard gives nothing but empty answers until
	// it counts as read past the end of the scan.
	copyIdle = 5 * time.Second
	// copyLook is how often somebody looks whether the copy is complete.
	copyLook = time.Second / 2
)

// copyTable scans the table, unless that was done, and has CopyDone handled
// once the stream was read past the end of the scan.
func (r *Reader) copyTable(ctx context.Context, handle pageHandler) error {
	r.mu.Lock()
	scanning := r.copy.scanning()
	r.mu.Unlock()
	if scanning {
		if err := r.scanTable(ctx, handle); err != nil {
			return err
		}
	}
	for !r.passedCopy() {
		if err := sleep(ctx, copyLook); err != nil {
			return err
		}
	}
	return r.finishCopy(ctx, handle)
}

// scanTable has all rows handled that were not yet.
func (r *Reader) scanTable(ctx context.Context, handle pageHandler) error {
	// A copy resumes only if its checkpoints are beside those of a shard,
	// and a stream that was just switched on lists none yet.
	for began := time.Now(); time.Since(began) < lateChildren; {
		if known, _ := r.Shards(); known > 0 {
			break
		}
		if err := sleep(ctx, copyLook); err != nil {
			return err
		}
	}
	if err := r.save(ctx); err != nil {
		return err
	}
	r.mu.Lock()
	c := &r.copy
	rate := any(c.rate.units)
	if c.rate.units == Unbounded {
		rate = "unbounded"
	}
	r.log.Info("copying table", "table", *tableName(r.arn), "copy", c.number, "rows", c.of, "copied", c.rows(),
		"bytes", c.bytes, "rate", rate, "takes", c.takes.Round(time.Second))
	pace := newPacer(Unbounded) // slows down where DynamoDB throttles
	crew := newCrew(ctx)
	for i, s := range c.segments {
		if s.done() {
			continue
		}
		f, err := r.scan(s, i, pace)
		if err != nil {
			r.mu.Unlock()
			return err
		}
		s.enter(Fetching)
		crew.run(func(ctx context.Context) error { return r.readAnswers(ctx, s, f.answers, f.run, handle) })
	}
	r.mu.Unlock()
	if err := crew.wait(); err != nil {
		return err
	}
	r.mu.Lock()
	c.mark.handled.NotBefore = r.clock.now().Add(clockError)
	r.mu.Unlock()
	err := r.save(ctx)
	r.wake() // the shards may be read
	return err
}

// passedCopy reports whether all shards were read past the end of the scan: up
// to a later record, to their end or, which is a guess as Options.Idle's is,
// until they had given nothing for a while.
func (r *Reader) passedCopy() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.status == streamtypes.StreamStatusDisabled {
		return false // a stream may follow, with changes of before the end
	}
	end, while := r.copy.mark.handled.NotBefore, copyIdle
	if r.options.Idle > 0 {
		while = min(while, r.options.Idle)
	}
	for _, s := range r.lineage.order {
		if s.id != "" && !r.passed(s, end, while) {
			return false
		}
	}
	return len(r.lineage.order) > 0 || r.finished()
}

func (r *Reader) passed(s *shard, end time.Time, while time.Duration) bool {
	switch {
	case s.done(): // its children count by themselves, once they are listed
		return r.lineage.children[s.id] > 0 || !r.expectsChild(s)
	case s.handled.Sequence != "" && s.handled.NotBefore.After(end):
		return true
	}
	return s.reads() && s.out.events == nil && !s.idle.IsZero() && s.empty.Sub(later(s.emptySince, end)) >= while
}

// finishCopy has CopyDone handled, if it was not yet. Like a switch of streams
// it is a page by itself, whose checkpoint says that the copy is complete.
func (r *Reader) finishCopy(ctx context.Context, handle pageHandler) error {
	r.mu.Lock()
	s, arn := r.copy.mark, r.arn
	if !r.copy.underWay() {
		r.mu.Unlock()
		return nil
	}
	events := []Event{{Kind: CopyDone, Stream: arn, Generation: r.tenure.generation, Copy: r.copy.number, Seen: r.clock.now()}}
	p := &Page{Events: events, Checkpoint: s.checkpoint(arn), shard: s, number: s.out.add(events)}
	p.Checkpoint.State = Consumed
	r.mu.Unlock()
	if err := handle.handle(ctx, p); err != nil {
		return err
	}
	r.mu.Lock()
	s.enter(Consumed)
	r.log.Info("the copy is complete", "table", *tableName(arn), "copy", r.copy.number, "rows", r.copy.rows())
	r.mu.Unlock()
	err := r.save(ctx)
	r.wake() // Idle may end the reading
	return err
}

// rows is how many rows are handled of a copy, as far as that is known.
func (c *copying) rows() (n int64) {
	for _, s := range c.segments {
		rows, _ := strconv.ParseInt(s.handled.Sequence, 10, 64) // empty: none
		n += rows
	}
	return n
}

// A scan fetches the rows of one segment, page after page.
type scan struct {
	db      CopyAPI
	in      dynamodb.ScanInput
	shard   string
	rows    int64 // up to here, in the segment
	keys    []string
	limit   int32 // Options.Limit
	rate    *scanRate
	calls   caller
	answers chan answer
}

// scan makes one for what was handled of the segment. The mutex is held.
func (r *Reader) scan(s *shard, number int, pace *pacer) (*scan, error) {
	c := &r.copy
	f := &scan{
		db: r.options.Copy.Table, shard: s.id, keys: c.keys, limit: r.options.Limit, rate: c.rate, answers: make(chan answer),
		calls: caller{pace: pace, clock: r.clock, note: func(err error) { r.noteCall(s, err, true) }},
	}
	f.in = dynamodb.ScanInput{
		TableName: tableName(r.arn), ConsistentRead: aws.Bool(true),
		Segment: aws.Int32(int32(number)), TotalSegments: aws.Int32(int32(len(c.segments))),
		ReturnConsumedCapacity: dbtypes.ReturnConsumedCapacityTotal,
	}
	if s.row == "" {
		return f, nil
	}
	// Any primary key will do, also that of a row which was deleted.
	var err error
	if f.in.ExclusiveStartKey, err = attributevalue.UnmarshalMapJSON([]byte(s.row)); err == nil {
		f.rows, err = strconv.ParseInt(s.handled.Sequence, 10, 64)
	}
	if err != nil {
		return nil, fmt.Errorf("the checkpoint of %s is damaged: Reset the checkpoints to copy anew: %w", s.id, err)
	}
	return f, nil
}

// run hands over answer after answer, as a fetcher does.
func (f *scan) run(ctx context.Context) {
	for {
		a, err := f.next(ctx)
		if err != nil {
			a = answer{err: fmt.Errorf("copying table %s, %s: %w", *f.in.TableName, f.shard, err)}
		}
		select {
		case f.answers <- a:
		case <-ctx.Done():
			return
		}
		if a.end != "" || a.err != nil {
			return
		}
	}
}

// next asks for one page.
func (f *scan) next(ctx context.Context) (a answer, err error) {
	rows, expected, err := f.rate.turn(ctx)
	if err != nil {
		return a, err
	}
	if f.limit > 0 {
		rows = min(rows, f.limit)
	}
	f.in.Limit = &rows
	var out *dynamodb.ScanOutput
	a.at, err = f.calls.do(ctx, func(ctx context.Context) (_ middleware.Metadata, err error) {
		if out, err = f.db.Scan(ctx, &f.in, tryWriteOnce); err != nil {
			return middleware.Metadata{}, err
		}
		return out.ResultMetadata, nil
	})
	if err != nil {
		return a, err
	}
	used := expected
	if out.ConsumedCapacity != nil {
		used = aws.ToFloat64(out.ConsumedCapacity.CapacityUnits)
	}
	f.rate.used(expected, used, len(out.Items))
	for _, item := range out.Items {
		e, err := f.event(item)
		if err != nil {
			return a, err
		}
		e.Seen = a.at
		a.rows = append(a.rows, e)
	}
	if f.in.ExclusiveStartKey = out.LastEvaluatedKey; len(out.LastEvaluatedKey) == 0 {
		a.end = Consumed
	}
	return a, nil
}

// event is a row's.
func (f *scan) event(item map[string]dbtypes.AttributeValue) (Event, error) {
	row, err := toStreams(item)
	if err != nil {
		return Event{}, err
	}
	f.rows++
	e := Event{Kind: Copied, Keys: make(Image, len(f.keys)), New: row, Shard: f.shard, Sequence: strconv.FormatInt(f.rows, 10)}
	for _, name := range f.keys {
		e.Keys[name] = row[name]
	}
	return e, nil
}

const (
	// pageUnits is what a page of 1 MB uses, the largest that there is.
	pageUnits = 256
	// rowUnits is what a row is taken for until one was seen, if the table
	// does not tell: 256 bytes. Then the first pages have firstRows at most.
	rowUnits  = 1.0 / 16
	firstRows = 16
)

// A scanRate bounds the read units that the segments of a scan use together.
type scanRate struct {
	units float64 // a second

	mu     sync.Mutex
	next   time.Time // when the next page may be asked for
	perRow float64   // the units of a row, about
	known  bool      // that is more than a guess
}

// newScanRate makes one for a table that has as many rows and bytes, as far as
// it knows.
func newScanRate(units float64, rows, bytes int64) *scanRate {
	p := &scanRate{units: units, perRow: rowUnits}
	if rows > 0 && bytes > 0 {
		p.perRow, p.known = float64(bytes)/float64(rows)/scanUnit, true
	}
	return p
}

// turn waits until a page may be asked for, and returns how many rows it may
// have: those that use up a second of the rate, or one unit, which is the least
// that a page uses. It counts as the units that are expected until used says
// more.
func (p *scanRate) turn(ctx context.Context) (rows int32, expected float64, err error) {
	p.mu.Lock()
	n := min(max(math.Floor(max(p.units, 1)/p.perRow), 1), math.MaxInt32)
	if !p.known {
		n = min(n, firstRows)
	}
	expected = min(max(n*p.perRow, 1), pageUnits)
	at := later(p.next, time.Now())
	p.next = at.Add(seconds(expected / p.units))
	p.mu.Unlock()
	return int32(n), expected, sleep(ctx, time.Until(at))
}

// used takes in what a page used that has a number of rows.
func (p *scanRate) used(expected, used float64, rows int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.next = p.next.Add(seconds((used - expected) / p.units))
	if rows > 0 {
		// DynamoDB rounds up to a whole unit.
		n := float64(rows)
		p.known = true
		p.perRow = max(min(p.perRow, used/n), (used-1)/n, 1e-6)
	}
}

// wait is how long a segment may have to wait for its turn.
func (p *scanRate) wait(segments int) time.Duration {
	return seconds(2 * float64(segments) * max(pageUnits/p.units, 1))
}
