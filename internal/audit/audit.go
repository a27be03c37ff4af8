package audit

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"dynamostreamer/internal/activity"
	"dynamostreamer/internal/stream"
)

// partSize is the size of journals that is held in memory at once. Larger
// ones are read several times, each time for another part of the items.
const partSize = 128 << 20

// Reconcile holds what journals say was written against what journals say
// was seen, and each reader's counts against what it saw. The journals
// must be all those of the readers since the first of them began: what is
// left out is not missed. Without a line of any reader it fails.
//
// The journals known are those of other runs. Their writes are recognized
// where they were seen, but need not have been; and what their readers
// saw is not missing.
func Reconcile(journals, known []string) (*Report, error) {
	return reconcile(journals, known, partSize)
}

func reconcile(journals, known []string, partSize int64) (*Report, error) {
	all, err := files(journals, known)
	if err != nil {
		return nil, err
	}
	total := int64(0)
	for _, f := range all {
		if !f.known {
			total += f.size
		}
	}
	a := audit{report: &Report{}, files: all, parts: int(total/partSize) + 1}
	for a.part = range a.parts {
		if err := a.readPart(); err != nil {
			return nil, err
		}
	}
	if len(a.readers) == 0 {
		return nil, errors.New("no reader's journal is among these: nothing says what was seen")
	}
	return a.finish(), nil
}

// An audit goes through the journals once for each part of the items.
type audit struct {
	report      *Report
	files       []file
	part, parts int
	readers     map[string]*reader
	items       map[key]*item
	ids         map[uint64]bool // hashes of the items' ids
	counts      map[string]*counting
	lateness    []time.Duration
}

type key struct{ id, email string }

// A reader is one that goes by checkpoints and counts of its own, in all
// its runs: its name and the table that it reads.
type reader struct {
	name    string
	crashes int  // how often one began where none had ended
	running bool // the last one has not ended
}

// An item is one row of the table in all its lives.
type item struct {
	writes map[effect]*tries
	views  map[*reader]*view
	seen   map[string]bool // events, by any reader
}

// An effect is what an event tells of a write: one that leaves the same row
// behind is the same.
type effect struct {
	kind activity.ChangeKind
	row  string // as its image; empty for Deleted
}

// tries are the writes of one effect, and the events of it, of which own
// are in the journals that are audited.
type tries struct{ intents, done, seen, own int }

// A view is what one reader saw of an item.
type view struct {
	seen map[string]int // number of crashes before, by event
	last string         // the image that the newest event left
	any  bool           // there is a newest event
}

