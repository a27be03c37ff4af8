package attr

import "strings"

// MaxItemSize is the size in bytes that an item may reach and not pass.
const MaxItemSize = 400 << 10

// MaxDepth is how deep lists and maps may nest.
const MaxDepth = 32

// Size is the item's size in bytes, the sum of its names and values ("DynamoDB
// item sizes and formats").
func (it Item) Size() int {
	total := 0
	for i := range it {
		total += len(it[i].Name) + it[i].Value.Size()
	}
	return total
}

// Size is the value's size in bytes: UTF-8 for text, raw bytes for binary, 1 for
// NULL and BOOL, the sum of the members for a set, and for a list or map 3 plus
// its content and 1 for each entry.
func (v Value) Size() int {
	switch v.typ {
	case S, B:
		return len(v.text)
	case N:
		return numberSize(v.text)
	case BOOL, NULL:
		return 1
	case SS, BS:
		total := 0
		for _, m := range v.doc.members {
			total += len(m)
		}
		return total
	case NS:
		total := 0
		for _, m := range v.doc.members {
			total += numberSize(m)
		}
		return total
	case L:
		total := 3 + len(v.doc.list)
		for _, e := range v.doc.list {
			total += e.Size()
		}
		return total
	case M:
		return 3 + len(v.doc.item) + v.doc.item.Size()
	}
	return 0
}

// numberSize is 1, plus a byte for each two significant digits on either side of
// the point, plus 1 for a minus sign. The documentation has about the same; this
// is what the service was measured to count (dynamodb-conformance, item-size).
func numberSize(text string) int {
	size := 1
	if text[0] == '-' {
		size++
		text = text[1:]
	}
	whole, fraction, _ := strings.Cut(text, ".")
	if fraction == "" {
		whole = strings.TrimRight(whole, "0")
	}
	if whole == "0" {
		whole, fraction = "", strings.TrimLeft(fraction, "0")
	}
	return size + (len(whole)+1)/2 + (len(fraction)+1)/2
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

// Depth is how deep the value's lists and maps nest, 0 for a scalar or a set.
func (v Value) Depth() int {
	switch v.typ {
	case L:
		deepest := 0
		for _, e := range v.doc.list {
			deepest = max(deepest, e.Depth())
		}
		return 1 + deepest
	case M:
		return 1 + v.doc.item.Depth()
	}
	return 0
}
