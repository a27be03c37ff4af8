package stream

import (
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
)

// Overdue says how long the removed item's TTL had passed when the reader
// saw its removal: its clock less the attribute of the old image. ok is
// false where that has no such Number.
func (e Event) Overdue(attribute string) (late time.Duration, ok bool) {
	ttl, ok := e.Old.ttl(attribute)
	if !ok || e.New != nil {
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
