package stream

import (
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
)

// A trace is what happened in a world, as far as a verdict needs it. The
// world's mutex guards it.
type trace struct {
	written    [items][]*written // in the order of commits
	byKey      map[recordKey]*written
	gaps       []*Gap
	readers    int
	loaded     map[string]string // the positions that the newest reader loaded
	firstAt    time.Time         // of the first reader that opened
	first      int               // its stream
	after      string            // what it began after, if it began after a number
	since      time.Time         // when it began, if it began at a time
	describes  []time.Time       // by the newest reader
	begun      time.Time
	expired    map[string]int // how often an iterator was said to be
	violations []string
}

type recordKey struct{ shard, sequence string }

// written is a record, and who handled it.
type written struct {
	stream, index int // index in the shard
	f             *fakeStream
	shard         *fakeShard
	key           recordKey
	at            time.Time
	by            []int // readers
	missed        bool  // it was trimmed, or about to be, when the first reader opened
}

func (t *trace) violate(format string, args ...any) {
	t.violations = append(t.violations, fmt.Sprintf(format, args...))
}

// wrote notes the newest record of a shard.
func (p *played) wrote(item int, f *fakeStream, s *fakeShard) {
	if p.byKey == nil {
		p.byKey = make(map[recordKey]*written)
	}
	n := len(s.records) - 1
	w := &written{
		stream: len(p.streams) - 1, index: n, f: f, shard: s, at: time.Now(),
		key: recordKey{s.id, *s.records[n].Dynamodb.SequenceNumber},
	}
	p.written[item] = append(p.written[item], w)
	p.byKey[w.key] = w
}

// start is where the first reader begins, by the world's Start.
func (p *played) start(m *memory) Start {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch p.Start {
	case 1:
		return Latest
	case 2:
		t := time.Now().Add(-3 * time.Second)
		if p.firstAt.IsZero() {
			p.since = t
		}
		return At(t)
	case 3:
		f := p.newest()
		n := f.number(f.sequence / 2)
		if p.firstAt.IsZero() {
			p.after = n
		}
		return After(n)
	}
	return TrimHorizon
}

// opening notes that a reader begins to open.
func (p *played) opening() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.describes = nil
	if p.firstAt.IsZero() {
		p.first = len(p.streams) - 1
	}
}

// opened notes that a reader has opened, and gives it a number.
func (p *played) opened(m *memory) int {
	saved := m.saved()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.firstAt.IsZero() {
		p.firstAt = time.Now()
		for _, w := range p.byKey {
			w.missed = w.trimmed() || time.Since(w.at) > retention-2*clockSkew
		}
	}
	p.loaded = saved
	p.readers++
	return p.readers
}

// owed reports whether the reader must deliver the record, or a gap.
func (p *played) owed(w *written) bool {
	switch {
	case p.firstAt.IsZero() || w.stream < p.first:
		return false
	case w.at.After(p.firstAt) || w.stream > p.first:
		return true
	case p.Start == 1 || w.missed:
		return false // written before
	case p.Start == 2:
		return !w.at.Before(p.since)
	case p.Start == 3:
		return compareSequence(w.key.sequence, p.after) > 0
	}
	return true
}

// handled notes that an event was handled.
func (p *played) handled(reader int, e Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e.Kind == Lost {
		p.lost(e.Gap)
		return
	}
	w := p.byKey[recordKey{e.Shard, e.Sequence}]
	if w == nil {
		p.violate("the event %s/%s was never written", e.Shard, e.Sequence)
		return
	}
	for _, by := range w.by {
		if by == reader {
			p.violate("reader %d handled %v twice", reader, w.key)
			break
		}
	}
	if saved := p.loaded[e.Shard]; len(w.by) > 0 && saved != "" && compareSequence(e.Sequence, saved) <= 0 {
		p.violate("reader %d handled %v again, though its checkpoint was after it", reader, w.key)
	}
	w.by = append(w.by, reader)
	var item int
	fmt.Sscanf(name(e), e.Shard+"/i%d", &item)
	for _, before := range p.written[item] {
		if before == w {
			break
		}
		if len(before.by) == 0 && p.owed(before) && !before.trimmedNow() {
			p.violate("reader %d handled %v before %v of the same item", reader, w.key, before.key)
			break
		}
	}
}

