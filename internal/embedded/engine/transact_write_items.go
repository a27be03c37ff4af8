package engine

import (
	"context"

	"dynamostreamer/internal/embedded/expr"
	"dynamostreamer/internal/embedded/store"
)

// TransactWriteItemsInput is the request of TransactWriteItems.
type TransactWriteItemsInput struct {
	ClientRequestToken *string `api:",1..36"`
	Report
	Metrics
	TransactItems []TransactWriteItem `api:",required,1..100"`
}

// A TransactWriteItem is an entry of a transaction that writes. Exactly one of its
// fields is set.
type TransactWriteItem struct {
	ConditionCheck *Action `api:",without Item UpdateExpression AttributeUpdates Expected ConditionalOperator,needs ConditionExpression"`
	Delete         *Action `api:",without Item UpdateExpression AttributeUpdates Expected ConditionalOperator"`
	Put            *Action `api:",without Key UpdateExpression AttributeUpdates Expected ConditionalOperator"`
	Update         *Action `api:",without Item AttributeUpdates Expected ConditionalOperator,needs UpdateExpression"`
}

// TransactWriteItems carries out all of its actions or none. Conditions and updates see
// the items before the transaction. A second request with the same token and the same
// content within ten minutes changes nothing, and consumes the capacity of a read of the
// items.
func (e *Engine) TransactWriteItems(ctx context.Context, in *TransactWriteItemsInput) (*BatchOutput, error) {
	actions, err := in.check()
	if err != nil {
		return nil, err
	}
	return write(ctx, e, func(tx *store.Tx, c *catalog) (*BatchOutput, error) {
		digest := digestOf(actions)
		done, err := e.checkToken(tx, in.ClientRequestToken, digest)
		if err == nil {
			err = locate(c, actions)
		}
		if err != nil {
			return nil, err
		}
		used := newTally(in.ReturnConsumedCapacity, true)
		if done {
			for _, a := range actions {
				fetch(tx, a.table, a.key, expr.Set{}, true, used)
			}
			return &BatchOutput{ConsumedCapacity: used.result()}, nil
		}
		// Every action decides before any action writes.
		if err := each(len(actions), func(i int) error { return actions[i].decide(tx) }); err != nil {
			return nil, err
		}
		out := e.changeAll(tx, actions, used, in.ReturnItemCollectionMetrics)
		if in.ClientRequestToken != nil {
			tx.KeepToken(*in.ClientRequestToken, digest, e.nowMilli())
		}
		return &out, nil
	})
}

func (in *TransactWriteItemsInput) check() ([]action, error) {
	actions := make([]action, 0, len(in.TransactItems))
	for i, item := range in.TransactItems {
		for _, a := range []action{
			{Action: item.ConditionCheck, kind: actionCheck}, {Action: item.Delete, kind: actionDelete},
			{Action: item.Put, kind: actionPut}, {Action: item.Update, kind: actionUpdate},
		} {
			if a.Action != nil {
				actions = append(actions, a)
			}
		}
		if len(actions) != i+1 {
			return nil, invalid("TransactItems can only contain one of Check, Put, Update or Delete")
		}
	}
	size := 0
	for i := range actions {
		actions[i].Expressions.Spare, actions[i].Expressions.Older = true, true
		if err := actions[i].compile(); err != nil {
			return nil, err
		}
		size += actions[i].Item.Size() + actions[i].Key.Size()
	}
	if size > maxTransactBytes {
		return nil, errTransactSize
	}
	return actions, nil
}
