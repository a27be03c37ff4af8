package engine

import (
	"slices"

	"dynamostreamer/internal/embedded/attr"
	"dynamostreamer/internal/embedded/store"
)

// ItemCollectionMetrics is about how large a partition is with its rows in the
// table's local indexes, in gigabytes.
type ItemCollectionMetrics struct {
	Key       attr.Item
	Low, High float64
}

// TableCollections is the item collections that a request changed in a table.
type TableCollections struct {
	TableName   string
	Collections []*ItemCollectionMetrics
}

// collection measures the partition of an item that was written, if the request
// wants it and the table has local indexes.
func (a *action) collection(tx *store.Tx, wanted *string) (*ItemCollectionMetrics, error) {
	if text(wanted) != "SIZE" {
		return nil, nil
	}
	ids := []int64{a.table.id}
	for _, ix := range a.table.indexes {
		if !ix.Global {
			ids = append(ids, ix.ID)
		}
	}
	if len(ids) == 1 {
		return nil, nil
	}
	total := int64(0)
	for _, id := range ids {
		n, err := tx.PartitionBytes(id, a.key)
		if err != nil {
			return nil, err
		}
		total += n
	}
	low := float64(total >> 30)
	return &ItemCollectionMetrics{a.Item.Only([]string{a.table.keys[0].Name}), low, low + 1}, nil
}

// collections measures the partitions that actions wrote to, each once.
func collections(tx *store.Tx, actions []action, wanted *string) (all []TableCollections, err error) {
	seen := targets{}
	for i := range actions {
		a := &actions[i]
		if a.kind == actionCheck || !seen.add(a.table, store.Key{PK: a.key.PK}) {
			continue
		}
		m, err := a.collection(tx, wanted)
		if err != nil {
			return nil, err
		}
		if m == nil {
			continue
		}
		at := slices.IndexFunc(all, func(c TableCollections) bool { return c.TableName == a.table.name })
		if at < 0 {
			at, all = len(all), append(all, TableCollections{TableName: a.table.name})
		}
		all[at].Collections = append(all[at].Collections, m)
	}
	return all, nil
}
