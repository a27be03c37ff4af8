package engine

import (
	"slices"

	"dynamostreamer/internal/embedded/attr"
	"dynamostreamer/internal/embedded/store"
)

// ItemCollectionMetrics estimates the size in gigabytes of a partition, including its
// rows in the table's local indexes.
type ItemCollectionMetrics struct {
	ItemCollectionKey   attr.Item
	SizeEstimateRangeGB []float64 // the lower and the upper bound
}

// TableCollections are the item collections that a request changed in one table.
type TableCollections struct {
	TableName   string
	Collections []*ItemCollectionMetrics
}

// collection measures the partition of an item that was written, if the request asks for
// it and the table has local indexes.
func (a *action) collection(tx *store.Tx, wanted *string) *ItemCollectionMetrics {
	if text(wanted) != "SIZE" {
		return nil
	}
	ids := []int64{a.table.id}
	for _, ix := range a.table.indexes {
		if !ix.Global {
			ids = append(ids, ix.ID)
		}
	}
	if len(ids) == 1 {
		return nil
	}
	total := int64(0)
	for _, id := range ids {
		total += tx.PartitionBytes(id, a.key)
	}
	low, hash := float64(total>>30), []string{a.table.keys.hash[0].Name}
	item := a.Item
	if item == nil {
		item = a.Key
	}
	return &ItemCollectionMetrics{item.Only(hash), []float64{low, low + 1}}
}

// collections measures each partition that actions wrote to.
func collections(tx *store.Tx, actions []action, wanted *string) (all []TableCollections) {
	seen := targets{}
	for i := range actions {
		a := &actions[i]
		if a.kind == actionCheck || !seen.add(a.table, store.Key{PK: a.key.PK}) {
			continue
		}
		m := a.collection(tx, wanted)
		if m == nil {
			continue
		}
		at := slices.IndexFunc(all, func(c TableCollections) bool { return c.TableName == a.table.asked })
		if at < 0 {
			at, all = len(all), append(all, TableCollections{TableName: a.table.asked})
		}
		all[at].Collections = append(all[at].Collections, m)
	}
	return all
}
