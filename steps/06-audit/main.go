// 06-audit compares the journals of many runs of 05-supervise: what they
// wrote, what their readers saw and what these counted.
package main

import (
	"context"
	"errors"

	"dynamostreamer/internal/audit"
	"dynamostreamer/internal/cli"
)

func main() {
	step := cli.NewOffline("06-audit",
		"audits journals, of one run or of many together.",
		"go run ./steps/06-audit .dynamodb/journals",
		"files")
	step.Main(func(ctx context.Context) error {
		if step.NArg() == 0 {
			return cli.Usagef("name journals: files or folders, such as .dynamodb/journals")
		}
		// Each journal once, however often it is named: what it
		// records happened once.
		journals, err := audit.Find(step.Args()...)
		if err != nil {
			return err
		}
		// A run that crashed is unfinished. The runs after it make
		// up for that, so all of a reader's runs belong together.
		report, err := audit.Reconcile(journals, nil)
		if err != nil {
			return err
		}
		return errors.Join(step.Printf("%v", report), report.Err())
	})
}
