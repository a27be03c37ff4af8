package engine

import (
	"bytes"
	"slices"

	"dynamostreamer/internal/embedded/attr"
	"dynamostreamer/internal/embedded/expr"
	"dynamostreamer/internal/embedded/store"
)

// An indexDefinition is the part of an index that is stored as JSON.
type indexDefinition struct {
	ID         int64 // negative: tables have the positive ids
	Global     bool
	Name       string
	Key        []KeySchemaElement
	Projection Projection
	provisionedDefinition
	// Filling is the key up to which, in scan order, the index has the table's items.
	// It is nil once the index has all of them.
	Filling *store.Key `json:",omitempty"`
	throughputDefinition
}

// A Projection says which attributes an index has beside the keys. ProjectionType is
// ALL, KEYS_ONLY or INCLUDE.
type Projection struct {
	ProjectionType   string   `json:",omitempty" api:",one of ALL INCLUDE KEYS_ONLY"`
	NonKeyAttributes []string `json:",omitempty" api:",1..20,each 1..255"`
}

// An index is an index in the catalog. The store treats it as another table. It has a
// row with the projected attributes for each item that has all attributes of the
// index's key. The row's sort key is the parts of the index's sort key, or one empty part,
// followed by the item's key in the table, so that items with equal keys in the index have
// a row each.
type index struct {
	*indexDefinition
	keys      schema
	startKey  []string // the attributes of the index's and the table's key, sorted
	own       bool     // whether it is the table itself, see ownIndex
	projected []string // sorted; nil: all
}

func newIndex(t *table, def *indexDefinition) *index {
	ix := &index{indexDefinition: def, keys: newSchema(def.Key, t.Attributes), startKey: names(t.Key, def.Key)}
	if def.Projection.ProjectionType != "ALL" {
		ix.projected = slices.Concat(ix.startKey, def.Projection.NonKeyAttributes)
		slices.Sort(ix.projected)
		ix.projected = slices.Compact(ix.projected)
	}
	return ix
}

// ownIndex returns the table in the form of an index, for code that reads both.
func ownIndex(t *table) *index {
	return &index{indexDefinition: &indexDefinition{ID: t.id}, keys: t.keys, startKey: t.names, own: true}
}

// index finds an index by its name, nil if there is none.
func (t *table) index(name string) *index {
	for _, ix := range t.indexes {
		if ix.Name == name {
			return ix
		}
	}
	return nil
}

// projects reports whether the index's rows have an attribute of the items.
func (ix *index) projects(attribute string) bool {
	_, found := slices.BinarySearch(ix.projected, attribute)
	return found || ix.projected == nil
}

// place returns the key of an item's row in the index. It is not ok if the item has no
// row there: it lacks an attribute of the index's key, or it is older than the index
// and has a value that can't be a key.
func (ix *index) place(key store.Key, item attr.Item) (at store.Key, ok bool) {
	for i, k := range ix.keys.all {
		v, ok := item.Get(k.Name)
		if !ok || ix.refuses(i, v) != nil {
			return at, false
		}
	}
	if ix.keys.checkSizes(item, nil) != nil {
		return at, false
	}
	at = ix.keys.place(item)
	if len(ix.keys.sort) < 2 {
		at.SK = appendPart(nil, at.SK)
	}
	at.SK = append(appendPart(at.SK, key.PK), key.SK...)
	return at, true
}

// appendPart appends a part of a sort key so that the parts after it matter only
// between equal parts. The part ends with two zero bytes, and FF follows each zero byte
// inside it.
func appendPart(dst, part []byte) []byte {
	dst = append(dst, bytes.ReplaceAll(part, []byte{0}, []byte{0, 0xFF})...)
	return append(dst, 0, 0)
}

// rows converts a range of the index's sort key into bounds of its rows' sort keys.
func (ix *index) rows(r expr.KeyRange) (rows expr.Bounds) {
	if ix.own {
		return r.Bounds
	}
	var equal []byte
	for _, v := range r.Equal {
		equal = appendPart(equal, attr.AppendKey(nil, v))
	}
	if r.Equal != nil {
		rows.Low, rows.High = equal, bytes.Clone(equal)
		rows.High[len(equal)-1]++ // a part ends with a zero byte
	}
	if r.Low != nil {
		rows.Low = appendPart(bytes.Clone(equal), r.Low)
	}
	if r.High != nil {
		rows.High = appendPart(bytes.Clone(equal), r.High)
	}
	return rows
}

