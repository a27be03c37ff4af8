// 10-projection is where your projection begins: how many users are on each
// page right now, kept by the stream of their activities. TUTORIAL.md's final
// project says what it has to do, and this tests it:
//
//	go test ./steps/10-projection -yours
package main

import (
	"context"
	"errors"

	"dynamostreamer/internal/cli"
	"dynamostreamer/internal/table"
)

func main() {
	step := cli.New("10-projection",
		"counts the users on each page.",
		"go run ./steps/10-projection")
	step.StopsWell = true
	into := step.String("into", "page-visitors",
		"keep the counts in this `table`")

	step.Main(func(ctx context.Context) error {
		if err := cli.CheckTable("-into ", *into); err != nil {
			return err
		}
		db, _, err := step.Connect(ctx)
		if err != nil {
			return err
		}
		t, err := table.Describe(ctx, db, step.Table)
		if err != nil {
			return err
		}
		step.Notef("the stream is %s", t.StreamARN)

		// Keep an item for each page in the table -into: reader is
		// "pages", place is the page, and users is how many are on
		// it. stream.TableCheckpoints makes the table, and your
		// checkpoints and whatever else you need may be in it too.
		return errors.New("nothing is counted: your projection is not written yet")
	})
}
