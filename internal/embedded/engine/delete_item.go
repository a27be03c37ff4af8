package engine

import "context"

// DeleteItem removes the item at a key. Where there is none it succeeds and
// changes nothing, if the condition holds.
func (e *Engine) DeleteItem(ctx context.Context, in *WriteInput) (*WriteOutput, error) {
	return e.writeItem(ctx, in, actionDelete)
}