// has reports whether the index follows changes of the item at key. A backfill has yet
// to reach the other items.
func (ix *index) has(key store.Key) bool {
	return ix.Filling == nil || key.Compare(*ix.Filling) <= 0
}

// change updates the index's rows for an item that changes from old to new.
func (ix *index) change(tx *store.Tx, t *table, key store.Key, old, new version, used *tally) {
	from, was := ix.place(key, old.item)
	to, is := ix.place(key, new.item)
	before, after := ix.version(old, was), ix.version(new, is)
	switch moved := was && is && !(from.Part == to.Part && bytes.Equal(from.PK, to.PK) && bytes.Equal(from.SK, to.SK)); {
	case moved:
		used.write(t, ix, before.item, nil)
		used.write(t, ix, nil, after.item)
		tx.Delete(ix.ID, from, before.size())
		ix.put(tx, to, version{}, after)
	case !was && !is || was && is && before.item.Equal(after.item):
	case is:
		used.write(t, ix, before.item, after.item)
		ix.put(tx, to, before, after)
	default:
		used.write(t, ix, before.item, nil)
		tx.Delete(ix.ID, from, before.size())
	}
}

// version returns the row for a version of an item, nothing unless the index has it.
func (ix *index) version(v version, has bool) version {
	switch {
	case !has:
		return version{}
	case ix.projected == nil:
		return v
	}
	return version{item: v.item.Only(ix.projected)}
}

func (ix *index) put(tx *store.Tx, at store.Key, old, new version) {
	if new.raw == nil {
		new.raw = attr.AppendItem(nil, new.item)
	}
	tx.Put(ix.ID, store.Row{Key: at, Item: new.raw}, new.size(), old.size())
}

const (
	emptyInPut    = "One or more parameter values are not valid. A value specified for a secondary index key is not supported. "
	emptyInUpdate = "One or more parameter values are not valid. The update expression attempted to update a secondary index key to a value that is not supported. "
	emptyValue    = "The AttributeValue for a key attribute cannot contain an empty %s value."
)

// refuses returns why a value can't be the index's i-th key attribute, nil if it can.
func (ix *index) refuses(i int, v attr.Value) error {
	k := ix.keys.all[i]
	if v.Type() != k.Type {
		return invalid(badValues+"Type mismatch for Index Key %s Expected: %s Actual: %s IndexName: %s", k.Name, k.Type, v.Type(), ix.Name)
	}
	if kind := emptyKey(v); kind != "" {
		return invalid(emptyInPut+emptyValue+" IndexName: %s, IndexKey: %s", kind, ix.Name, k.Name)
	}
	return nil
}

// checkIndexKeys refuses an item with a value that can't be an index's key. For an
// update, it checks only the values that differ from the old item's.
func (t *table) checkIndexKeys(item, old attr.Item, update bool) error {
	for _, ix := range t.indexes {
		for i, k := range ix.keys.all {
			v, ok := item.Get(k.Name)
			if !ok {
				continue
			}
			if was, _ := old.Get(k.Name); update && attr.Equal(was, v) {
				continue
			}
			err := ix.refuses(i, v)
			if kind := emptyKey(v); err != nil && update && v.Type() == k.Type && kind != "" {
				return invalid(emptyInUpdate+emptyValue, kind)
			}
			if err != nil {
				return err
			}
		}
		if !update {
			old = nil
		}
		if err := ix.keys.checkSizes(item, old); err != nil {
			return err
		}
	}
	return nil
}

// readKey returns the key of an item to read, whose projection is in set.
func (t *table) readKey(item attr.Item, set *expr.Set) (store.Key, error) {
	key, err := t.keyOf(item)
	if err == nil {
		err = t.checkScalars(set)
	}
	return key, err
}

// checkScalars refuses paths that lead into a key attribute.
func (t *table) checkScalars(set *expr.Set) (err error) {
	set.Each(func(attribute string, nested bool) {
		if !nested || err != nil {
			return
		}
		at := ""
		for _, ix := range t.indexes {
			if ix.keys.has(attribute) {
				at = "IndexKey"
			}
		}
		if t.keys.has(attribute) {
			at = "Key"
		}
		if at != "" {
			err = invalid("Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: %s: %s", at, attribute)
		}
	})
	return err
}
