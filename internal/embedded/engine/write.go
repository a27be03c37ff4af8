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
	TableName   *string      `api:",required,name,1..255"`
	Item        attr.Item    `api:",required"` // of a put
	Key         attr.Item    `api:",required"` // of the others
	Err         error        // what is wrong with a value in either
	Expressions expr.Request `api:"Update Condition Names Values"`
	OnFailure   *string      `api:"ReturnValuesOnConditionCheckFailure,one of ALL_OLD NONE"`
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

// compile reads the expressions and checks what needs no table.
func (a *action) compile() (err error) {
	if a.set, err = compile(a.Expressions, a.Err); err != nil {
		return err
	}
	if a.kind != actionPut {
		return refusal(a.Key.Check())
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
		a.key, err = a.table.keyOf(a.Key)
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
	a.old = current(tx, a.table, a.key)
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
		if a.new, err = updated(a.set.Update, a.old, a.Key); err == nil {
			err = a.table.checkIndexKeys(a.new, a.old.item, true)
		}
	}
	return err
}

// WriteInput is what the requests of PutItem, UpdateItem and DeleteItem share, beside
// ReturnValues.
type WriteInput struct {
	Report
	Action
	Metrics
}

// Report is what a request may ask to be told of its capacity.
type Report struct {
	ReturnConsumedCapacity *string `api:",one of INDEXES TOTAL NONE"`
}

// Metrics is what a request may ask to be told of item collections.
type Metrics struct {
	ReturnItemCollectionMetrics *string `api:",one of SIZE NONE"`
}

// WriteOutput is the answer of PutItem, UpdateItem and DeleteItem.
type WriteOutput struct {
	Attributes            attr.Item              // nil: absent
	ItemCollectionMetrics *ItemCollectionMetrics // nil: not wanted, or the table has no local index
	ConsumedCapacity      *ConsumedCapacity
}

func (e *Engine) writeItem(ctx context.Context, in *WriteInput, kind string, returning *string) (*WriteOutput, error) {
	a := action{Action: &in.Action, kind: kind}
	if r := text(returning); kind != actionUpdate && r != "" && r != "NONE" && r != "ALL_OLD" {
		return nil, invalid("Return values set to invalid value")
	}
	if err := a.compile(); err != nil {
		return nil, err
	}
	return write(ctx, e, func(tx *store.Tx, c *catalog) (out *WriteOutput, err error) {
		if a.table, err = c.table(*in.TableName); err != nil {
			return nil, err
		}
		if err := a.locate(); err != nil {
			return nil, err
		}
		if a.set.Update.Charge() > attr.MaxItemSize {
			return nil, invalid(updateTooLarge)
		}
		if err := a.decide(tx); err != nil {
			return nil, err
		}
		used := newTally(in.ReturnConsumedCapacity, false)
		e.change(tx, a.table, a.key, a.old, a.new, byRequest, used)
		return &WriteOutput{
			Attributes:            returned(text(returning), a.set.Update, a.old.item, a.new),
			ConsumedCapacity:      used.one(),
			ItemCollectionMetrics: a.collection(tx, in.ReturnItemCollectionMetrics),
		}, nil
	})
}
