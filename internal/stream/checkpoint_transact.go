package stream

import (
	"errors"
	"reflect"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// TransactItem is the part of a TransactWriteItems that writes the
// checkpoint of a page which RunPages handed over. The transaction fails
// if the page was committed before, or if a newer reader has taken the
// checkpoints; the handler returns the error as it is. If an earlier try
// of this reader committed the page and its answer was lost, RunPages goes
// on; else the reading ends with a *TakenError. It takes any condition of
// a transaction that failed for that: let the handler's own items have
// none.
//
// A handler that asks for it makes the transaction or returns an error. A
// transaction holds 100 items at most: let Options.PageSize see to that. A
// page of a Gap alone, which has no number of its own, can be committed
// twice.
func (t *Table) TransactItem(p *Page) types.TransactWriteItem {
	p.commit = t.item(p.Checkpoint)
	//weave:condition
	values := map[string]types.AttributeValue{":mine": t.mine()}
	condition := "#generation = :mine AND attribute_not_exists(#sequence)"
	if p.previous != "" {
		condition = "#generation = :mine AND #sequence = :previous"
		values[":previous"] = &types.AttributeValueMemberS{Value: p.previous}
	}
	//weave:end
	return types.TransactWriteItem{Put: &types.Put{
		TableName: &t.table, Item: p.commit,
		ConditionExpression: &condition,
		// It tells whether this transaction has been made already.
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
		ExpressionAttributeNames: map[string]string{
			"#generation": attrGeneration, "#sequence": attrSequence,
		},
		ExpressionAttributeValues: values,
	}}
}

// conditionFailed reports whether a write, or a transaction, failed for
// its condition.
func conditionFailed(err error) bool {
	var failed *types.ConditionalCheckFailedException
	return errors.As(err, &failed) || canceledFor(err, "ConditionalCheckFailed")
}

// canceledFor reports whether a transaction failed for one of the reasons.
func canceledFor(err error, reasons ...string) bool {
	var canceled *types.TransactionCanceledException
	return errors.As(err, &canceled) && slices.ContainsFunc(canceled.CancellationReasons, func(r types.CancellationReason) bool {
		return slices.Contains(reasons, aws.ToString(r.Code))
	})
}

// made reports whether the handler's transaction failed since it was made
// before and its answer was lost: the checkpoint is there already, with a
// generation that no other reader has.
func (p *Page) made(err error) bool {
	var canceled *types.TransactionCanceledException
	if p.commit == nil || !errors.As(err, &canceled) {
		return false
	}
	return slices.ContainsFunc(canceled.CancellationReasons, func(reason types.CancellationReason) bool {
		for _, name := range []string{attrReader, attrPlace, attrGeneration, attrSequence} {
			if reason.Item[name] == nil || !reflect.DeepEqual(reason.Item[name], p.commit[name]) {
				return false
			}
		}
		return true
	})
}
