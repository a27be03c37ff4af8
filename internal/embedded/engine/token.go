package engine

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"time"

	"dynamostreamer/internal/embedded/attr"
	"dynamostreamer/internal/embedded/expr"
	"dynamostreamer/internal/embedded/store"
)

// tokenLife is the time for which a ClientRequestToken is remembered.
const tokenLife = 10 * time.Minute

// checkToken reports whether the transaction with this token has already been done.
func (e *Engine) checkToken(tx *store.Tx, token *string, digest []byte) (done bool, err error) {
	if token == nil {
		return false, nil
	}
	known, at := tx.Token(*token)
	if known == nil || e.nowMilli()-at >= tokenLife.Milliseconds() {
		return false, nil
	}
	if !bytes.Equal(known, digest) {
		return false, fail(IdempotentParameterMismatchException, "The client token was used with different parameters in the last %v", tokenLife)
	}
	return true, nil
}

// digestOf returns a digest of a transaction's content. It does not depend on the order
// in which a client writes the members of its maps.
func digestOf(actions []action) []byte {
	h := sha256.New()
	for i := range actions {
		a := &actions[i]
		r := &a.Expressions
		names := slices.Clone(r.Names)
		slices.SortFunc(names, func(a, b expr.Name) int { return strings.Compare(a.Placeholder, b.Placeholder) })
		fmt.Fprintf(h, "%s %q %x %x %q %q %q %x %q\n", a.kind, *a.TableName, attr.AppendItem(nil, a.Item), attr.AppendItem(nil, a.Key),
			text(a.OnFailure), text(r.Update), text(r.Condition), attr.AppendItem(nil, r.Values), names)
	}
	return h.Sum(nil)
}
