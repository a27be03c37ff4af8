package engine

import (
	"context"
	"time"

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

// sweepUntil sweeps every SweepInterval until ctx ends. An error is left to the
// requests, which meet it too and can report it.
func (e *Engine) sweepUntil(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-e.clock.After(e.options.SweepInterval):
		}
		_ = e.Sweep(ctx)
	}
}

// Sweep does now what the engine otherwise does by itself every SweepInterval: it
// removes expired items, closes old shards, trims old records and gives their
// space back. Any number of processes may do so at the same time.
func (e *Engine) Sweep(ctx context.Context) error {
	if err := e.expire(ctx); err != nil {
		return err
	}
	if err := e.rollOld(ctx); err != nil {
		return err
	}
	return e.trim(ctx)
}

// expire removes the items whose time has passed.
func (e *Engine) expire(ctx context.Context) error {
	for {
		var due []dueItem
		err := e.read(ctx, func(tx *store.Tx, c *catalog) error {
			due = nil
			return e.findDue(tx, c, &due)
		})
		if err != nil || len(due) == 0 {
			return err
		}
		err = e.write(ctx, func(tx *store.Tx, c *catalog) error {
			for _, d := range due {
				if err := e.expireItem(tx, c, d); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
}

type dueItem struct {
	table string
	id    int64
	key   store.Key
}

func (e *Engine) findDue(tx *store.Tx, c *catalog, due *[]dueItem) error {
	now := e.nowMilli()
	for _, name := range c.names {
		t := c.tables[name]
		if t.TTL.Attribute == "" {
			continue
		}
		err := tx.Expired(t.id, now-tooLongAgo.Milliseconds(), now, func(row store.Row) bool {
			*due = append(*due, dueItem{name, t.id, row.Key})
			return len(*due) < sweepBatch
		})
		if err != nil || len(*due) == sweepBatch {
			return err
		}
	}
	return nil
}

// expireItem removes an item if it still is expired: since it was found it may
// have been prolonged, or removed by another process.
func (e *Engine) expireItem(tx *store.Tx, c *catalog, d dueItem) error {
	t := c.tables[d.table]
	if t == nil || t.id != d.id {
		return nil
	}
	old, err := current(tx, t, d.key)
	if err != nil || !old.exists() || !expired(t.TTL.expiry(old.item), e.nowMilli()) {
		return err
	}
	return e.change(tx, t, d.key, old, nil, byTTL)
}

// rollOld replaces the shards that have been open for too long, also where
// nothing is written.
func (e *Engine) rollOld(ctx context.Context) error {
	old := false
	err := e.read(ctx, func(_ *store.Tx, c *catalog) error {
		now := e.nowMilli()
		for _, s := range c.streams {
			for _, sh := range s.shards {
				old = old || e.tooOld(sh, now)
			}
		}
		return nil
	})
	if err != nil || !old {
		return err
	}
	return e.write(ctx, func(tx *store.Tx, c *catalog) error {
		shards, err := tx.OpenShards()
		if err != nil {
			return err
		}
		now := e.nowMilli()
		for _, sh := range shards {
			if !e.tooOld(sh, now) {
				continue
			}
			if _, err := e.roll(tx, sh); err != nil {
				return err
			}
		}
		return nil
	})
}

// trim removes the records, shards and streams that are past their 24 hours.
func (e *Engine) trim(ctx context.Context) error {
	for {
		var work trimWork
		err := e.read(ctx, func(tx *store.Tx, c *catalog) (err error) {
			work, err = e.findTrim(tx, c)
			return err
		})
		if err != nil || work.none() {
			return err
		}
		err = e.write(ctx, func(tx *store.Tx, _ *catalog) error { return work.do(tx) })
		if err != nil {
			return err
		}
	}
}

// trimWork is what one transaction has to trim.
type trimWork struct {
	horizon int64
	records []int64 // shards with records before the horizon
	shards  []int64 // shards that are past altogether, without records
	streams []int64 // streams that have ended and have no shards any more
	tokens  int64   // the time before which tokens are forgotten, 0 for none
	pages   bool    // there are free pages to give back
}

func (w *trimWork) none() bool {
	return len(w.records)+len(w.shards)+len(w.streams) == 0 && w.tokens == 0 && !w.pages
}

func (e *Engine) findTrim(tx *store.Tx, c *catalog) (w trimWork, err error) {
	w.horizon = e.horizon()
	for _, s := range c.streams {
		shards, err := tx.Shards(s.id, "", maxShardCount)
		if err != nil {
			return w, err
		}
		if len(shards) == 0 && s.ended != 0 {
			w.streams = append(w.streams, s.id)
		}
		for _, sh := range shards {
			oldest, found, err := tx.Oldest(sh.ID)
			if err != nil {
				return w, err
			}
			if found && oldest < w.horizon {
				w.records = append(w.records, sh.ID)
			} else if !found && sh.Closed != 0 && sh.Closed < w.horizon {
				w.shards = append(w.shards, sh.ID)
			}
		}
	}
	before := e.nowMilli() - tokenLife.Milliseconds()
	if has, err := tx.HasTokens(before); err != nil {
		return w, err
	} else if has {
		w.tokens = before
	}
	w.pages, err = tx.HasFreePages()
	return w, err
}

func (w *trimWork) do(tx *store.Tx) error {
	left := trimBatch
	for _, id := range w.records {
		n, err := tx.Trim(id, w.horizon, left)
		if err != nil {
			return err
		}
		if left -= n; left == 0 {
			return nil
		}
	}
	for _, id := range w.shards {
		if err := tx.DeleteShard(id); err != nil {
			return err
		}
	}
	for _, id := range w.streams {
		if err := tx.DeleteStream(id); err != nil {
			return err
		}
	}
	if w.tokens != 0 {
		if err := tx.ForgetTokens(w.tokens); err != nil {
			return err
		}
	}
	return tx.GiveBack()
}
