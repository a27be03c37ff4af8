package stream

import "errors"

// gapIn notes the gap that ended a reader.
func (p *played) gapIn(reader int, err error) {
	var g *Gap
	if errors.As(err, &g) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.lost(reader, g, false)
	}
}

// lost notes a gap that a reader handled or, if it did not, ended with.
func (p *played) lost(reader int, g *Gap, handled bool) {
	p.gaps = append(p.gaps, g)
	if g.Next != "" {
		p.lostBetween(reader, g, handled)
		return
	}
	if !p.jumped && p.now().Sub(p.begun) < retention-margin {
		p.violate("a gap before anything can have been trimmed: %v", g)
	}
	if g.Certain && !p.surely(reader, g) {
		p.violate("a gap that is certain where nothing was lost: %v", g)
	}
}

// surely reports whether a gap's shard has lost a record that this reader did
// not handle. Another one may have, and crashed before it was saved; a reader
// at Latest may have fetched some that are a little older than it asked for.
func (p *played) surely(reader int, g *Gap) bool {
	for _, w := range p.byKey {
		if w.shard.id == g.Shard && spans(g, w) && w.trimmedNow() && !w.handledBy(reader) {
			return true
		}
	}
	return false
}

// spans reports whether a record's number is in the gap.
func spans(g *Gap, w *written) bool {
	return (g.Last == "" || compareSequence(g.Last, w.key.sequence) < 0) &&
		(g.Oldest == "" || compareSequence(w.key.sequence, g.Oldest) < 0)
}

// covered reports whether a gap tells that the record was lost: one of its
// shard, or one before anything of a descendant was read. A stream that
// came and went before anybody began to read it can't be known.
func (p *played) covered(w *written) bool {
	if w.f.vanished() && !p.mem.hadBegun(p.arns[w.stream]) {
		return true
	}
	for _, g := range p.gaps {
		if g.Next != "" {
			continue
		}
		if p.descends(g.Shard, w.shard.id) && g.Last == "" {
			return true
		}
		if g.Shard != w.shard.id && !p.descends(w.shard.id, g.Shard) {
			continue // the children of a shard that vanished are in its gap
		}
		if spans(g, w) {
			return true
		}
	}
	return false
}

// What follows is about the gaps between two streams.

// lostBetween judges one.
func (p *played) lostBetween(reader int, g *Gap, handled bool) {
	from, to := p.index(g.Stream), p.index(g.Next)
	switch {
	case from < 0 || from >= to:
		p.violate("a gap from stream %d to stream %d", from, to)
		return
	case g.Shard != "" || g.Certain:
		p.violate("a gap between two streams that is certain, or of a shard: %v", g)
	case p.firstBegun() >= to:
		p.violate("a gap from stream %d to stream %d, though nobody had begun on an older one", from, to)
	case p.doneGap[g.Next] && p.resumed[g.Next]:
		p.violate("the gap before stream %d comes again to a reader that has checkpoints after it", to)
	}
	if handled {
		if p.handledGap == nil {
			p.handledGap, p.doneGap = make(map[string]int), make(map[string]bool)
		}
		p.handledGap[g.Next] = reader
	}
}

// closedGaps notes that a reader was closed cleanly that may have handled
// some.
func (p *played) closedGaps(reader int) {
	for next, by := range p.handledGap {
		if by == reader {
			p.doneGap[next] = true
		}
	}
}

// firstBegun is the oldest stream that a reader has begun on.
func (p *played) firstBegun() int {
	for i, arn := range p.arns {
		if p.mem.hadBegun(arn) {
			return i
		}
	}
	return len(p.arns)
}

// between reports whether a gap spans the change from the i-th stream to
// one that is no later than the stream up to.
func (p *played) between(i, upTo int) bool {
	for _, g := range p.gaps {
		if next := g.Next; next != "" && p.index(g.Stream) <= i && i < p.index(next) && p.index(next) <= upTo {
			return true
		}
	}
	return false
}

// arrived judges that an event of a stream is handled: the gaps before that
// stream were.
func (p *played) arrived(w *written) {
	for i := p.firstBegun(); i < w.stream; i++ {
		if !p.between(i, w.stream) {
			p.violate("%v of stream %d is handled before a gap after stream %d", w.key, w.stream, i)
			return
		}
	}
}

// coveredSwitches judges the writes that are in no stream once all is read:
// where a reader had begun before them, and there is a later stream, a gap
// tells of them.
func (p *played) coveredSwitches() {
	newest := len(p.streams) - 1
	if p.newest().vanished() {
		return
	}
	for _, u := range p.unstreamed {
		if p.firstBegun() <= u.stream && u.stream < newest && !p.between(u.stream, newest) {
			p.violate("a write of item %d after stream %d was lost without a word", u.item, u.stream)
			return
		}
	}
}
