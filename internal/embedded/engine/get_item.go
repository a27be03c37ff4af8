package engine

import (
	"context"

	"dynamostreamer/internal/embedded/attr"
	"dynamostreamer/internal/embedded/expr"
	"dynamostreamer/internal/embedded/store"
)

// GetItemInput is the request of GetItem.
type GetItemInput struct {
	Report
	Get
	ConsistentRead bool
}

// A Get is the read of one item: a GetItem, or an entry of TransactGetItems.
type Get struct {
	TableName   *string      `api:",required,name,arn,1..255"`
	Key         attr.Item    `api:",required"`
	Err         error        // the error of a refused value in Key
	Expressions expr.Request `api:"AttributesToGet Projection Names"`
}

// GetItemOutput is the answer of GetItem.
type GetItemOutput struct {
	Item             attr.Item // nil: there is none
	ConsumedCapacity *ConsumedCapacity
}

// GetItem reads an item, even one that has expired and has not been removed yet. Every
// read is consistent.
func (e *Engine) GetItem(ctx context.Context, in *GetItemInput) (*GetItemOutput, error) {
	set, err := compile(in.Expressions, in.Err)
	if err != nil {
		return nil, err
	}
	return read(ctx, e, func(tx *store.Tx, c *catalog) (*GetItemOutput, error) {
		t, err := c.table(*in.TableName)
		if err != nil {
			return nil, err
		}
		key, err := t.readKey(in.Key, &set)
		if err != nil {
			return nil, err
		}
		used := newTally(in.ReturnConsumedCapacity, false)
		item, _ := fetch(tx, t, key, set, in.ConsistentRead, used)
		return &GetItemOutput{item, used.one()}, nil
	})
}

// fetch returns the projection of an item, nil if there is none, and the item's size.
func fetch(tx *store.Tx, t *table, key store.Key, set expr.Set, consistent bool, used *tally) (item attr.Item, size int) {
	found := current(tx, t, key)
	size = found.item.Size()
	used.read(t, t.own, size, consistent)
	if !found.exists() {
		return nil, size
	}
	return set.Projection.Of(found.item), size
}
