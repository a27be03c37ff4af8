package engine

import (
	"cmp"
	"context"
	"slices"

	"dynamostreamer/internal/embedded/attr"
	"dynamostreamer/internal/embedded/expr"
	"dynamostreamer/internal/embedded/store"
)

// An Action is a request's write of one item: a PutItem, UpdateItem or DeleteItem, or an
// entry of a transaction.
type Action struct {
	TableName   *string      `api:",required,name,arn,1..255"`
	Item        attr.Item    `api:",required"` // of a put
	Key         attr.Item    `api:",required"` // of the others
	Err         error        // the error of a refused value in either
	Expressions expr.Request `api:"Update Condition Names Values AttributeUpdates Expected ConditionalOperator"`
	OnFailure   *string      `api:"ReturnValuesOnConditionCheckFailure,one of ALL_OLD NONE"`
}

// These are the kinds of actions, in the spelling of the service's messages.
const (
	actionCheck  = "conditionCheck"
	actionDelete = "delete"
	actionPut    = "put"
	actionUpdate = "update"
)

// An action is an Action in progress.
type action struct {
	*Action
	kind  string
	set   expr.Set
	table *table
	key   store.Key
	old   version
	new   attr.Item // the item after the action, nil: none
}

// maxNewDepth is how deep the values of a PutItem, UpdateItem or DeleteItem may be nested for
// the service to check it as it does since 2026. The captures are of 62 and of 64 levels,
// in the count of attr.Item.Depth.
const maxNewDepth = 62

// depth returns the depth of the nesting of all values.
func (a *Action) depth() int { return max(a.Item.Depth(), a.Key.Depth(), a.Expressions.Depth()) }

// checkFirst checks parameters in the newer way, in which the first that is wrong is the
// only error. So the service checks a request that has a table, and an item or a key.
func (in *WriteInput) checkFirst(of attr.Item, returning *string) error {
	if in.TableName == nil || of == nil || max(of.Depth(), in.depth()) > maxNewDepth {
		return nil
	}
	if *in.TableName == "" {
		return invalid("1 validation error detected: Value at 'TableName' failed to satisfy constraint: Member must have length greater than or equal to 1")
	}
	if returning != nil && !slices.Contains([]string{"ALL_OLD", "UPDATED_OLD", "ALL_NEW", "UPDATED_NEW", "NONE"}, *returning) {
		return enveloped(invalid(newEnum + "[ALL_OLD, UPDATED_OLD, ALL_NEW, UPDATE_NEW, NONE]")) // the service's spelling
	}
	return enveloped(checkOperator(in.Expressions.ConditionalOperator))
}

const newEnum = "Failed to satisfy constraint: Member must satisfy enum value set: "

func checkOperator(operator *string) error {
	if operator != nil && *operator != "AND" && *operator != "OR" {
		return invalid(newEnum + "[ALL, OR]") // the service's spelling
	}
	return nil
}

// enveloped gives an error the form that PutItem, UpdateItem and DeleteItem have for what
// they find before they look at the table.
func enveloped(err error) error {
	if e, ok := err.(*Error); ok && e.Code == ValidationException {
		return invalid("1 validation error detected: %s", e.Message)
	}
	return err
}

// checkRequest refuses combinations of parameters and the request's item or key.
func (a *action) checkRequest() error { return checkRequest(&a.Expressions, a.Err) }

// compile compiles the expressions and checks what does not depend on the table.
func (a *action) compile() (err error) {
	if refused, ok := a.Err.(*attr.ValidationError); ok && a.Expressions.Spare && refused.Message == attr.EmptyName && refused.Attribute != "" {
		// In a transaction, the depth is told before an empty name in a map.
		a.Err = cmp.Or(a.Item.Check(), a.Err)
	}
	if a.set, err = compile(a.Expressions, a.Err); err != nil {
		return err
	}
	if a.kind != actionPut {
		return refusal(a.Key.Check())
	}
	return checkItem(a.Item, putTooLarge)
}

