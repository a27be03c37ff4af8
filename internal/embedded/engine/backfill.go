package engine

import (
	"slices"

	"dynamostreamer/internal/embedded/store"
)

// backfill continues to fill what was added to a table that had items: an index or a
// TTL. It fills one piece, so that other writers get their turn before the next. Any
// number of processes may take part: each continues where the last piece ended.
func (e *Engine) backfill(tx *store.Tx, c *catalog) (more bool) {
	for _, name := range c.names {
		t := *c.tables[name]
		t.Indexes = slices.Clone(t.Indexes)
		at := slices.IndexFunc(t.Indexes, func(d indexDefinition) bool { return d.Filling != nil })
		switch {
		case t.TTL.Filling != nil:
			t.TTL.fill(tx, t.id)
		case at >= 0:
			fill(tx, &t, &t.Indexes[at])
		default:
			continue
		}
		tx.UpdateTable(t.id, encode(t.definition))
		return true
	}
	return false
}

// fill adds the rows of the next items to an index. It skips an item that can't be in
// the index.
func fill(tx *store.Tx, t *table, def *indexDefinition) {
	rows, more := tx.Next(t.id, def.Filling)
	ix := newIndex(t, def)
	for _, row := range rows {
		ix.change(tx, t, row.Key, version{}, version{readItem(tx, row.Item), row.Item}, nil)
		def.Filling = &row.Key
	}
	if !more {
		def.Filling = nil
	}
}
