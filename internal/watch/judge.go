package watch

import (
	"slices"
	"time"
)

// maxReaders is the number of readers that a Model judges.
const maxReaders = 2

// An outcome is what a reader made of a record.
type outcome struct {
	turn uint32 // the reader's count of records when it handled this one; 0: it didn't
	lost bool
	late bool // it was out of order
}

// A Report is what a reader's process tells of it, as a line of JSON. Each is about a
// shard, or about the reader.
type Report struct {
	Shard   string   `json:"shard,omitempty"`
	Fetched string   `json:"fetched,omitempty"` // the last sequence number of a page
	Handled []string `json:"handled,omitempty"` // sequence numbers, in the order of handling
	Saved   string   `json:"saved,omitempty"`
	State   string   `json:"state,omitempty"` // of the shard
	Gap     *Gap     `json:"gap,omitempty"`

	// Idle is a time of this machine, in Unix milliseconds: the reader asked all shards
	// that it knows after it, and got nothing that it hasn't handled.
	Idle int64 `json:"idle,omitempty"`
	// Left is the time in milliseconds until a record may be trimmed that the reader
	// hasn't handled, as far as the reader knows.
	Left   int64  `json:"left,omitempty"`
	Stream string `json:"stream,omitempty"` // that it began to read
	Note   string `json:"note,omitempty"`
}

// A Gap are the records of a shard that a reader knows to have lost: those after Last
// and, unless that is empty, before Oldest.
type Gap struct {
	Last   string `json:"last"`
	Oldest string `json:"oldest"`
}

// Words are what verdicts on a reader say: why it loses records, or handles some out of
// order. Each is a sentence.
type Words struct{ Lost, OutOfOrder string }

// A reader is one that is judged.
type reader struct {
	ReaderState
	slot    int
	words   Words
	stream  string
	since   time.Time // records that were known before are not judged
	judged  int64     // the N up to which records were judged
	idle    time.Time
	left    int64 // as it reports it, or -1
	oldest  int64 // all records before this N are handled or lost
	turns   uint32
	early   map[string]uint32 // what was handled before the Model knew it, with its turn
	marks   map[string]*Mark
	changed map[string]bool // marks
	dirty   bool
}

// retention is how long DynamoDB keeps a record.
const retention = 24 * time.Hour

// grace is the time between when a record is known and when a reader that has nothing to
// do must have handled it.
const grace = 1500 * time.Millisecond

// Judge has a reader judged from now on, anew if it was before. Unless fromNow, it is to
// handle also what the stream has already.
func (m *Model) Judge(id, kind, title string, words Words, fromNow bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	i := slices.IndexFunc(m.readers, func(r *reader) bool { return r.ID == id })
	if i < 0 {
		i = len(m.readers)
		m.readers = append(m.readers, nil)
	} else {
		m.delta.Reset = append(m.delta.Reset, id)
		m.delta.Verdicts = slices.DeleteFunc(m.delta.Verdicts, func(v Verdict) bool { return v.Reader == id })
		for _, en := range m.entries {
			en.by[i] = outcome{}
		}
	}
	r := &reader{
		ReaderState: ReaderState{ID: id, Kind: kind, Title: title, State: "starting", Left: -1},
		slot:        i, words: words, judged: m.first - 1, oldest: m.first, left: -1, dirty: true,
		early: make(map[string]uint32), marks: make(map[string]*Mark), changed: make(map[string]bool),
	}
	if fromNow {
		r.since = time.Now()
	}
	m.readers[i] = r
}

// SetReader tells the state of a reader's process, and with a note why.
func (m *Model) SetReader(id, state string, pid int, note string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if r := m.reader(id); r != nil {
		r.State, r.PID, r.dirty = state, pid, true
		if note != "" || state == "running" {
			r.Note = note
		}
		r.idle, r.left = time.Time{}, -1
	}
}

func (m *Model) reader(id string) *reader {
	for _, r := range m.readers {
		if r.ID == id {
			return r
		}
	}
	return nil
}

// Reported tells what a reader reports.
func (m *Model) Reported(id string, report Report) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.reader(id)
	if r == nil {
		return
	}
	if report.Shard != "" {
		m.mark(r, report)
	}
	for _, seq := range report.Handled {
		m.handled(r, report.Shard, seq)
	}
	if report.Gap != nil {
		m.gap(r, report.Shard, *report.Gap)
	}
	if report.Idle > 0 {
		r.idle = time.UnixMilli(report.Idle)
	}
	if report.Left > 0 {
		r.left = report.Left
	}
	if report.Stream != "" {
		r.stream = report.Stream
	}
	if report.Note != "" {
		r.Note, r.dirty = report.Note, true
	}
}

func (m *Model) mark(r *reader, report Report) {
	mark := r.marks[report.Shard]
	if mark == nil {
		mark = &Mark{Shard: report.Shard}
		r.marks[report.Shard] = mark
	}
	was := *mark
	if report.Fetched != "" {
		mark.Fetched = report.Fetched
	}
	if n := len(report.Handled); n > 0 {
		mark.Handled = report.Handled[n-1]
	}
	if report.Saved != "" {
		mark.Saved = report.Saved
	}
	if report.State != "" {
		mark.State = report.State
	}
	if *mark != was {
		r.changed[report.Shard] = true
	}
}

