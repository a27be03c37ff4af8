package engine

import (
	"context"

	"dynamostreamer/internal/embedded/attr"
	"dynamostreamer/internal/embedded/expr"
	"dynamostreamer/internal/embedded/store"
)

// TransactGetItemsInput is the request of TransactGetItems.
type TransactGetItemsInput struct {
	TransactItems []TransactGetItem `api:",required,1..100"`
	Report
}

// A TransactGetItem is an entry of a transaction that reads.
type TransactGetItem struct {
	Get *Get `api:",required"`
}

// A Get reads one item.
type Get struct {
	TableName   *string      `api:",required,name,1..255"`
	Key         attr.Item    `api:",required"`
	Err         error        // what is wrong with a value in Key
	Expressions expr.Request `api:"Projection Names"`
}

// TransactGetItemsOutput is the answer of TransactGetItems.
type TransactGetItemsOutput struct {
	Responses        []ItemResponse // one for each entry
	ConsumedCapacity []*ConsumedCapacity
}

// An ItemResponse is the item that one entry has read.
type ItemResponse struct {
	Item attr.Item // nil: there is none
}

// TransactGetItems reads up to 100 items from one snapshot.
func (e *Engine) TransactGetItems(ctx context.Context, in *TransactGetItemsInput) (*TransactGetItemsOutput, error) {
	sets := make([]expr.Set, len(in.TransactItems))
	for i, item := range in.TransactItems {
		var err error
		if sets[i], err = compile(item.Get.Expressions, item.Get.Err); err != nil {
			return nil, err
		}
	}
	return read(ctx, e, func(tx *store.Tx, c *catalog) (*TransactGetItemsOutput, error) {
		for _, item := range in.TransactItems {
			if _, err := c.table(*item.Get.TableName); err != nil {
				return nil, err
			}
		}
		out := &TransactGetItemsOutput{Responses: make([]ItemResponse, len(in.TransactItems))}
		reasons, seen, used := newReasons(len(in.TransactItems)), targets{}, newTally(in.ReturnConsumedCapacity, true)
		for i, item := range in.TransactItems {
			g := item.Get
			t := c.tables[*g.TableName]
			key, err := t.keyOf(g.Key)
			if err != nil {
				if err := reasons.add(i, err); err != nil {
					return nil, err
				}
				continue
			}
			if !seen.add(t, key) {
				return nil, invalid("Transaction request cannot include multiple operations on one item")
			}
			found := current(tx, t, key)
			used.read(t, nil, found.item.Size(), true)
			if found.exists() {
				out.Responses[i].Item = sets[i].Projection.Of(found.item)
			}
		}
		out.ConsumedCapacity = used.result()
		return out, reasons.err()
	})
}
