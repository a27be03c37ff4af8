package stream

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
	"github.com/aws/smithy-go/middleware"
)

// How a table is copied without a hole.
//
// Open takes the positions in the stream. Then the table is scanned, in
// segments side by side, and then the stream is read from those positions. So
// every change that the scan missed is an event, and so are some that it has
// seen: until all of these were handled, a row may go back to an older state.
// That is over once each shard was read past the time at which the scan ended.
//
// A segment is read as a shard is: with a tracker, by the same handlers, and
// with a checkpoint. The copy has a checkpoint too, whose state says whether it
// is complete.

const (
	// Copied is the kind of a row that a copy found in the table: Keys is its
	// primary key and New all of it. Its Shard is a segment of the scan,
	// its Sequence the number of rows up to it there, and its At is zero.
	Copied Kind = "copied"
	// CopyDone is the kind of the event that ends a copy: every row was
	// handled, and the stream up to a time after that. What has the number of
	// an older copy, or none, is no longer in the table. Keys is nil.
	CopyDone Kind = "copy-done"
)

// A Copy has a Reader copy the table before it reads the stream, where its
// Checkpoints hold no complete copy. The rows are Copied events. The changes
// from up to two minutes before Open on follow them, and CopyDone ends the copy.
// All events have the copy's number, also later on. A handler that keeps the
// rows keeps Event.Copy and Event.Order with them, lets no event replace a row
// that has a larger pair of these, and deletes at CopyDone the rows that have a
// smaller Copy. Until then, a row may
// change back and forth; from then on, the copy follows the table.
//
// How long the scan takes at its Rate is logged before it begins, by the size of
// the table, which DynamoDB tells about every six hours. More than 20 hours are an
// error of Open: the stream keeps its records for 24.
//
// A copy resumes where it was, after a crash too. It can be made anew, after a
// Gap for instance: Reset the checkpoints and begin. The number is the
// generation of the owner that began the copy; where the Checkpoints have no
// Lease it is always 1, and what an earlier copy left must be deleted beforehand.
type Copy struct {
	// Table is where the table of the stream is.
	Table CopyAPI
	// Rate bounds the read units a second of the scan. Zero: half of what
	// the table has provisioned, or 100 if it is billed by request.
	Rate float64
	// Segments is how many parts of the table are scanned side by side, 1,000
	// at most. Zero: 4. A copy that resumes keeps those that it began with.
	Segments int
}

// CopyAPI is what a Copy calls; *dynamodb.Client has it.
type CopyAPI interface {
	Describer
	Scan(context.Context, *dynamodb.ScanInput, ...func(*dynamodb.Options)) (*dynamodb.ScanOutput, error)
}

const (
	// copyLimit is how long a copy may take: what is written meanwhile has
	// to be read from the stream before DynamoDB trims it.
	copyLimit = 20 * time.Hour
	// scanUnit is what a read unit reads with a consistent read.
	scanUnit = 4096
)

// check refuses what is a mistake. A nil Copy is none.
func (c *Copy) check(start Start) error {
	switch {
	case c == nil:
		return nil
	case c.Table == nil:
		return fmt.Errorf("option Copy.Table is nil: give it the client of the table, a *dynamodb.Client")
	case !(c.Rate >= 0) || c.Segments < 0 || c.Segments > 1000:
		return fmt.Errorf("option Copy.Rate or Copy.Segments is out of its range")
	case start != Start{}:
		return fmt.Errorf("option Start is %v, and there is a Copy, which begins at the moment of Open: leave one of them out", start)
	}
	return nil
}

// A copying is what a Reader knows of the copy. The Reader's mutex guards it,
// but for what is set by Open only.
type copying struct {
	// mark is the copy as a shard: its Sequence is the copy's number and its
	// NotBefore, once all segments are done, the time that the stream is to
	// be read past. Nil: there is no copy.
	mark     *shard
	number   int64 // 0: there is none
	segments []*shard

	// All that follows is of a copy that is not complete at Open.
	anew  bool // it is one
	of    int64
	bytes int64
	takes time.Duration
	keys  []string // names of the primary key's attributes
	rate  *scanRate
}