// handled notes that a reader handled a record.
func (m *Model) handled(r *reader, shard, seq string) {
	r.turns++
	r.dirty = true
	en := m.bySeq[seq]
	switch {
	case en == nil && m.past[shard] != "" && !before(m.past[shard], seq):
		r.Redelivered++ // it was dropped long ago
		return
	case en == nil:
		if len(r.early) > 10*piece {
			clear(r.early) // of a stream that the Model doesn't follow
		}
		r.early[seq] = r.turns
		return
	case en.by[r.slot].turn > 0:
		r.Redelivered++
		return
	}
	m.handledAt(r, en, r.turns)
}

// knows has a reader's record of a new entry, if it was faster than the Model.
func (m *Model) knows(r *reader, en *entry) {
	if turn, ok := r.early[en.Seq]; ok {
		delete(r.early, en.Seq)
		m.handledAt(r, en, turn)
	}
}

func (m *Model) handledAt(r *reader, en *entry, turn uint32) {
	by := &en.by[r.slot]
	by.turn = turn
	r.Handled++
	r.dirty = true
	if by.lost {
		by.lost = false
		r.Lost--
		m.verdict(r, en, Cleared, "It was handled after all.", nil)
	}
	for later := en.next; later != nil; later = later.next {
		if t := later.by[r.slot].turn; t > 0 && t < turn {
			m.late(r, en, later)
			break
		}
	}
	for earlier := en.prev; earlier != nil; earlier = earlier.prev {
		if earlier.by[r.slot].turn > turn {
			m.late(r, earlier, en)
		}
	}
}

// late notes that a reader handled a record after a later one of the same row.
func (m *Model) late(r *reader, en, after *entry) {
	if by := &en.by[r.slot]; !by.late {
		by.late = true
		r.OutOfOrder++
		m.verdict(r, en, OutOfOrder, r.words.OutOfOrder, after)
	}
}

func (m *Model) lose(r *reader, en *entry) {
	if by := &en.by[r.slot]; by.turn == 0 && !by.lost {
		by.lost = true
		r.Lost++
		r.dirty = true
		m.verdict(r, en, Lost, r.whyLost(en), nil)
	}
}

func (m *Model) verdict(r *reader, en *entry, what, why string, other *entry) {
	v := Verdict{Reader: r.ID, Seq: en.Seq, N: en.N, What: what, Why: why}
	if other != nil {
		v.Other = other.Seq
	}
	m.delta.Verdicts = append(m.delta.Verdicts, v)
}

// gap has a reader lose what it says that it lost.
func (m *Model) gap(r *reader, shard string, g Gap) {
	for _, en := range m.entries {
		if en.Shard == shard && before(g.Last, en.Seq) && (g.Oldest == "" || before(en.Seq, g.Oldest)) {
			m.lose(r, en)
		}
	}
}

// judge finds out what each reader lost: what it didn't handle although it has read all
// that it ever will.
func (m *Model) judge() {
	for _, r := range m.readers {
		until := r.idle
		switch r.State {
		case "ended":
			until = time.Now()
		case "running":
		default:
			continue
		}
		r.judged = max(r.judged, m.first-1)
		for _, en := range m.entries[r.judged-m.first+1:] {
			if en.known.Add(grace).After(until) {
				break
			}
			r.judged = en.N
			if !en.known.Before(r.since) {
				m.lose(r, en)
			}
		}
	}
}

// soon is the time for which a record may wait before it counts as a lag.
const soon = 500 * time.Millisecond

// measure finds each reader's lag: the age of the oldest record that waits for it. Of what
// was lost, none does.
func (m *Model) measure() {
	for _, r := range m.readers {
		lag, left := int64(0), r.left
		for r.oldest = max(r.oldest, m.first); r.oldest < m.first+int64(len(m.entries)); r.oldest++ {
			en := m.entries[r.oldest-m.first]
			if by := en.by[r.slot]; by.turn > 0 || by.lost || en.known.Before(r.since) {
				continue
			}
			if time.Since(en.known) > soon {
				lag = max(m.now()-en.At, 0)
				left = max(retention.Milliseconds()-lag, 0)
			}
			break
		}
		if r.Lag != lag || r.Left != left {
			r.Lag, r.Left, r.dirty = lag, left, true
		}
	}
}

// HandledAll reports whether a reader has handled all records that are known and that it
// is to handle.
func (m *Model) HandledAll(id string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.reader(id)
	for i := len(m.entries) - 1; r != nil && i >= 0; i-- {
		if en := m.entries[i]; en.by[r.slot].turn == 0 && !en.known.Before(r.since) {
			return false
		}
	}
	return r != nil
}

// SavedAll reports whether a reader's checkpoint has all that it handled.
func (m *Model) SavedAll(id string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.reader(id)
	if r == nil {
		return false
	}
	for _, mark := range r.marks {
		if mark.Handled != "" && (mark.Saved == "" || before(mark.Saved, mark.Handled)) {
			return false
		}
	}
	return true
}

// ForgetSaved tells that a reader's checkpoint was removed.
func (m *Model) ForgetSaved(id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if r := m.reader(id); r != nil {
		for shard, mark := range r.marks {
			if mark.Saved != "" {
				mark.Saved = ""
				r.changed[shard] = true
			}
		}
	}
}

// Settled reports whether a reader that runs has begun to read and found nothing more.
func (m *Model) Settled(id string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.reader(id)
	return r != nil && !r.idle.IsZero()
}
