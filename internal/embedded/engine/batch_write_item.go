package engine

import (
	"context"
	"fmt"

	"dynamostreamer/internal/embedded/attr"
	"dynamostreamer/internal/embedded/store"
)

// Limits of the batches.
const (
	maxBatchWrites = 25
	maxBatchReads  = 100
	maxBatchBytes  = 16 << 20
)

// BatchWriteItemInput is the request of BatchWriteItem.
type BatchWriteItemInput struct {
	RequestItems                []TableWrites // nil: absent
	ReturnConsumedCapacity      *string
	ReturnItemCollectionMetrics *string
}

// TableWrites is what a batch writes to one table.
type TableWrites struct {
	TableName string
	Requests  []WriteRequest
}

// A WriteRequest puts Item or deletes the item at Key.
type WriteRequest struct {
	Item attr.Item // nil: absent
	Key  attr.Item // nil: absent
	Err  error     // what is wrong with a value in either
}

// BatchOutput is the answer of BatchWriteItem.
type BatchOutput struct {
	Capacity []*ConsumedCapacity
}

// BatchWriteItem puts and deletes up to 25 items. All of them are done, in one
// transaction: this engine leaves nothing unprocessed, as the service may.
func (e *Engine) BatchWriteItem(ctx context.Context, in *BatchWriteItemInput) (*BatchOutput, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	return write(ctx, e, func(tx *store.Tx, c *catalog) (*BatchOutput, error) {
		plan, err := in.plan(c)
		if err != nil {
			return nil, err
		}
		units := map[string]float64{}
		for _, w := range plan {
			old, err := current(tx, w.table, w.key)
			if err != nil {
				return nil, err
			}
			if err := e.change(tx, w.table, w.key, old, w.item, byRequest); err != nil {
				return nil, err
			}
			units[w.table.name] += writeUnits(old.item, w.item)
		}
		return &BatchOutput{Capacity: capacities(c, in.ReturnConsumedCapacity, units)}, nil
	})
}

func (in *BatchWriteItemInput) check() error {
	var c checks
	c.required(in.RequestItems != nil, "requestItems")
	c.returnConsumedCapacity(in.ReturnConsumedCapacity)
	c.returnItemCollectionMetrics(in.ReturnItemCollectionMetrics)
	for _, group := range in.RequestItems {
		c.named(&group.TableName, "requestItems."+group.TableName, 1)
		if n := len(group.Requests); n < 1 || n > maxBatchWrites {
			c.broke(fmt.Sprintf("{%s=[%d write requests]}", group.TableName, n), "requestItems",
				"Map value must satisfy constraint: [Member must have length less than or equal to 25, Member must have length greater than or equal to 1]")
		}
	}
	if err := c.err(); err != nil {
		return err
	}
	if len(in.RequestItems) == 0 {
		return invalid("The requestItems parameter is required for BatchWriteItem")
	}
	total := 0
	for _, group := range in.RequestItems {
		total += len(group.Requests)
		for _, r := range group.Requests {
			if err := r.check(); err != nil {
				return err
			}
		}
	}
	if total > maxBatchWrites {
		return invalid("Too many items requested for the BatchWriteItem call")
	}
	return nil
}

func (r *WriteRequest) check() error {
	switch {
	case r.Err != nil:
		return refusal(r.Err)
	case r.Item != nil && r.Key != nil:
		return invalid("Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes")
	case r.Item == nil && r.Key == nil:
		return invalid("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes")
	case r.Item != nil:
		return checkItem(r.Item, putTooLarge)
	}
	return nil
}

// A plannedWrite is one write of a batch: item stands at key, or nothing does.
type plannedWrite struct {
	table *table
	key   store.Key
	item  attr.Item
}

// plan finds tables and keys, and refuses a batch that writes an item twice.
func (in *BatchWriteItemInput) plan(c *catalog) ([]plannedWrite, error) {
	var writes []plannedWrite
	seen := targets{}
	for _, group := range in.RequestItems {
		t, err := c.table(group.TableName)
		if err != nil {
			return nil, err
		}
		for _, r := range group.Requests {
			w := plannedWrite{table: t, item: r.Item}
			if r.Item != nil {
				w.key, err = t.keyIn(r.Item)
			} else {
				w.key, err = t.keyOf(r.Key)
			}
			if err != nil {
				return nil, err
			}
			if !seen.add(t, w.key) {
				return nil, invalid("Provided list of item keys contains duplicates")
			}
			writes = append(writes, w)
		}
	}
	return writes, nil
}

// targets is the set of items that a request names.
type targets map[target]bool

type target struct {
	table  int64
	pk, sk string
}

// add reports whether the item is new to the set.
func (s targets) add(t *table, key store.Key) bool {
	id := target{t.id, string(key.PK), string(key.SK)}
	known := s[id]
	s[id] = true
	return !known
}
