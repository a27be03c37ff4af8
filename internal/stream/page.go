package stream

import (
	"cmp"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
)

// A Page is some events of one shard, in order, or some rows of one segment of
// a copy, or the Lost of a switch of streams, or a CopyDone. All have one
// Generation and one Copy.
type Page struct {
	Shard  string // empty at a switch and at a CopyDone
	Events []Event
	// Redelivered reports whether all Events were handed over before by this
	// read, in an attempt that failed.
	Redelivered bool
	// Checkpoint is the shard's, once all Events are handled.
	Checkpoint Checkpoint

	shard  *shard
	number int    // of the first event, in the shard's tracker
	first  string // its sequence number; empty: it is Lost
	lanes  *lanes // nil: one event at a time
	// records are those of the last Events; others have none.
	records []types.Record
	// settle, if a handler's transaction writes the checkpoint, finds out
	// what became of it.
	settle settle
}

// Record is the record of an event of the page, by its index, as the Streams API
// gave it; nil: there is none of a Lost, nor of a copy.
func (p *Page) Record(index int) *types.Record {
	if index -= len(p.Events) - len(p.records); index < 0 {
		return nil
	}
	return &p.records[index]
}

// recordsOf are those of some of the page's events.
func (p *Page) recordsOf(from, to int) []types.Record {
	without := len(p.Events) - len(p.records)
	return p.records[max(from-without, 0):max(to-without, 0)]
}

// page makes a Page with the checkpoint that it leads to.
func (r *Reader) page(s *shard, events []Event, number int) *Page {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := &Page{Shard: s.id, Events: events, shard: s, number: number, Checkpoint: s.checkpoint(r.arn)}
	p.first = cmp.Or(events[0].Sequence, events[min(1, len(events)-1)].Sequence)
	if last := events[len(events)-1]; last.Sequence != "" {
		p.Checkpoint.Position = Position{Sequence: last.Sequence, NotBefore: last.At}
		p.Checkpoint.Row = s.out.events[number-s.out.first+len(events)-1].row
	}
	return p
}

// part is a page of some of the page's events.
func (r *Reader) part(p *Page, from, to int) *Page {
	part := r.page(p.shard, p.Events[from:to:to], p.number+from)
	part.records = p.recordsOf(from, to)
	if part.Shard = p.Shard; to == len(p.Events) {
		part.Checkpoint = p.Checkpoint
	}
	return part
}

// upTo is the number of the page's events that are not after a sequence number.
func (p *Page) upTo(sequence string) int {
	for i, e := range slices.Backward(p.Events) {
		if e.Sequence != "" && sequence != "" && compareSequence(e.Sequence, sequence) <= 0 {
			return i + 1
		}
	}
	return 0
}
