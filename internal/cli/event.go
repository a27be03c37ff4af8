package cli

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"dynamostreamer/internal/activity"
	"dynamostreamer/internal/stream"
	"dynamostreamer/internal/table"
)

// shortID is how much of an item's id is shown to a person: enough to tell
// apart what is on a screen.
const shortID = 7

// ID is an item's id for a person, shortened where it is long.
func ID(id string) string {
	if len(id) <= shortID+1 {
		return id
	}
	return id[:shortID] + "…"
}

// EventText is an event for a person, in 80 columns where the row is one of
// ours: when, what, which row and what the user was doing; below it, a line
// for each change.
func (s *Step) EventText(e stream.Event) string {
	const when, indent = "01-02T15:04:05Z", "\n                "
	if e.Gap != nil {
		return fmt.Sprintf("%s %s %v", e.Seen.UTC().Format(when), s.Kind(string(e.Kind)), e.Gap)
	}
	if e.Kind == stream.CopyDone {
		return fmt.Sprintf("%s %s copy %d is complete", e.Seen.UTC().Format(when), s.Kind(string(e.Kind)), e.Copy)
	}
	// Only what is printed is decoded, so that an odd ttl is not an error.
	var row struct {
		ID       string            `dynamodbav:"id"`
		Email    string            `dynamodbav:"email"`
		Activity activity.Activity `dynamodbav:"activity"`
	}
	err := e.Image().Decode(&row)
	what := fmt.Sprintf("%s %-23s %s %s", ID(row.ID), row.Email, row.Activity.Task, row.Activity.Page)
	if err != nil || row.ID == "" || row.Email == "" {
		what = jsonText(e.Image()) // another program's row: show it as it is
	}
	text := fmt.Sprintf("%s %s %s", timeOf(e).UTC().Format(when), s.Kind(string(e.Kind)), strings.TrimRight(what, " "))
	// A view type may leave out what is needed to compare.
	if e.Kind != stream.Modified || e.Old == nil || e.New == nil {
		return text
	}
	for _, d := range e.Differences() {
		text += indent + d.String()
	}
	return text
}

// EventJSON is an event for a program, as an object. Keys that are not like
// those of our table come as they are.
func EventJSON(e stream.Event) (string, error) {
	switch {
	case e.Gap != nil && e.Gap.Next != "": // the switch to another stream
		line, err := json.Marshal(struct {
			Kind   stream.Kind `json:"kind"`
			Stream string      `json:"stream"`
			Next   string      `json:"next"`
		}{e.Kind, e.Gap.Stream, e.Gap.Next})
		return string(line), err
	case e.Gap != nil:
		line, err := json.Marshal(struct {
			Kind   stream.Kind `json:"kind"`
			Shard  string      `json:"shard"`
			Last   string      `json:"last"`
			Oldest string      `json:"oldest"`
		}{e.Kind, e.Gap.Shard, e.Gap.Last, e.Gap.Oldest})
		return string(line), err
	}
	if e.Kind == stream.CopyDone {
		line, err := json.Marshal(struct {
			Kind stream.Kind `json:"kind"`
			Copy int64       `json:"copy"`
			At   time.Time   `json:"at"`
		}{e.Kind, e.Copy, e.Seen.UTC()})
		return string(line), err
	}
	var key struct {
		ID    string `dynamodbav:"id"`
		Email string `dynamodbav:"email"`
	}
	var keys stream.Image
	if err := e.Keys.Decode(&key); err != nil || key.ID == "" || key.Email == "" {
		key.ID, key.Email, keys = "", "", e.Keys
	}
	line, err := json.Marshal(struct {
		Kind     stream.Kind  `json:"kind"`
		ID       string       `json:"id"`
		Email    string       `json:"email"`
		Keys     stream.Image `json:"keys,omitempty"`
		Shard    string       `json:"shard"`
		Sequence string       `json:"sequence"`
		At       time.Time    `json:"at"`
		Old      stream.Image `json:"old"`
		New      stream.Image `json:"new"`
		Copy     int64        `json:"copy,omitempty"`
	}{e.Kind, key.ID, key.Email, keys, e.Shard, e.Sequence, timeOf(e).UTC(), e.Old, e.New, e.Copy})
	return string(line), err
}

// timeOf is when an event happened or, of a row that was copied, when it was
// read.
func timeOf(e stream.Event) time.Time {
	if e.At.IsZero() {
		return e.Seen
	}
	return e.At
}

// TTLProblem says why DynamoDB will never expire the row that the event
// leaves behind. It is empty if DynamoDB will, or if there is no row.
func TTLProblem(e stream.Event) string {
	if e.New == nil {
		return ""
	}
	id := jsonText(e.Keys)
	if key, ok := e.Keys[table.PartitionKey]; ok {
		id = jsonText(stream.Image{table.PartitionKey: key})
	}
	switch ttl := e.New[table.TTLAttribute].(type) {
	case *types.AttributeValueMemberN:
		seconds, err := strconv.ParseFloat(ttl.Value, 64)
		if err == nil && seconds < float64(timeOf(e).AddDate(-5, 0, 0).Unix()) {
			return fmt.Sprintf("row %s: its %s %s is more than five years past: DynamoDB never expires it", id, table.TTLAttribute, ttl.Value)
		}
		return ""
	case nil:
		return fmt.Sprintf("row %s has no %s: DynamoDB never expires it", id, table.TTLAttribute)
	default:
		return fmt.Sprintf("row %s: its %s can't be read as a time, %s: DynamoDB expires only Numbers of Unix seconds",
			id, table.TTLAttribute, jsonText(stream.Image{table.TTLAttribute: ttl}))
	}
}

func jsonText(i stream.Image) string {
	text, err := json.Marshal(i)
	if err != nil {
		return err.Error()
	}
	return string(text)
}
