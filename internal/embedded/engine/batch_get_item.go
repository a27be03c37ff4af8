package engine

import (
	"context"

	"dynamostreamer/internal/embedded/attr"
	"dynamostreamer/internal/embedded/expr"
	"dynamostreamer/internal/embedded/store"
)

// Limits of a batch of reads.
const (
	maxBatchReads = 100
	maxBatchBytes = 16_000_000 // of 100 items of 300 KB, the service returns 52 ("BatchGetItem")
)

// BatchGetItemInput is the request of BatchGetItem.
type BatchGetItemInput struct {
	Report
	RequestItems []TableReads `api:",tables,required"`
}

// TableReads are the reads of a batch from one table.
type TableReads struct {
	TableName string
	KeysAndAttributes
}

// KeysAndAttributes says which items to read, and which of their attributes.
type KeysAndAttributes struct {
	Keys           []attr.Item  `api:",required"`
	Err            error        // the error of a refused value in Keys
	Expressions    expr.Request `api:"AttributesToGet Projection Names"`
	ConsistentRead bool
}

// BatchGetItemOutput is the answer of BatchGetItem.
type BatchGetItemOutput struct {
	Responses        []TableItems `api:",map"`
	UnprocessedKeys  []TableReads `api:",map"` // the keys that no longer fit into 16 MB
	ConsumedCapacity []*ConsumedCapacity
}

// TableItems are the items that were found in one table.
type TableItems struct {
	TableName string
	Items     []attr.Item
}

// BatchGetItem reads up to 100 items. The answer omits those that do not exist.
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
		out, left := &BatchGetItemOutput{UnprocessedKeys: []TableReads{}}, maxBatchBytes
		seen, used := targets{}, newTally(in.ReturnConsumedCapacity, false)
		for i, group := range in.RequestItems {
			if err := group.read(tx, c, sets[i], seen, &left, used, out); err != nil {
				return nil, err
			}
		}
		out.ConsumedCapacity = used.result()
		return out, nil
	})
}

func (in *BatchGetItemInput) check() error {
	if len(in.RequestItems) == 0 {
		return invalid("1 validation error detected: Value at 'RequestItems' failed to satisfy constraint: Member must have length greater than or equal to 1")
	}
	total := 0
	for _, group := range in.RequestItems {
		total += len(group.Keys)
		limit := ""
		switch n := len(group.Keys); {
		case n == 0:
			limit = "greater than or equal to 1"
		case n > maxBatchReads:
			limit = "less than or equal to 100"
		default:
			continue
		}
		return invalid("1 validation error detected: Value at 'RequestItems.%s.member.Keys' failed to satisfy constraint: Member must have length %s", group.TableName, limit)
	}
	if total > maxBatchReads {
		return invalid("Too many items requested for the BatchGetItem call")
	}
	return nil
}

// read adds the items found in one table to out, as long as they fit into the answer. It
// refuses a batch that reads an item twice.
func (r TableReads) read(tx *store.Tx, c *catalog, set expr.Set, seen targets, left *int, used *tally, out *BatchGetItemOutput) error {
	t, err := c.table(r.TableName)
	if err != nil {
		return err
	}
	keys, items := r.Keys, []attr.Item{}
	r.Keys = nil // now the unprocessed ones
	for _, k := range keys {
		key, err := t.keyOf(k)
		switch {
		case err != nil:
			return err
		case !seen.add(t, key):
			return invalid("Provided list of item keys contains duplicates")
		case *left == 0:
			r.Keys = append(r.Keys, k)
			continue
		}
		item, size := fetch(tx, t, key, set, r.ConsistentRead, nil)
		if size > *left {
			r.Keys, *left = append(r.Keys, k), 0
			continue
		}
		*left -= size
		used.read(t, t.own, size, r.ConsistentRead)
		if item != nil {
			items = append(items, item)
		}
	}
	out.Responses = append(out.Responses, TableItems{r.TableName, items})
	if r.Keys != nil {
		out.UnprocessedKeys = append(out.UnprocessedKeys, r)
	}
	return nil
}
