package engine

import (
	"context"

	"dynamostreamer/internal/embedded/attr"
	"dynamostreamer/internal/embedded/store"
)

// maxBatchWrites is the limit of items in a batch of writes.
const maxBatchWrites = 25

// BatchWriteItemInput is the request of BatchWriteItem.
type BatchWriteItemInput struct {
	Report
	Metrics
	RequestItems []TableWrites `api:",tables,required,each 1..25"`
}

// TableWrites are the writes of a batch to one table.
type TableWrites struct {
	TableName string
	Requests  []WriteRequest
}

// A WriteRequest puts an item or deletes the item at a key.
type WriteRequest struct {
	DeleteRequest *DeleteRequest
	PutRequest    *PutRequest
	Err           error // the error of a refused value in either
}

// A PutRequest is an item to put.
type PutRequest struct {
	Item attr.Item `api:",required"`
}

// A DeleteRequest is the key of an item to delete.
type DeleteRequest struct {
	Key attr.Item `api:",required"`
}

// BatchWriteItemOutput is the answer of BatchWriteItem.
type BatchWriteItemOutput struct {
	UnprocessedItems []TableWrites `api:",map"` // always empty
	BatchOutput
}

// BatchOutput is what the answers of BatchWriteItem and TransactWriteItems share.
type BatchOutput struct {
	ItemCollectionMetrics []TableCollections `api:",map"`
	ConsumedCapacity      []*ConsumedCapacity
}

// BatchWriteItem puts and deletes up to 25 items in one transaction. Unlike the service
// it never leaves an item unprocessed.
func (e *Engine) BatchWriteItem(ctx context.Context, in *BatchWriteItemInput) (*BatchWriteItemOutput, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	return write(ctx, e, func(tx *store.Tx, c *catalog) (*BatchWriteItemOutput, error) {
		actions, err := in.actions(c)
		if err != nil {
			return nil, err
		}
		for i := range actions {
			actions[i].old = current(tx, actions[i].table, actions[i].key)
		}
		out := e.changeAll(tx, actions, newTally(in.ReturnConsumedCapacity, false), in.ReturnItemCollectionMetrics)
		return &BatchWriteItemOutput{[]TableWrites{}, out}, nil
	})
}

// changeAll carries out actions on different items after each has decided. Condition
// checks change nothing but consume capacity.
func (e *Engine) changeAll(tx *store.Tx, actions []action, used *tally, metrics *string) BatchOutput {
	for i := range actions {
		a := &actions[i]
		if a.kind == actionCheck {
			used.write(a.table, a.table.own, a.old.item, nil)
			continue
		}
		e.change(tx, a.table, a.key, a.old, a.new, byRequest, used)
	}
	return BatchOutput{collections(tx, actions, metrics), used.result()}
}

func (in *BatchWriteItemInput) check() error {
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
		return refusal(attr.OlderText(r.Err))
	case r.PutRequest != nil && r.DeleteRequest != nil:
		return invalid("Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes")
	case r.PutRequest == nil && r.DeleteRequest == nil:
		return invalid("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes")
	case r.PutRequest != nil:
		return checkItem(r.PutRequest.Item, putTooLarge)
	}
	return nil
}

// actions finds the tables and keys, and refuses a batch that writes an item twice.
func (in *BatchWriteItemInput) actions(c *catalog) (actions []action, err error) {
	seen := targets{}
	for _, group := range in.RequestItems {
		t, err := c.table(group.TableName)
		if err != nil {
			return nil, err
		}
		for _, r := range group.Requests {
			a := action{Action: &Action{}, kind: actionDelete, table: t}
			if put := r.PutRequest; put != nil {
				a.Item, a.kind, a.new = put.Item, actionPut, put.Item
				if a.key, err = t.keyIn(put.Item); err == nil {
					err = t.checkIndexKeys(put.Item, nil, false)
				}
			} else {
				a.Key = r.DeleteRequest.Key
				a.key, err = t.keyOf(a.Key)
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
