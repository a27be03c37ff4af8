package engine

import (
	"dynamostreamer/internal/embedded/attr"
	"dynamostreamer/internal/embedded/expr"
	"dynamostreamer/internal/embedded/store"
)

// Limits on keys and items ("Service, account, and table quotas").
const (
	maxHashKey = 2048
	maxSortKey = 1024
)

const (
	keyMismatch = "The provided key element does not match the schema"
	badValues   = "One or more parameter values were invalid: "
)

// keyOfItem is where an item that is put belongs.
func (t *table) keyOfItem(item attr.Item) (store.Key, error) {
	for _, k := range t.keys() {
		v, ok := item.Get(k.Name)
		if !ok {
			return store.Key{}, invalid(badValues+"Missing the key %s in the item", k.Name)
		}
		if v.Type() != k.Type {
			return store.Key{}, invalid(badValues+"Type mismatch for key %s expected: %s actual: %s", k.Name, k.Type, v.Type())
		}
	}
	return t.makeKey(item)
}

// keyOf is where the item with a request's Key is: all of the table's key
// attributes and no other.
func (t *table) keyOf(key attr.Item) (store.Key, error) {
	if len(key) != t.keyCount() {
		return store.Key{}, invalid(keyMismatch)
	}
	return t.keyIn(key)
}

// keyIn is keyOfItem with the message that keys and batches have for it.
func (t *table) keyIn(item attr.Item) (store.Key, error) {
	for _, k := range t.keys() {
		if v, ok := item.Get(k.Name); !ok || v.Type() != k.Type {
			return store.Key{}, invalid(keyMismatch)
		}
	}
	return t.makeKey(item)
}

func (t *table) keys() []expr.KeyAttribute {
	if t.hasSort() {
		return []expr.KeyAttribute{t.hash, t.sort}
	}
	return []expr.KeyAttribute{t.hash}
}

// makeKey makes the key of attributes that are there and have the right types.
func (t *table) makeKey(item attr.Item) (store.Key, error) {
	for _, k := range t.keys() {
		if v, _ := item.Get(k.Name); v.Type() != attr.N && v.Text() == "" {
			kind := "string"
			if v.Type() == attr.B {
				kind = "binary"
			}
			return store.Key{}, invalid("One or more parameter values are not valid. "+
				"The AttributeValue for a key attribute cannot contain an empty %s value. Key: %s", kind, k.Name)
		}
	}
	v, _ := item.Get(t.hash.Name)
	key := hashKey(v)
	if len(key.PK) > maxHashKey {
		return key, invalid(badValues+"Size of hashkey has exceeded the maximum size limit of%d bytes", maxHashKey)
	}
	if t.hasSort() {
		v, _ := item.Get(t.sort.Name)
		key.SK = attr.AppendKey(nil, v)
		if len(key.SK) > maxSortKey {
			return key, invalid(badValues+"Aggregated size of all range keys has exceeded the size limit of %d bytes", maxSortKey)
		}
	}
	return key, nil
}

// hashKey is the key of a partition.
func hashKey(v attr.Value) store.Key {
	pk := attr.AppendKey(nil, v)
	return store.Key{Part: partition(pk), PK: pk}
}

// partition spreads partition keys over the 32-bit numbers: by FNV-1a, whose
// bits are then mixed since shards and segments go by the upper ones.
func partition(pk []byte) uint32 {
	h := uint64(14695981039346656037)
	for _, b := range pk {
		h = (h ^ uint64(b)) * 1099511628211
	}
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	return uint32(h >> 32)
}

// keyAttributes is the item reduced to the table's key.
func keyAttributes(key []KeyElement, item attr.Item) attr.Item {
	attrs := make([]attr.Attr, 0, 2)
	for _, k := range key {
		if v, ok := item.Get(k.AttributeName); ok {
			attrs = append(attrs, attr.Attr{Name: k.AttributeName, Value: v})
		}
	}
	return attr.NewItem(attrs...)
}

// A version is an item as it stands in the store; nothing stands there if its
// item is nil.
type version struct {
	item attr.Item
	raw  []byte
}

func (v version) exists() bool { return v.item != nil }

func current(tx *store.Tx, t *table, key store.Key) (version, error) {
	raw, err := tx.Get(t.id, key)
	if err != nil || raw == nil {
		return version{}, err
	}
	item, err := attr.ReadItem(raw)
	return version{item, raw}, err
}

// An actor says who changes an item.
type actor bool

const (
	byRequest actor = false
	byTTL     actor = true
)

// change makes item stand at key in place of old; a nil item removes it. It is
// the only way by which items change: whatever has to happen along with a change,
// the stream record first of all, happens here and in the same transaction. A
// change that changes nothing leaves no record.
func (e *Engine) change(tx *store.Tx, t *table, key store.Key, old version, item attr.Item, by actor) error {
	if item == nil {
		if !old.exists() {
			return nil
		}
		if err := tx.Delete(t.id, key, int64(old.item.Size())); err != nil {
			return err
		}
		return e.record(tx, t, key, old, version{}, by)
	}
	if old.exists() && old.item.Equal(item) {
		return nil
	}
	now := version{item, attr.AppendItem(make([]byte, 0, len(old.raw)+256), item)}
	row := store.Row{Key: key, Expires: t.TTL.expiry(item), Item: now.raw}
	items, bytes := int64(1), int64(item.Size())
	if old.exists() {
		items, bytes = 0, bytes-int64(old.item.Size())
	}
	if err := tx.Put(t.id, row, items, bytes); err != nil {
		return err
	}
	return e.record(tx, t, key, old, now, by)
}

// checkItem refuses items that are too large or nest too deep.
func checkItem(item attr.Item, tooLarge string) error {
	if item.Size() > attr.MaxItemSize {
		return invalid("%s", tooLarge)
	}
	if item.Depth() > attr.MaxDepth {
		return invalid("Nesting Levels have exceeded supported limits: Attributes have nesting deeper than supported maximum limit: %d", attr.MaxDepth)
	}
	return nil
}

const (
	putTooLarge    = "Item size has exceeded the maximum allowed size"
	updateTooLarge = "Item size to update has exceeded the maximum allowed size"
)

// compile compiles a request's expressions, after reporting a value that its item
// or key may not have.
func compile(r expr.Request, refused error) (expr.Set, error) {
	if refused != nil {
		return expr.Set{}, refusal(refused)
	}
	set, err := expr.Compile(r)
	return set, refusal(err)
}
