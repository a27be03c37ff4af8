// 03-read-stream prints every change that the table's stream holds, and
// tells rows that TTL removed from rows that somebody deleted.
package main

import (
	"context"
	"errors"
	"time"

	"dynamostreamer/internal/cli"
	"dynamostreamer/internal/stream"
	"dynamostreamer/internal/table"
)

func main() {
	step := cli.New("03-read-stream",
		"prints every change of the table, as its stream has it.",
		"go run ./steps/03-read-stream -follow -only expired,deleted")
	follow := step.Bool("follow", false,
		"go on until Ctrl-C instead of ending at the last change")
	idle := step.Duration("idle", 3*time.Second,
		"without -follow: end once the open shards have had\nnothing new for this `time`")
	from := step.String("from", "trim-horizon",
		"`start` at trim-horizon, the oldest change there is,\nor at latest, now")
	only := step.String("only", "",
		"print only these `kinds`: inserted, modified, deleted,\nexpired; several with commas")
	format := step.String("format", "text",
		"print `text`, a line for each change, or json,\nan object for each")

	step.Main(func(ctx context.Context) error {
		options := stream.Options{Idle: *idle}
		if *follow {
			options.Idle = 0
		}
		show, err := printer(step, *format, *only)
		if err != nil {
			return err
		}
		options.Start, err = parseStart(*from, time.Now())
		switch {
		case err != nil:
			return err
		case *idle <= 0:
			return cli.Usagef("-idle %v must be more than 0", *idle)
		}
		db, streams, err := step.Connect(ctx)
		if err != nil {
			return err
		}

		// The table knows its stream by an ARN. A table that was
		// recreated has another stream, with another ARN.
		t, err := table.Describe(ctx, db, step.Table)
		if err != nil {
			return err
		}
		if t.StreamARN == "" {
			return step.NoStreamError()
		}
		reader, err := stream.Open(ctx, streams, t.StreamARN, options)
		if err != nil {
			return err
		}

		step.Notef("reading %s", t.StreamARN)
		progress := step.Progress(-1)
		//weave:read
		// Shards, iterators, empty pages and retries are the
		// reader's. What is left is a loop over what happened.
		counts := make(map[stream.Kind]int)
		for event, err := range reader.Events(ctx) {
			if errors.Is(err, context.Canceled) {
				break // Ctrl-C
			}
			if err != nil {
				return err
			}
			counts[event.Kind]++
			if err := show(event); err != nil {
				return err
			}
			progress.Add(1)
		}
		//weave:end

		progress.Finish()
		summary(ctx, step, reader, counts, *idle)
		return nil
	})
}

// summary says on stderr what was read and why reading ended.
func summary(ctx context.Context, step *cli.Step, reader *stream.Reader, counts map[stream.Kind]int, idle time.Duration) {
	for _, kind := range stream.Kinds {
		step.Notef("%s %6d", step.Kind(string(kind)), counts[kind])
	}
	shards, ended := reader.Shards()
	switch {
	case ctx.Err() != nil:
		step.Notef("stopped: %d of %d shards have ended", ended, shards)
	case ended == shards:
		step.Notef("the end: all %d shards have ended", shards)
	default:
		step.Notef("the end as far as one can tell: %d of %d shards are open and had nothing new for %v",
			shards-ended, shards, idle)
	}
}
