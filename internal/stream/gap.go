package stream

import (
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
)

// Lost is the kind of the event that stands for a Gap, in the place of
// the records that were lost. It is not among Kinds: it is nothing that
// happened to an item.
const Lost Kind = "lost"

// A Gap is a place in a shard where records were lost, or may have been:
// DynamoDB doesn't tell how many, nor whether any. They were trimmed
// before they were read, or may have been by a clock that is a few minutes
// ahead of the reader's, or the shard went away.
type Gap struct {
	// Shard may be one that went away unseen. Then records of its
	// children may be lost too, up to Oldest.
	Stream, Shard string
	// Last is the sequence number of the last record before it, empty
	// where none was read.
	Last string
	// Oldest is the number of the oldest record after it. It is empty
	// where there is none now; if the shard went away, so may have
	// children of it that were never seen.
	Oldest string
	Err    error // what DynamoDB said; nil if it said nothing and only the time tells
}

func (g *Gap) Error() string {
	text := fmt.Sprintf("records of shard %s were lost", g.Shard)
	if g.Last != "" {
		text += " after " + g.Last
	}
	if g.Oldest != "" {
		text += " and before " + g.Oldest
	} else {
		text += ", and none are left"
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
	// StopAtGap ends the reading with the *Gap as its error. A Reader
	// that goes on from the checkpoint meets it again.
	StopAtGap GapPolicy = iota
	// SkipGaps delivers the Gap as an event of the kind Lost and goes on
	// with the oldest record there is. The event comes again after a
	// restart unless a later one of its shard was handled.
	SkipGaps
)

func trimmedError(err error) bool {
	var trimmed *types.TrimmedDataAccessException
	return errors.As(err, &trimmed)
}

func goneError(err error) bool {
	var gone *types.ResourceNotFoundException
	return errors.As(err, &gone)
}
