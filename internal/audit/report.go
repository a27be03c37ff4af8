package audit

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"dynamostreamer/internal/activity"
)

// A Report is what Reconcile found.
type Report struct {
	Writes  int // acknowledged
	Unknown int // tried and not acknowledged: they may have been made, or their row was removed
	Events  int // seen, each once for each reader
	Gaps    int // places where records were lost, or may have been
	// Switches are those of the Gaps that lie between two streams of a
	// table, as "between stream A and stream B".
	Switches []string

	// Unfinished are the readers, with their tables, whose last run did not
	// stop cleanly, or is still running: they may still read what is missing.
	Unfinished []string

	// Missing are acknowledged writes that no reader saw.
	Missing []Finding
	// OutOfOrder are events that don't follow from the one before.
	OutOfOrder []Finding
	// Foreign are events that are neither TTL's nor of a write in the
	// journals: another program writes to the table.
	Foreign []Finding
	// Redelivered counts events that came again after a crash, as expected.
	// Duplicates are those that came again without one.
	Redelivered int
	Duplicates  []Finding

	Expired Lateness
	Counts  []Counts // one for each reader
}

// Lateness is how long after their TTL N rows were seen to be removed.
type Lateness struct {
	N                int
	Min, Median, Max time.Duration
}

func (l Lateness) String() string {
	if round(l.Min) == round(l.Max) {
		return fmt.Sprintf("%d, seen %v after their ttl", l.N, round(l.Max))
	}
	return fmt.Sprintf("%d, seen %v to %v after their ttl, median %v", l.N, round(l.Min), round(l.Max), round(l.Median))
}

// A Finding is a write or an event that something is wrong with.
type Finding struct {
	ID, Email, Kind string
	Sequence        string // of an event; else empty
	Why             string
}

func (f Finding) String() string {
	text := fmt.Sprintf("%s %s %s", f.Kind, f.ID, f.Email)
	if f.Sequence != "" {
		text += " (event " + f.Sequence + ")"
	}
	if f.Why != "" {
		text += ": " + f.Why
	}
	return text
}

// Err is nil where every acknowledged write was seen, in order, once but for
// crashes, and counted once. A reader that is unfinished proves nothing, and
// what is missing is not a fault then.
func (r *Report) Err() error {
	faults := len(r.OutOfOrder) + len(r.Duplicates)
	for _, c := range r.Counts {
		faults += len(c.Wrong)
	}
	if len(r.Unfinished) == 0 {
		faults += len(r.Missing)
	}
	switch {
	case faults > 0:
		return errors.New("the audit failed: see what is missing, out of order, duplicate or miscounted")
	case len(r.Unfinished) > 0:
		return errors.New("the audit is unfinished: run again, let that run stop cleanly, then audit all journals together")
	}
	return nil
}

// shown is how many findings of a kind are printed.
const shown = 10

// String is the report for a person, a line for each fact.
func (r *Report) String() string {
	var b strings.Builder
	row := func(title, format string, values ...any) {
		fmt.Fprintf(&b, "%-13s %s\n", title, fmt.Sprintf(format, values...))
	}
	list := func(title string, findings []Finding, more string) {
		row(title, "%d%s", len(findings), more)
		for _, f := range findings[:min(len(findings), shown)] {
			fmt.Fprintf(&b, "  %v\n", f)
		}
		if n := len(findings) - shown; n > 0 {
			fmt.Fprintf(&b, "  … and %d more\n", n)
		}
	}
	row("writes", "%d acknowledged, %d unknown", r.Writes, r.Unknown)
	row("events", "%d", r.Events)
	for _, reader := range r.Unfinished {
		row("unfinished", "%s: its last run did not stop cleanly, or is still running; it may still read what is missing", reader)
	}
	list("missing", r.Missing, "")
	list("out of order", r.OutOfOrder, "")
	redelivered := ""
	if r.Redelivered > 0 {
		redelivered = fmt.Sprintf(", and %d redelivered after a restart", r.Redelivered)
	}
	list("duplicates", r.Duplicates, redelivered)
	list("foreign", r.Foreign, "")
	if r.Gaps > 0 {
		row("gaps", "%d: records were lost, or may have been", r.Gaps)
	}
	for _, s := range r.Switches {
		fmt.Fprintf(&b, "  %s\n", s)
	}
	if r.Expired.N > 0 {
		row("expired", "%v", r.Expired)
	}
	for _, c := range r.Counts {
		switch {
		case !c.Compared:
			row("counts", "of %s: not compared, its last run did not stop cleanly", c.Reader)
		case len(c.Wrong) > 0:
			row("counts", "of %s: the table and the journal differ", c.Reader)
			for _, w := range c.Wrong {
				fmt.Fprintf(&b, "  %s\n", w)
			}
		default:
			row("counts", "of %s: equal to the %d inserts it handled", c.Reader, c.Inserts)
		}
	}
	return b.String()
}

// describe says what an image has, in a line: a row of ours in words, any
// other as it is.
func describe(image string) string {
	if image == "" {
		return "no row"
	}
	var row activity.UserActivity
	if json.Unmarshal([]byte(image), &row) != nil || imageOf(row) != image {
		return image
	}
	return fmt.Sprintf("%s on %s, ttl %d", row.Activity.Task, row.Activity.Page, row.TTL)
}

func round(d time.Duration) time.Duration { return d.Round(100 * time.Millisecond) }

func (r *Report) sort() {
	for _, findings := range [][]Finding{r.Missing, r.OutOfOrder, r.Foreign, r.Duplicates} {
		slices.SortFunc(findings, func(a, b Finding) int {
			return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Sequence, b.Sequence), cmp.Compare(a.Kind, b.Kind))
		})
	}
	slices.Sort(r.Switches)
	slices.SortFunc(r.Counts, func(a, b Counts) int { return cmp.Compare(a.Reader, b.Reader) })
}
