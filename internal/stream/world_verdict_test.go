package stream

import (
	"fmt"
	"slices"
	"time"
)

// A trace is what happened in a world, as far as a verdict needs it. All
// its times but those in describes are the service's. The world's mutex
// guards it.
type trace struct {
	written    [items][]*written // in the order of commits
	byKey      map[recordKey]*written
	unstreamed []unstreamed
	gaps       []*Gap
	handledGap map[string]int  // the newest reader that handled the gap before a stream
	doneGap    map[string]bool // and it was closed cleanly
	readers    int
	loaded     map[string]string // the positions that the newest reader loaded
	resumed    map[string]bool   // the streams that it loaded checkpoints of
	firstAt    time.Time         // of the first reader that opened
	first      int               // its stream
	after      string            // what it began after, if it began after a number
	since      time.Time         // when it began, if it began at a time
	describes  []time.Time       // by the newest reader
	begun      time.Time         // when the first stream was made
	expired    map[string]int    // how often an iterator was said to be
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

// unstreamed is a write that is in no stream, since the table had none.
type unstreamed struct{ item, stream int } // the stream before it

func (p *played) wroteUnstreamed(item int) {
	p.unstreamed = append(p.unstreamed, unstreamed{item, len(p.streams) - 1})
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
		stream: len(p.streams) - 1, index: n, f: f, shard: s, at: p.now(),
		key: recordKey{s.id, *s.records[n].Dynamodb.SequenceNumber},
	}
	p.written[item] = append(p.written[item], w)
	p.byKey[w.key] = w
}

// start is where the first reader begins, by the world's Start.
func (p *played) start() Start {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch p.Start {
	case startLatest:
		return Latest
	case startAt:
		t := p.now().Add(-p.StartAgo)
		if p.firstAt.IsZero() {
			p.since = t
		}
		return At(t)
	case startAfter:
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
func (p *played) opened() int {
	saved, streams := p.mem.saved(), p.mem.streams()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.firstAt.IsZero() {
		p.firstAt = p.now()
		for _, w := range p.byKey {
			w.missed = w.trimmed() || p.firstAt.Sub(w.at) > retention-openGrace-margin
		}
	}
	p.loaded, p.resumed = saved, streams
	p.readers++
	return p.readers
}

// owed reports whether the reader must deliver the record, or a gap.
func (p *played) owed(w *written) bool {
	switch {
	case p.firstAt.IsZero() || w.stream < p.first:
		return false
	case w.stream > p.first:
		return true
	case p.Start == startAt && w.at.Before(p.since):
		return false // also where that is still to come
	case w.at.After(p.firstAt):
		return true
	case p.Start == startLatest || w.missed:
		return false // written before
	case p.Start == startAfter:
		return compareSequence(w.key.sequence, p.after) > 0
	}
	return true
}

// handled notes that an event was handled.
func (p *played) handled(reader int, e Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e.Kind == Lost {
		p.lost(reader, e.Gap, true)
		return
	}
	w := p.byKey[recordKey{e.Shard, e.Sequence}]
	if w == nil {
		p.violate("the event %s/%s was never written", e.Shard, e.Sequence)
		return
	}
	if arn := e.Stream; arn != "" && p.index(arn) != w.stream {
		p.violate("the event %s/%s is said to be of stream %s", e.Shard, e.Sequence, arn)
	}
	p.arrived(w)
	if w.handledBy(reader) {
		p.violate("reader %d handled %v twice", reader, w.key)
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

// closed notes that a reader was closed cleanly: its checkpoints have all
// that it handled. Side by side, they end before an item that was failing, or
// that a shutdown did not leave the time for.
func (p *played) closed(reader int, run worldRun) {
	saved := p.mem.saved()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, w := range p.byKey {
		at, known := saved[w.shard.id]
		if !known {
			continue // its stream or shard is done with
		}
		hindered := run.Fails > 0 || run.End == endPanic || p.takes(w, run.Delay) >= 7*time.Second // of the Grace of 10
		failing := run.Parallel > 1 && hindered && p.unhandledBefore(w, at, reader)
		if handledBy(w, reader) && compareSequence(w.key.sequence, at) > 0 && !failing {
			p.violate("reader %d was closed and its checkpoint forgot %v", reader, w.key)
		}
	}
	p.closedGaps(reader)
}

// mayEnd reports whether reading may have ended without an error. The next
// stream may have been made while it did.
func (p *played) mayEnd(idle bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return idle || p.off || len(p.streams) > 1 && p.now().Sub(p.newest().created) < time.Minute
}

// verdict finds what is missing once the last reader has ended.
func (p *played) verdict() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, f := range p.streams {
		f.set(f.trim)
	}
	for _, w := range p.byKey {
		if len(w.by) == 0 && p.owed(w) && !p.covered(w) {
			p.violate("%v was lost without a word", w.key)
		}
	}
	p.coveredSwitches()
}

func (w *written) handledBy(reader int) bool { return slices.Contains(w.by, reader) }

// handledBy reports whether the reader was the last to handle the record.
func handledBy(w *written, reader int) bool { return len(w.by) > 0 && w.by[len(w.by)-1] == reader }

// takes is how long at least it takes to handle the events of the shard up to
// the record's that are of one item, with a delay at each: of the item that has
// most of them.
func (p *played) takes(w *written, delay time.Duration) (longest time.Duration) {
	for _, records := range p.written {
		took := time.Duration(0)
		for _, other := range records {
			if other.shard == w.shard && compareSequence(other.key.sequence, w.key.sequence) < 0 {
				took += delay
			}
		}
		longest = max(longest, took)
	}
	return longest
}

// unhandledBefore reports whether the shard has a record before w, and after a
// position, that the reader did not handle.
func (p *played) unhandledBefore(w *written, at string, reader int) bool {
	for _, other := range p.byKey {
		between := compareSequence(other.key.sequence, at) > 0 && compareSequence(other.key.sequence, w.key.sequence) < 0
		if other.shard == w.shard && between && !handledBy(other, reader) {
			return true
		}
	}
	return false
}
