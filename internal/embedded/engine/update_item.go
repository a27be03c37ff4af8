package engine

import (
	"context"

	"dynamostreamer/internal/embedded/attr"
	"dynamostreamer/internal/embedded/expr"
	"dynamostreamer/internal/embedded/store"
)

// UpdateItem changes the item at a key by an update expression. Where there is
// none it makes one of the key and the update; without an update expression, of
// the key alone.
func (e *Engine) UpdateItem(ctx context.Context, in *KeyedInput) (*WriteOutput, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	set, err := compileWrite(in.Expressions, in.KeyErr)
	if err != nil {
		return nil, err
	}
	out := &WriteOutput{}
	err = e.write(ctx, func(tx *store.Tx, c *catalog) error {
		t, err := c.table(*in.TableName)
		if err != nil {
			return err
		}
		key, err := t.updateKey(set.Update, in.Key)
		if err != nil {
			return err
		}
		old, err := current(tx, t, key)
		if err != nil {
			return err
		}
		if err := holds(set.Condition, old, in.ReturnValuesOnConditionCheckFailure); err != nil {
			return err
		}
		item, err := updated(set.Update, old, in.Key)
		if err != nil {
			return err
		}
		out.Attributes = returned(text(in.ReturnValues), set.Update, old.item, item)
		out.Capacity = writeCapacity(t, in.ReturnConsumedCapacity, old.item, item)
		return e.change(tx, t, key, old, item, byRequest)
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// updateKey checks the key of an update, and that the update leaves it alone.
func (t *table) updateKey(u *expr.Update, key attr.Item) (store.Key, error) {
	if u != nil {
		for _, k := range t.keys() {
			if err := u.CheckKeys(k.name); err != nil {
				return store.Key{}, refusal(err)
			}
		}
	}
	return t.keyOf(key)
}

// updated is what an update makes of the item that stands, or of the key.
func updated(u *expr.Update, old version, key attr.Item) (attr.Item, error) {
	item := old.item
	if item == nil {
		item = key
	}
	if u == nil {
		return item, nil
	}
	item, err := u.Apply(item)
	if err != nil {
		return nil, refusal(err)
	}
	return item, checkItem(item, updateTooLarge)
}

// returned is what an update returns, nil for nothing.
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