// underWay reports whether CopyDone is still to be handled.
func (c *copying) underWay() bool { return c.mark != nil && !c.mark.done() }

// scanning reports whether some rows may still have to be scanned.
func (c *copying) scanning() bool { return c.underWay() && c.mark.handled.NotBefore.IsZero() }

// rewind is a lineage's.
func (c *copying) rewind() {
	for _, s := range slices.Concat(c.segments, []*shard{c.mark}) {
		if s == nil {
			continue
		}
		if !s.done() {
			s.enter(Waiting)
		}
		s.out = tracker{}
	}
}

// wanted is what the Checkpoints should hold of the copy: no segments of one
// that is complete.
func (c *copying) wanted(stream string) (wanted []Checkpoint) {
	if c.mark == nil {
		return nil
	}
	wanted = append(wanted, c.mark.checkpoint(stream))
	for _, s := range c.segments {
		if c.underWay() {
			wanted = append(wanted, s.checkpoint(stream))
		}
	}
	return wanted
}

// copyShard is the Shard of the copy's checkpoint. Those of segments follow it
// with the copy's number, their own and how many there are. What a Reset that
// was cut short left of an older copy has another number.
const copyShard = "copy"

func segmentShard(copy int64, number, of int) string {
	return fmt.Sprintf("%s/%d/%04d/%04d", copyShard, copy, number, of)
}

// OfCopy reports whether the checkpoint is a copy's, or that of a segment of
// its scan, and not a shard's.
func (c Checkpoint) OfCopy() bool {
	return c.Shard == copyShard || strings.HasPrefix(c.Shard, copyShard+"/")
}

// An UnfinishedCopyError is Open's without an Options.Copy, where the checkpoints
// are those of a copy that is not complete.
type UnfinishedCopyError struct{ Copy int64 }

func (e *UnfinishedCopyError) Error() string {
	return fmt.Sprintf("the checkpoints are those of copy %d, which is not complete: give Options.Copy to continue it, or Reset them to start over", e.Copy)
}

