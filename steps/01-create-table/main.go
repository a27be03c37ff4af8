// 01-create-table makes the table that the other steps use: a key, a
// stream that shows every change, and an attribute that says when a row
// expires.
package main

import (
	"context"
	"errors"
	"fmt"

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
		"delete the table with its rows and don't make it again;\nworks for a table of checkpoints too")

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
	// Ensure makes what is missing: the table with its stream,
	// then its TTL. It leaves a table of another schema alone.
	t, done, err := table.Ensure(ctx, db, step.Table)
	var other *table.MismatchError
	if errors.As(err, &other) && !other.Keys {
		return fmt.Errorf("%w or, to delete it with its rows, -recreate", err)
	}
	if err != nil {
		return err
	}
	switch done {
	case table.Created:
		return step.Printf("created table %s\n%v", step.Table, t)
	case table.TTLEnabled:
		return step.Printf("table %s existed; its TTL is now enabled\n%v", step.Table, t)
	}
	return step.Printf("table %s exists already: nothing changed\n%v", step.Table, t)
}

func deleteTable(ctx context.Context, step *cli.Step, db *dynamodb.Client) error {
	t, err := table.Describe(ctx, db, step.Table)
	if err != nil {
		return err
	}
	// Whoever mistypes -table must not lose another program's rows.
	if other := t.OtherKeys(); other != "" && !t.HoldsCheckpoints() {
		return fmt.Errorf("table %s belongs to another program: %s; this step deletes only tables that the steps make, "+
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
