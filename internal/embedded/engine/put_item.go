package engine

import (
	"context"

	"dynamostreamer/internal/embedded/attr"
	"dynamostreamer/internal/embedded/expr"
	"dynamostreamer/internal/embedded/store"
)

// PutItemInput is the request of PutItem.
type PutItemInput struct {
	TableName                           *string
	Item                                attr.Item // nil: absent
	ItemErr                             error     // what is wrong with a value in Item
	Expressions                         expr.Request
	ReturnValues                        *string
	ReturnConsumedCapacity              *string
	ReturnItemCollectionMetrics         *string
	ReturnValuesOnConditionCheckFailure *string
}

// WriteOutput is the answer of PutItem, UpdateItem and DeleteItem.
type WriteOutput struct {
	Attributes attr.Item // nil: absent
	Capacity   *ConsumedCapacity
}

// PutItem makes the item stand at its key, in place of one that may stand there.
func (e *Engine) PutItem(ctx context.Context, in *PutItemInput) (*WriteOutput, error) {
	var c checks
	c.table(in.TableName, "tableName")
	c.required(in.Item != nil, "item")
	c.returnValues(in.ReturnValues)
	c.returnConsumedCapacity(in.ReturnConsumedCapacity)
	c.returnItemCollectionMetrics(in.ReturnItemCollectionMetrics)
	c.onConditionCheckFailure(in.ReturnValuesOnConditionCheckFailure)
	if err := c.err(); err != nil {
		return nil, err
	}
	if err := onlyOld(in.ReturnValues); err != nil {
		return nil, err
	}
	set, err := compileWrite(in.Expressions, in.ItemErr)
	if err != nil {
		return nil, err
	}
	if err := checkItem(in.Item, putTooLarge); err != nil {
		return nil, err
	}
	out := &WriteOutput{}
	err = e.write(ctx, func(tx *store.Tx, c *catalog) error {
		t, err := c.table(*in.TableName)
		if err != nil {
			return err
		}
		key, err := t.keyOfItem(in.Item)
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
		out.Capacity = writeCapacity(t, in.ReturnConsumedCapacity, old.item, in.Item)
		return e.change(tx, t, key, old, in.Item, byRequest)
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// onlyOld is the rule of the writes that have no new item to return.
func onlyOld(returnValues *string) error {
	switch text(returnValues) {
	case "", "NONE", "ALL_OLD":
		return nil
	}
	return invalid("Return values set to invalid value")
}

// compileWrite compiles a write's expressions, after reporting a value that its
// item or key may not have.
func compileWrite(r expr.Request, refused error) (expr.Set, error) {
	if refused != nil {
		return expr.Set{}, refusal(refused)
	}
	return compile(r)
}