// trimmedNow is trimmed after what is due to be trimmed was.
func (w *written) trimmedNow() bool {
	w.f.set(w.f.trim)
	return w.trimmed()
}

func (w *written) trimmed() (gone bool) {
	w.f.set(func() { gone = w.shard.gone || w.index < w.shard.trimmed })
	return gone
}

// lost notes a gap that was reported.
func (p *played) lost(g *Gap) {
	p.gaps = append(p.gaps, g)
	if time.Since(p.begun) < retention-clockSkew {
		p.violate("a gap before anything can have been trimmed: %v", g)
	}
}

// gapIn notes the gap that ended a reader.
func (p *played) gapIn(err error) {
	var g *Gap
	if errors.As(err, &g) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.lost(g)
	}
}

// called notes a call, and finds a child that is read before its parent
// was handled.
func (p *played) called(operation, shard string) {
	now := time.Now()
	switch operation {
	case "DescribeStream":
		p.describes = append(p.describes, now)
		if n := len(p.describes) - 11; n >= 0 && now.Sub(p.describes[n]) < time.Second {
			p.violate("11 calls of DescribeStream in %v", now.Sub(p.describes[n]))
		}
	case "GetRecords":
		s := p.shard(shard)
		for _, w := range p.byKey {
			if w.shard.id == s.parent && len(w.by) == 0 && p.owed(w) && !w.trimmedNow() {
				p.violate("shard %s is read before %v of its parent was handled", shard, w.key)
				break
			}
		}
	}
}

// expiredAgain notes the expiry of an iterator. A few readers may try one
// in turn, none goes on trying.
func (p *played) expiredAgain(iterator string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.expired == nil {
		p.expired = make(map[string]int)
	}
	if p.expired[iterator]++; p.expired[iterator] == 5 {
		p.violate("the expired iterator %s is used again and again", iterator)
	}
}

// closed notes that a reader was closed in order: its checkpoints have all
// that it handled.
func (p *played) closed(m *memory, reader int) {
	saved := m.saved()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, w := range p.byKey {
		at, known := saved[w.shard.id]
		if !known {
			continue // its stream or shard is done with
		}
		if len(w.by) > 0 && w.by[len(w.by)-1] == reader && (at == "" || compareSequence(w.key.sequence, at) > 0) {
			p.violate("reader %d was closed and its checkpoint forgot %v", reader, w.key)
		}
	}
}

// mayEnd reports whether reading may have ended without an error.
func (p *played) mayEnd(idle bool) bool {
	f := p.newest()
	disabled := false
	f.set(func() { disabled = f.status == types.StreamStatusDisabled })
	return idle || disabled
}

// verdict finds what is missing once the last reader has ended.
func (p *played) verdict(m *memory) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, f := range p.streams {
		f.set(f.trim)
	}
	for _, w := range p.byKey {
		if len(w.by) == 0 && p.owed(w) && !p.covered(m, w) {
			p.violate("%v was lost without a word", w.key)
		}
	}
}

// covered reports whether a gap tells that the record was lost: one of its
// shard, or one before anything of a descendant was read. A stream that
// came and went before anybody began to read it can't be known.
func (p *played) covered(m *memory, w *written) bool {
	if w.f.vanished() && !m.begun[p.arns[w.stream]] {
		return true
	}
	for _, g := range p.gaps {
		if p.descends(g.Shard, w.shard.id) && g.Last == "" {
			return true
		}
		if g.Shard != w.shard.id && !p.descends(w.shard.id, g.Shard) {
			continue // the children of a shard that went away are in its gap
		}
		if (g.Last == "" || compareSequence(g.Last, w.key.sequence) < 0) &&
			(g.Oldest == "" || compareSequence(w.key.sequence, g.Oldest) < 0) {
			return true
		}
	}
	return false
}
