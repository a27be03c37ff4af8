//go:build !lambda.norpc

// 08-lambda is a Lambda function that handles the table's changes. Anywhere
// but in Lambda it plays Lambda: it starts itself as the function, and maps the
// table's stream to it as an event source mapping does.
package main

import (
	"context"
	"errors"
	"os"

	"dynamostreamer/internal/cli"
	"dynamostreamer/internal/lambda/host"
	"dynamostreamer/internal/lambda/mapping"
	"dynamostreamer/internal/stream"
	"dynamostreamer/internal/table"
)

func main() {
	// In Lambda, and where another process plays it, this is
	// set: it is where the function asks for its invocations.
	if os.Getenv("AWS_LAMBDA_RUNTIME_API") != "" {
		function()
	}
	step := cli.New("08-lambda",
		"runs a Lambda function on the table's stream, as Lambda would.",
		"go run ./steps/08-lambda -poison 5 -bisect -maximum-retry-attempts 2")
	step.StopsWell = true
	choices := newChoices(step)
	step.Main(func(ctx context.Context) error {
		if err := choices.check(); err != nil {
			return err
		}
		return run(ctx, step, choices)
	})
}

// run maps the stream until it ends, or ctx does.
func run(ctx context.Context, step *cli.Step, choices *choices) error {
	db, streams, err := step.Connect(ctx)
	if err != nil {
		return err
	}
	t, err := table.Describe(ctx, db, step.Table)
	if err != nil {
		return err
	}
	if t.StreamARN == "" {
		return step.NoStreamError(t)
	}

	// The batch in hand may take as long as the function's timeout.
	defer context.AfterFunc(ctx, func() {
		step.Notef("finishing the batch in hand; Ctrl-C again ends at once")
	})()

	//weave:run
	// The function's processes: as many as there are invocations
	// at a time, each with a Runtime API that it asks for work.
	functions, err := host.New(choices.function())
	if err != nil {
		return err
	}
	defer functions.Close()

	// The mapping: which records become a batch, and what is done
	// with a batch that fails.
	show := newShow(step, choices.onFailure)
	mapped, err := mapping.New(choices.mapping(functions.ARN(), show), functions.Invoke)
	if err != nil {
		return choices.explain(err)
	}

	// The reader: shards, their order, and checkpoints.
	reader, err := stream.Open(ctx, streams, t.StreamARN, choices.reader(db))
	if err != nil {
		return choices.checkpoint.Hint(err)
	}
	step.Notef("mapping %s", reader.Stream())
	if reader.Resumed() {
		step.Notef("resuming from checkpoint %s", choices.checkpoint.Value)
	}
	err = mapped.Run(ctx, reader)
	//weave:end
	if errors.Is(err, context.Canceled) {
		err = nil // Ctrl-C: the batch in hand is done
	}
	why, err := cli.WhyEnded(ctx, db, step.Table, err)
	if err := errors.Join(err, reader.Close()); err != nil {
		return choices.checkpoint.Hint(err)
	}
	_, started := functions.Processes()
	err = show.summary(ctx, mapped.Totals(), started, reader, choices.idle)
	if why != "" {
		step.Notef("%s", why)
	}
	return err
}
