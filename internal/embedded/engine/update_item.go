package engine

import (
	"context"

	"dynamostreamer/internal/embedded/attr"
	"dynamostreamer/internal/embedded/expr"
)

// UpdateItemInput is the request of UpdateItem. The service's messages have its
// fields in another order than those of the other writes.
type UpdateItemInput struct {
	WriteInput   `api:",without Item Key"`
	ReturnValues *string   `api:",one of ALL_NEW UPDATED_OLD ALL_OLD NONE UPDATED_NEW"`
	Key          attr.Item `api:",required"`
}

// UpdateItem changes the item at a key by an update expression. Where there is
// none it makes one of the key and the update; without an update expression, of
// the key alone. An update that only removes makes none.
func (e *Engine) UpdateItem(ctx context.Context, in *UpdateItemInput) (*WriteOutput, error) {
	in.WriteInput.Key = in.Key
	return e.writeItem(ctx, &in.WriteInput, actionUpdate, in.ReturnValues)
}

// updated is what an update makes of the item that stands, or of the key; nil where
// there is nothing to remove from.
func updated(u *expr.Update, old version, key attr.Item) (attr.Item, error) {
	item := old.item
	if item == nil {
		item = key
	}
	switch {
	case u == nil:
		return item, nil
	case u.OnlyRemoves() && !old.exists():
		return nil, nil
	}
	item, err := u.Apply(item)
	if err != nil {
		return nil, refusal(err)
	}
	return item, checkItem(item, updateTooLarge)
}

// returned is what a write returns, nil for nothing.
func returned(wanted string, u *expr.Update, old, new attr.Item) attr.Item {
	switch wanted {
	case "ALL_OLD":
		return old
	case "ALL_NEW":
		return new
	}
	var item attr.Item
	switch {
	case u == nil:
	case wanted == "UPDATED_OLD" && old != nil:
		item = u.Touched(old)
	case wanted == "UPDATED_NEW":
		item = u.Touched(new)
	}
	if len(item) == 0 {
		return nil
	}
	return item
}
