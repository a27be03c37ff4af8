package engine

import "context"

// DeleteItemInput is the request of DeleteItem.
type DeleteItemInput struct {
	ReturnValues *string `api:",one of ALL_NEW UPDATED_OLD ALL_OLD NONE UPDATED_NEW"`
	WriteInput   `api:",without Item UpdateExpression AttributeUpdates"`
}

// CheckFirst reports what the service finds before the constraints of other parameters.
func (in *DeleteItemInput) CheckFirst() error { return in.checkFirst(in.Key, in.ReturnValues) }

// DeleteItem removes the item at a key. If there is none and the condition holds, it
// succeeds and changes nothing.
func (e *Engine) DeleteItem(ctx context.Context, in *DeleteItemInput) (*WriteOutput, error) {
	return e.writeItem(ctx, &in.WriteInput, actionDelete, in.ReturnValues)
}
