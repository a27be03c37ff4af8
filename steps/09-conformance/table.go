package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"dynamostreamer/internal/cli"
	"dynamostreamer/internal/conformance"
)

// row is a point's verdict for a person, in 80 columns: the point, the
// outcome, what happened and, unless it passed, where to read about it.
func row(r conformance.Result) string {
	const indent, width = 31, 80 - 31
	why := r.Why
	if r.Outcome == conformance.Pass {
		why = "it " + r.About
	}
	lines := wrap(why, width)
	if r.Outcome == conformance.Fail {
		lines = append(lines, wrap("see TUTORIAL.md, "+r.Section, width)...)
	}
	text := fmt.Sprintf("%-23s %-6s ", r.Name, r.Outcome)
	return text + strings.Join(lines, "\n"+strings.Repeat(" ", indent)) + "\n"
}

// wrap breaks a sentence between words.
func wrap(text string, width int) (lines []string) {
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && len(line)+1+len(word) > width {
			lines = append(lines, line)
			line = ""
		}
		line = strings.TrimSpace(line + " " + word)
	}
	return append(lines, line)
}

// catchUp prints how long the reader takes beside a bare loop.
func catchUp(ctx context.Context, step *cli.Step, o conformance.Options) error {
	r, loop, err := conformance.CatchUp(ctx, o)
	if err != nil {
		return err
	}
	if r.Outcome != conformance.Pass {
		return step.Printf("it did not catch up with %d changes: %s\n", conformance.CatchUpChanges, r.Why)
	}
	return step.Printf("it caught up with %d changes in %v; a bare loop fetches them in %v\n",
		conformance.CatchUpChanges, r.Took.Round(time.Millisecond), loop.Round(time.Millisecond))
}

// summary prints the counts. Its error says that points failed.
func summary(step *cli.Step, counts map[conformance.Outcome]int) error {
	err := step.Printf("%d passed, %d failed, %d absent\n",
		counts[conformance.Pass], counts[conformance.Fail], counts[conformance.Absent])
	if n := counts[conformance.Fail]; err == nil && n > 0 {
		err = fmt.Errorf("%s failed", cli.Count(n, "point"))
	}
	return err
}

// interrupted says how far the test came.
func interrupted(counts map[conformance.Outcome]int, points int) error {
	n := 0
	for _, c := range counts {
		n += c
	}
	return fmt.Errorf("interrupted after %d of %d points", n, points)
}
