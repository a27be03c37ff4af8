// Package watch knows a stream as a page in the browser shows it: the rows that its
// records leave, its shards, its newest records, and what readers make of them. It judges
// the readers by the stream: which record one of them lost, and which it handled out of
// order.
//
// A Model is told what happens, and gives what changed since as a Delta. A Hub sends the
// deltas to browsers. What a Model keeps is bounded, and it says what it dropped.
package watch

import (
	"container/list"
	"encoding/json"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"dynamostreamer/internal/stream"
)

// Bounds are the numbers of rows and of records that a Model keeps.
type Bounds struct {
	Rows    int `json:"rows"`
	Records int `json:"records"`
}

// maxRaw is the number of bytes of records, as DynamoDB sent them, that a Model keeps: a
// record may have two images of 400 KB. The older ones are kept without.
const maxRaw = 64 << 20

// maxWord is the number of characters of a row's task and page at most.
const maxWord = 200

// A Model may be used by many goroutines.
type Model struct {
	bounds Bounds
	ttl    string // the name of the attribute

	mu      sync.Mutex
	clock   Clock
	at      time.Time // of this machine, when the clock was told
	shown   time.Time // when the clock was last in a delta
	rate    float64
	stream  string
	rows    map[string]*list.Element // of *Row
	order   *list.List               // of rows, the one that changed last at the back
	shards  map[string]*Shard
	held    map[string]int    // the number of records of a shard
	past    map[string]string // the last sequence number of a shard that was dropped
	entries []*entry          // the records, oldest first
	first   int64             // the N of the oldest
	raw     int               // the bytes of the records as DynamoDB sent them
	bare    int64             // the N of the oldest record that has them
	bySeq   map[string]*entry
	last    map[string]*entry // the newest record of a row
	dropped Dropped
	readers []*reader
	faults  []Fault
	notes   []string // the newest
	delta   Delta
}

// An entry is a record, with what each reader made of it.
type entry struct {
	Record
	stream     string
	raw        []byte    // as DynamoDB sent it, in JSON
	known      time.Time // when the Model was told
	prev, next *entry    // of the same row
	by         [maxReaders]outcome
}

// NewModel makes a Model for a table whose TTL attribute is ttl.
func NewModel(ttl string, bounds Bounds) *Model {
	return &Model{
		bounds: bounds, ttl: ttl,
		rows: make(map[string]*list.Element), order: list.New(),
		shards: make(map[string]*Shard), held: make(map[string]int), past: make(map[string]string),
		bySeq: make(map[string]*entry), last: make(map[string]*entry), first: 1, bare: 1,
		faults: []Fault{}, at: time.Now(), clock: Clock{time.Now().UnixMilli(), 1, false},
	}
}

// Saw tells of an event of the stream, an item's in their order, and of the record that it
// was made of.
func (m *Model) Saw(e stream.Event, raw []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	row, key := m.rowOf(e)
	if m.bySeq[e.Sequence] != nil {
		return
	}
	en := &entry{
		Record: Record{m.first + int64(len(m.entries)), e.Sequence, e.Shard, string(e.Kind), key, e.At.UnixMilli()},
		stream: e.Stream, raw: raw, known: time.Now(),
	}
	if s := m.shards[e.Shard]; s != nil {
		en.Shard = s.ID // one string for all
	}
	if prev := m.last[key]; prev != nil {
		prev.next, en.prev, en.Key = en, prev, prev.Key
	}
	m.last[key], m.bySeq[en.Seq] = en, en
	m.entries = append(m.entries, en)
	m.held[en.Shard]++
	for m.raw += len(raw); m.raw > maxRaw && m.bare < en.N; m.bare++ {
		m.strip(m.entries[m.bare-m.first])
	}
	m.delta.Records = append(m.delta.Records, &en.Record)
	m.change(e, en, row)
	for _, r := range m.readers {
		m.knows(r, en)
	}
	m.drop()
}

// change brings the rows to what an event leaves.
func (m *Model) change(e stream.Event, en *entry, row *Row) {
	if e.Kind == stream.Deleted || e.Kind == stream.Expired {
		g := Gone{Key: en.Key, How: string(e.Kind), At: en.At}
		if ttl, ok := ttlOf(e.Old, m.ttl); ok {
			g.Late = m.seen(en.At) - 1000*ttl
		}
		m.forget(g)
		return
	}
	if el := m.rows[en.Key]; el != nil {
		el.Value = row
		m.order.MoveToBack(el)
	} else {
		m.rows[en.Key] = m.order.PushBack(row)
	}
	m.changed(row)
	for m.order.Len() > m.bounds.Rows {
		m.forget(Gone{Key: m.order.Front().Value.(*Row).Key, How: "forgotten", At: en.At})
		m.dropped.Rows++
		m.delta.Dropped = &m.dropped
	}
}

// seen is when a record was made, as well as it can be known: its time is rounded down, to
// a second, and a reader that keeps up sees it a moment later.
func (m *Model) seen(at int64) int64 {
	if now := m.now(); now > at && now-at < 3000*int64(m.clock.Speed) {
		return now
	}
	return at
}

func (m *Model) changed(row *Row) {
	if m.delta.rowsBy == nil {
		m.delta.rowsBy = make(map[string]*Row)
	}
	m.delta.rowsBy[row.Key] = row
}

// forget removes a row.
func (m *Model) forget(g Gone) {
	if el := m.rows[g.Key]; el != nil {
		m.order.Remove(el)
		delete(m.rows, g.Key)
	}
	delete(m.delta.rowsBy, g.Key)
	m.delta.Gone = append(m.delta.Gone, g)
}

