package stream

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
)

// Kind says what happened to an item.
type Kind string

const (
	Inserted Kind = "inserted"
	Modified Kind = "modified"
	Deleted  Kind = "deleted" // by a caller of the API
	Expired  Kind = "expired" // by DynamoDB, since its TTL had passed
)

// Kinds lists the kinds of changes, in the order of an item's life.
var Kinds = []Kind{Inserted, Modified, Deleted, Expired}

// An Event is one change of one item.
type Event struct {
	Kind Kind
	// Keys is the item's primary key, nil for Lost.
	Keys Image
	// Old is the item before the change, nil for Inserted. New is the
	// item after it, nil for Deleted and Expired. Each is also nil where
	// the stream's view type leaves it out: go by Kind, and see
	// Reader.ViewType.
	Old, New Image
	// Stream is the ARN of the stream that holds the record, and Shard the
	// id of its shard. Of a switch of streams, Stream is the later one and
	// Shard is empty.
	Stream, Shard string
	// Sequence is the record's sequence number: decimal digits that
	// order the changes of an item. Compare it as a number, not as text.
	Sequence string
	// At is when DynamoDB made the change, roughly: the service rounds
	// it to the second, DynamoDB Local to the minute.
	At time.Time
	// Seen is when the reader got it, by DynamoDB's clock.
	Seen time.Time
	// Generation is that of the checkpoints' owner, which got the event. It is
	// larger than those of all owners before. Zero: the Checkpoints have no
	// Lease.
	Generation int64
	// Gap is what was lost, where the Kind is Lost, and else nil.
	Gap *Gap
	// Copy is the number of the copy that the event belongs to, or
	// follows: see Options.Copy. 0: none was made.
	Copy int64
}

// Table is the name of the table, by the stream's ARN.
func (e Event) Table() string { return *tableName(e.Stream) }

// Order is a text that sorts the events of one item in the order in which its
// changes were made: by the stream, then by the sequence number. All of a
// table's are of the same length, about 64 bytes. Keep it with what an event
// led to, also with a deletion, to tell that another event is older. A Copied row
// is older than all events of its stream.
func (e Event) Order() string {
	_, label, _ := strings.Cut(e.Stream, "/stream/")
	number := strings.Repeat("0", max(40-len(e.Sequence), 0)) + e.Sequence
	if e.Kind == Copied {
		number = "-" + number[1:] // sorts before digits
	}
	return label + "/" + number
}

// Expired reports whether DynamoDB itself removed the item since its TTL
// had passed.
func (e Event) Expired() bool { return e.Kind == Expired }

// Image is the item as the event knows it last: New, or else Old, or
// else its Keys.
func (e Event) Image() Image {
	switch {
	case e.New != nil:
		return e.New
	case e.Old != nil:
		return e.Old
	}
	return e.Keys
}

// localExpiry is the event name that DynamoDB Local 3.0.0 to 3.3.1 gives
// to a removal by TTL, in place of REMOVE, and without an identity: it
// fails to translate its own name for it. No other record of its has this
// event name.
const localExpiry = "UNKNOWN_TO_SDK_VERSION"

// newEvent reads a record of the Streams API.
func newEvent(shard string, r types.Record) (Event, error) {
	if sequence(r) == "" {
		return Event{}, fmt.Errorf("a record%s has no sequence number", ofShard(shard))
	}
	e := Event{
		Keys:     r.Dynamodb.Keys,
		Old:      r.Dynamodb.OldImage,
		New:      r.Dynamodb.NewImage,
		Shard:    shard,
		Sequence: sequence(r),
		At:       recordTime(r),
	}
	switch r.EventName {
	case types.OperationTypeInsert:
		e.Kind = Inserted
	case types.OperationTypeModify:
		e.Kind = Modified
	case types.OperationTypeRemove:
		e.Kind = Deleted
		if byTTL(r.UserIdentity) {
			e.Kind = Expired
		}
	case localExpiry:
		if aws.ToString(r.AwsRegion) == "ddblocal" {
			e.Kind = Expired
			break
		}
		fallthrough
	default:
		return Event{}, fmt.Errorf("record %s%s has the unknown event name %q", e.Sequence, ofShard(shard), r.EventName)
	}
	return e, nil
}

// ofShard is " of shard ID", or empty where the shard is not known.
func ofShard(id string) string {
	if id == "" {
		return ""
	}
	return " of shard " + id
}

//weave:by-ttl

// byTTL tells DynamoDB's own removals from everybody else's: they are
// the only ones that carry an identity ("DynamoDB Streams and Time to
// Live" in the Developer Guide). Other services of AWS remove items as
// a Service too, so the principal must match as well.
func byTTL(who *types.Identity) bool {
	return who != nil &&
		aws.ToString(who.Type) == "Service" &&
		aws.ToString(who.PrincipalId) == "dynamodb.amazonaws.com"
}

//weave:end

// sequence is the record's sequence number, or empty in a record that
// has none.
func sequence(r types.Record) string {
	if r.Dynamodb == nil {
		return ""
	}
	return aws.ToString(r.Dynamodb.SequenceNumber)
}

// Overdue returns how long the TTL of a removed item had passed when the
// reader saw its removal, by DynamoDB's clock: Seen less the attribute of the
// old image. ok is false where the item was not removed, or the old image is
// missing or has no such Number.
func (e Event) Overdue(attribute string) (late time.Duration, ok bool) {
	ttl, ok := e.Old.ttl(attribute)
	if !ok || e.Kind != Deleted && e.Kind != Expired {
		return 0, false
	}
	return e.Seen.Sub(ttl), true
}

// ExpiredElsewhere reports whether a Deleted item's TTL had passed when
// it was removed. In a replica of a global table, a removal by TTL comes
// without DynamoDB's identity and looks so; a delete of a row that had
// expired and was not removed yet does too.
func (e Event) ExpiredElsewhere(attribute string) bool {
	ttl, ok := e.Old.ttl(attribute)
	return ok && e.Kind == Deleted && !e.At.Before(ttl)
}

// ttl is the time that a Number of Unix seconds stands for.
func (i Image) ttl(attribute string) (time.Time, bool) {
	n, ok := i[attribute].(*types.AttributeValueMemberN)
	if !ok {
		return time.Time{}, false
	}
	seconds, err := strconv.ParseFloat(n.Value, 64)
	if err != nil || seconds > 1e11 || seconds < -1e11 {
		return time.Time{}, false
	}
	return time.Unix(int64(seconds), 0), true
}
