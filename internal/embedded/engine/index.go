package engine

import (
	"bytes"
	"slices"

	"dynamostreamer/internal/embedded/attr"
	"dynamostreamer/internal/embedded/expr"
	"dynamostreamer/internal/embedded/store"
)

// An indexDefinition is what the store keeps of an index as JSON.
type indexDefinition struct {
	ID         int64 // negative: those above 0 are tables'
	Global     bool
	Name       string
	Key        []KeySchemaElement
	Projection Projection
	provisionedDefinition
	// Filling is how far the index has the items of the table, in a scan's order.
	// Nil is all the way.
	Filling *store.Key `json:",omitempty"`
	throughputDefinition
}

// A Projection is which attributes an index has beside the keys: ProjectionType is
// ALL, KEYS_ONLY or INCLUDE.
type Projection struct {
	ProjectionType   string   `json:",omitempty" api:",one of ALL INCLUDE KEYS_ONLY"`
	NonKeyAttributes []string `json:",omitempty" api:",1..20,each 1..255"`
}

// An index is an index in the catalog. In the store it is a table of its own, with
// a row for each item that has the attributes of the index's key: what the index
// projects of it. The row's sort key is the index's sort key and then the item's
// own key, so that items with equal keys have a row each.
type index struct {
	*indexDefinition
	keys      schema
	startKey  []string // the attributes of the index's and the table's key, sorted
	own       bool     // it is the table itself, to be read as indexes are
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

// ownIndex is the table as one of its indexes, for what reads both.
func ownIndex(t *table) *index {
	return &index{indexDefinition: &indexDefinition{ID: t.id}, keys: t.keys, startKey: t.names, own: true}
}

func (t *table) index(name string) *index {
	for _, ix := range t.indexes {
		if ix.Name == name {
			return ix
		}
	}
	return nil
}

func (ix *index) projects(attribute string) bool {
	_, found := slices.BinarySearch(ix.projected, attribute)
	return found || ix.projected == nil
}

// place is where the item at key stands in the index; false where it does not:
// it lacks an attribute of the index's key, or has a value there that can't be
// one, as items may that are older than the index.
func (ix *index) place(key store.Key, item attr.Item) (at store.Key, ok bool) {
	for i, k := range ix.keys {
		v, ok := item.Get(k.Name)
		if !ok || ix.refuses(i, v) != nil {
			return at, false
		}
	}
	at = ix.keys.place(item)
	at.SK = append(appendPart(appendPart(nil, at.SK), key.PK), key.SK...)
	return at, true
}

// appendPart appends a part of a sort key so that what follows it decides only
// between equal parts: it ends with two zeros, and a zero within is followed by FF.
func appendPart(dst, part []byte) []byte {
	dst = append(dst, bytes.ReplaceAll(part, []byte{0}, []byte{0, 0xFF})...)
	return append(dst, 0, 0)
}

// rows is the bounds of the rows whose sort keys are within bounds.
func (ix *index) rows(b expr.Bounds) (rows expr.Bounds) {
	if ix.own {
		return b
	}
	if b.Low != nil {
		rows.Low = appendPart(nil, b.Low)
	}
	if b.High != nil {
		rows.High = appendPart(nil, b.High)
	}
	return rows
}

// has says whether the index has the item at key, if it is one for it. It will get
// there for the others.
func (ix *index) has(key store.Key) bool {
	return ix.Filling == nil || key.Compare(*ix.Filling) <= 0
}

// change brings the index up to date with an item that changes from old to new.
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

// version is what the index has of a version of an item, if it has it.
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

// refuses is why a value can't be the i-th of the index's key, nil if it can.
func (ix *index) refuses(i int, v attr.Value) error {
	k := ix.keys[i]
	if v.Type() != k.Type {
		return invalid(badValues+"Type mismatch for Index Key %s Expected: %s Actual: %s IndexName: %s", k.Name, k.Type, v.Type(), ix.Name)
	}
	if kind := emptyKey(v); kind != "" {
		return invalid(emptyInPut+emptyValue+" IndexName: %s, IndexKey: %s", kind, ix.Name, k.Name)
	}
	return checkKeySize(i, v)
}

// checkIndexKeys refuses an item that has a value which can't be an index's key:
// in a put any, in an update one that it changes from the old item.
func (t *table) checkIndexKeys(item, old attr.Item, update bool) error {
	for _, ix := range t.indexes {
		for i, k := range ix.keys {
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
	}
	return nil
}

// checkScalars refuses paths that lead into the attributes of keys.
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
