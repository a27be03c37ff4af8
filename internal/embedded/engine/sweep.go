package engine

import (
	"context"

	"dynamostreamer/internal/embedded/store"
)

const (
	// sweepBatch is the number of items that one transaction removes. It is small so
	// that other writers get their turn.
	sweepBatch = 100
	// trimBatch is the number of records that one transaction trims.
	trimBatch = 5000
)

// sweepUntil sweeps until ctx ends: immediately, since many processes live for less
// than a SweepInterval, then at each SweepInterval and whenever it is woken. It ignores
// errors: the requests meet them too and can report them.
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

// wakeSweeper makes the sweeper continue immediately with what a change has begun.
func (e *Engine) wakeSweeper() {
	select {
	case e.wake <- struct{}{}:
	default: // it has been woken already
	}
}

// Sweep does immediately what the engine otherwise does every SweepInterval: it removes
// expired items, closes old shards, trims old records, returns their space and continues
// backfills. Any number of processes may sweep at the same time. A transaction finds its
// work and does it, so that an item whose time was extended in time stays, and an
// expired item is removed once.
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

// expire removes some of the items that have expired, except those that expired too
// long ago.
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

// rollOld replaces the shards that have been open for too long, even if nothing is
// written to them.
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
