package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"dynamostreamer/internal/activity"
	"dynamostreamer/internal/cli"
	"dynamostreamer/internal/stream"
	"dynamostreamer/internal/table"
)

// printer returns a function that prints an event in the format that was
// chosen, if its kind is one of the comma-separated ones. No kinds are
// all of them.
func printer(step *cli.Step, format, kinds string) (func(stream.Event) error, error) {
	wanted := stream.Kinds
	if kinds != "" {
		wanted = nil
		for kind := range strings.SplitSeq(kinds, ",") {
			if !slices.Contains(stream.Kinds, stream.Kind(kind)) {
				return nil, cli.Usagef("-only %s is unknown: give inserted, modified, deleted or expired", kind)
			}
			wanted = append(wanted, stream.Kind(kind))
		}
	}
	formats := map[string]func(stream.Event) (string, error){
		"text": func(e stream.Event) (string, error) { return textLine(step, e), nil },
		"json": jsonLine,
	}
	line, ok := formats[format]
	if !ok {
		return nil, cli.Usagef("-format %s is unknown: give text or json", format)
	}
	return func(e stream.Event) error {
		// What was lost may have been of any kind.
		if e.Kind != stream.Lost && !slices.Contains(wanted, e.Kind) {
			return nil
		}
		if warning := ttlProblem(e); warning != "" {
			step.Notef("%s", warning)
		}
		text, err := line(e)
		if err != nil {
			return err
		}
		return step.Printf("%s\n", text)
	}, nil
}

// textLine is the event for a person: when, what, which row, what the
// user was doing, and what changed if something did.
func textLine(step *cli.Step, e stream.Event) string {
	if e.Gap != nil {
		return fmt.Sprintf("%s %s %v", e.Seen.UTC().Format(time.RFC3339), step.Kind(string(e.Kind)), e.Gap)
	}
	// Only what is printed is decoded, so that an odd ttl is no error.
	var row struct {
		ID       string            `dynamodbav:"id"`
		Email    string            `dynamodbav:"email"`
		Activity activity.Activity `dynamodbav:"activity"`
	}
	err := e.Image().Decode(&row)
	what := fmt.Sprintf("%s %-23s %s %s", row.ID, row.Email, row.Activity.Task, row.Activity.Page)
	if err != nil || row.ID == "" || row.Email == "" {
		what = jsonText(e.Image()) // somebody else's row: show it as it is
	}
	line := fmt.Sprintf("%s %s %s", e.At.UTC().Format(time.RFC3339), step.Kind(string(e.Kind)), what)
	// A view type may leave out what is needed to compare.
	if e.Kind != stream.Modified || e.Old == nil || e.New == nil {
		return line
	}
	var changes []string
	for _, d := range e.Differences() {
		changes = append(changes, d.String())
	}
	return line + "  (" + strings.Join(changes, ", ") + ")"
}

// jsonLine is the event for a program. Keys that are not like those of our
// table come as they are.
func jsonLine(e stream.Event) (string, error) {
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
	}{e.Kind, key.ID, key.Email, keys, e.Shard, e.Sequence, e.At.UTC(), e.Old, e.New})
	return string(line), err
}

func jsonText(i stream.Image) string {
	text, err := json.Marshal(i)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// ttlProblem says why DynamoDB will never expire the row that the event
// leaves behind, or nothing if it will.
func ttlProblem(e stream.Event) string {
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
		if err == nil && seconds < float64(e.At.AddDate(-5, 0, 0).Unix()) {
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
