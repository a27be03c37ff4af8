package attr

import (
	"slices"
	"strings"
)

// An Attr is one attribute of an item or of a map.
type Attr struct {
	Name  string
	Value Value
}

// An Item is a set of attributes, sorted by name, each name once. Make one with
// NewItem or by decoding; like values, an Item is not changed in place. A nil Item has no attributes.
type Item []Attr

// NewItem makes an Item of attrs, which it keeps and sorts. Of two attributes
// with the same name the later one stays.
func NewItem(attrs ...Attr) Item {
	return normalize(attrs)
}

// normalize sorts attrs by name and drops all but the last of each name.
func normalize(attrs []Attr) Item {
	sorted := true
	for i := 1; i < len(attrs); i++ {
		if attrs[i-1].Name >= attrs[i].Name {
			sorted = false
			break
		}
	}
	if sorted {
		return attrs
	}
	slices.SortStableFunc(attrs, byName)
	kept := attrs[:0]
	for i, a := range attrs {
		if i+1 < len(attrs) && attrs[i+1].Name == a.Name {
			continue
		}
		kept = append(kept, a)
	}
	return kept
}

func byName(a, b Attr) int { return strings.Compare(a.Name, b.Name) }

// find is the index of name, or where it would be inserted.
func (it Item) find(name string) (int, bool) {
	if len(it) <= 8 {
		for i := range it {
			if it[i].Name >= name {
				return i, it[i].Name == name
			}
		}
		return len(it), false
	}
	return slices.BinarySearchFunc(it, name, func(a Attr, name string) int {
		return strings.Compare(a.Name, name)
	})
}

// Get finds an attribute by its name.
func (it Item) Get(name string) (Value, bool) {
	i, ok := it.find(name)
	if !ok {
		return Value{}, false
	}
	return it[i].Value, true
}

// Only is the item reduced to the attributes of the given names, which are sorted.
func (it Item) Only(names []string) Item {
	out := make(Item, 0, min(len(names), len(it)))
	for _, name := range names {
		if i, ok := it.find(name); ok {
			out = append(out, it[i])
		}
	}
	return out
}

// Equal says whether both items have the same attributes with equal values.
// DynamoDB's stream has no record of a write that leaves the item equal.
func (it Item) Equal(other Item) bool {
	return slices.EqualFunc(it, other, func(a, b Attr) bool {
		return a.Name == b.Name && Equal(a.Value, b.Value)
	})
}

// Size is the item's size in bytes, the sum of its names and values.
func (it Item) Size() int {
	total := 0
	for i := range it {
		total += len(it[i].Name) + it[i].Value.Size()
	}
	return total
}

// Depth is how deep the item's lists and maps nest: 0 for an item of scalars and
// sets, 1 where a list or a map holds those.
func (it Item) Depth() int {
	deepest := 0
	for i := range it {
		deepest = max(deepest, it[i].Value.Depth())
	}
	return deepest
}
