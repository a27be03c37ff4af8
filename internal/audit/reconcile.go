package audit

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"dynamostreamer/internal/activity"
	"dynamostreamer/internal/stream"
)

// maxLines is how many lines of journals one audit takes: about a gigabyte of
// memory.
const maxLines = 2_000_000

// Reconcile compares what journals say was written with what they say was
// seen, and each reader's counts with what it saw. The journals must be all
// those of the readers since the first of them began: what is left out is not
// missed. Without a line of any reader it fails, and with more than two
// million lines.
//
// The journals known are those of other runs, of any length. Their writes are
// recognized where they were seen, but need not have been; and what their
// readers saw is not missing.
func Reconcile(journals, known []string) (*Report, error) {
	return reconcile(journals, known, maxLines)
}

func reconcile(journals, known []string, maxLines int) (*Report, error) {
	all, err := sections(journals, known)
	if err != nil {
		return nil, err
	}
	return auditOf(all, maxLines)
}

func auditOf(all []section, maxLines int) (*Report, error) {
	a := audit{
		report: &Report{}, maxLines: maxLines,
		begun: make(map[string]bool), newest: make(map[string]*reader), streams: make(map[string]*reader),
		items: make(map[key]bool), writes: make(map[write]tries), seen: make(map[event]bool),
	}
	for _, s := range all {
		if err := a.read(s); err != nil {
			return nil, err
		}
	}
	if len(a.readers)+len(a.begun) == 0 {
		return nil, errors.New("none of these is a reader's journal, so there are no events to compare")
	}
	return a.finish(), nil
}

// An audit is what the lines read so far say.
type audit struct {
	report          *Report
	lines, maxLines int
	readers         []*reader
	begun           map[string]bool    // by name, where a run began and its reader did not yet
	newest          map[string]*reader // by name
	streams         map[string]*reader // by their name and stream
	items           map[key]bool       // those that were written or seen
	writes          map[write]tries
	seen            map[event]bool // by any reader
	lateness        []time.Duration
}

// A key is an item's.
type key struct{ id, email string }

// A write is what events and journals of writes share: the row that it leaves
// behind, as its image, or none. A row that is inserted where there is one
// already is modified.
type write struct {
	key
	left string
}

// tries are the attempts at a write, and the events of it, of which own are
// in the journals that are audited.
type tries struct {
	kind                     activity.ChangeKind // of the first
	intents, done, seen, own int
}

type event struct{ shard, sequence string }

// A reader has its own checkpoints and counts, in all its runs. Those of one
// name differ where they read tables of different databases.
type reader struct {
	name    string            // and its table's, or its stream where a reader before is called so
	crashes int               // how often one began where none had ended
	running bool              // the last one has not ended
	gaps    map[string]string // what the report says of each, beyond that it is there
	counts  counting
	seen    map[event]int  // number of crashes before
	last    map[key]string // the image that the newest event left
}

// read takes in a section, whose events are those of the reader that starts
// there.
func (a *audit) read(s section) error {
	var in *reader
	return s.scan(func(text []byte, at place) error {
		l, err := parse(s.name, text, at)
		if err != nil {
			return err
		}
		if s.known {
			a.recognize(l)
			return nil
		}
		if a.lines++; a.lines > a.maxLines {
			return fmt.Errorf("these journals have more than %d lines, too many for one audit: "+
				"name fewer of them, or make shorter or slower runs", a.maxLines)
		}
		switch {
		case l.State != "":
			a.written(l, false)
		case l.Run == Begin:
			a.begun[nameOf(l)] = true
		case l.Run == Start:
			in = a.starts(l)
		default:
			if in == nil {
				in = a.add("") // nothing says whose
			}
			a.saw(l, in)
		}
		return nil
	})
}

// recognize takes in a line of another run, as far as it is of an item of the
// audited ones.
func (a *audit) recognize(l *line) {
	switch {
	case !a.items[key{l.ID, l.Email}]:
	case l.State != "":
		a.written(l, true)
	case l.Event != "":
		a.match(l, true)
	}
}

// written takes in a line of a journal of writes.
func (a *audit) written(l *line, known bool) {
	w := write{key: key{l.ID, l.Email}}
	if l.Kind != activity.Deleted {
		w.left = imageOf(l.Row)
	}
	a.items[w.key] = true
	a.try(w, l.Kind, func(t *tries) {
		switch {
		case l.State == Intent:
			t.intents++
			if !known {
				a.report.Unknown++
			}
		case !known: // a known one need not be seen
			t.done++
			a.report.Writes++
			a.report.Unknown--
		}
	})
}

func (a *audit) try(w write, kind activity.ChangeKind, note func(*tries)) {
	t, ok := a.writes[w]
	if !ok {
		t.kind = kind
	}
	note(&t)
	a.writes[w] = t
}

// nameOf is the name of the reader that begins in a line, and its table's.
func nameOf(l *line) string {
	_, table, _ := strings.Cut(l.Stream, ":table/")
	table, _, _ = strings.Cut(table, "/")
	return l.Reader + " in " + table
}

