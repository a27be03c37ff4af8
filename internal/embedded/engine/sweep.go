package engine

import (
	"context"
	"time"

	"dynamostreamer/internal/embedded/attr"
	"dynamostreamer/internal/embedded/store"
)

const (
	// sweepBatch is how many items one transaction removes, so that other writers
	// get their turn between.
	sweepBatch = 100
	// trimBatch is how many records one transaction trims.
	trimBatch = 5000
	// tokenLife is how long a ClientRequestToken is remembered.
	tokenLife = 10 * time.Minute
)

// sweepUntil sweeps at once, since many a process lives for less than a
// SweepInterval, and then at each until ctx ends. An error is left to the
// requests, which meet it too and can report it.
func (e *Engine) sweepUntil(ctx context.Context) {
	for {
		_ = e.Sweep(ctx)
		select {
		case <-ctx.Done():
			return
		case <-e.clock.After(e.options.SweepInterval):
		}
	}
}

// Sweep does now what the engine otherwise does by itself every SweepInterval: it
// removes expired items, closes old shards, trims old records and gives their
// space back. Any number of processes may do so at the same time: what one
// transaction finds to do it does, so that an item that was prolonged in time
// stays and one that is removed is removed once.
func (e *Engine) Sweep(ctx context.Context) error {
	for _, step := range []func(*store.Tx, *catalog) (more bool, err error){e.expire, e.rollOld, e.trim} {
		for more := true; more; {
			var err error
			if more, err = write(ctx, e, step); err != nil {
				return err
			}
		}
	}
	return nil
}

// expire removes some of the items whose time has passed, and not too long ago.
func (e *Engine) expire(tx *store.Tx, c *catalog) (more bool, err error) {
	now, left := e.nowMilli(), sweepBatch
	for _, name := range c.names {
		t := c.tables[name]
		if t.TTL.Attribute == "" {
			continue
		}
		rows, err := tx.Expired(t.id, now-tooLongAgo.Milliseconds(), now, left)
		if err != nil {
			return false, err
		}
		for _, row := range rows {
			item, err := attr.ReadItem(row.Item)
			if err != nil {
				return false, err
			}
			if err := e.change(tx, t, row.Key, version{item, row.Item}, nil, byTTL, nil); err != nil {
				return false, err
			}
		}
		if left -= len(rows); left == 0 {
			return true, nil
		}
	}
	return false, nil
}

// rollOld replaces the shards that have been open for too long, also where
// nothing is written.
func (e *Engine) rollOld(tx *store.Tx, c *catalog) (more bool, err error) {
	now := e.nowMilli()
	for _, s := range c.streams {
		for _, sh := range s.shards {
			if e.tooOld(sh, now) {
				if _, err := e.replace(tx, sh); err != nil {
					return false, err
				}
			}
		}
	}
	return false, nil
}

// trim removes some of the records, shards and streams that are past their 24
// hours, and forgets old tokens.
func (e *Engine) trim(tx *store.Tx, c *catalog) (more bool, err error) {
	horizon, left := e.horizon(), trimBatch
	for _, s := range c.streams {
		shards, err := tx.Shards(s.id, "", everything)
		if err != nil {
			return false, err
		}
		kept := len(shards)
		for _, sh := range shards {
			n, err := tx.Trim(sh.ID, horizon, left)
			if err != nil {
				return false, err
			}
			if left -= n; left == 0 {
				return true, nil
			}
			if sh.Closed != 0 && sh.Closed < horizon {
				kept--
				if err := tx.DeleteShard(sh.ID); err != nil {
					return false, err
				}
			}
		}
		if s.ended != 0 && kept == 0 {
			if err := tx.DeleteStream(s.id); err != nil {
				return false, err
			}
		}
	}
	if err := tx.ForgetTokens(e.nowMilli() - tokenLife.Milliseconds()); err != nil {
		return false, err
	}
	return tx.GiveBack()
}
