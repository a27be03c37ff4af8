package engine

import (
	"context"

	"dynamostreamer/internal/embedded/attr"
	"dynamostreamer/internal/embedded/expr"
	"dynamostreamer/internal/embedded/store"
)

// BatchGetItemInput is the request of BatchGetItem.
type BatchGetItemInput struct {
	RequestItems           []TableReads // nil: absent
	ReturnConsumedCapacity *string
}

// TableReads is what a batch reads from one table.
type TableReads struct {
	TableName      string
	Keys           []attr.Item // nil: absent
	KeysErr        error       // what is wrong with a value in Keys
	Expressions    expr.Request
	ConsistentRead bool
}

// BatchGetItemOutput is the answer of BatchGetItem.
type BatchGetItemOutput struct {
	Responses   []TableItems
	Unprocessed []TableReads // what is left once the answer has reached 16 MB
	Capacity    []*ConsumedCapacity
}

// TableItems is the items that were found in one table.
type TableItems struct {
	TableName string
	Items     []attr.Item
}

// BatchGetItem reads up to 100 items. Those that do not exist are left out.
func (e *Engine) BatchGetItem(ctx context.Context, in *BatchGetItemInput) (*BatchGetItemOutput, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	sets := make([]expr.Set, len(in.RequestItems))
	for i, group := range in.RequestItems {
		var err error
		if sets[i], err = compile(group.Expressions, group.KeysErr); err != nil {
			return nil, err
		}
	}
	return read(ctx, e, func(tx *store.Tx, c *catalog) (*BatchGetItemOutput, error) {
		keys, err := in.keys(c)
		if err != nil {
			return nil, err
		}
		out, left, used := &BatchGetItemOutput{}, maxBatchBytes, newTally(in.ReturnConsumedCapacity, false)
		for i := range in.RequestItems {
			if err := in.readTable(tx, c, i, keys[i], sets[i], &left, used, out); err != nil {
				return nil, err
			}
		}
		out.Capacity = used.result()
		return out, nil
	})
}

func (in *BatchGetItemInput) check() error {
	var c checks
	c.required(in.RequestItems != nil, "requestItems")
	c.returnConsumedCapacity(in.ReturnConsumedCapacity)
	total := 0
	for _, group := range in.RequestItems {
		at := "requestItems." + group.TableName
		c.named(&group.TableName, at, 1)
		c.required(group.Keys != nil, at+".member.keys")
		if group.Keys != nil && len(group.Keys) == 0 {
			c.broke("[]", at+".member.keys", "Member must have length greater than or equal to 1")
		}
		total += len(group.Keys)
	}
	if err := c.err(); err != nil {
		return err
	}
	if len(in.RequestItems) == 0 {
		return invalid("The requestItems parameter is required for BatchGetItem")
	}
	for _, group := range in.RequestItems {
		if len(group.Keys) > maxBatchReads {
			return invalid("1 validation error detected: Value at 'RequestItems.%s.member.Keys' failed to satisfy constraint: Member must have length less than or equal to 100", group.TableName)
		}
	}
	if total > maxBatchReads {
		return invalid("Too many items requested for the BatchGetItem call")
	}
	return nil
}

// keys finds the places of all keys and refuses a batch that reads one twice.
func (in *BatchGetItemInput) keys(c *catalog) ([][]store.Key, error) {
	all := make([][]store.Key, len(in.RequestItems))
	seen := targets{}
	for i, group := range in.RequestItems {
		t, err := c.table(group.TableName)
		if err != nil {
			return nil, err
		}
		for _, k := range group.Keys {
			key, err := t.keyOf(k)
			if err != nil {
				return nil, err
			}
			if !seen.add(t, key) {
				return nil, invalid("Provided list of item keys contains duplicates")
			}
			all[i] = append(all[i], key)
		}
	}
	return all, nil
}

// readTable reads one table's part of a batch into out, while there is room left
// in the answer.
func (in *BatchGetItemInput) readTable(tx *store.Tx, c *catalog, i int, keys []store.Key, set expr.Set, left *int, used *tally, out *BatchGetItemOutput) error {
	group := in.RequestItems[i]
	t := c.tables[group.TableName]
	items := []attr.Item{}
	for n, key := range keys {
		if *left <= 0 {
			rest := group
			rest.Keys = group.Keys[n:]
			out.Unprocessed = append(out.Unprocessed, rest)
			break
		}
		found, err := current(tx, t, key)
		if err != nil {
			return err
		}
		size := found.item.Size()
		used.read(t, nil, size, group.ConsistentRead)
		*left -= size
		if found.exists() {
			items = append(items, set.Projection.Of(found.item))
		}
	}
	out.Responses = append(out.Responses, TableItems{group.TableName, items})
	return nil
}
