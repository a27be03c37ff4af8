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
	ConsistentRead *bool        // nil: false
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

// BatchGetItem reads up to 100 items. The answer omits those that do not exist. It has a
// table under the name or the ARN of the request. A table that the request names both ways
// is in the answer once, under what the request has first, with each item once.
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
		if err := group.checkKeys(); err != nil {
			return nil, err
		}
	}
	return read(ctx, e, func(tx *store.Tx, c *catalog) (*BatchGetItemOutput, error) {
		out, left := &BatchGetItemOutput{UnprocessedKeys: []TableReads{}}, maxBatchBytes
		seen, used := targets{}, newTally(in.ReturnConsumedCapacity, false)
		answers := map[int64]int{} // the places of tables in out.Responses
		for i, group := range in.RequestItems {
			t, err := c.table(group.TableName)
			if err != nil {
				return nil, err
			}
			at, known := answers[t.id]
			if !known {
				at = len(out.Responses)
				answers[t.id] = at
				out.Responses = append(out.Responses, TableItems{group.TableName, []attr.Item{}})
			}
			items, rest, err := group.read(tx, t, sets[i], seen, &left, used)
			if err != nil {
				return nil, err
			}
			out.Responses[at].Items = append(out.Responses[at].Items, items...)
			if rest != nil {
				group.Keys = rest
				out.UnprocessedKeys = append(out.UnprocessedKeys, group)
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

// checkKeys refuses keys that are equal. The service does before it looks at the table.
func (r TableReads) checkKeys() error {
	seen := make(map[string]bool, len(r.Keys))
	for _, k := range r.Keys {
		id := string(attr.AppendItem(nil, k))
		if seen[id] {
			return invalid("Provided list of item keys contains duplicates")
		}
		seen[id] = true
	}
	return nil
}

// read returns the items found in one table, as long as they fit into the answer, and the
// keys of the rest, nil for none. It skips an item that it has already seen.
func (r TableReads) read(tx *store.Tx, t *table, set expr.Set, seen targets, left *int, used *tally) (items []attr.Item, rest []attr.Item, err error) {
	consistent := r.ConsistentRead != nil && *r.ConsistentRead
	for _, k := range r.Keys {
		key, err := t.readKey(k, &set)
		switch {
		case err != nil:
			return nil, nil, err
		case !seen.add(t, key):
			continue
		case *left == 0:
			rest = append(rest, k)
			continue
		}
		item, size := fetch(tx, t, key, set, consistent, nil)
		if size > *left {
			rest, *left = append(rest, k), 0
			continue
		}
		*left -= size
		used.read(t, t.own, size, consistent)
		if item != nil {
			items = append(items, item)
		}
	}
	return items, rest, nil
}
