package watch

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// Take judges the readers, and returns what changed since it was last called; nil: nothing
// did. The clock and the lags are in it once a second.
func (m *Model) Take() *Delta {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.judge()
	d := m.delta
	m.delta = Delta{}
	if d.Clock == nil && time.Since(m.shown) >= time.Second {
		d.Clock = &Clock{m.now(), m.clock.Speed, false}
	}
	if d.Clock != nil {
		m.shown = time.Now()
		m.measure()
	}
	d.Rows = slices.Collect(maps.Values(d.rowsBy))
	slices.SortFunc(d.Rows, func(a, b *Row) int { return cmp.Or(cmp.Compare(a.Changed, b.Changed), cmp.Compare(a.Key, b.Key)) })
	d.rowsBy = nil
	if len(d.Rows) > 0 && len(d.Gone) > 0 { // a row that came back is there
		back := make(map[string]bool)
		for _, row := range d.Rows {
			back[row.Key] = true
		}
		d.Gone = slices.DeleteFunc(d.Gone, func(g Gone) bool { return back[g.Key] })
	}
	if d.Dropped != nil {
		dropped := *d.Dropped
		d.Dropped = &dropped
	}
	for _, r := range m.readers {
		if r.dirty || len(r.changed) > 0 {
			d.Readers = append(d.Readers, r.state(slices.Sorted(maps.Keys(r.changed))))
			r.dirty = false
			clear(r.changed)
		}
	}
	if d.empty() {
		return nil
	}
	return &d
}

func (d *Delta) empty() bool {
	return d.Clock == nil && d.Rate == nil && d.Stream == "" && d.Rows == nil && d.Gone == nil && d.Shards == nil && d.Records == nil &&
		d.Dropped == nil && d.Readers == nil && d.Verdicts == nil && d.Reset == nil && d.Faults == nil && d.Notes == nil
}

// state is a reader's, with some of its marks.
func (r *reader) state(shards []string) *ReaderState {
	s := r.ReaderState
	s.Marks = []*Mark{}
	for _, shard := range shards {
		if mark := r.marks[shard]; mark != nil {
			kept := *mark
			s.Marks = append(s.Marks, &kept)
		}
	}
	return &s
}

// State returns all that the Model knows, in deltas that are not large.
func (m *Model) State() []*Delta {
	m.mu.Lock()
	defer m.mu.Unlock()
	rate := m.rate
	d := &Delta{
		Clock: &Clock{m.now(), m.clock.Speed, false}, Rate: &rate, Stream: m.stream, Faults: m.faults,
		Notes: slices.Clone(m.notes), Rows: make([]*Row, 0, len(m.rows)), Records: make([]*Record, 0, len(m.entries)),
	}
	if dropped := m.dropped; dropped.Records+dropped.Rows > 0 {
		d.Dropped = &dropped
	}
	for el := m.order.Front(); el != nil; el = el.Next() {
		d.Rows = append(d.Rows, el.Value.(*Row))
	}
	for _, id := range slices.Sorted(maps.Keys(m.shards)) {
		d.Shards = append(d.Shards, m.shards[id])
	}
	for _, en := range m.entries {
		d.Records = append(d.Records, &en.Record)
	}
	for _, r := range m.readers {
		d.Readers = append(d.Readers, r.state(slices.Sorted(maps.Keys(r.marks))))
		for _, en := range m.entries {
			if v, wrong := r.verdictOn(en); wrong {
				d.Verdicts = append(d.Verdicts, v)
			}
		}
	}
	return d.pieces()
}

// verdictOn repeats what was said of a reader and a record.
func (r *reader) verdictOn(en *entry) (v Verdict, wrong bool) {
	v = Verdict{Reader: r.ID, Seq: en.Seq, N: en.N}
	switch by := en.by[r.slot]; {
	case by.lost:
		v.What, v.Why = Lost, r.whyLost(en)
	case by.late:
		v.What, v.Why = OutOfOrder, r.words.OutOfOrder
		for later := en.next; later != nil; later = later.next {
			if t := later.by[r.slot].turn; t > 0 && t < by.turn {
				v.Other = later.Seq
				break
			}
		}
	default:
		return v, false
	}
	return v, true
}

func (r *reader) whyLost(en *entry) string {
	if r.stream != "" && r.stream != en.stream {
		return "It still reads the stream that the table had before."
	}
	return r.words.Lost
}
