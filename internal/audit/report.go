package audit

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// A Report is what Reconcile found.
type Report struct {
	Writes  int // acknowledged
	Unknown int // tried and not acknowledged: they may have been made, or their row was gone
	Events  int // seen, each once for each reader
	Gaps    int // places where records were lost, or may have been
	// Switches are those of the Gaps that lie between two streams of a
	// table, as "between stream A and stream B".
	Switches []string

	// Unfinished are the readers, with their tables, whose last run did
	// not end in order, or not yet: what is missing they may still read.
	Unfinished []string

	// Missing are acknowledged writes that no reader saw.
	Missing []Finding
	// OutOfOrder are events that don't go on from the one before.
	OutOfOrder []Finding
	// Foreign are events that are neither TTL's nor of a write in the
	// journals: somebody else writes to the table.
	Foreign []Finding
	// Replayed counts events that came again after a crash. Twice are
	// those that came again without one.
	Replayed int
	Twice    []Finding

	Expired Lateness
	Counts  []Counts // one for each reader
}

// Lateness is how long after their TTL N rows were seen to be removed.
type Lateness struct {
	N                int
	Min, Median, Max time.Duration
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

// Counts says whether a reader's counts are what its events make.
type Counts struct {
	Reader   string // and its table
	Compared bool   // the journals tell how the reader's last run ended
	Inserts  int64  // that it handled and counted, each once, since its counts began
	// Wrong are the counts that differ, as "/cart buying: 7, not 8".
	Wrong []string
}

// Err is nil where all that was acknowledged was seen, in order and once
// but for crashes, and counted once. A reader that is unfinished proves
// nothing, and what is missing is no fault then.
func (r *Report) Err() error {
	faults := len(r.OutOfOrder) + len(r.Twice)
	for _, c := range r.Counts {
		faults += len(c.Wrong)
	}
	if len(r.Unfinished) == 0 {
		faults += len(r.Missing)
	}
	switch {
	case faults > 0:
		return errors.New("the audit failed: see what is missing, disordered, seen twice or miscounted")
	case len(r.Unfinished) > 0:
		return errors.New("the audit is unfinished: run again, let that run end in order, then audit all")
	}
	return nil
}

// shown is how many findings of a kind are printed.
const shown = 10

// String is the report for a person, a line for each fact.
func (r *Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "writes      %d acknowledged, %d unknown\n", r.Writes, r.Unknown)
	fmt.Fprintf(&b, "events      %d\n", r.Events)
	for _, reader := range r.Unfinished {
		fmt.Fprintf(&b, "unfinished  %s: its last run did not end in order, or not yet, and what is missing may not be read yet\n", reader)
	}
	list(&b, "missing", r.Missing)
	list(&b, "disordered", r.OutOfOrder)
	again := ""
	if r.Replayed > 0 {
		again = fmt.Sprintf(", and %d again after a restart", r.Replayed)
	}
	list(&b, "seen twice", r.Twice, again)
	list(&b, "foreign", r.Foreign)
	if r.Gaps > 0 {
		fmt.Fprintf(&b, "gaps        %d: records were lost, or may have been\n", r.Gaps)
	}
	for _, s := range r.Switches {
		fmt.Fprintf(&b, "  %s\n", s)
	}
	if e := r.Expired; e.N > 0 {
		fmt.Fprintf(&b, "expired     %d, seen %v to %v after their ttl, half of them within %v\n",
			e.N, round(e.Min), round(e.Max), round(e.Median))
	}
	for _, c := range r.Counts {
		switch {
		case !c.Compared:
			fmt.Fprintf(&b, "counts      of %s: not compared, its last run did not end in order\n", c.Reader)
		case len(c.Wrong) > 0:
			fmt.Fprintf(&b, "counts      of %s: wrong\n", c.Reader)
			for _, w := range c.Wrong {
				fmt.Fprintf(&b, "  %s\n", w)
			}
		default:
			fmt.Fprintf(&b, "counts      of %s: equal to the %d inserts it handled\n", c.Reader, c.Inserts)
		}
	}
	return b.String()
}

func list(b *strings.Builder, title string, findings []Finding, more ...string) {
	fmt.Fprintf(b, "%-11s %d%s\n", title, len(findings), strings.Join(more, ""))
	for i, f := range findings {
		if i == shown {
			fmt.Fprintf(b, "  … and %d more\n", len(findings)-shown)
			break
		}
		fmt.Fprintf(b, "  %v\n", f)
	}
}

func round(d time.Duration) time.Duration { return d.Round(100 * time.Millisecond) }

func (r *Report) sort() {
	for _, findings := range [][]Finding{r.Missing, r.OutOfOrder, r.Foreign, r.Twice} {
		slices.SortFunc(findings, func(a, b Finding) int {
			return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Sequence, b.Sequence), cmp.Compare(a.Kind, b.Kind))
		})
	}
	slices.Sort(r.Switches)
	slices.SortFunc(r.Counts, func(a, b Counts) int { return cmp.Compare(a.Reader, b.Reader) })
}

// counting adds up what one reader's counts should be.
type counting struct {
	began   map[string]int64 // as they first stood; nil: no run has started
	ended   map[string]int64 // nil: the last run has not ended
	some    bool             // there were some
	more    map[string]int64 // what was to be added since
	inserts int64
}

// gone reports whether a run starts without counts where there were some.
func (c *counting) gone(l *line) bool { return c.some && len(l.Counts) == 0 }

func (c *counting) start(l *line) {
	if c.began == nil {
		c.began = orEmpty(l.Counts)
	}
	c.ended, c.some = nil, c.some || len(l.Counts) > 0
}

func (c *counting) end(l *line) {
	c.ended, c.some = orEmpty(l.Counts), c.some || len(l.Counts) > 0
}

func orEmpty(counts map[string]int64) map[string]int64 {
	if counts == nil {
		return map[string]int64{}
	}
	return counts
}

// saw takes in an event that the reader sees for the first time.
func (c *counting) saw(l *line) {
	if l.Event != "inserted" {
		return
	}
	var row struct {
		Activity struct{ Page, Task string }
	}
	if json.Unmarshal(l.New, &row) != nil {
		return
	}
	if key, ok := CountKey(row.Activity.Page, row.Activity.Task); ok {
		if c.more == nil {
			c.more = make(map[string]int64)
		}
		c.more[key]++
		c.inserts++
	}
}

// plus adds what the same reader saw in another part of the items.
func (c counting) plus(other counting) counting {
	sum := maps.Clone(orEmpty(c.more))
	for key, n := range other.more {
		sum[key] += n
	}
	c.more, c.inserts = sum, c.inserts+other.inserts
	return c
}

func (c *counting) compare(reader string) Counts {
	counts := Counts{Reader: reader, Compared: c.began != nil && c.ended != nil, Inserts: c.inserts}
	if !counts.Compared {
		return counts
	}
	keys := maps.Clone(c.more)
	maps.Copy(keys, c.began)
	maps.Copy(keys, c.ended)
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if have, want := c.ended[key], c.began[key]+c.more[key]; have != want {
			counts.Wrong = append(counts.Wrong, fmt.Sprintf("%s: %d, not %d", key, have, want))
		}
	}
	return counts
}
