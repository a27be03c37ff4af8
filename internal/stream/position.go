package stream

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
)

const (
	// clockSkew is how far the clocks of the reader and of DynamoDB may
	// be apart, the rounding of a record's time included. AWS refuses
	// calls from clocks that are further off.
	clockSkew = 6 * time.Minute
	// retention is how long DynamoDB keeps a record.
	retention = 24 * time.Hour
)

// The kinds of iterators that the reader takes.
const (
	typeTrimHorizon = types.ShardIteratorTypeTrimHorizon
	typeLatest      = types.ShardIteratorTypeLatest
	typeAt          = types.ShardIteratorTypeAtTimestamp
	typeAfter       = types.ShardIteratorTypeAfterSequenceNumber
)

// A position is a place in a shard.
type position struct {
	kind  types.ShardIteratorType
	after string // sequence number, for AFTER_SEQUENCE_NUMBER

	// Older records are passed over: those that were surely made before
	// since, and those whose numbers are not above above. Both are zero
	// where nothing is.
	since time.Time
	above string

	// floor says that no record from here on is older: one that was
	// trimmed meanwhile would be missed. It is zero where that isn't
	// known and, once a record was read, not needed.
	floor time.Time

	// iterator is one for this place, or empty. It dies 15 minutes
	// after it was taken.
	iterator string
}

// afterRecord is the position after a record.
func afterRecord(sequence string) position {
	return position{kind: typeAfter, after: sequence}
}

// renewable reports whether a call failed only for its iterator, so that
// the shard can be read on with another one from the same place, to which
// it moves the position.
func (p *position) renewable(err error) bool {
	var expired *types.ExpiredIteratorException
	var trimmed *types.TrimmedDataAccessException
	switch {
	case errors.As(err, &expired):
		if p.kind == typeLatest {
			// Another LATEST would pass over what was written since
			// the first one was taken.
			p.kind = typeAt
		}
	case errors.As(err, &trimmed) && p.kind != typeAfter:
		// Nothing was read yet: the oldest record was trimmed just now,
		// or this is DynamoDB Local, which says so of a shard that got
		// its first record after the iterator was taken. Whatever the
		// shard holds comes after this place; the floor tells whether
		// anything is missed.
		p.kind = typeTrimHorizon
	default:
		return false
	}
	p.iterator = ""
	return true
}

// pass returns the records without those that are to be passed over. Once
// one was not, none is any more.
func (p *position) pass(records []types.Record) []types.Record {
	if p.since.IsZero() && p.above == "" {
		return records
	}
	n := slices.IndexFunc(records, func(r types.Record) bool {
		if p.above != "" && compareSequence(sequence(r), p.above) <= 0 {
			return false
		}
		return p.since.IsZero() || !surelyBefore(recordTime(r), p.since)
	})
	if n < 0 {
		return nil
	}
	p.since, p.above = time.Time{}, ""
	return records[n:]
}

// surelyBefore reports whether a record of a time that was rounded down
// was made before t. The service rounds to the second, DynamoDB Local to
// the minute.
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
	return aws.ToTime(r.Dynamodb.ApproximateCreationDateTime)
}

// compareSequence compares two sequence numbers, which have up to 40
// digits, as numbers.
func compareSequence(a, b string) int {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	if len(a) != len(b) {
		return cmp.Compare(len(a), len(b))
	}
	return strings.Compare(a, b)
}
