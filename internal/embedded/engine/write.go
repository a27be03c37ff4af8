package engine

import (
	"context"

	"dynamostreamer/internal/embedded/attr"
	"dynamostreamer/internal/embedded/expr"
	"dynamostreamer/internal/embedded/store"
)

// An Action is what a request does to one item. All writes have it, those of one
// item and the entries of a transaction.
type Action struct {
	TableName   *string
	Item        attr.Item // of a put the item, else its key; nil: absent
	Err         error     // what is wrong with a value in Item
	Expressions expr.Request
	OnFailure   *string // ReturnValuesOnConditionCheckFailure
}

// The kinds of actions, as the service's messages spell them at their place.
const (
	actionCheck  = "conditionCheck"
	actionDelete = "delete"
	actionPut    = "put"
	actionUpdate = "update"
)

// An action is an Action on its way to the table.
type action struct {
	*Action
	kind  string
	set   expr.Set
	table *table
	key   store.Key
	old   version
	new   attr.Item // what will stand, nil for nothing
}

// check checks what an action must have; at is where it stands in the request.
func (a *action) check(c *checks, at string) {
	c.table(a.TableName, at+"tableName")
	if a.kind == actionPut {
		c.required(a.Item != nil, at+"item")
	} else {
		c.required(a.Item != nil, at+"key")
	}
}

// compile reads the expressions and checks what needs no table.
func (a *action) compile() (err error) {
	if a.set, err = compile(a.Expressions, a.Err); err != nil || a.kind != actionPut {
		return err
	}
	return checkItem(a.Item, putTooLarge)
}

// locate finds the key of the item in the action's table.
func (a *action) locate() (err error) {
	if u := a.set.Update; u != nil {
		for _, k := range a.table.keys {
			if err := u.CheckKeys(k.Name); err != nil {
				return refusal(err)
			}
		}
	}
	if err := a.table.checkScalars(&a.set); err != nil {
		return err
	}
	if a.kind != actionPut {
		a.key, err = a.table.keyOf(a.Item)
		return err
	}
	if a.key, err = a.table.keyOfItem(a.Item); err != nil {
		return err
	}
	return a.table.checkIndexKeys(a.Item, nil, false)
}

// decide reads what stands, holds the condition against it and computes what will
// stand. It writes nothing, so that a refusal costs its neighbours nothing.
func (a *action) decide(tx *store.Tx) (err error) {
	if a.old, err = current(tx, a.table, a.key); err != nil {
		return err
	}
	if !a.set.Condition.Holds(a.old.item) {
		err := &Error{Code: ConditionalCheckFailedException, Message: "The conditional request failed"}
		if text(a.OnFailure) == "ALL_OLD" {
			err.Item = a.old.item
		}
		return err
	}
	switch a.kind {
	case actionPut:
		a.new = a.Item
	case actionUpdate:
		if a.new, err = updated(a.set.Update, a.old, a.Item); err == nil {
			err = a.table.checkIndexKeys(a.new, a.old.item, true)
		}
	}
	return err
}

// WriteInput is the request of PutItem, UpdateItem and DeleteItem.
type WriteInput struct {
	Action
	ReturnValues                *string
	ReturnConsumedCapacity      *string
	ReturnItemCollectionMetrics *string
}

// WriteOutput is the answer of PutItem, UpdateItem and DeleteItem.
type WriteOutput struct {
	Attributes attr.Item // nil: absent
	Capacity   *ConsumedCapacity
	Collection *ItemCollectionMetrics // nil: not wanted, or the table has no local index
}

func (e *Engine) writeItem(ctx context.Context, in *WriteInput, kind string) (*WriteOutput, error) {
	a := action{Action: &in.Action, kind: kind}
	if err := in.check(&a); err != nil {
		return nil, err
	}
	return write(ctx, e, func(tx *store.Tx, c *catalog) (out *WriteOutput, err error) {
		if a.table, err = c.table(*in.TableName); err != nil {
			return nil, err
		}
		if err := a.locate(); err != nil {
			return nil, err
		}
		if err := a.decide(tx); err != nil {
			return nil, err
		}
		used := newTally(in.ReturnConsumedCapacity, false)
		if err := e.change(tx, a.table, a.key, a.old, a.new, byRequest, used); err != nil {
			return nil, err
		}
		out = &WriteOutput{Attributes: returned(text(in.ReturnValues), a.set.Update, a.old.item, a.new), Capacity: used.one()}
		out.Collection, err = a.collection(tx, in.ReturnItemCollectionMetrics)
		return out, err
	})
}

func (in *WriteInput) check(a *action) error {
	var c checks
	a.check(&c, "")
	c.oneOf(in.ReturnValues, "returnValues", "ALL_NEW", "UPDATED_OLD", "ALL_OLD", "NONE", "UPDATED_NEW")
	c.returnConsumedCapacity(in.ReturnConsumedCapacity)
	c.returnItemCollectionMetrics(in.ReturnItemCollectionMetrics)
	c.onConditionCheckFailure(in.OnFailure, "")
	if err := c.err(); err != nil {
		return err
	}
	if r := text(in.ReturnValues); a.kind != actionUpdate && r != "" && r != "NONE" && r != "ALL_OLD" {
		return invalid("Return values set to invalid value")
	}
	return a.compile()
}
