package engine

import (
	"context"

	"dynamostreamer/internal/embedded/attr"
	"dynamostreamer/internal/embedded/expr"
	"dynamostreamer/internal/embedded/store"
)

// GetItemInput is the request of GetItem.
type GetItemInput struct {
	TableName      *string      `api:",required,name,1..255"`
	Key            attr.Item    `api:",required"`
	Err            error        // what is wrong with a value in Key
	Expressions    expr.Request `api:"Projection Names"`
	ConsistentRead bool
	Report
}

// GetItemOutput is the answer of GetItem.
type GetItemOutput struct {
	Item             attr.Item // nil: there is none
	ConsumedCapacity *ConsumedCapacity
}

// GetItem reads an item, also one that has expired and is not swept yet. Every
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
		key, err := t.keyOf(in.Key)
		if err != nil {
			return nil, err
		}
		found := current(tx, t, key)
		used := newTally(in.ReturnConsumedCapacity, false)
		used.read(t, nil, found.item.Size(), in.ConsistentRead)
		out := &GetItemOutput{ConsumedCapacity: used.one()}
		if found.exists() {
			out.Item = set.Projection.Of(found.item)
		}
		return out, nil
	})
}
