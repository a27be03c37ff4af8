package stream

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
)

// What is lost, and how a reader knows.
//
// DynamoDB keeps a record for 24 hours and then trims it, oldest first. It
// never tells what it trimmed, so a reader infers it. For each shard it keeps
// a time before which no record was made that it has not read yet,
// Position.NotBefore. It comes from the last record that was read, from the
// end of the parent, or from the time of Open. Four rules follow:
//
//   - A shard that is read from its beginning within 24 hours of NotBefore
//     holds all of it. Later, its oldest records may be trimmed.
//   - A shard that was read up to a record tells by itself: DynamoDB answers
//     TrimmedDataAccessException where that record is trimmed.
//   - A shard that DynamoDB no longer has closed more than 24 hours ago. All
//     its records were older than that, so nothing is lost of one whose
//     NotBefore is newer.
//   - A record that this Reader fetched, and that was not handled, is surely
//     lost once DynamoDB has trimmed it. In all other cases a loss is possible
//     and not certain: numbers have holes, and EndingSequenceNumber need not be
//     a record's.
//
// All times are DynamoDB's own.

const (
	// retention is how long DynamoDB keeps a record.
	retention = 24 * time.Hour
	// margin is what two of DynamoDB's own times may differ by: DynamoDB
	// Local rounds a record's time down to the minute, answers are dated to
	// the second, and hosts differ a little.
	margin = 2 * time.Minute
	// openGrace is how long after Open a shard that the stream listed then
	// may first be asked for: what is trimmed until then, and a margin
	// later, is not missed.
	openGrace = 15 * time.Minute
)

// A Position is a place in a shard: all before it was read, or was never
// asked for.
type Position struct {
	// Sequence is the number of the last record before it. It is empty
	// where none was read: then Since and Above are what remains of the
	// Start. Records made before Since are passed over, and those whose
	// numbers are not above Above.
	Sequence string    `json:"sequence,omitempty"`
	Since    time.Time `json:"since,omitzero"`
	Above    string    `json:"above,omitempty"`
	// NotBefore: every record still to be read, here or in the shard's
	// children, was made at this time or later; zero: not known.
	NotBefore time.Time `json:"notBefore,omitzero"`
}

// The kinds of iterators that the reader takes.
const (
	typeTrimHorizon = types.ShardIteratorTypeTrimHorizon
	typeLatest      = types.ShardIteratorTypeLatest
	typeAt          = types.ShardIteratorTypeAtTimestamp
	typeAfter       = types.ShardIteratorTypeAfterSequenceNumber
)

// iteratorType is how to ask for an iterator of the position.
func (p Position) iteratorType() types.ShardIteratorType {
	switch {
	case p.Sequence != "":
		return typeAfter
	case !p.Since.IsZero():
		return typeAt
	}
	return typeTrimHorizon
}

// pass drops the leading records that come before the start. After the first
// one that it keeps, it keeps all.
func (p *Position) pass(records []types.Record) []types.Record {
	if p.Since.IsZero() && p.Above == "" {
		return records
	}
	n := slices.IndexFunc(records, func(r types.Record) bool {
		if p.Above != "" && compareSequence(sequence(r), p.Above) <= 0 {
			return false
		}
		return p.Since.IsZero() || !surelyBefore(recordTime(r), p.Since)
	})
	if n < 0 {
		return nil
	}
	p.Since, p.Above = time.Time{}, ""
	return records[n:]
}

// surelyBefore reports whether a record of a time that was rounded down was
// made before t. The service rounds to the second, DynamoDB Local to the
// minute.
func surelyBefore(rounded, t time.Time) bool {
	unit := time.Second
	if rounded.Equal(rounded.Truncate(time.Minute)) {
		unit = time.Minute
	}
	return !rounded.Add(unit).After(t)
}

func recordTime(r types.Record) time.Time {
	if r.Dynamodb == nil {
		return time.Time{}
	}
	return aws.ToTime(r.Dynamodb.ApproximateCreationDateTime).UTC()
}

//weave:compare

// compareSequence compares two sequence numbers, which have up to 40 digits,
// as numbers.
func compareSequence(a, b string) int {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	if len(a) != len(b) {
		return cmp.Compare(len(a), len(b))
	}
	return strings.Compare(a, b)
}

//weave:end

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// A loss is what is known of a place where records may be missing.
type loss int

const (
	nothingLost loss = iota
	maybeLost
	surelyLost
)

// unread is what is known of the records of a shard that were not read yet.
type unread struct {
	Position
	// orphan says that the parent was trimmed before anybody saw it.
	orphan bool
	// fetched is the number of the newest record of the shard that this
	// Reader fetched; empty: none.
	fetched string
}

// old reports whether records made at NotBefore may be trimmed by now. Zero:
// DynamoDB has not told the time.
func (u unread) old(now time.Time) bool {
	return now.IsZero() || now.Sub(u.NotBefore) > retention-margin
}

