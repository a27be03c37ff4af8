package engine

import (
	"context"
	"slices"
	"strings"

	"dynamostreamer/internal/embedded/attr"
	"dynamostreamer/internal/embedded/expr"
	"dynamostreamer/internal/embedded/store"
)

// maxPageBytes is the number of bytes that Query and Scan read for a page, before
// filters.
const maxPageBytes = 1 << 20

// ReadInput is what the requests of Query and Scan share.
type ReadInput struct {
	TableName         *string      `api:",required,name,arn,1..255"`
	IndexName         *string      `api:",name,3..255"`
	Expressions       expr.Request `api:"QueryFilter ScanFilter ConditionalOperator AttributesToGet KeyConditions Filter KeyCondition Projection Names Values"`
	Select            *string      `api:",one of SPECIFIC_ATTRIBUTES COUNT ALL_ATTRIBUTES ALL_PROJECTED_ATTRIBUTES"`
	ExclusiveStartKey attr.Item    // nil: absent
	Err               error        // the error of a refused value in ExclusiveStartKey
	ConsistentRead    bool
	Report
}

// PageOutput is the answer of Query and Scan.
type PageOutput struct {
	Items            []attr.Item // nil: the request asks for the count only
	Count            int
	ScannedCount     int
	LastEvaluatedKey attr.Item // nil: this page was the last
	ConsumedCapacity *ConsumedCapacity
}

// checkSelect checks that Select fits the projection. The service's message says
// Querying in a Scan too.
func (in *ReadInput) checkSelect() error {
	projects, with := in.Expressions.Projection != nil, "ProjectionExpression"
	if in.Expressions.AttributesToGet != nil {
		projects, with = true, "AttributesToGet"
	}
	switch s := text(in.Select); {
	case s == "SPECIFIC_ATTRIBUTES" && !projects:
		return invalid("Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES")
	case s == "ALL_PROJECTED_ATTRIBUTES" && in.IndexName == nil:
		return invalid("ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName")
	case projects && s == "COUNT":
		return invalid("Cannot specify the %s when choosing to get only the Count", with)
	case projects && s != "" && s != "SPECIFIC_ATTRIBUTES":
		return invalid("Cannot specify the %s when choosing to get %s", with, s)
	}
	return nil
}

// readPage returns a page of up to limit of the rows that fn reads.
func (in *ReadInput) readPage(ctx context.Context, e *Engine, limit *int64, fn func(*store.Tx, *page) error) (*PageOutput, error) {
	if err := firstOf(in.Expressions.Check, in.checkSelect); err != nil {
		return nil, refusal(err)
	}
	if refused, ok := in.Err.(*attr.ValidationError); ok {
		in.Expressions.Refused = invalid(badStart+": %v", attr.OlderText(refused))
		if refused.Older != "" && !in.Expressions.Older {
			in.Expressions.Refused = refused
		}
	}
	set, err := compile(in.Expressions, nil)
	if err != nil {
		return nil, err
	}
	return read(ctx, e, func(tx *store.Tx, c *catalog) (*PageOutput, error) {
		t, err := c.table(*in.TableName)
		if err != nil {
			return nil, err
		}
		p, err := newPage(tx, t, in, set)
		if err != nil {
			return nil, err
		}
		p.limit = orElse(limit, everything)
		if err := fn(tx, p); err != nil {
			return nil, err
		}
		return p.finish(), nil
	})
}

const badStart = "The provided starting key is invalid"

// checkStart compares the ExclusiveStartKey, if there is one, with some of the index's key
// attributes.
func (p *page) checkStart(keys []expr.KeyAttribute) error {
	start := p.in.ExclusiveStartKey
	if start == nil {
		return nil
	}
	if len(start) != len(p.index.startKey) {
		return invalid(badStart)
	}
	for _, k := range keys {
		switch v, ok := start.Get(k.Name); {
		case !ok:
			return invalid(badStart)
		case v.Type() != k.Type:
			return invalid(keyMismatch)
		}
	}
	return nil
}

