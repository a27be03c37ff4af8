package engine

import "context"

// PutItemInput is the request of PutItem.
type PutItemInput struct {
	WriteInput `api:",without Key UpdateExpression"`
}

// PutItem makes the item stand at its key, in place of one that may stand there.
func (e *Engine) PutItem(ctx context.Context, in *PutItemInput) (*WriteOutput, error) {
	return e.writeItem(ctx, &in.WriteInput, actionPut)
}
