package engine

import (
	"context"

	"dynamostreamer/internal/embedded/attr"
	"dynamostreamer/internal/embedded/expr"
	"dynamostreamer/internal/embedded/store"
)

// GetItemInput is the request of GetItem.
type GetItemInput struct {
	TableName              *string
	Key                    attr.Item // nil: absent
	KeyErr                 error     // what is wrong with a value in Key
	Expressions            expr.Request
	ConsistentRead         bool
	ReturnConsumedCapacity *string
}

// GetItemOutput is the answer of GetItem.
type GetItemOutput struct {
	Item     attr.Item // nil: there is none
	Capacity *ConsumedCapacity
}

// GetItem reads an item, also one that has expired and is not swept yet. Every
// read is consistent.
func (e *Engine) GetItem(ctx context.Context, in *GetItemInput) (*GetItemOutput, error) {
	var c checks
	c.table(in.TableName, "tableName")
	c.required(in.Key != nil, "key")
	c.returnConsumedCapacity(in.ReturnConsumedCapacity)
	if err := c.err(); err != nil {
		return nil, err
	}
	set, err := compile(in.Expressions, in.KeyErr)
	if err != nil {
		return nil, err
	}
	return read(ctx, e, func(tx *store.Tx, c *catalog) (*GetItemOutput, error) {
		t, err := c.table(*in.TableName)
		if err != nil {
			return nil, err
		}
		key, err := t.keyOf(in.Key)
		if err != nil {
			return nil, err
		}
		found, err := current(tx, t, key)
		if err != nil {
			return nil, err
		}
		used := newTally(in.ReturnConsumedCapacity, false)
		used.read(t, nil, found.item.Size(), in.ConsistentRead)
		out := &GetItemOutput{Capacity: used.one()}
		if found.exists() {
			out.Item = set.Projection.Of(found.item)
		}
		return out, nil
	})
}
