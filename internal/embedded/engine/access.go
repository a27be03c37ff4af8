package engine

import (
	"cmp"

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

// keyOfItem returns the key of an item to put.
func (t *table) keyOfItem(item attr.Item) (store.Key, error) {
	for _, k := range t.keys.all {
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

// keyOf returns the store's key for the Key of a request, which must have the table's
// key attributes and no others.
func (t *table) keyOf(key attr.Item) (store.Key, error) {
	if len(key) != len(t.keys.all) {
		return store.Key{}, invalid(keyMismatch)
	}
	return t.keyIn(key)
}

// keyIn does what keyOfItem does, with the error message for keys and batches.
func (t *table) keyIn(item attr.Item) (store.Key, error) {
	for _, k := range t.keys.all {
		if v, ok := item.Get(k.Name); !ok || v.Type() != k.Type {
			return store.Key{}, invalid(keyMismatch)
		}
	}
	return t.makeKey(item)
}

// makeKey makes a key of attributes that are present and have the right types.
func (t *table) makeKey(item attr.Item) (key store.Key, err error) {
	for _, k := range t.keys.all {
		v, _ := item.Get(k.Name)
		if kind := emptyKey(v); kind != "" {
			return key, invalid("One or more parameter values are not valid. "+
				"The AttributeValue for a key attribute cannot contain an empty %s value. Key: %s", kind, k.Name)
		}
	}
	return t.keys.place(item), t.keys.checkSizes(item, nil)
}

// place makes a key of attributes that have been checked.
func (s *schema) place(item attr.Item) store.Key {
	key := hashKey(valuesOf(s.hash, item))
	key.SK = appendValues(nil, valuesOf(s.sort, item))
	return key
}

// valuesOf returns an item's values of key attributes.
func valuesOf(attributes []expr.KeyAttribute, item attr.Item) []attr.Value {
	values := make([]attr.Value, len(attributes))
	for i, k := range attributes {
		values[i], _ = item.Get(k.Name)
	}
	return values
}

// appendValues appends the bytes of a partition key or of a sort key. Those of several
// attributes sort by the first, then by the second, and so on.
func appendValues(dst []byte, values []attr.Value) []byte {
	if len(values) == 1 {
		return attr.AppendKey(dst, values[0])
	}
	for _, v := range values {
		dst = appendPart(dst, attr.AppendKey(nil, v))
	}
	return dst
}

// emptyKey returns the name of v's type if v is empty and so can't be a key, else "".
func emptyKey(v attr.Value) string {
	switch {
	case v.Text() != "":
		return ""
	case v.Type() == attr.B:
		return "binary"
	}
	return "string"
}

// checkSizes checks the sizes of an item's partition key and sort key, whose attributes
// count together. It passes over a key of which old has the same values.
func (s *schema) checkSizes(item, old attr.Item) error {
	size := func(attributes []expr.KeyAttribute) (total int) {
		same := old != nil
		for _, k := range attributes {
			v, _ := item.Get(k.Name)
			was, _ := old.Get(k.Name)
			same = same && attr.Equal(v, was)
			total += v.Size()
		}
		if same {
			return 0
		}
		return total
	}
	switch {
	case size(s.hash) > maxHashKey:
		return invalid(badValues+"Size of hashkey has exceeded the maximum size limit of%d bytes", maxHashKey)
	case size(s.sort) > maxSortKey:
		return invalid(badValues+"Aggregated size of all range keys has exceeded the size limit of %d bytes", maxSortKey)
	}
	return nil
}

// hashKey returns the key of a partition.
func hashKey(values []attr.Value) store.Key {
	pk := appendValues(nil, values)
	return store.Key{Part: partition(pk), PK: pk}
}

// partition spreads partition keys over the 32-bit numbers with FNV-1a. It mixes the
// bits of the hash because shards and segments depend on the upper ones.
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

// A version is the state of an item in the store. A nil item does not exist.
type version struct {
	item attr.Item
	raw  []byte
}

func (v version) exists() bool { return v.item != nil }

// current reads the present version of the item at key.
func current(tx *store.Tx, t *table, key store.Key) version {
	raw := tx.Get(t.id, key)
	return version{readItem(tx, raw), raw}
}

// readItem decodes an item, nil for a nil raw. It fails tx if raw is damaged.
func readItem(tx *store.Tx, raw []byte) attr.Item {
	if raw == nil {
		return nil
	}
	item, err := attr.ReadItem(raw)
	tx.Fail(err)
	return item
}

// An actor is who changes an item.
type actor bool

const (
	byRequest actor = false
	byTTL     actor = true
)

// change replaces old, the version at key, with item. A nil item removes it. Items change
// only here: everything that belongs to a change, the rows of indexes and the stream
// record, happens here and in the same transaction. If item equals old, nothing happens.
// change adds the consumed capacity to used, which may be nil.
func (e *Engine) change(tx *store.Tx, t *table, key store.Key, old version, item attr.Item, by actor, used *tally) {
	used.write(t, t.own, old.item, item)
	now := version{item: item}
	if !now.exists() && !old.exists() || now.exists() && old.exists() && old.item.Equal(item) {
		return
	}
	if now.exists() {
		now.raw = attr.AppendItem(make([]byte, 0, len(old.raw)+256), item)
		tx.Put(t.id, store.Row{Key: key, Expires: t.TTL.expiry(item), Item: now.raw}, now.size(), old.size())
	} else {
		tx.Delete(t.id, key, old.size())
	}
	for _, ix := range t.indexes {
		if ix.has(key) {
			ix.change(tx, t, key, old, now, used)
		}
	}
	e.record(tx, t, key, old, now, by)
}

// size returns the bytes that the version adds to a table's size.
func (v version) size() int64 { return int64(v.item.Size()) }

// checkItem refuses an item that is too large, is nested too deeply or has too long a
// name.
func checkItem(item attr.Item, tooLarge string) error {
	if item.Size() > attr.MaxItemSize {
		return invalid("%s", tooLarge)
	}
	return refusal(item.Check())
}

const (
	putTooLarge    = "Item size has exceeded the maximum allowed size"
	updateTooLarge = "Item size to update has exceeded the maximum allowed size"
)

// checkRequest reports wrong combinations of expressions and legacy parameters, and then
// the refused value of the request's item or key, if there is one.
func checkRequest(r *expr.Request, refused error) error {
	if r.Older {
		refused = attr.OlderText(refused)
	}
	return refusal(cmp.Or(r.Check(), refused))
}

// compile compiles a request's expressions or legacy parameters after checkRequest.
func compile(r expr.Request, refused error) (expr.Set, error) {
	if err := checkRequest(&r, refused); err != nil {
		return expr.Set{}, err
	}
	set, err := expr.Compile(r)
	return set, refusal(err)
}

// targets is a set of items that a request names.
type targets map[target]bool

type target struct {
	table  int64
	pk, sk string
}

// add reports whether the item is new to the set.
func (s targets) add(t *table, key store.Key) bool {
	id := target{t.id, string(key.PK), string(key.SK)}
	known := s[id]
	s[id] = true
	return !known
}
