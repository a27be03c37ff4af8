package engine

import (
	"errors"
	"strings"

	"dynamostreamer/internal/embedded/store"
)

// maxTransactBytes is the limit of the total size of a transaction's items and keys.
const maxTransactBytes = 4 << 20

var errTransactSize = invalid("Transaction aggregated item size exceeds the maximum allowed size of 4 MB")

// each calls do for each of n actions. If some fail with an error that cancels a
// transaction, it returns a TransactionCanceledException with all reasons. It returns
// any other error immediately.
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

// alone refuses an item that is already in the set.
func (s targets) alone(t *table, key store.Key) error {
	if !s.add(t, key) {
		return invalid(sameItem)
	}
	return nil
}

// locate finds the tables and keys of all actions, and refuses two actions on the same
// item. After the first refusal it does not check the actions that follow.
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
