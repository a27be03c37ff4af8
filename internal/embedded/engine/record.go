package engine

import (
	"dynamostreamer/internal/embedded/attr"
	"dynamostreamer/internal/embedded/store"
)

// These are the kinds of stream records in the store.
const (
	recordInsert = 1
	recordModify = 2
	recordRemove = 3
	recordExpire = 4 // a removal by TTL
)

// record appends a change to the table's stream, if it has one. It stores only the
// images that the view type asks for.
func (e *Engine) record(tx *store.Tx, t *table, key store.Key, old, new version, by actor) {
	s := t.stream
	if s == nil {
		return
	}
	r := store.Record{At: e.nowMilli()}
	switch {
	case !new.exists() && by == byTTL:
		r.Kind = recordExpire
	case !new.exists():
		r.Kind = recordRemove
	case old.exists():
		r.Kind = recordModify
	default:
		r.Kind = recordInsert
	}
	if s.View == "NEW_IMAGE" || s.View == "NEW_AND_OLD_IMAGES" {
		r.New = new.raw
	}
	if s.View == "OLD_IMAGE" || s.View == "NEW_AND_OLD_IMAGES" {
		r.Old = old.raw
	}
	if r.New == nil && r.Old == nil {
		item := new.item
		if item == nil {
			item = old.item
		}
		r.Keys = attr.AppendItem(nil, item.Only(s.names))
	}
	tx.Append(e.shardFor(tx, s, key.Part, r.At), r)
}
