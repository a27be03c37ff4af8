package engine

import (
	"context"

	"dynamostreamer/internal/embedded/attr"
	"dynamostreamer/internal/embedded/expr"
	"dynamostreamer/internal/embedded/store"
)

// TransactGetItemsInput is the request of TransactGetItems.
type TransactGetItemsInput struct {
	Report
	TransactItems []TransactGetItem `api:",required,1..100"`
}

// A TransactGetItem is an entry of a transaction that reads.
type TransactGetItem struct {
	Get *Get `api:",required,without AttributesToGet"`
}

// TransactGetItemsOutput is the answer of TransactGetItems.
type TransactGetItemsOutput struct {
	Responses        []ItemResponse // in the order of the entries
	ConsumedCapacity []*ConsumedCapacity
}

// An ItemResponse is the item that one entry read.
type ItemResponse struct {
	Item attr.Item // nil: there is none, or it has nothing of the projection
}

// TransactGetItems reads up to 100 items from one snapshot.
func (e *Engine) TransactGetItems(ctx context.Context, in *TransactGetItemsInput) (*TransactGetItemsOutput, error) {
	sets := make([]expr.Set, len(in.TransactItems))
	for i, item := range in.TransactItems {
		var err error
		item.Get.Expressions.Spare, item.Get.Expressions.Older = true, true
		if sets[i], err = compile(item.Get.Expressions, item.Get.Err); err != nil {
			return nil, err
		}
	}
	return read(ctx, e, func(tx *store.Tx, c *catalog) (*TransactGetItemsOutput, error) {
		tables := make([]*table, len(in.TransactItems))
		for i, item := range in.TransactItems {
			var err error
			if tables[i], err = c.table(*item.Get.TableName); err != nil {
				return nil, err
			}
		}
		out := &TransactGetItemsOutput{Responses: make([]ItemResponse, len(in.TransactItems))}
		seen, used, total := targets{}, newTally(in.ReturnConsumedCapacity, true), 0
		err := each(len(in.TransactItems), func(i int) error {
			t := tables[i]
			key, err := t.readKey(in.TransactItems[i].Get.Key, &sets[i])
			if err != nil {
				return err
			}
			item, size := fetch(tx, t, key, sets[i], true, used)
			if len(item) > 0 {
				out.Responses[i].Item = item
			}
			total += size
			return seen.alone(t, key)
		})
		if err == nil && total > maxTransactBytes {
			err = errTransactSize
		}
		out.ConsumedCapacity = used.result()
		return out, err
	})
}