func (a *audit) readPart() error {
	a.items = make(map[key]*item)
	a.ids = make(map[uint64]bool)
	a.readers = make(map[string]*reader)
	for _, f := range a.files {
		in := "" // the reader of the lines
		err := f.scan(a.wanted(f.known), func(l *line) error {
			switch {
			case l.State != "":
				a.written(l, f.known)
			case f.known && l.Event != "":
				a.match(l, a.item(l), true)
			case f.known:
				// Another run's, which is not audited.
			case l.Run != "":
				if l.Run == Start {
					in = readerOf(l)
				}
				a.marked(l, in)
			default:
				a.saw(l, a.reader(in))
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	for k, i := range a.items {
		a.judge(k, i)
	}
	return nil
}

// wanted selects the ids of this part and, in journals that are only
// known, those that the others have.
func (a *audit) wanted(known bool) func(id []byte) bool {
	return func(id []byte) bool {
		hash := hashOf(id)
		if known {
			return a.ids[hash]
		}
		mine := int(hash%uint64(a.parts)) == a.part
		if mine {
			a.ids[hash] = true
		}
		return mine
	}
}

func (a *audit) item(l *line) *item {
	k := key{l.ID, l.Email}
	i := a.items[k]
	if i == nil {
		i = &item{writes: make(map[effect]*tries), views: make(map[*reader]*view), seen: make(map[string]bool)}
		a.items[k] = i
	}
	return i
}

func (i *item) tries(w effect) *tries {
	t := i.writes[w]
	if t == nil {
		t = &tries{}
		i.writes[w] = t
	}
	return t
}

func (a *audit) reader(name string) *reader {
	r := a.readers[name]
	if r == nil {
		r = &reader{name: name}
		a.readers[name] = r
	}
	return r
}

// written takes in a line of a journal of writes.
func (a *audit) written(l *line, known bool) {
	w := effect{l.Kind, ""}
	if l.Kind != activity.Deleted {
		w.row = imageOf(l.Row)
	}
	t := a.item(l).tries(w)
	switch {
	case l.State == Intent:
		t.intents++
		if !known {
			a.report.Unknown++
		}
	case known:
		// It need not be seen.
	default:
		t.done++
		a.report.Writes++
		a.report.Unknown--
	}
}

// readerOf is the reader that begins in a line. A table that was made
// again has another stream, but the same reader.
func readerOf(l *line) string {
	_, table, _ := strings.Cut(l.Stream, ":table/")
	table, _, _ = strings.Cut(table, "/")
	return l.Reader + " in " + table
}

// marked takes in where a reader began or ended.
func (a *audit) marked(l *line, name string) {
	r := a.reader(name)
	if l.Run == Start {
		if r.running {
			r.crashes++
		}
		r.running = true
	} else {
		r.running = false
	}
	if a.part == 0 {
		a.count(name).marked(l)
	}
}

func (a *audit) count(name string) *counting {
	if a.counts == nil {
		a.counts = make(map[string]*counting)
	}
	c := a.counts[name]
	if c == nil {
		c = &counting{want: make(map[string]int64)}
		a.counts[name] = c
	}
	return c
}

// saw takes in a line of a journal of events.
func (a *audit) saw(l *line, by *reader) {
	if l.Event == stream.Lost {
		if a.part == 0 {
			a.report.Gaps++
		}
		return
	}
	i := a.item(l)
	v := i.views[by]
	if v == nil {
		v = &view{seen: make(map[string]int)}
		i.views[by] = v
	}
	event := l.Shard + " " + l.Sequence
	if before, again := v.seen[event]; again {
		if before < by.crashes {
			a.report.Replayed++
		} else {
			a.report.Twice = append(a.report.Twice, finding(l, "it came again though no reader had crashed"))
		}
		v.seen[event] = by.crashes
		return
	}
	v.seen[event] = by.crashes
	a.report.Events++
	a.follow(l, v)
	a.count(by.name).saw(l)
	a.match(l, i, false)
}

// follow holds an event against the one before it of the same item.
func (a *audit) follow(l *line, v *view) {
	before := image(l.Old)
	if v.any && before != v.last {
		a.report.OutOfOrder = append(a.report.OutOfOrder,
			finding(l, "before it the row was "+orNone(before)+", but the event before left "+orNone(v.last)))
	}
	v.any, v.last = true, image(l.New)
}

// match finds the write that an event tells of.
func (a *audit) match(l *line, i *item, known bool) {
	event := l.Shard + " " + l.Sequence
	if i.seen[event] {
		return
	}
	i.seen[event] = true
	var e effect
	switch l.Event {
	case stream.Expired:
		var row activity.UserActivity
		if !known && json.Unmarshal(l.Old, &row) == nil && row.TTL > 0 {
			a.lateness = append(a.lateness, row.Lateness(l.At))
		}
		return
	case stream.Deleted:
		e = effect{activity.Deleted, ""}
	case stream.Inserted:
		e = effect{activity.Inserted, image(l.New)}
	case stream.Modified:
		e = effect{activity.Modified, image(l.New)}
	default:
		return
	}
	t := i.tries(e)
	t.seen++
	if !known {
		t.own++
	}
}

// judge says what an item's writes and events don't share.
func (a *audit) judge(k key, i *item) {
	for w, t := range i.writes {
		f := Finding{ID: k.id, Email: k.email, Kind: string(w.kind), Why: w.row}
		for range t.done - t.seen {
			a.report.Missing = append(a.report.Missing, f)
		}
		for range min(t.seen-t.intents, t.own) {
			a.report.Foreign = append(a.report.Foreign, f)
		}
	}
}

func (a *audit) finish() *Report {
	r := a.report
	slices.Sort(a.lateness)
	if n := len(a.lateness); n > 0 {
		r.Expired = Lateness{n, a.lateness[0], a.lateness[n/2], a.lateness[n-1]}
	}
	for name, c := range a.counts {
		r.Counts = append(r.Counts, c.compare(name))
	}
	for name, reader := range a.readers {
		if reader.running {
			r.Unfinished = append(r.Unfinished, name)
		}
	}
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

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return text
}
