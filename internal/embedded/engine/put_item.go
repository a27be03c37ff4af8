package engine

import "context"

// PutItemInput is the request of PutItem.
type PutItemInput struct {
	ReturnValues *string `api:",one of ALL_NEW UPDATED_OLD ALL_OLD NONE UPDATED_NEW"`
	WriteInput   `api:",without Key UpdateExpression AttributeUpdates"`
}

// CheckFirst reports what the service finds before the constraints of other parameters.
func (in *PutItemInput) CheckFirst() error { return in.checkFirst(in.Item, in.ReturnValues) }

// PutItem adds an item, or replaces the item with the same key.
func (e *Engine) PutItem(ctx context.Context, in *PutItemInput) (*WriteOutput, error) {
	return e.writeItem(ctx, &in.WriteInput, actionPut, in.ReturnValues)
}
