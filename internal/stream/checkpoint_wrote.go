package stream

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// What a Table knows of what it wrote: that tells a late attempt from another
// reader's, and from an edit.

// result notes what a write came to.
func (t *Table) result(ctx context.Context, err error, checkpoints ...Checkpoint) error {
	if conditionFailed(err) {
		return t.refused(ctx, err, checkpoints...)
	}
	if err == nil {
		t.note(checkpoints...)
	}
	return err
}

// wrote returns what this reader wrote last of the checkpoint.
func (t *Table) wrote(c Checkpoint) (was Checkpoint, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	was, ok = t.kept[c.place()]
	return was, ok
}

// note takes in that the table holds some checkpoints.
func (t *Table) note(checkpoints ...Checkpoint) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, c := range checkpoints {
		t.kept[c.place()] = c
		delete(t.attempts, c.place())
	}
}

// attempt notes what is about to be written.
func (t *Table) attempt(checkpoints ...Checkpoint) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, c := range checkpoints {
		if made := t.attempts[c.place()]; !slices.Contains(made, c) {
			t.attempts[c.place()] = append(made, c)
		}
	}
}

// refused is judge for a write of the reader's own.
func (t *Table) refused(ctx context.Context, err error, checkpoints ...Checkpoint) error {
	_, err = t.judge(ctx, err, checkpoints...)
	return err
}

// judge finds out why a write of checkpoints failed with err: nil where the
// table holds them, or what the reader's handler committed since; errAttempted
// where it holds what an earlier attempt wrote; known: the table could be read.
func (t *Table) judge(ctx context.Context, err error, checkpoints ...Checkpoint) (known bool, _ error) {
	_, current, failed := t.read(ctx, generationPlace)
	switch {
	case failed != nil:
		return false, failed
	case current > t.generation:
		return true, &FencedError{Name: t.title(), Err: err}
	case current < t.generation:
		return true, &AlteredError{Name: t.title(), What: "has lost its generation"}
	}
	made := 0
	for _, c := range checkpoints {
		held, generation, failed := t.read(ctx, c.place())
		if failed != nil {
			return false, failed
		}
		t.mu.Lock()
		attempts := t.attempts[c.place()]
		was, ok := t.kept[c.place()]
		t.mu.Unlock()
		name := fmt.Sprintf("of shard %s of %s", c.Shard, t.title())
		switch {
		case len(held) == 0 && ok:
			return true, &AlteredError{Name: name, What: "was deleted"}
		case len(held) == 0 || generation == t.generation && ok && held[0] == was:
			// It is not this item's condition.
		case generation != t.generation || !slices.Contains(attempts, held[0]):
			return true, &AlteredError{Name: name, What: "was edited"}
		case held[0] == c || compareSequence(held[0].Sequence, c.Sequence) > 0:
			t.note(held[0])
			made++
		default:
			t.note(held[0])
			err = errAttempted
		}
	}
	switch {
	case made == len(checkpoints):
		return true, nil
	case made > 0:
		return true, errAttempted
	}
	return true, err
}

// TransactItem is the part of a TransactWriteItems that writes the checkpoint
// of a page which RunPages handed over. The transaction fails if the page was
// committed before, or if a newer reader owns the checkpoints; the handler
// returns the error as it is. If an earlier attempt of this reader committed
// the page and its answer was lost, RunPages continues; else the reading ends
// with a *FencedError or an *AlteredError. An error for another item's
// condition is the handler's own.
//
// A handler that asks for it makes the transaction or returns an error. A
// transaction holds 100 items at most: let Options.PageSize see to that. The
// condition is what the table holds, which need not be the page before: a
// handler may commit some pages only. A page of a Gap alone, in a shard that
// still exists, has no sequence number, so it can be committed twice.
func (t *Table) TransactItem(p *Page) types.TransactWriteItem {
	c := p.Checkpoint
	was, _ := t.wrote(c)
	t.attempt(c)
	p.settle = func(ctx context.Context, err error) (Checkpoint, bool, error) { return t.settle(ctx, c, err) }
	condition := "#generation = :mine AND "
	if p.first != "" && compareSequence(was.Sequence, p.first) >= 0 { // a late attempt committed some of it, so this one must fail
		condition = "attribute_not_exists(#generation) AND "
	}
	return types.TransactWriteItem{Put: t.put(c, condition, was)}
}

// settle is a handler's transaction's, which was to write a checkpoint. It
// looks at the table for a while at most.
func (t *Table) settle(ctx context.Context, c Checkpoint, failed error) (held Checkpoint, known bool, err error) {
	if failed == nil {
		t.note(c)
		return c, true, nil
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	if known, err = t.judge(ctx, failed, c); !known {
		err = failed
	}
	held, _ = t.wrote(c)
	return held, known, err
}
