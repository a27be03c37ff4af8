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

// BatchOutput is the answer of BatchWriteItem and of TransactWriteItems.
type BatchOutput struct {
	Capacity    []*ConsumedCapacity
	Collections []TableCollections
}

// BatchWriteItem puts and deletes up to 25 items. All of them are done, in one
// transaction: this engine leaves nothing unprocessed, as the service may.
func (e *Engine) BatchWriteItem(ctx context.Context, in *BatchWriteItemInput) (*BatchOutput, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	return write(ctx, e, func(tx *store.Tx, c *catalog) (*BatchOutput, error) {
		actions, err := in.actions(c)
		if err != nil {
			return nil, err
		}
		for i := range actions {
			if actions[i].old, err = current(tx, actions[i].table, actions[i].key); err != nil {
				return nil, err
			}
		}
		return e.changeAll(tx, actions, newTally(in.ReturnConsumedCapacity, false), in.ReturnItemCollectionMetrics)
	})
}

// changeAll does what actions on different items have decided. Checks are counted.
func (e *Engine) changeAll(tx *store.Tx, actions []action, used *tally, metrics *string) (*BatchOutput, error) {
	for i := range actions {
		a := &actions[i]
		if a.kind == actionCheck {
			used.write(a.table, nil, a.old.item, nil)
			continue
		}
		if err := e.change(tx, a.table, a.key, a.old, a.new, byRequest, used); err != nil {
			return nil, err
		}
	}
	all, err := collections(tx, actions, metrics)
	return &BatchOutput{used.result(), all}, err
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

// actions finds tables and keys, and refuses a batch that writes an item twice.
func (in *BatchWriteItemInput) actions(c *catalog) (actions []action, err error) {
	seen := targets{}
	for _, group := range in.RequestItems {
		t, err := c.table(group.TableName)
		if err != nil {
			return nil, err
		}
		for _, r := range group.Requests {
			a := action{Action: &Action{Item: r.Key}, kind: actionDelete, table: t}
			if r.Item != nil {
				a.Item, a.kind, a.new = r.Item, actionPut, r.Item
				if a.key, err = t.keyIn(r.Item); err == nil {
					err = t.checkIndexKeys(r.Item, nil, false)
				}
			} else {
				a.key, err = t.keyOf(r.Key)
			}
			if err != nil {
				return nil, err
			}
			if !seen.add(t, a.key) {
				return nil, invalid("Provided list of item keys contains duplicates")
			}
			actions = append(actions, a)
		}
	}
	return actions, nil
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
