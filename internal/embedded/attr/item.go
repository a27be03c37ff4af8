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

// An Item is a set of attributes with different names, sorted by name. NewItem and the
// decoders make Items. Like values, Items are immutable. A nil Item has no attributes.
type Item []Attr

// NewItem makes an Item of attrs, which it sorts and keeps. Of two attributes with the
// same name it takes the later one.
func NewItem(attrs ...Attr) Item {
	slices.SortStableFunc(attrs, func(a, b Attr) int { return strings.Compare(a.Name, b.Name) })
	kept := attrs[:0]
	for i, a := range attrs {
		if i+1 == len(attrs) || attrs[i+1].Name != a.Name {
			kept = append(kept, a)
		}
	}
	return kept
}

// Find returns the index of name and true, or the index at which to insert it and false.
func (it Item) Find(name string) (int, bool) {
	return slices.BinarySearchFunc(it, name, func(a Attr, name string) int { return strings.Compare(a.Name, name) })
}

// Get finds an attribute by its name.
func (it Item) Get(name string) (Value, bool) {
	i, ok := it.Find(name)
	if !ok {
		return Value{}, false
	}
	return it[i].Value, true
}

// Only returns the item's attributes with the given names, which must be sorted.
func (it Item) Only(names []string) Item {
	out := make(Item, 0, min(len(names), len(it)))
	for _, name := range names {
		if i, ok := it.Find(name); ok {
			out = append(out, it[i])
		}
	}
	return out
}

// Equal reports whether both items have the same attributes with equal values.
// DynamoDB's stream has no record of a write that leaves the item equal.
func (it Item) Equal(other Item) bool {
	return slices.EqualFunc(it, other, func(a, b Attr) bool {
		return a.Name == b.Name && Equal(a.Value, b.Value)
	})
}

// Size returns the item's size in bytes: the sum of its names and values.
func (it Item) Size() int {
	total := 0
	for i := range it {
		total += len(it[i].Name) + it[i].Value.Size()
	}
	return total
}

// maxDepth is the maximum depth of nesting. A list as an attribute has depth two, empty
// or not. maxName is the maximum length of a name in bytes.
const (
	maxDepth = 32
	maxName  = 1<<16 - 1
)

// Depth returns the depth of the item's nesting: 1 without lists and maps.
func (it Item) Depth() int {
	deepest := 1
	for i := range it {
		deepest = max(deepest, it[i].Value.Depth())
	}
	return deepest
}

// Depth returns the depth of a value as an attribute.
func (v Value) Depth() int {
	switch v.typ {
	case L:
		deepest := 1
		for _, e := range v.doc.list {
			deepest = max(deepest, e.Depth())
		}
		return 1 + deepest
	case M:
		return 1 + v.doc.item.Depth()
	}
	return 1
}

// Check refuses an item that is nested too deeply or has too long a name. Its error is a
// ValidationError.
func (it Item) Check() error { return it.check(1) }

func (it Item) check(depth int) error {
	for i := range it {
		if len(it[i].Name) > maxName {
			return invalid("Attribute name is too large, must be less than 65536 bytes")
		}
		if err := it[i].Value.check(depth); err != nil {
			return err
		}
	}
	return nil
}

func (v Value) check(depth int) error {
	if v.typ != L && v.typ != M {
		return nil
	}
	if depth == maxDepth {
		return invalid("Nesting Levels have exceeded supported limits: " +
			"Attributes in the item have nested levels beyond supported limit")
	}
	for _, e := range v.doc.list {
		if err := e.check(depth + 1); err != nil {
			return err
		}
	}
	return v.doc.item.check(depth + 1)
}
