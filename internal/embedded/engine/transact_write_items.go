package engine

import (
	"context"
	"errors"
	"strings"

	"dynamostreamer/internal/embedded/store"
)

// Limits of transactions.
const (
	maxTransactBytes = 4 << 20
)

// TransactWriteItemsInput is the request of TransactWriteItems.
type TransactWriteItemsInput struct {
	TransactItems      []TransactWriteItem `api:",required,1..100"`
	ClientRequestToken *string             `api:",1..36"`
	WriteReport
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
// token and the same content within ten minutes changes nothing.
func (e *Engine) TransactWriteItems(ctx context.Context, in *TransactWriteItemsInput) (*BatchOutput, error) {
	actions, err := in.check()
	if err != nil {
		return nil, err
	}
	return write(ctx, e, func(tx *store.Tx, c *catalog) (*BatchOutput, error) {
		digest := digestOf(actions)
		done, err := e.checkToken(tx, in.ClientRequestToken, digest)
		if err != nil || done {
			return &BatchOutput{}, err
		}
		if err := locate(c, actions); err != nil {
			return nil, err
		}
		if err := decide(tx, actions); err != nil {
			return nil, err
		}
		out := e.changeAll(tx, actions, newTally(in.ReturnConsumedCapacity, true), in.ReturnItemCollectionMetrics)
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
		return nil, invalid("Transaction aggregated item size exceeds the maximum allowed size of 4 MB")
	}
	return actions, nil
}

// reasons collects what the actions do to their transaction.
type reasons struct {
	all    []CancellationReason
	failed bool
}

func newReasons(n int) *reasons {
	r := &reasons{all: make([]CancellationReason, n)}
	for i := range r.all {
		r.all[i].Code = "None"
	}
	return r
}

// add notes an action's error if it is one that cancels; others are the request's.
func (r *reasons) add(i int, err error) error {
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	switch {
	case e.Code == ConditionalCheckFailedException:
		r.all[i] = CancellationReason{Code: "ConditionalCheckFailed", Message: e.Message, Item: e.Item}
	case e.Code == ValidationException && !strings.HasPrefix(e.Message, "One or more parameter values are not valid."):
		r.all[i] = CancellationReason{Code: "ValidationError", Message: e.Message}
	default:
		return err
	}
	r.failed = true
	return nil
}

func (r *reasons) err() error {
	if !r.failed {
		return nil
	}
	codes := make([]string, len(r.all))
	for i := range r.all {
		codes[i] = r.all[i].Code
	}
	return &Error{
		Code: TransactionCanceledException,
		Message: "Transaction cancelled, please refer cancellation reasons for specific reasons [" +
			strings.Join(codes, ", ") + "]",
		Reasons: r.all,
	}
}

// locate finds the tables and keys of all actions, and refuses two on one item.
func locate(c *catalog, actions []action) error {
	for i := range actions {
		var err error
		if actions[i].table, err = c.table(*actions[i].TableName); err != nil {
			return err
		}
	}
	reasons := newReasons(len(actions))
	seen := targets{}
	for i := range actions {
		a := &actions[i]
		if err := a.locate(); err != nil {
			if err := reasons.add(i, err); err != nil {
				return err
			}
			continue
		}
		if !seen.add(a.table, a.key) {
			return invalid("Transaction request cannot include multiple operations on one item")
		}
	}
	return reasons.err()
}

// decide lets each action decide, before any of them writes.
func decide(tx *store.Tx, actions []action) error {
	reasons := newReasons(len(actions))
	for i := range actions {
		if err := actions[i].decide(tx); err != nil {
			if err := reasons.add(i, err); err != nil {
				return err
			}
		}
	}
	return reasons.err()
}
