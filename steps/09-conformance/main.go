// 09-conformance puts a reader of DynamoDB Streams, written in any language,
// to a stream that does all that a stream may do.
package main

import (
	"context"

	"dynamostreamer/internal/cli"
	"dynamostreamer/internal/conformance"
)

func main() {
	step := cli.NewOffline("09-conformance", about,
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

const about = `tests whether a reader of DynamoDB Streams loses, repeats or
reorders changes. COMMAND starts the reader, which may be in any language.

It finds its world in AWS_ENDPOINT_URL_DYNAMODB_STREAMS and the SDK's other
variables, in TABLE, in STREAM_ARN, in DIR, an empty folder, and in START, which
is TRIM_HORIZON or LATEST; or in its arguments, as {url}, {table}, {arn}, {dir}
and {start}. The table's key is id, a String.

It prints a line for each change that it handled, and flushes it:
  {"id": "ada", "sequence": "1000…", "kind": "inserted", "new": {…}, "old": {…}}
A kind is inserted, modified, deleted or expired, and the images are DynamoDB's
JSON. Without kinds or images, the points that need them are absent.
{"lost": "…"} tells a loss, as an exit status other than 0 does. Instead, it may
put items with these attributes into the table handled, whose key is id: two
items of one batch may be ada#1 and ada#2. Other lines are passed over, and
counted where a point fails.

A reader is stopped by SIGTERM, or killed. It ends well with status 0 or, as
Java programs do, 143; one that SIGTERM itself ended did not stop by itself.
Where all was handled and nothing is to come, it may also end unasked, with
status 0. Build it first: go run passes on neither signals nor exit statuses. A
shell script must exec it.`
