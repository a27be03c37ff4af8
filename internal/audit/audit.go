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
			total += f.size - f.from.offset
		}
	}
	a := audit{report: &Report{}, files: all, parts: int(total/partSize) + 1}
	for a.part = range a.parts {
		if err := a.readPart(); err != nil {
			return nil, err
		}
	}
	if len(a.readers)+len(a.begun) == 0 {
		return nil, errors.New("no reader's journal is among these: nothing says what was seen")
	}
	return a.finish(), nil
}

// An audit goes through the journals once for each part of the items.
type audit struct {
	report      *Report
	files       []file
	part, parts int
	readers     []*reader
	begun       map[string]bool    // by name, where a run began and its reader did not yet
	newest      map[string]*reader // by name
	streams     map[string]*reader // by their name and stream
	items       map[key]*item
	ids         map[uint64]bool // hashes of the items' ids
	counted     []counting      // of the readers, in the parts before
	lateness    []time.Duration
}

type key struct{ id, email string }

// A reader is one that goes by checkpoints and counts of its own, in all
// its runs. Those of one name differ where they read tables of different
// databases.
type reader struct {
	name    string            // and its table's, or its stream where a reader before is called so
	crashes int               // how often one began where none had ended
	running bool              // the last one has not ended
	gaps    map[string]string // what the report says of each, beyond that it is there
	counts  counting
}

// An item is one row of the table in all its lives.
type item struct {
	writes map[effect]*tries
	views  map[*reader]*view
	seen   map[string]bool // events, by any reader
}

// An effect is what an event tells of a write: the row that it leaves
// behind, as its image, or none. A row that is inserted where there is one
// already is modified.
type effect string

// tries are the writes of one effect, and the events of it, of which own
// are in the journals that are audited.
type tries struct {
	kind                     activity.ChangeKind // of the first
	intents, done, seen, own int
}

// A view is what one reader saw of an item.
type view struct {
	seen map[string]int // number of crashes before, by event
	last string         // the image that the newest event left
	any  bool           // there is a newest event
}

func (a *audit) readPart() error {
	a.items = make(map[key]*item)
	a.ids = make(map[uint64]bool)
	a.readers, a.begun = nil, make(map[string]bool)
	a.newest, a.streams = make(map[string]*reader), make(map[string]*reader)
	for _, f := range a.files {
		var in *reader // whose lines these are
		err := f.scan(a.wanted(f.known), func(l *line) error {
			switch {
			case l.State != "":
				a.written(l, f.known)
			case f.known && l.Event != "":
				a.match(l, a.item(l), true)
			case f.known:
				// Another run's, which is not audited.
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
		if err != nil {
			return err
		}
	}
	for k, i := range a.items {
		a.judge(k, i)
	}
	for i, r := range a.readers {
		if i == len(a.counted) {
			a.counted = append(a.counted, counting{})
		}
		a.counted[i] = r.counts.plus(a.counted[i])
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

func (i *item) tries(kind activity.ChangeKind, w effect) *tries {
	t := i.writes[w]
	if t == nil {
		t = &tries{kind: kind}
		i.writes[w] = t
	}
	return t
}

// written takes in a line of a journal of writes.
func (a *audit) written(l *line, known bool) {
	var left effect
	if l.Kind != activity.Deleted {
		left = effect(imageOf(l.Row))
	}
	t := a.item(l).tries(l.Kind, left)
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
	case r != nil && r.counts.gone(l):
		*r = reader{name: r.name}
		a.forget(r)
	case r == nil && a.newest[name] == nil:
		r = a.add(name)
	case r == nil && a.newest[name].counts.gone(l):
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

// add adds a reader of no runs so far.
func (a *audit) add(name string) *reader {
	r := &reader{name: name}
	a.readers = append(a.readers, r)
	return r
}

// forget drops what a reader saw: it will see all of it again.
func (a *audit) forget(r *reader) {
	for _, i := range a.items {
		delete(i.views, r)
	}
}

// saw takes in a line of a journal of events, but for a start.
func (a *audit) saw(l *line, by *reader) {
	switch {
	case l.Run == End:
		by.running = false
		by.counts.end(l)
		return
	case l.Event == stream.Lost:
		if by.gaps == nil {
			by.gaps = make(map[string]string)
		}
		gap, what := l.Shard+" "+l.Sequence, ""
		if l.Next != "" {
			what = fmt.Sprintf("between stream %s and stream %s", l.Stream, l.Next)
			gap = what
		}
		by.gaps[gap] = what
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
	by.counts.saw(l)
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
	t := i.tries(activity.ChangeKind(l.Event), effect(image(l.New)))
	t.seen++
	if !known {
		t.own++
	}
}

// judge says what an item's writes and events don't share.
func (a *audit) judge(k key, i *item) {
	for w, t := range i.writes {
		f := Finding{ID: k.id, Email: k.email, Kind: string(t.kind), Why: string(w)}
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
	for i, reader := range a.readers {
		r.Gaps += len(reader.gaps)
		for _, what := range reader.gaps {
			if what != "" {
				r.Switches = append(r.Switches, what)
			}
		}
		r.Counts = append(r.Counts, a.counted[i].compare(reader.name))
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

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return text
}
