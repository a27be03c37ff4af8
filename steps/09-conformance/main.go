// 09-conformance puts a reader of DynamoDB Streams, written in any language,
// to a stream that does all that a stream may do.
package main

import (
	"context"

	"dynamostreamer/internal/cli"
	"dynamostreamer/internal/conformance"
)

func main() {
	step := cli.NewOffline("09-conformance",
		"tests whether a reader loses, repeats or reorders changes.",
		"go run ./steps/09-conformance -only parent-first -- ./my-reader {arn}",
		"-- command…")
	choices := newChoices(step)

	step.Main(func(ctx context.Context) error {
		points, options, err := choices.read()
		if err != nil {
			return err
		}
		// Each point starts the command in a world made for it: a new
		// table, an empty folder and a clock that the point moves.
		counts := make(map[conformance.Outcome]int)
		for _, point := range points {
			result, err := conformance.Run(ctx, point, options)
			if ctx.Err() != nil {
				return interrupted(counts, len(points))
			}
			if err != nil {
				return commandHint(err)
			}
			counts[result.Outcome]++
			if err := step.Printf("%s", row(result)); err != nil {
				return err
			}
		}
		if choices.all() {
			if err := catchUp(ctx, step, options); err != nil {
				return err
			}
		}
		return summary(step, counts)
	})
}
