package engine

import (
	"bytes"
	"context"

	"dynamostreamer/internal/embedded/attr"
	"dynamostreamer/internal/embedded/expr"
	"dynamostreamer/internal/embedded/store"
)

// maxPageBytes is how much Query and Scan read for a page, before filters.
const maxPageBytes = 1 << 20

// ReadInput is what the requests of Query and Scan share.
type ReadInput struct {
	TableName              *string
	IndexName              *string
	Expressions            expr.Request
	Limit                  *int64
	Select                 *string
	ExclusiveStartKey      attr.Item // nil: absent
	StartKeyErr            error     // what is wrong with a value in ExclusiveStartKey
	ConsistentRead         bool
	ReturnConsumedCapacity *string
}

// QueryInput is the request of Query.
type QueryInput struct {
	ReadInput
	ScanIndexForward *bool // nil: true
}

// PageOutput is the answer of Query and Scan.
type PageOutput struct {
	Items            []attr.Item // nil: the request asks for the count only
	Count            int
	ScannedCount     int
	LastEvaluatedKey attr.Item // nil: this page was the last
	Capacity         *ConsumedCapacity
}

func (in *ReadInput) check(c *checks) {
	c.table(in.TableName, "tableName")
	if in.IndexName != nil {
		c.named(in.IndexName, "indexName", 3)
	}
	c.atLeast(in.Limit, "limit", 1)
	c.oneOf(in.Select, "select", "SPECIFIC_ATTRIBUTES", "COUNT", "ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES")
	c.returnConsumedCapacity(in.ReturnConsumedCapacity)
}

// checkSelect holds Select against the projection. verb is the operation's in
// the service's message.
func (in *ReadInput) checkSelect(verb string) error {
	projects := in.Expressions.Projection != nil
	switch s := text(in.Select); {
	case s == "SPECIFIC_ATTRIBUTES" && !projects:
		return invalid("Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES")
	case s == "ALL_PROJECTED_ATTRIBUTES" && in.IndexName == nil:
		return invalid("ALL_PROJECTED_ATTRIBUTES can be used only when %s using an IndexName", verb)
	case projects && s != "" && s != "SPECIFIC_ATTRIBUTES":
		return invalid("Cannot specify the ProjectionExpression when choosing to get %s", s)
	}
	return nil
}

// readPage makes a page of what fn reads of the table.
func (in *ReadInput) readPage(ctx context.Context, e *Engine, verb string, fn func(*store.Tx, *page) error) (*PageOutput, error) {
	if err := in.checkSelect(verb); err != nil {
		return nil, err
	}
	set, err := compile(in.Expressions, in.StartKeyErr)
	if err != nil {
		return nil, err
	}
	return read(ctx, e, func(tx *store.Tx, c *catalog) (*PageOutput, error) {
		t, err := c.table(*in.TableName)
		if err != nil {
			return nil, err
		}
		if in.IndexName != nil { // tables have none here yet
			return nil, invalid("The table does not have the specified index: %s", *in.IndexName)
		}
		p := newPage(t, in, set)
		if err := fn(tx, p); err != nil {
			return nil, err
		}
		return p.finish()
	})
}

// Query reads the items of one partition in the order of their sort keys, a page
// at a time. A filter applies to what was read, after Limit and page size.
func (e *Engine) Query(ctx context.Context, in *QueryInput) (*PageOutput, error) {
	var c checks
	in.check(&c)
	if err := c.err(); err != nil {
		return nil, err
	}
	if in.Expressions.KeyCondition == nil {
		return nil, invalid("Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.")
	}
	return in.readPage(ctx, e, "Querying", func(tx *store.Tx, p *page) error {
		plan, err := in.plan(p.table, p.set)
		if err != nil {
			return err
		}
		return tx.Query(p.table.id, plan.key.Part, plan.key.PK, plan.bounds, plan.descending, p.take)
	})
}

// A plan is which rows a Query reads: of the partition of a key those whose sort
// keys are in the bounds.
type plan struct {
	key        store.Key
	bounds     expr.Bounds
	descending bool
}

func (in *QueryInput) plan(t *table, set expr.Set) (plan, error) {
	value, bounds, err := set.KeyCondition.Resolve(t.hash, t.sort)
	if err != nil {
		return plan{}, refusal(err)
	}
	if err := t.checkFilter(set.Filter); err != nil {
		return plan{}, err
	}
	p := plan{hashKey(value), bounds, in.ScanIndexForward != nil && !*in.ScanIndexForward}
	if in.ExclusiveStartKey == nil {
		return p, nil
	}
	start, err := t.startKey(in.ExclusiveStartKey)
	if err != nil {
		return p, err
	}
	if !bytes.Equal(start.PK, p.key.PK) || !bounds.Holds(start.SK) {
		return p, invalid("The provided starting key is outside query boundaries based on provided conditions")
	}
	if !t.hasSort() {
		// There was but the one row.
		p.bounds = expr.Bounds{Low: []byte{}, LowOpen: true}
	} else if p.descending {
		p.bounds.High, p.bounds.HighOpen = start.SK, true
	} else {
		p.bounds.Low, p.bounds.LowOpen = start.SK, true
	}
	return p, nil
}

// startKey is the place of an ExclusiveStartKey.
func (t *table) startKey(key attr.Item) (store.Key, error) {
	if len(key) != t.keyCount() {
		return store.Key{}, invalid("The provided starting key is invalid: The provided key element does not match the schema")
	}
	at, err := t.keyOf(key)
	if err != nil {
		return at, invalid("The provided starting key is invalid: %s", err.(*Error).Message)
	}
	return at, nil
}

// checkFilter refuses a Query's filter on a key attribute: that belongs into the
// key condition.
func (t *table) checkFilter(filter *expr.Condition) error {
	if filter == nil {
		return nil
	}
	for _, k := range t.keys() {
		if filter.Mentions(k.Name) {
			return invalid("Filter Expression can only contain non-primary key attributes: Primary key attribute: %s", k.Name)
		}
	}
	return nil
}

// A page collects what Query or Scan reads until it is full.
type page struct {
	table  *table
	in     *ReadInput
	set    expr.Set
	out    PageOutput
	bytes  int
	last   attr.Item
	full   bool
	failed error
}

func newPage(t *table, in *ReadInput, set expr.Set) *page {
	p := &page{table: t, in: in, set: set}
	if text(in.Select) != "COUNT" {
		p.out.Items = []attr.Item{}
	}
	return p
}

// take evaluates one row. It returns false when the page is full: at Limit, or
// behind the row that brings it to 1 MB.
func (p *page) take(row store.Row) bool {
	item, err := attr.ReadItem(row.Item)
	if err != nil {
		p.failed = err
		return false
	}
	p.out.ScannedCount++
	p.bytes += item.Size()
	p.last = item
	if p.set.Filter.Holds(item) {
		p.out.Count++
		if p.out.Items != nil {
			p.out.Items = append(p.out.Items, p.set.Projection.Of(item))
		}
	}
	p.full = p.in.Limit != nil && int64(p.out.ScannedCount) >= *p.in.Limit || p.bytes >= maxPageBytes
	return !p.full
}

func (p *page) finish() (*PageOutput, error) {
	if p.full {
		p.out.LastEvaluatedKey = keyAttributes(p.table.Key, p.last)
	}
	p.out.Capacity = capacity(p.table, p.in.ReturnConsumedCapacity, readUnits(p.bytes, p.in.ConsistentRead))
	return &p.out, p.failed
}
