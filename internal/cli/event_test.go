package cli

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"dynamostreamer/internal/stream"
)

// The longest event of ours fits 80 columns; a change is below it.
func TestEventText(t *testing.T) {
	s := func(text string) types.AttributeValue { return &types.AttributeValueMemberS{Value: text} }
	row := func(page string) stream.Image {
		return stream.Image{
			"id": s("y3avbkiskifry7djyigurrde4m"), "email": s("katherine99@example.com"),
			"activity": &types.AttributeValueMemberM{Value: map[string]types.AttributeValue{"page": s(page), "task": s("data_entry")}},
		}
	}
	at := time.Date(2026, 11, 28, 8, 19, 57, 0, time.UTC)
	step, _, _ := newStep()
	for name, test := range map[string]struct {
		event stream.Event
		want  string
	}{
		"inserted": {stream.Event{Kind: stream.Inserted, At: at, New: row("/inventory")},
			"11-28T08:19:57Z inserted y3avbki… katherine99@example.com data_entry /inventory"},
		"modified": {stream.Event{Kind: stream.Modified, At: at, Old: row("/"), New: row("/inventory")},
			"11-28T08:19:57Z modified y3avbki… katherine99@example.com data_entry /inventory\n" +
				"                activity.page: / -> /inventory"},
		"another program's": {stream.Event{Kind: stream.Deleted, At: at, Old: stream.Image{"k": s("v")}},
			`11-28T08:19:57Z deleted  {"k":"v"}`},
		"a gap": {stream.Event{Kind: stream.Lost, Seen: at, Gap: &stream.Gap{Shard: "a", Oldest: "7"}},
			"11-28T08:19:57Z lost     records of shard a may have been lost before 7"},
	} {
		got := step.EventText(test.event)
		if got != test.want {
			t.Errorf("%s: EventText() = %q, want %q", name, got, test.want)
		}
		for line := range strings.SplitSeq(got, "\n") {
			if n := utf8.RuneCountInString(line); n > 80 {
				t.Errorf("%s: a line of %d columns: %s", name, n, line)
			}
		}
	}
}

func TestID(t *testing.T) {
	for id, want := range map[string]string{"": "", "12345678": "12345678", "123456789": "1234567…"} {
		if got := ID(id); got != want {
			t.Errorf("ID(%q) = %q, want %q", id, got, want)
		}
	}
}

func TestCount(t *testing.T) {
	for n, want := range map[int]string{0: "0 rows", 1: "1 row", 2: "2 rows"} {
		if got := Count(n, "row"); got != want {
			t.Errorf("Count(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestRate(t *testing.T) {
	for rate, want := range map[float64]string{0.45: "0.5", 9.44: "9.4", 10: "10", 1234.5: "1234"} {
		if got := Rate(rate); got != want {
			t.Errorf("Rate(%v) = %q, want %q", rate, got, want)
		}
	}
}
