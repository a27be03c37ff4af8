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
	ReadInput        `api:",without ScanFilter"`
	Limit            *int64
	ScanIndexForward *bool // nil: true
}

// CheckFirst reports what the service finds before the constraints of other parameters.
func (in *QueryInput) CheckFirst() error {
	if in.TableName == nil {
		return nil
	}
	return checkOperator(in.Expressions.ConditionalOperator)
}

// Query reads the items of one partition of a table or an index in the order of their
// sort keys, a page at a time. A filter applies after Limit and the limit of page size.
func (e *Engine) Query(ctx context.Context, in *QueryInput) (*PageOutput, error) {
	if in.Limit != nil && *in.Limit < 1 { // Query's message omits the value
		return nil, invalid("1 validation error detected: Value at 'Limit' failed to satisfy constraint: Member must have value greater than or equal to 1")
	}
	if in.Expressions.KeyCondition == nil && in.Expressions.KeyConditions == nil {
		in.Expressions.Refused = invalid("Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.")
	}
	return in.readPage(ctx, e, in.Limit, func(tx *store.Tx, p *page) error {
		key, rows, err := in.plan(p)
		if err != nil {
			return err
		}
		if err := firstOf(p.checkFilter, p.checkProjection, p.checkScalars); err != nil {
			return err
		}
		tx.Query(p.index.ID, key.Part, key.PK, rows, in.descends(), p.take)
		return nil
	})
}

func (in *QueryInput) descends() bool { return in.ScanIndexForward != nil && !*in.ScanIndexForward }

// plan returns the key of the partition to read, and the bounds of the sort keys.
func (in *QueryInput) plan(p *page) (key store.Key, rows expr.Bounds, err error) {
	keys := &p.index.keys
	if err := p.checkStart(keys.hash); err != nil {
		return key, rows, err
	}
	wanted, err := p.set.KeyCondition.Resolve(keys.hash, keys.sort)
	if err != nil {
		return key, rows, refusal(err)
	}
	key, rows = hashKey(wanted.Hash), p.index.rows(wanted)
	if err := p.checkStart(keys.sort); err != nil || in.ExclusiveStartKey == nil {
		return key, rows, err
	}
	start, err := p.start()
	if err != nil {
		return key, rows, err
	}
	switch sorted, elsewhere := wanted.Sorted(), !bytes.Equal(start.PK, key.PK); {
	case !rows.Holds(start.SK):
		return key, rows, invalid("The provided starting key does not match the range key predicate")
	case sorted && elsewhere:
		return key, rows, invalid("The query can return at most one row and cannot be restarted")
	case elsewhere:
		return key, rows, invalid("The provided starting key is outside query boundaries based on provided conditions")
	case start.SK == nil: // the partition has only one row
		return key, rows, invalid("The provided exclusive start key is invalid: ExclusiveStartKey: %s", in.ExclusiveStartKey.AppendJSON(nil))
	}
	if in.descends() {
		rows.High = start.SK
	} else {
		rows.Low = expr.After(start.SK)
	}
	return key, rows, nil
}

// checkFilter refuses a filter on a key attribute, which belongs in the key condition,
// or on an attribute that the index does not project.
func (p *page) checkFilter() (err error) {
	parameter := "Filter Expression"
	if p.in.Expressions.QueryFilter != nil {
		parameter = "QueryFilter"
	}
	for _, k := range p.index.keys.all {
		p.set.Filter.Each(func(attribute string, _ bool) {
			if attribute == k.Name && err == nil {
				err = invalid("%s can only contain non-primary key attributes: Primary key attribute: %s", parameter, k.Name)
			}
		})
	}
	if err != nil {
		return err
	}
	if missing := p.missing(p.set.Filter.Each); missing != nil {
		return invalid(badValues+"Secondary index %s does not project one or more filter attributes: [%s]", p.index.Name, strings.Join(missing, ", "))
	}
	return nil
}
