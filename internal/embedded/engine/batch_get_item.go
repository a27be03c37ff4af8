package engine

import (
	"context"

	"dynamostreamer/internal/embedded/attr"
	"dynamostreamer/internal/embedded/expr"
	"dynamostreamer/internal/embedded/store"
)

// BatchGetItemInput is the request of BatchGetItem.
type BatchGetItemInput struct {
	Report
	RequestItems []TableReads `api:",tables,required"`
}

// TableReads is what a batch reads from one table.
type TableReads struct {
	TableName string
	KeysAndAttributes
}

// KeysAndAttributes is which items are read, and what of them.
type KeysAndAttributes struct {
	Keys           []attr.Item  `api:",required,1.."`
	Err            error        // what is wrong with a value in Keys
	Expressions    expr.Request `api:"Projection Names"`
	ConsistentRead bool
}

// BatchGetItemOutput is the answer of BatchGetItem.
type BatchGetItemOutput struct {
	Responses        []TableItems `api:",map"`
	UnprocessedKeys  []TableReads `api:",map"` // what is left once the answer has reached 16 MB
	ConsumedCapacity []*ConsumedCapacity
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
		if sets[i], err = compile(group.Expressions, group.Err); err != nil {
			return nil, err
		}
	}
	return read(ctx, e, func(tx *store.Tx, c *catalog) (*BatchGetItemOutput, error) {
		keys, err := in.keys(c)
		if err != nil {
			return nil, err
		}
		out, left, used := &BatchGetItemOutput{UnprocessedKeys: []TableReads{}}, maxBatchBytes, newTally(in.ReturnConsumedCapacity, false)
		for i := range in.RequestItems {
			in.readTable(tx, c, i, keys[i], sets[i], &left, used, out)
		}
		out.ConsumedCapacity = used.result()
		return out, nil
	})
}

func (in *BatchGetItemInput) check() error {
	if len(in.RequestItems) == 0 {
		return invalid("The requestItems parameter is required for BatchGetItem")
	}
	total := 0
	for _, group := range in.RequestItems {
		total += len(group.Keys)
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
func (in *BatchGetItemInput) readTable(tx *store.Tx, c *catalog, i int, keys []store.Key, set expr.Set, left *int, used *tally, out *BatchGetItemOutput) {
	group := in.RequestItems[i]
	t := c.tables[group.TableName]
	items := []attr.Item{}
	for n, key := range keys {
		if *left <= 0 {
			rest := group
			rest.Keys = group.Keys[n:]
			out.UnprocessedKeys = append(out.UnprocessedKeys, rest)
			break
		}
		item, size := fetch(tx, t, key, set, group.ConsistentRead, used)
		*left -= size
		if item != nil {
			items = append(items, item)
		}
	}
	out.Responses = append(out.Responses, TableItems{group.TableName, items})
}
