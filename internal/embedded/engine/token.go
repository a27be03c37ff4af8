package engine

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"slices"
	"strings"

	"dynamostreamer/internal/embedded/attr"
	"dynamostreamer/internal/embedded/expr"
	"dynamostreamer/internal/embedded/store"
)

// checkToken says whether a transaction with this token was done before.
func (e *Engine) checkToken(tx *store.Tx, token *string, digest []byte) (done bool, err error) {
	if token == nil {
		return false, nil
	}
	known, at := tx.Token(*token)
	if known == nil || e.nowMilli()-at >= tokenLife.Milliseconds() {
		return false, nil
	}
	if !bytes.Equal(known, digest) {
		return false, fail(IdempotentParameterMismatchException, "The request has a client token that was used with other parameters in the last %v", tokenLife)
	}
	return true, nil
}

// digestOf tells transactions with other content apart. It does not depend on
// the order in which a client writes the members of its maps.
func digestOf(actions []action) []byte {
	h := sha256.New()
	for i := range actions {
		a := &actions[i]
		digestText(h, &a.kind)
		digestText(h, a.TableName)
		h.Write(attr.AppendItem(attr.AppendItem(nil, a.Item), a.Key))
		digestText(h, a.OnFailure)
		r := &a.Expressions
		digestText(h, r.Update)
		digestText(h, r.Condition)
		h.Write(attr.AppendItem(nil, r.Values))
		names := slices.Clone(r.Names)
		slices.SortFunc(names, func(a, b expr.Name) int { return strings.Compare(a.Placeholder, b.Placeholder) })
		for _, n := range names {
			digestText(h, &n.Placeholder)
			digestText(h, &n.Attribute)
		}
	}
	return h.Sum(nil)
}

func digestText(h hash.Hash, p *string) {
	n := -1
	if p != nil {
		n = len(*p)
	}
	h.Write(binary.AppendVarint(nil, int64(n)))
	h.Write([]byte(text(p)))
}
