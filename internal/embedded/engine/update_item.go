package engine

import (
	"context"

	"dynamostreamer/internal/embedded/attr"
	"dynamostreamer/internal/embedded/expr"
)

// UpdateItemInput is the request of UpdateItem. The service's messages list its fields
// in a different order from those of the other writes.
type UpdateItemInput struct {
	WriteInput   `api:",without Item Key"`
	ReturnValues *string   `api:",one of ALL_NEW UPDATED_OLD ALL_OLD NONE UPDATED_NEW"`
	Key          attr.Item `api:",required"`
}

// CheckFirst reports what the service finds before the constraints of other parameters.
func (in *UpdateItemInput) CheckFirst() error { return in.checkFirst(in.Key, in.ReturnValues) }

// UpdateItem applies an update expression to the item at a key. If there is none, it
// applies the expression to an item that has only the key. Without an expression, it
// makes that item. An expression that only removes attributes does not make an item.
func (e *Engine) UpdateItem(ctx context.Context, in *UpdateItemInput) (*WriteOutput, error) {
	in.WriteInput.Key = in.Key
	return e.writeItem(ctx, &in.WriteInput, actionUpdate, in.ReturnValues)
}

// updated returns the item after an update of old or, if that does not exist, of the
// key. It returns nil if the update only removes and there is no item.
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

// returned returns the attributes that ReturnValues asks for, nil for none.
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
