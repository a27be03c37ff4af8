// 01-create-table makes the table that the other steps use: a key, a
// stream that shows every change, and an attribute that says when a row
// expires.
package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"dynamostreamer/internal/cli"
	"dynamostreamer/internal/table"
)

func main() {
	step := cli.New("01-create-table",
		"creates the table, its stream and its TTL.",
		"go run ./steps/01-create-table")
	recreate := step.Bool("recreate", false,
		"delete the table with its rows first, if it is there\nand its keys are those of the steps")
	remove := step.Bool("delete", false,
		"delete the table with its rows, and make none; a table\nof checkpoints too")

	step.Main(func(ctx context.Context) error {
		if *recreate && *remove {
			return cli.Usagef("-recreate and -delete exclude each other")
		}
		db, _, err := step.Connect(ctx)
		if err != nil {
			return err
		}
		switch {
		case *remove:
			err := deleteTable(ctx, step, db)
			if table.IsMissing(err) {
				return fmt.Errorf("table %s does not exist: there is nothing to delete", step.Table)
			}
			return err
		case *recreate:
			err := deleteTable(ctx, step, db)
			if err != nil && !table.IsMissing(err) {
				return err
			}
		}
		return createTable(ctx, step, db)
	})
}

func createTable(ctx context.Context, step *cli.Step, db *dynamodb.Client) error {
	// Creating is not instant: Create waits until the table
	// is active. A table that exists is left as it is.
	created, err := table.Create(ctx, db, step.Table)
	if err != nil {
		return err
	}

	// Somebody else may have made it, in another shape.
	t, err := table.Describe(ctx, db, step.Table)
	if err != nil {
		return err
	}
	if diffs := t.Differences(); len(diffs) > 0 {
		advice := "use another -table or, to delete it with its rows, -recreate"
		if t.OtherKeys() != "" {
			advice = "use another -table"
		}
		return fmt.Errorf("table %s is there, but another one: %s; %s",
			step.Table, strings.Join(diffs, "; "), advice)
	}

	// A table has no TTL until it is told which attribute holds
	// the time. DynamoDB refuses to be told twice, so look first.
	enable := !t.TTLEnabled()
	if enable {
		err := table.EnableTTL(ctx, db, step.Table)
		if err != nil {
			return err
		}
		if t, err = table.Describe(ctx, db, step.Table); err != nil {
			return err
		}
	}

	switch {
	case created:
		return step.Printf("created table %s\n%v", step.Table, t)
	case enable:
		return step.Printf("table %s was there; its TTL is now enabled\n%v", step.Table, t)
	}
	return step.Printf("table %s is there already: nothing changed\n%v", step.Table, t)
}

func deleteTable(ctx context.Context, step *cli.Step, db *dynamodb.Client) error {
	t, err := table.Describe(ctx, db, step.Table)
	if err != nil {
		return err
	}
	// Whoever mistypes -table must not lose somebody else's rows.
	if other := t.OtherKeys(); other != "" && !t.HoldsCheckpoints() {
		return fmt.Errorf("table %s is somebody else's: %s; this step deletes only tables like its own, "+
			"and readers' checkpoints", step.Table, other)
	}
	if err := table.Delete(ctx, db, step.Table); err != nil {
		return err
	}
	if t.StreamARN == "" {
		return step.Printf("deleted table %s\n", step.Table)
	}
	// The stream does not outlive its name: a new table of that name
	// gets a stream with another ARN, and readers must change over.
	return step.Printf("deleted table %s\n  its stream was %s;\n  a new table gets a new one\n",
		step.Table, t.StreamARN)
}
