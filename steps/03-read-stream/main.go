// 03-read-stream prints every change that the table's stream holds, and
// tells rows that TTL removed from rows that a program deleted.
package main

import (
	"context"
	"errors"

	"dynamostreamer/internal/cli"
	"dynamostreamer/internal/stream"
	"dynamostreamer/internal/table"
)

func main() {
	step := cli.New("03-read-stream",
		"prints every change of the table, as its stream has it.",
		"go run ./steps/03-read-stream -follow -only expired,deleted")
	step.StopsWell = true
	choices := newChoices(step)

	step.Main(func(ctx context.Context) error {
		options, err := choices.options()
		if err != nil {
			return err
		}
		if choices.operates() {
			return choices.operate(ctx)
		}
		show, err := printer(step, choices.format, choices.only)
		if err != nil {
			return err
		}
		db, streams, err := step.Connect(ctx)
		if err != nil {
			return err
		}
		choices.connected(&options, db)

		//weave:open
		// The table knows its stream by an ARN. A table that was
		// recreated has another stream, with another ARN.
		t, err := table.Describe(ctx, db, step.Table)
		if err != nil {
			return err
		}
		if t.StreamARN == "" {
			return step.NoStreamError(t)
		}
		reader, err := stream.Open(ctx, streams, t.StreamARN, options)
		if err != nil {
			return choices.checkpointHint(err)
		}
		//weave:end
		step.Notef("reading %s", reader.Stream())
		if reader.Resumed() {
			step.Notef("resuming from checkpoint %s%s", choices.checkpoint.Value, choices.ignored())
		}
		defer choices.reportRegularly(ctx, reader)()
		counts, err := read(ctx, step, reader, show)
		why, err := cli.WhyEnded(ctx, db, step.Table, err)
		// What was handled last is saved now, not under way.
		if err := errors.Join(err, reader.Close()); err != nil {
			return choices.checkpointHint(gapHint(err))
		}
		summary(ctx, step, reader, counts, choices.idle)
		if why != "" {
			step.Notef("%s", why)
		}
		return nil
	})
}

// read prints the events, and counts them by kind.
func read(ctx context.Context, step *cli.Step, reader *stream.Reader,
	show func(stream.Event) error,
) (map[stream.Kind]int, error) {
	progress := step.Progress(-1, "changes")
	defer progress.Finish()
	//weave:read
	// Shards, iterators, empty pages and retries are the
	// reader's. What is left is a loop over what happened.
	counts := make(map[stream.Kind]int)
	for event, err := range reader.Events(ctx) {
		if errors.Is(err, context.Canceled) {
			break // Ctrl-C
		}
		if err != nil {
			return counts, err
		}
		counts[event.Kind]++
		if err := show(event); err != nil {
			return counts, err
		}
		progress.Add(1)
	}
	//weave:end
	return counts, nil
}
