package engine

import (
	"context"
	"errors"
	"strings"

	"dynamostreamer/internal/embedded/expr"
	"dynamostreamer/internal/embedded/store"
)

// maxTransactBytes is how large the items and keys of a transaction may be together.
const maxTransactBytes = 4 << 20

// TransactWriteItemsInput is the request of TransactWriteItems.
type TransactWriteItemsInput struct {
	ClientRequestToken *string `api:",1..36"`
	Report
	Metrics
	TransactItems []TransactWriteItem `api:",required,1..100"`
}

// A TransactWriteItem is one entry of a transaction: just one of its fields may be
// set.
type TransactWriteItem struct {
	ConditionCheck *Action `api:",without Item UpdateExpression,needs ConditionExpression"`
	Delete         *Action `api:",without Item UpdateExpression"`
	Put            *Action `api:",without Key UpdateExpression"`
	Update         *Action `api:",without Item,needs UpdateExpression"`
}

// TransactWriteItems does all of its actions or none. Conditions and updates see
// the items as they were before the transaction. A second request with the same
// token and the same content within ten minutes changes nothing, and counts as a read
// of the items.
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
		// Each decides before any of them writes.
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

var errTransactSize = invalid("Transaction aggregated item size exceeds the maximum allowed size of 4 MB")

// each does something for each of n actions. If an error of one is of those that
// cancel, the transaction is cancelled, for that and for all later reasons; another
// error is the request's.
func each(n int, do func(i int) error) error {
	reasons, codes := make([]CancellationReason, n), make([]string, n)
	failed := false
	for i := range n {
		err := do(i)
		var e *Error
		switch {
		case err == nil:
			reasons[i] = CancellationReason{Code: "None"}
		case !errors.As(err, &e):
			return err
		case e.Code == ConditionalCheckFailedException:
			reasons[i] = CancellationReason{Code: "ConditionalCheckFailed", Message: e.Message, Item: e.Item}
		case e.Code == ValidationException && !strings.HasPrefix(e.Message, "One or more parameter values are not valid.") && e.Message != sameItem:
			reasons[i] = CancellationReason{Code: "ValidationError", Message: e.Message}
		default:
			return err
		}
		codes[i] = reasons[i].Code
		failed = failed || err != nil
	}
	if !failed {
		return nil
	}
	return &Error{
		Code: TransactionCanceledException,
		Message: "Transaction cancelled, please refer cancellation reasons for specific reasons [" +
			strings.Join(codes, ", ") + "]",
		Reasons: reasons,
	}
}

const sameItem = "Transaction request cannot include multiple operations on one item"

// alone refuses an item that is in the set already.
func (s targets) alone(t *table, key store.Key) error {
	if !s.add(t, key) {
		return invalid(sameItem)
	}
	return nil
}

// locate finds the tables and keys of all actions, and refuses two on one item. It
// looks no further than the first that is refused.
func locate(c *catalog, actions []action) (err error) {
	for i := range actions {
		if actions[i].table, err = c.table(*actions[i].TableName); err != nil {
			return err
		}
	}
	seen := targets{}
	return each(len(actions), func(i int) error {
		a := &actions[i]
		if err != nil {
			return nil
		}
		if err = a.locate(); err != nil {
			return err
		}
		return seen.alone(a.table, a.key)
	})
}