// start returns the store's key for the ExclusiveStartKey.
func (p *page) start() (store.Key, error) {
	start := p.in.ExclusiveStartKey
	own := start
	if !p.index.own {
		own = start.Only(p.table.names)
	}
	at, err := p.table.keyOf(own)
	if err != nil {
		return at, invalid(badStart+": %s", err.(*Error).Message)
	}
	if p.index.own {
		return at, nil
	}
	at, ok := p.index.place(at, start)
	if !ok {
		return at, invalid(keyMismatch)
	}
	return at, nil
}

// A page collects what Query or Scan reads until it is full.
type page struct {
	table   *table
	index   *index // the index, or the table's own
	tx      *store.Tx
	in      *ReadInput
	set     expr.Set
	limit   int
	fetches bool // the items come from the table, not from the index's rows
	out     PageOutput
	used    *tally
	bytes   int // of the rows
	fetched int // of the items that were fetched
	last    attr.Item
	full    bool
}

func newPage(tx *store.Tx, t *table, in *ReadInput, set expr.Set) (*page, error) {
	p := &page{table: t, index: t.own, tx: tx, in: in, set: set, used: newTally(in.ReturnConsumedCapacity, false)}
	if text(in.Select) != "COUNT" {
		p.out.Items = []attr.Item{}
	}
	if in.IndexName != nil {
		if err := p.useIndex(*in.IndexName); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// useIndex makes the page read an index.
func (p *page) useIndex(name string) error {
	ix := p.table.index(name)
	switch {
	case ix == nil:
		return invalid("The table does not have the specified index: %s", name)
	case ix.Filling != nil:
		return invalid("Cannot read from backfilling global secondary index: %s", name)
	case ix.Global && p.in.ConsistentRead:
		return invalid("Consistent reads are not supported on global secondary indexes")
	}
	p.index = ix
	return nil
}

// checkProjection refuses a request for attributes that a global index does not project.
// With a local index, the page fetches the items from the table.
func (p *page) checkProjection() error {
	ix := p.index
	everything := text(p.in.Select) == "ALL_ATTRIBUTES" && ix.projected != nil
	missing := p.missing(p.set.Projection.Each)
	switch {
	case ix.Global && everything:
		return invalid(badValues+"Select type ALL_ATTRIBUTES is not supported for global secondary index %s because its projection type is not ALL", ix.Name)
	case ix.Global && missing != nil:
		return invalid(badValues+"Global secondary index %s does not project [%s]", ix.Name, strings.Join(missing, ", "))
	}
	p.fetches = everything || missing != nil
	return nil
}

func (p *page) checkScalars() error { return p.table.checkScalars(&p.set) }

// missing returns the attributes, of those that each visits, that the index does not
// project.
func (p *page) missing(each func(func(string, bool))) (missing []string) {
	each(func(attribute string, _ bool) {
		if !p.index.projects(attribute) && !slices.Contains(missing, attribute) {
			missing = append(missing, attribute)
		}
	})
	return missing
}

// take evaluates one row. It returns false if the page is full: it has reached Limit or
// 1 MB.
func (p *page) take(row store.Row) bool {
	item := readItem(p.tx, row.Item)
	p.out.ScannedCount++
	p.bytes += item.Size()
	p.last = item
	if p.fetches {
		item = p.fetch(item)
	}
	if p.set.Filter.Holds(item) {
		p.out.Count++
		if p.out.Items != nil {
			p.out.Items = append(p.out.Items, p.set.Projection.Of(item))
		}
	}
	p.full = p.out.ScannedCount >= p.limit || p.bytes+p.fetched >= maxPageBytes
	return !p.full
}

// fetch reads the item of an index's row from the table.
func (p *page) fetch(row attr.Item) attr.Item {
	key, err := p.table.makeKey(row)
	p.tx.Fail(err)
	found := current(p.tx, p.table, key)
	size := found.item.Size()
	p.fetched += size
	p.used.read(p.table, p.table.own, size, p.in.ConsistentRead)
	return found.item
}

func (p *page) finish() *PageOutput {
	if p.full {
		p.out.LastEvaluatedKey = p.last.Only(p.index.startKey)
	}
	p.used.read(p.table, p.index, p.bytes, p.in.ConsistentRead)
	p.used.add(p.table, p.table.own, 0, true) // the answer for an index includes the table
	p.out.ConsumedCapacity = p.used.one()
	return &p.out
}