// startCopy takes up the copy that the checkpoints tell of, or prepares the one
// that Options.Copy asks for.
func (r *Reader) startCopy(ctx context.Context, kept []Checkpoint) error {
	held := make(map[string]Checkpoint) // the newest: a switch of streams takes them along
	for _, c := range kept {
		if c.OfCopy() && c.Stream >= held[c.Shard].Stream {
			held[c.Shard] = c
		}
	}
	var c copying
	var err error
	if mark, ok := held[copyShard]; ok {
		c.mark = restored(mark)
		if c.number, err = strconv.ParseInt(mark.Sequence, 10, 64); err != nil {
			return fmt.Errorf("the checkpoint of the copy has the number %q: Reset the checkpoints to copy anew", mark.Sequence)
		}
	}
	asked := r.options.Copy
	switch {
	case c.mark == nil && asked == nil, c.mark != nil && c.mark.done():
	case asked == nil:
		return &UnfinishedCopyError{c.number}
	default:
		err = r.prepareCopy(ctx, &c, held)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.copy = c
	return err
}

// restored is a copy, or a segment, at its checkpoint.
func restored(c Checkpoint) *shard {
	s := &shard{id: c.Shard, parent: c.Parent, handled: c.Position, row: c.Row, state: Waiting, since: time.Now()}
	if c.State.Ended() {
		s.enter(c.State)
	}
	return s
}

// prepareCopy finds out what is to be copied and how, and refuses what can't
// be done in time.
func (r *Reader) prepareCopy(ctx context.Context, c *copying, held map[string]Checkpoint) error {
	table, err := r.describeTable(ctx)
	if err != nil {
		return err
	}
	o := r.options.Copy
	units := o.Rate
	if provisioned := table.ProvisionedThroughput; units == 0 && provisioned != nil {
		units = float64(aws.ToInt64(provisioned.ReadCapacityUnits)) / 2
	}
	units = cmp.Or(units, 100)
	c.anew, c.of, c.bytes = true, aws.ToInt64(table.ItemCount), aws.ToInt64(table.TableSizeBytes)
	c.rate = newScanRate(units, c.of, c.bytes)
	needed := max(float64(c.bytes)/scanUnit, 1)
	c.takes = seconds(needed / units)
	for _, k := range table.KeySchema {
		c.keys = append(c.keys, aws.ToString(k.AttributeName))
	}
	if c.mark == nil {
		if c.takes > copyLimit {
			return fmt.Errorf("copying table %s, %d bytes, would take %v at %.4g read units a second, and the stream keeps changes for 24 hours only: "+
				"give Copy a Rate of %.0f or more, or load an export of the table to S3 and begin at its time: Start: stream.At(ExportTime)",
				*table.TableName, c.bytes, c.takes.Round(time.Minute), units, math.Ceil(needed/copyLimit.Seconds()))
		}
		c.mark = &shard{id: copyShard}
		c.mark.enter(Waiting)
	}
	segments := cmp.Or(o.Segments, 4)
	for name := range held {
		var of int
		var copy int64
		if n, _ := fmt.Sscanf(name, copyShard+"/%d/%d/%d", &copy, new(int), &of); n == 3 && copy == c.number {
			segments = of
		}
	}
	for i := range segments {
		id := segmentShard(c.number, i, segments)
		s, ok := held[id]
		if !ok {
			s = Checkpoint{Shard: id, Parent: copyShard}
		}
		c.segments = append(c.segments, restored(s))
	}
	return nil
}

// describeTable asks for the table that is to be copied.
func (r *Reader) describeTable(ctx context.Context) (*dbtypes.TableDescription, error) {
	in := &dynamodb.DescribeTableInput{TableName: tableName(r.given)}
	var out *dynamodb.DescribeTableOutput
	calls := caller{pace: newPacer(Unbounded), clock: r.clock}
	_, err := calls.do(ctx, func(ctx context.Context) (_ middleware.Metadata, err error) {
		if out, err = r.options.Copy.Table.DescribeTable(ctx, in, tryWriteOnce); err != nil {
			return middleware.Metadata{}, err
		}
		return out.ResultMetadata, nil
	})
	if err != nil {
		return nil, fmt.Errorf("copying table %s: %w", *in.TableName, err)
	}
	if stream := aws.ToString(out.Table.LatestStreamArn); tableOf(stream) != tableOf(r.given) {
		return nil, fmt.Errorf("copying table %s: the stream of Copy.Table's is %q, and the one to read is %s: give it the client of the same account and region",
			*in.TableName, stream, r.given)
	}
	return out.Table, nil
}

// seconds is a duration, at most some years.
func seconds(s float64) time.Duration { return time.Duration(min(s, 1e9) * float64(time.Second)) }

// numberCopy gives a copy that begins its number, once the checkpoints are this
// reader's.
func (r *Reader) numberCopy() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c := &r.copy; c.mark != nil && c.number == 0 {
		c.number = max(r.tenure.generation, 1)
		c.mark.handled.Sequence = strconv.FormatInt(c.number, 10)
		for i, s := range c.segments {
			s.id = segmentShard(c.number, i, len(c.segments))
		}
	}
}

func (r *Reader) copyNumber() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.copy.number
}

// rowText is a row's primary key as a checkpoint has it: DynamoDB's JSON, the
// attributes by name.
func rowText(keys Image) string {
	values := make(map[string]map[string]any, len(keys))
	for name, value := range keys {
		switch v := value.(type) {
		case *types.AttributeValueMemberS:
			values[name] = map[string]any{"S": v.Value}
		case *types.AttributeValueMemberN:
			values[name] = map[string]any{"N": v.Value}
		case *types.AttributeValueMemberB:
			values[name] = map[string]any{"B": v.Value}
		}
	}
	text, _ := json.Marshal(values) // of texts and bytes
	return string(text)
}

// copies reports whether a copy is under way.
func (r *Reader) copies() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.copy.underWay()
}

// copyMayEnd reports whether the reading of a stream may end, as for the copy:
// CopyDone comes before, or after the table's last stream.
func (r *Reader) copyMayEnd() bool {
	return !r.copy.underWay() || !r.copy.scanning() && r.copy.mark.out.events == nil && r.status == types.StreamStatusDisabled
}