// begun judges the first answer to a reader that begins with the shard's
// oldest record, which is called oldest; empty: the answer has none.
func (u unread) begun(now time.Time, oldest string) loss {
	if u.orphan || !u.NotBefore.IsZero() && u.old(now) {
		return u.between("", oldest)
	}
	return nothingLost
}

// vanished judges a shard that DynamoDB no longer has, and that was read up
// to the record last; empty: none was.
func (u unread) vanished(now time.Time, last string) loss {
	if last == "" && !u.orphan && !u.NotBefore.IsZero() && !u.old(now) {
		return nothingLost
	}
	if u.fetchedAfter(last) {
		return surelyLost
	}
	return maybeLost
}

// trimmed judges a shard that was read up to the record last, which DynamoDB
// has trimmed. oldest is the number of the next record that is left; empty:
// the answer has none.
func (u unread) trimmed(last, oldest string) loss {
	if oldest != "" && compareSequence(oldest, last) <= 0 {
		return nothingLost // they are all there after all
	}
	return u.between(last, oldest)
}

// between judges a gap between two records.
func (u unread) between(last, oldest string) loss {
	if u.fetchedAfter(last) && oldest != "" && compareSequence(u.fetched, oldest) < 0 {
		return surelyLost
	}
	return maybeLost
}

// fetchedAfter reports whether a record after the one called last was fetched.
func (u unread) fetchedAfter(last string) bool {
	return u.fetched != "" && compareSequence(u.fetched, last) > 0
}

// placed is the NotBefore of a shard that the stream listed when a reader
// opened it at the given time.
func placed(opened time.Time) time.Time { return opened.Add(openGrace + margin - retention) }

// afterVanished is the NotBefore of the children of a shard that had vanished
// by Open, as far as DynamoDB tells: the reader asks for them within a minute.
func afterVanished(now time.Time) time.Time { return now.Add(time.Minute + margin - retention) }

// Lost is the kind of the event that stands for a Gap, in the place of the
// records that were lost. It is not among Kinds: it is nothing that happened
// to an item.
const Lost Kind = "lost"

// A Gap is a place where records were lost, or may have been. It is either a
// place in a shard, whose records were trimmed before they were read, or the
// switch from a stream to the next one of its table: what was written between
// them is in no stream.
type Gap struct {
	// Stream is the ARN of the stream. Shard is empty at a switch. It may be
	// a shard that was trimmed before anybody saw it: then records of its
	// children may be lost too, up to Oldest.
	Stream, Shard string
	// Next is the ARN of the stream that follows, at a switch.
	Next string
	// Last is the sequence number of the last record before the gap; empty:
	// none was read.
	Last string
	// Oldest is the number of the oldest record after it; empty: there is none
	// now. If the shard vanished, children that nobody saw may have vanished
	// too.
	Oldest string
	// Certain reports whether at least one record was lost. Without it,
	// some may have been: DynamoDB doesn't tell.
	Certain bool
	// Err is what DynamoDB said; nil if the loss is inferred from age.
	Err error
}

func (g *Gap) Error() string {
	if g.Next != "" {
		return fmt.Sprintf("changes made between stream %s and stream %s may have been lost: no stream has them", g.Stream, g.Next)
	}
	text := fmt.Sprintf("records of shard %s may have been lost", g.Shard)
	if g.Certain {
		text = fmt.Sprintf("records of shard %s were lost", g.Shard)
	}
	if g.Last != "" {
		text += " after " + g.Last
	}
	switch {
	case g.Oldest == "":
		text += ", and none are left"
	case g.Last == "":
		text += " before " + g.Oldest
	default:
		text += " and before " + g.Oldest
	}
	if g.Err != nil {
		text += ": " + g.Err.Error()
	}
	return text
}

func (g *Gap) Unwrap() error { return g.Err }

// A GapPolicy is what a Reader does at a Gap.
type GapPolicy int

const (
	// StopAtGap ends the reading with the *Gap as its error. A Reader that
	// resumes from the checkpoint meets it again.
	StopAtGap GapPolicy = iota
	// SkipGaps delivers the Gap as an event of the kind Lost and continues
	// with the oldest record there is. In a shard that still exists, the
	// event may be redelivered after a restart until a later one of the
	// shard was handled. The event of a switch of streams, or of a shard
	// that vanished, is not redelivered once its checkpoint is saved.
	SkipGaps
)

func trimmedError(err error) bool {
	var trimmed *types.TrimmedDataAccessException
	return errors.As(err, &trimmed)
}

// vanishedError reports whether DynamoDB does not have the stream or the
// shard.
func vanishedError(err error) bool {
	var missing *types.ResourceNotFoundException
	return errors.As(err, &missing)
}