// strip drops a record as DynamoDB sent it.
func (m *Model) strip(en *entry) {
	m.raw -= len(en.raw)
	en.raw = nil
}

// short is a text of at most maxWord characters, so that a row stays small.
func short(text string) string {
	n := 0
	for i := range text {
		if n++; n > maxWord {
			return strings.Clone(text[:i]) + "…"
		}
	}
	return text
}

// keyEscaper keeps a | in an id apart from the one after it.
var keyEscaper = strings.NewReplacer(`\`, `\\`, "|", `\|`)

// rowOf is what an event says of its row.
func (m *Model) rowOf(e stream.Event) (row *Row, key string) {
	var item struct {
		ID       string `dynamodbav:"id"`
		Email    string `dynamodbav:"email"`
		Activity struct {
			Task string `dynamodbav:"task"`
			Page string `dynamodbav:"page"`
		} `dynamodbav:"activity"`
	}
	if err := e.Image().Decode(&item); err != nil || item.ID == "" {
		text, _ := json.Marshal(e.Keys) // another program's row
		item.ID, item.Email = string(text), ""
	}
	key = item.ID
	if item.Email != "" {
		key = keyEscaper.Replace(item.ID) + "|" + item.Email
	}
	row = &Row{Key: key, ID: item.ID, Email: item.Email, Task: short(item.Activity.Task), Page: short(item.Activity.Page), Changed: e.At.UnixMilli()}
	if ttl, ok := ttlOf(e.New, m.ttl); ok {
		row.TTL, row.Expires = ttl, ttl > e.At.AddDate(-5, 0, 0).Unix() // else DynamoDB takes it for a mistake
	}
	return row, key
}

// ttlOf is the Number of Unix seconds of an image's attribute.
func ttlOf(i stream.Image, attribute string) (seconds int64, ok bool) {
	n, ok := i[attribute].(*types.AttributeValueMemberN)
	if !ok {
		return 0, false
	}
	f, err := strconv.ParseFloat(n.Value, 64)
	return int64(f), err == nil && f > -1e11 && f < 1e11
}

// drop keeps the bound of the records.
func (m *Model) drop() {
	for len(m.entries) > m.bounds.Records {
		en := m.entries[0]
		m.entries[0] = nil
		m.entries, m.first = m.entries[1:], m.first+1
		m.strip(en)
		m.bare = max(m.bare, m.first)
		m.past[en.Shard] = en.Seq
		delete(m.bySeq, en.Seq)
		if m.last[en.Key] == en {
			delete(m.last, en.Key)
		} else if en.next != nil {
			en.next.prev = nil
		}
		if m.held[en.Shard]--; m.held[en.Shard] == 0 {
			delete(m.held, en.Shard)
		}
		m.dropped.Before, m.dropped.Records = m.first, m.dropped.Records+1
		m.delta.Dropped = &m.dropped
	}
}

// Note tells of something for people to read.
func (m *Model) Note(text string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	text = time.Now().Format("15:04:05 ") + text
	m.notes = append(m.notes, text)
	m.notes = m.notes[max(0, len(m.notes)-50):]
	m.delta.Notes = append(m.delta.Notes, text)
}

// SetRate tells at which rate rows are written, in writes a second.
func (m *Model) SetRate(rate float64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.rate = rate
	m.delta.Rate = &rate
}

// SetClock tells the time of DynamoDB's clock, and how many seconds pass on it in each
// real one.
func (m *Model) SetClock(now time.Time, speed int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	was := m.now()
	moved := time.Duration(now.UnixMilli()-was) * time.Millisecond
	jumped := moved.Abs() > time.Duration(speed)*time.Minute
	m.clock, m.at = Clock{now.UnixMilli(), speed, false}, time.Now()
	if jumped {
		m.delta.Clock = &Clock{now.UnixMilli(), speed, true}
	}
}

// now is the time of DynamoDB's clock.
func (m *Model) now() int64 {
	return m.clock.Now + time.Since(m.at).Milliseconds()*int64(m.clock.Speed)
}

// Now is the time of DynamoDB's clock.
func (m *Model) Now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return time.UnixMilli(m.now())
}

// SetFaults tells which faults wait.
func (m *Model) SetFaults(faults []Fault) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.faults = append([]Fault{}, faults...)
	m.delta.Faults = m.faults
}

// Record returns a record as DynamoDB sent it, if the Model still keeps that, and what it
// knows of it.
func (m *Model) Record(seq string) (r Record, raw []byte, found bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	en := m.bySeq[seq]
	if en == nil || en.raw == nil {
		return r, nil, false
	}
	return en.Record, en.raw, true
}

// Row returns a row, or with an empty key the one that expires next.
func (m *Model) Row(key string) (row Row, found bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if el := m.rows[key]; el != nil {
		return *el.Value.(*Row), true
	}
	if key != "" {
		return row, false
	}
	for el := m.order.Front(); el != nil; el = el.Next() {
		if r := el.Value.(*Row); !found || r.TTL < row.TTL {
			row, found = *r, true
		}
	}
	return row, found
}

// before reports whether a sequence number is smaller than another.
func before(a, b string) bool {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	if len(a) != len(b) {
		return len(a) < len(b)
	}
	return a < b
}

// Faulty reports whether a fault waits.
func (m *Model) Faulty() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.faults) > 0
}

// Records is the number of records that the Model was told of.
func (m *Model) Records() int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.first - 1 + int64(len(m.entries))
}
