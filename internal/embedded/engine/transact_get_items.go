package engine

import (
	"context"
	"fmt"

	"dynamostreamer/internal/embedded/attr"
	"dynamostreamer/internal/embedded/expr"
	"dynamostreamer/internal/embedded/store"
)

// TransactGetItemsInput is the request of TransactGetItems.
type TransactGetItemsInput struct {
	TransactItems          []TransactGet // nil: absent
	ReturnConsumedCapacity *string
}

// A TransactGet reads one item.
type TransactGet struct {
	Given       bool // the entry has a Get
	TableName   *string
	Key         attr.Item // nil: absent
	KeyErr      error     // what is wrong with a value in Key
	Expressions expr.Request
}

// TransactGetItemsOutput is the answer of TransactGetItems.
type TransactGetItemsOutput struct {
	Items    []attr.Item // one for each entry, nil where there is none
	Capacity []*ConsumedCapacity
}

// TransactGetItems reads up to 100 items from one snapshot.
func (e *Engine) TransactGetItems(ctx context.Context, in *TransactGetItemsInput) (*TransactGetItemsOutput, error) {
	sets, err := in.check()
	if err != nil {
		return nil, err
	}
	return read(ctx, e, func(tx *store.Tx, c *catalog) (*TransactGetItemsOutput, error) {
		for _, g := range in.TransactItems {
			if _, err := c.table(*g.TableName); err != nil {
				return nil, err
			}
		}
		out := &TransactGetItemsOutput{Items: make([]attr.Item, len(in.TransactItems))}
		reasons, seen, used := newReasons(len(in.TransactItems)), targets{}, newTally(in.ReturnConsumedCapacity, true)
		for i, g := range in.TransactItems {
			t := c.tables[*g.TableName]
			key, err := t.keyOf(g.Key)
			if err != nil {
				if err := reasons.add(i, err); err != nil {
					return nil, err
				}
				continue
			}
			if !seen.add(t, key) {
				return nil, invalid("Transaction request cannot include multiple operations on one item")
			}
			found, err := current(tx, t, key)
			if err != nil {
				return nil, err
			}
			used.read(t, nil, found.item.Size(), true)
			if found.exists() {
				out.Items[i] = sets[i].Projection.Of(found.item)
			}
		}
		out.Capacity = used.result()
		return out, reasons.err()
	})
}

func (in *TransactGetItemsInput) check() ([]expr.Set, error) {
	var c checks
	c.required(in.TransactItems != nil, "transactItems")
	if in.TransactItems != nil {
		c.transactLength(len(in.TransactItems))
	}
	c.returnConsumedCapacity(in.ReturnConsumedCapacity)
	for i, g := range in.TransactItems {
		at := fmt.Sprintf("transactItems.%d.member.get", i+1)
		c.required(g.Given, at)
		if g.Given {
			c.table(g.TableName, at+".tableName")
			c.required(g.Key != nil, at+".key")
		}
	}
	if err := c.err(); err != nil {
		return nil, err
	}
	sets := make([]expr.Set, len(in.TransactItems))
	for i, g := range in.TransactItems {
		var err error
		if sets[i], err = compile(g.Expressions, g.KeyErr); err != nil {
			return nil, err
		}
	}
	return sets, nil
}
