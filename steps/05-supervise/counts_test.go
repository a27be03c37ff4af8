package main

import (
	"testing"

	streamtypes "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
	"github.com/google/go-cmp/cmp"

	"dynamostreamer/internal/stream"
)

func TestCountInserts(t *testing.T) {
	row := func(page, task string) stream.Image {
		s := func(text string) streamtypes.AttributeValue { return &streamtypes.AttributeValueMemberS{Value: text} }
		return stream.Image{"activity": &streamtypes.AttributeValueMemberM{
			Value: map[string]streamtypes.AttributeValue{"page": s(page), "task": s(task)},
		}}
	}
	got := countInserts([]stream.Event{
		{Kind: stream.Inserted, New: row("/", "buying")},
		{Kind: stream.Inserted, New: row("/", "buying")},
		{Kind: stream.Inserted, New: row("/cart", "viewing")},
		{Kind: stream.Modified, New: row("/", "buying")},  // it was counted when it was made
		{Kind: stream.Inserted, New: row("", "buying")},   // another program's
		{Kind: stream.Inserted, New: stream.Image{}},      // another program's
		{Kind: stream.Expired, Old: row("/", "viewing")},  // it was an activity all the same
		{Kind: stream.Lost, Gap: &stream.Gap{Shard: "a"}}, // nobody knows
	})
	if diff := cmp.Diff(map[string]int64{"/ buying": 2, "/cart viewing": 1}, got); diff != "" {
		t.Errorf("countInserts() differs, -want +got:\n%s", diff)
	}
}
