package engine

import (
	"context"

	"dynamostreamer/internal/embedded/attr"
	"dynamostreamer/internal/embedded/expr"
	"dynamostreamer/internal/embedded/store"
)

// KeyedInput is the request of DeleteItem and UpdateItem.
type KeyedInput struct {
	TableName                           *string
	Key                                 attr.Item // nil: absent
	KeyErr                              error     // what is wrong with a value in Key
	Expressions                         expr.Request
	ReturnValues                        *string
	ReturnConsumedCapacity              *string
	ReturnItemCollectionMetrics         *string
	ReturnValuesOnConditionCheckFailure *string
}

func (in *KeyedInput) check() error {
	var c checks
	c.table(in.TableName, "tableName")
	c.required(in.Key != nil, "key")
	c.returnValues(in.ReturnValues)
	c.returnConsumedCapacity(in.ReturnConsumedCapacity)
	c.returnItemCollectionMetrics(in.ReturnItemCollectionMetrics)
	c.onConditionCheckFailure(in.ReturnValuesOnConditionCheckFailure)
	return c.err()
}

// DeleteItem removes the item at a key. Where there is none it succeeds and
// changes nothing, if the condition holds.
func (e *Engine) DeleteItem(ctx context.Context, in *KeyedInput) (*WriteOutput, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	if err := onlyOld(in.ReturnValues); err != nil {
		return nil, err
	}
	set, err := compileWrite(in.Expressions, in.KeyErr)
	if err != nil {
		return nil, err
	}
	out := &WriteOutput{}
	err = e.write(ctx, func(tx *store.Tx, c *catalog) error {
		t, err := c.table(*in.TableName)
		if err != nil {
			return err
		}
		key, err := t.keyOf(in.Key)
		if err != nil {
			return err
		}
		old, err := current(tx, t, key)
		if err != nil {
			return err
		}
		if err := holds(set.Condition, old, in.ReturnValuesOnConditionCheckFailure); err != nil {
			return err
		}
		out.Attributes = nil
		if text(in.ReturnValues) == "ALL_OLD" {
			out.Attributes = old.item
		}
		out.Capacity = writeCapacity(t, in.ReturnConsumedCapacity, old.item, nil)
		return e.change(tx, t, key, old, nil, byRequest)
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