// starts is the reader that starts in a line. A table that was made again
// has another stream, but the same reader. One that starts without counts
// where there were some is another one: of another database or, if it
// reads the same stream, in the place of the older one, whose table of
// checkpoints and counts was deleted.
func (a *audit) starts(l *line) *reader {
	name, stream := nameOf(l), l.Reader+" in "+l.Stream
	r := a.streams[stream]
	switch {
	case r != nil && r.counts.vanished(l):
		*r = newReader(r.name)
	case r == nil && a.newest[name] == nil:
		r = a.add(name)
	case r == nil && a.newest[name].counts.vanished(l):
		r = a.add(stream)
	case r == nil:
		r = a.newest[name]
	}
	a.newest[name], a.streams[stream] = r, r
	delete(a.begun, name)
	if r.running {
		r.crashes++
	}
	r.running = true
	r.counts.start(l)
	return r
}

func newReader(name string) reader {
	return reader{name: name, gaps: make(map[string]string), seen: make(map[event]int), last: make(map[key]string)}
}

// add adds a reader of no runs so far.
func (a *audit) add(name string) *reader {
	r := newReader(name)
	a.readers = append(a.readers, &r)
	return &r
}

// saw takes in a line of a journal of events, except a start.
func (a *audit) saw(l *line, by *reader) {
	switch {
	case l.Run == End:
		by.running = false
		by.counts.end(l)
		return
	case l.Event == stream.Lost:
		gap, what := l.Shard+" "+l.Sequence, ""
		if l.Next != "" {
			what = fmt.Sprintf("between stream %s and stream %s", l.Stream, l.Next)
			gap = what
		}
		by.gaps[gap] = what
		return
	}
	e := event{l.Shard, l.Sequence}
	before, again := by.seen[e]
	by.seen[e] = by.crashes
	switch {
	case again && before < by.crashes:
		a.report.Redelivered++
		return
	case again:
		a.report.Duplicates = append(a.report.Duplicates, finding(l, "redelivered, though no reader had crashed"))
		return
	}
	a.report.Events++
	a.follow(l, by)
	by.counts.saw(l)
	a.match(l, false)
}

// follow checks that an event's old image is what the item's event before it
// left.
func (a *audit) follow(l *line, by *reader) {
	k := key{l.ID, l.Email}
	before := image(l.Old)
	if last, any := by.last[k]; any && before != last {
		a.report.OutOfOrder = append(a.report.OutOfOrder,
			finding(l, "its old image is "+describe(before)+", but the previous event left "+describe(last)))
	}
	by.last[k] = image(l.New)
}

// match finds the write that an event tells of.
func (a *audit) match(l *line, known bool) {
	e := event{l.Shard, l.Sequence}
	if a.seen[e] {
		return
	}
	a.seen[e] = true
	w := write{key{l.ID, l.Email}, image(l.New)}
	if !known {
		a.items[w.key] = true
	}
	switch l.Event {
	case stream.Expired:
		var row activity.UserActivity
		if !known && json.Unmarshal(l.Old, &row) == nil && row.TTL > 0 {
			a.lateness = append(a.lateness, row.Lateness(l.At))
		}
		return
	case stream.Lost:
		return
	}
	a.try(w, activity.ChangeKind(l.Event), func(t *tries) {
		t.seen++
		if !known {
			t.own++
		}
	})
}

func (a *audit) finish() *Report {
	r := a.report
	for w, t := range a.writes {
		f := Finding{ID: w.id, Email: w.email, Kind: string(t.kind)}
		if w.left != "" {
			f.Why = describe(w.left)
		}
		for range t.done - t.seen {
			r.Missing = append(r.Missing, f)
		}
		for range min(t.seen-t.intents, t.own) {
			r.Foreign = append(r.Foreign, f)
		}
	}
	slices.Sort(a.lateness)
	if n := len(a.lateness); n > 0 {
		r.Expired = Lateness{n, a.lateness[0], a.lateness[n/2], a.lateness[n-1]}
	}
	for _, reader := range a.readers {
		r.Gaps += len(reader.gaps)
		for _, what := range reader.gaps {
			if what != "" {
				r.Switches = append(r.Switches, what)
			}
		}
		r.Counts = append(r.Counts, reader.counts.compare(reader.name))
		if reader.running {
			a.begun[reader.name] = true
		}
	}
	r.Unfinished = slices.Sorted(maps.Keys(a.begun))
	r.sort()
	return r
}

func finding(l *line, why string) Finding {
	return Finding{ID: l.ID, Email: l.Email, Kind: string(l.Event), Sequence: l.Sequence, Why: why}
}

// imageOf is the row as a journal of events has its image: an object with
// its names sorted.
func imageOf(row activity.UserActivity) string {
	text, err := json.Marshal(struct {
		Activity activity.Activity `json:"activity"`
		Email    string            `json:"email"`
		ID       string            `json:"id"`
		TTL      int64             `json:"ttl"`
	}{row.Activity, row.Email, row.ID, row.TTL})
	if err != nil {
		return err.Error() // strings and a number have none
	}
	return string(text)
}

// image is the image in a journal of events, or empty for none.
func image(text json.RawMessage) string {
	if string(text) == "null" {
		return ""
	}
	return string(text)
}
