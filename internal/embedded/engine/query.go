package engine

import (
	"bytes"
	"context"
	"strings"

	"dynamostreamer/internal/embedded/expr"
	"dynamostreamer/internal/embedded/store"
)

// QueryInput is the request of Query.
type QueryInput struct {
	ReadInput
	Limit            *int64
	ScanIndexForward *bool // nil: true
}

// Query reads the items of one partition of a table or an index in the order of
// their sort keys, a page at a time. A filter applies to what was read, after Limit
// and page size.
func (e *Engine) Query(ctx context.Context, in *QueryInput) (*PageOutput, error) {
	if in.Limit != nil && *in.Limit < 1 { // a Query's message lacks the value
		return nil, invalid("1 validation error detected: Value at 'Limit' failed to satisfy constraint: Member must have value greater than or equal to 1")
	}
	if in.Expressions.KeyCondition == nil {
		return nil, invalid("Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.")
	}
	return in.readPage(ctx, e, in.Limit, func(tx *store.Tx, p *page) error {
		plan, err := in.plan(p)
		if err != nil {
			return err
		}
		if err := firstOf(p.checkFilter, p.checkProjection, p.checkScalars); err != nil {
			return err
		}
		tx.Query(p.index.ID, plan.key.Part, plan.key.PK, plan.rows, plan.descending, p.take)
		return nil
	})
}

// A plan is which rows a Query reads: of the partition of a key those whose sort
// keys are in the bounds.
type plan struct {
	key        store.Key
	rows       expr.Bounds
	descending bool
}

func (in *QueryInput) plan(p *page) (plan, error) {
	keys := p.index.keys
	if err := p.checkStart(keys[:1]); err != nil {
		return plan{}, err
	}
	value, bounds, err := p.set.KeyCondition.Resolve(keys[0], keys.sort())
	if err != nil {
		return plan{}, refusal(err)
	}
	if err := p.checkStart(keys[1:]); err != nil {
		return plan{}, err
	}
	pl := plan{hashKey(value), p.index.rows(bounds), in.ScanIndexForward != nil && !*in.ScanIndexForward}
	if in.ExclusiveStartKey == nil {
		return pl, nil
	}
	start, err := p.start()
	if err != nil {
		return pl, err
	}
	switch sorted, elsewhere := bounds.Low != nil || bounds.High != nil, !bytes.Equal(start.PK, pl.key.PK); {
	case !pl.rows.Holds(start.SK):
		return pl, invalid("The provided starting key does not match the range key predicate")
	case sorted && elsewhere:
		return pl, invalid("The query can return at most one row and cannot be restarted")
	case elsewhere:
		return pl, invalid("The provided starting key is outside query boundaries based on provided conditions")
	}
	if start.SK == nil { // there was but the one row
		start.SK = []byte{}
	}
	if pl.descending {
		pl.rows.High, pl.rows.HighOpen = start.SK, true
	} else {
		pl.rows.Low, pl.rows.LowOpen = start.SK, true
	}
	return pl, nil
}

// checkFilter refuses a filter on a key attribute, which belongs into the key
// condition, and one on what the index does not project.
func (p *page) checkFilter() (err error) {
	p.set.Filter.Each(func(attribute string, _ bool) {
		if p.index.keys.has(attribute) {
			err = invalid("Filter Expression can only contain non-primary key attributes: Primary key attribute: %s", attribute)
		}
	})
	if err != nil {
		return err
	}
	if missing := p.missing(p.set.Filter.Each); missing != nil {
		return invalid(badValues+"Secondary index %s does not project one or more filter attributes: [%s]", p.index.Name, strings.Join(missing, ", "))
	}
	return nil
}
