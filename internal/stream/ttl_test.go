package stream

import (
	"testing"
	"time"
)

func TestTTLOfARemoval(t *testing.T) {
	at := time.Unix(1795508718, 0)
	old := Image{"ttl": n("1795508700"), "text": s("1795508700"), "later": n("1795508719"), "huge": n("1e40")}
	gone := Event{Kind: Deleted, Old: old, At: at, Seen: at.Add(2 * time.Second)}
	expired, modified := gone, gone
	expired.Kind, modified.Kind, modified.New = Expired, Modified, old
	tests := map[string]struct {
		why       string
		event     Event
		attribute string
		late      time.Duration
		ok        bool
		elsewhere bool
	}{
		"expired":       {"DynamoDB says so itself", expired, "ttl", 20 * time.Second, true, false},
		"deleted":       {"a replica's removal has no identity", gone, "ttl", 20 * time.Second, true, true},
		"not yet":       {"it was deleted before its time", gone, "later", time.Second, true, false},
		"text":          {"a String never expires", gone, "text", 0, false, false},
		"missing":       {"it has no such attribute", gone, "none", 0, false, false},
		"out of bounds": {"no such time", gone, "huge", 0, false, false},
		"modified":      {"it is still there", modified, "ttl", 0, false, false},
		"no image":      {"the view type leaves it out", Event{Kind: Deleted}, "ttl", 0, false, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			late, ok := test.event.Overdue(test.attribute)
			check(t, test.why+": Overdue", []any{late, ok}, []any{test.late, test.ok})
			check(t, test.why+": ExpiredElsewhere", test.event.ExpiredElsewhere(test.attribute), test.elsewhere)
		})
	}
}
