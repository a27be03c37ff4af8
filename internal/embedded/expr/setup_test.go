package expr

import (
	"slices"
	"testing"

	"dynamostreamer/internal/embedded/attr"
)

// item reads an item from its wire form.
func item(t testing.TB, text string) attr.Item {
	t.Helper()
	it, err := attr.NewScanner(text).Item()
	if err != nil {
		t.Fatalf("item %s: %v", text, err)
	}
	return it
}

// only keeps the values that an expression uses, since others are refused.
func only(values attr.Item, text string) attr.Item {
	var out attr.Item
	for pos := 0; ; {
		tok := scan(text, pos)
		if tok.kind == end {
			return attr.NewItem(out...)
		}
		if v, ok := values.Get(text[tok.start:tok.end]); ok && tok.kind == value {
			out = append(out, attr.Attr{Name: text[tok.start:tok.end], Value: v})
		}
		pos = tok.end
	}
}

// with is a copy of the item in which the attribute has the value.
func with(it attr.Item, name string, v attr.Value) attr.Item {
	return attr.NewItem(append(slices.Clone(it), attr.Attr{Name: name, Value: v})...)
}
