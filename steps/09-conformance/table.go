package main

import (
	"fmt"
	"strings"

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