// locate finds the item's key in the action's table.
func (a *action) locate() (err error) {
	if u := a.set.Update; u != nil {
		for _, k := range a.table.keys.all {
			if err := u.CheckKeys(k.Name); err != nil {
				return refusal(err)
			}
		}
	}
	if err := a.table.checkScalars(&a.set); err != nil {
		return err
	}
	if a.kind != actionPut {
		a.key, err = a.table.keyOf(a.Key)
		return err
	}
	if a.key, err = a.table.keyOfItem(a.Item); err != nil {
		return err
	}
	return a.table.checkIndexKeys(a.Item, nil, false)
}

// decide reads the current item, evaluates the condition and computes the new item. It
// writes nothing, so that other actions need not be undone if this one is refused.
func (a *action) decide(tx *store.Tx) (err error) {
	a.old = current(tx, a.table, a.key)
	if !a.set.Condition.Holds(a.old.item) {
		err := &Error{Code: ConditionalCheckFailedException, Message: "The conditional request failed"}
		if text(a.OnFailure) == "ALL_OLD" {
			err.Item = a.old.item
		}
		return err
	}
	switch a.kind {
	case actionPut:
		a.new = a.Item
	case actionUpdate:
		if a.new, err = updated(a.set.Update, a.old, a.Key); err == nil {
			err = a.table.checkIndexKeys(a.new, a.old.item, true)
		}
	}
	return err
}

// WriteInput is what the requests of PutItem, UpdateItem and DeleteItem share except for
// ReturnValues.
type WriteInput struct {
	Report
	Action
	Metrics
}

// Report is the request's choice of a report on consumed capacity.
type Report struct {
	ReturnConsumedCapacity *string `api:",one of INDEXES TOTAL NONE"`
}

// Metrics is the request's choice of metrics on item collections.
type Metrics struct {
	ReturnItemCollectionMetrics *string `api:",one of SIZE NONE"`
}

// WriteOutput is the answer of PutItem, UpdateItem and DeleteItem.
type WriteOutput struct {
	Attributes            attr.Item              // nil: absent
	ItemCollectionMetrics *ItemCollectionMetrics // nil: not asked for, or the table has no local index
	ConsumedCapacity      *ConsumedCapacity
}

func (e *Engine) writeItem(ctx context.Context, in *WriteInput, kind string, returning *string) (*WriteOutput, error) {
	a := action{Action: &in.Action, kind: kind}
	checkReturning := func() error {
		if r := text(returning); kind != actionUpdate && r != "" && r != "NONE" && r != "ALL_OLD" {
			return invalid("ReturnValues can only be ALL_OLD or NONE")
		}
		return nil
	}
	in.Expressions.ValueUsers = "" // these operations don't say it
	in.Expressions.Older = a.depth() > maxNewDepth
	if err := firstOf(a.checkRequest, checkReturning, a.compile); err != nil {
		if !in.Expressions.Older {
			err = enveloped(err)
		}
		return nil, err
	}
	return write(ctx, e, func(tx *store.Tx, c *catalog) (out *WriteOutput, err error) {
		if a.table, err = c.table(*in.TableName); err != nil {
			return nil, err
		}
		if err := a.locate(); err != nil {
			return nil, err
		}
		if a.set.Update.Charge() > attr.MaxItemSize {
			return nil, invalid(updateTooLarge)
		}
		if err := a.decide(tx); err != nil {
			return nil, err
		}
		used := newTally(in.ReturnConsumedCapacity, false)
		e.change(tx, a.table, a.key, a.old, a.new, byRequest, used)
		return &WriteOutput{
			Attributes:            returned(text(returning), a.set.Update, a.old.item, a.new),
			ConsumedCapacity:      used.one(),
			ItemCollectionMetrics: a.collection(tx, in.ReturnItemCollectionMetrics),
		}, nil
	})
}
