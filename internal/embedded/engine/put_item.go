package engine

import "context"

// PutItem makes the item stand at its key, in place of one that may stand there.
func (e *Engine) PutItem(ctx context.Context, in *WriteInput) (*WriteOutput, error) {
	return e.writeItem(ctx, in, actionPut)
}
