package engine

import (
	"context"

	"dynamostreamer/internal/embedded/store"
)

const (
	// sweepBatch is how many items one transaction removes, so that other writers
	// get their turn between.
	sweepBatch = 100
	// trimBatch is how many records one transaction trims.
	trimBatch = 5000
)

// sweepUntil sweeps at once, since many a process lives for less than a
// SweepInterval, and then at each, or when it is woken, until ctx ends. An error is
// left to the requests, which meet it too and can report it.
func (e *Engine) sweepUntil(ctx context.Context) {
	for {
		_ = e.Sweep(ctx)
		select {
		case <-ctx.Done():
			return
		case <-e.clock.After(e.options.SweepInterval):
		case <-e.wake:
		}
	}
}

// wakeSweeper lets it go on at once with what a change has begun.
func (e *Engine) wakeSweeper() {
	select {
	case e.wake <- struct{}{}:
	default: // it is awake
	}
}

// Sweep does now what the engine otherwise does by itself every SweepInterval: it
// removes expired items, closes old shards, trims old records, gives their space
// back and goes on filling what is new. Any number of processes may do so at the
// same time: what one transaction finds to do it does, so that an item that was
// prolonged in time stays and one that is removed is removed once.
func (e *Engine) Sweep(ctx context.Context) error {
	for _, step := range []func(*store.Tx, *catalog) (more bool){e.expire, e.rollOld, e.trim, e.backfill} {
		for more := true; more; {
			var err error
			more, err = write(ctx, e, func(tx *store.Tx, c *catalog) (bool, error) { return step(tx, c), nil })
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// expire removes some of the items whose time has passed, and not too long ago.
func (e *Engine) expire(tx *store.Tx, c *catalog) (more bool) {
	now, left := e.nowMilli(), sweepBatch
	for _, name := range c.names {
		t := c.tables[name]
		if t.TTL.Attribute == "" || t.TTL.Filling != nil {
			continue
		}
		rows := tx.Expired(t.id, now-tooLongAgo.Milliseconds(), now, left)
		for _, row := range rows {
			e.change(tx, t, row.Key, version{readItem(tx, row.Item), row.Item}, nil, byTTL, nil)
		}
		if left -= len(rows); left == 0 {
			return true
		}
	}
	return false
}

// rollOld replaces the shards that have been open for too long, also where
// nothing is written.
func (e *Engine) rollOld(tx *store.Tx, c *catalog) (more bool) {
	now := e.nowMilli()
	for _, s := range c.streams {
		for _, sh := range s.shards {
			if e.tooOld(sh, now) {
				e.replace(tx, sh)
			}
		}
	}
	return false
}
