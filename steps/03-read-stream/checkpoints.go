package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"dynamostreamer/internal/cli"
	"dynamostreamer/internal/stream"
)

// operate lists or removes the checkpoints of a reader that need not run.
func (c *choices) operate(ctx context.Context) error {
	var db *dynamodb.Client
	if c.checkpoint.InTable() {
		var err error
		if db, _, err = c.step.Connect(ctx); err != nil {
			return err
		}
	}
	checkpoints := c.checkpoint.In(db)
	kept, err := checkpoints.(stream.Peeker).Peek(ctx)
	if err != nil {
		return c.checkpointHint(err)
	}
	if len(kept) == 0 {
		return fmt.Errorf("%s has no checkpoints", c.checkpoint.Value)
	}
	if c.list {
		return c.print(kept, time.Now())
	}
	if c.checkpoint.InTable() {
		c.step.Notef("finding out whether a reader has these checkpoints: that may take 10 seconds")
	}
	removed, err := stream.Reset(ctx, checkpoints)
	if errors.As(err, new(*stream.FencedError)) {
		return fmt.Errorf("nothing is removed: a reader has checkpoint %s: stop it first", c.checkpoint.Value)
	}
	if err != nil {
		return err
	}
	return c.step.Printf("removed %s: the next reader starts over\n", cli.Count(removed, "checkpoint"))
}

// print prints a line for each checkpoint, as they are at a time.
func (c *choices) print(kept []stream.Checkpoint, now time.Time) error {
	slices.SortFunc(kept, func(a, b stream.Checkpoint) int {
		return cmp.Or(strings.Compare(a.Stream, b.Stream), strings.Compare(a.Shard, b.Shard))
	})
	for _, k := range kept {
		line := checkpointText(k, now)
		if c.format == "json" {
			text, err := json.Marshal(struct {
				stream.Checkpoint
				Age  float64 `json:"age_seconds,omitempty"`
				Left float64 `json:"left_seconds"`
			}{k, seconds(k.Age(now)), seconds(k.Left(now))})
			if err != nil {
				return err
			}
			line = string(text)
		}
		if err := c.step.Printf("%s\n", line); err != nil {
			return err
		}
	}
	return nil
}

func seconds(d time.Duration) float64 { return d.Round(time.Second).Seconds() }

// checkpointText is a checkpoint as a line.
func checkpointText(k stream.Checkpoint, now time.Time) string {
	switch {
	case k.Shard == "":
		return "switch to " + k.Stream
	case k.OfCopy():
		return copyText(k)
	case k.State.Ended():
		return fmt.Sprintf("%s %s", k.Shard, k.State)
	}
	position := "at its beginning"
	switch {
	case k.Sequence != "":
		position = "after " + k.Sequence
	case !k.Since.IsZero():
		position = "at " + k.Since.UTC().Format(time.RFC3339)
	case k.Above != "":
		position = "after " + k.Above
	}
	age := "of an unknown age"
	if d := k.Age(now); d > 0 {
		age = fmt.Sprintf("%v old", d.Round(time.Second))
	}
	left := "what follows may be trimmed already"
	if d := k.Left(now); d > 0 {
		left = fmt.Sprintf("%v left", d.Round(time.Second))
	}
	return fmt.Sprintf("%s %s, %s, %s", k.Shard, position, age, left)
}

// copyText is the checkpoint of a copy, or of a segment of its scan, as a line.
func copyText(k stream.Checkpoint) string {
	whole := k.Shard == "copy"
	switch {
	case whole && k.State.Ended():
		return fmt.Sprintf("copy %s complete", k.Sequence)
	case whole && !k.NotBefore.IsZero():
		return fmt.Sprintf("copy %s has all rows, complete once the changes up to %s are read", k.Sequence, k.NotBefore.UTC().Format(time.RFC3339))
	case whole:
		return fmt.Sprintf("copy %s under way", k.Sequence)
	case k.State.Ended():
		return fmt.Sprintf("%s has all its %s rows", k.Shard, cmp.Or(k.Sequence, "0"))
	}
	return fmt.Sprintf("%s has %s rows", k.Shard, cmp.Or(k.Sequence, "0"))
}
