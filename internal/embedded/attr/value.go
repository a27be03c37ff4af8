package attr

import (
	"slices"
	"strings"
)

// A Type is one of DynamoDB's ten data types. The zero Type, None, is the type of the
// zero Value.
type Type uint8

// These are the types, by their names in JSON.
const (
	None Type = iota
	S
	N
	B
	BOOL
	NULL
	SS
	NS
	BS
	L
	M
)

var typeNames = [...]string{"", "S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS", "L", "M"}

// String returns the type's name in JSON, such as "SS".
func (t Type) String() string { return typeNames[t] }

// TypeNamed returns the type with a name in JSON, None if there is none.
func TypeNamed(name string) Type { return Type(max(0, slices.Index(typeNames[:], name))) }

// Member returns the type of a set's members, None for a type that is not a set.
func (t Type) Member() Type {
	if t < SS || t > BS {
		return None
	}
	return t - SS + S
}

// A Value is an attribute value. Values are immutable: a change of an item makes new
// values along the changed path and shares the others. So values may be kept, and used
// by several goroutines. The zero Value means that there is no value.
type Value struct {
	typ  Type
	flag bool   // BOOL
	text string // S and B: their bytes; N: the number's form
	doc  *document
}

// document holds the content of lists, maps and sets. It is separate so that scalars stay
// small.
type document struct {
	list []Value // of an L; of a set its members, sorted
	item Item
}

// String makes an S.
func String(s string) Value { return Value{typ: S, text: s} }

// Binary makes a B of the bytes of a string.
func Binary(bytes string) Value { return Value{typ: B, text: bytes} }

// Bool makes a BOOL.
func Bool(b bool) Value { return Value{typ: BOOL, flag: b} }

// Null makes a NULL.
func Null() Value { return Value{typ: NULL} }

// List makes an L. It keeps elems.
func List(elems []Value) Value { return Value{typ: L, doc: &document{list: elems}} }

// Map makes an M. It keeps item.
func Map(item Item) Value { return Value{typ: M, doc: &document{item: item}} }

// Set makes a set of type t of one or more members of the type t.Member(). It keeps
// members, sorts them, and drops duplicates.
func Set(t Type, members []Value) Value {
	slices.SortFunc(members, byText)
	members = slices.CompactFunc(members, func(a, b Value) bool { return a.text == b.text })
	return Value{typ: t, doc: &document{list: members}}
}

func byText(a, b Value) int { return strings.Compare(a.text, b.text) }

// Type returns v's type, None for the zero Value.
func (v Value) Type() Type { return v.typ }

// IsZero reports whether v is the zero Value.
func (v Value) IsZero() bool { return v.typ == None }

// Text returns the text of an S, the bytes of a B, or the decimal text of an N.
func (v Value) Text() string {
	if v.typ == N {
		return string(appendDecimal(nil, v.text))
	}
	return v.text
}

// Bool returns the content of a BOOL.
func (v Value) Bool() bool { return v.flag }

// List returns the elements of an L, or the sorted members of a set. Callers must not
// change them.
func (v Value) List() []Value {
	if v.doc == nil {
		return nil
	}
	return v.doc.list
}

// Item returns the attributes of an M. Callers must not change them.
func (v Value) Item() Item {
	if v.doc == nil {
		return nil
	}
	return v.doc.item
}

// Equal reports whether a and b have the same type and the same value. It compares
// numbers by value, sets regardless of order, lists element by element, maps by name.
func Equal(a, b Value) bool {
	if a.typ != b.typ || a.flag != b.flag || a.text != b.text {
		return false
	}
	return a.doc == b.doc || slices.EqualFunc(a.doc.list, b.doc.list, Equal) && a.doc.item.Equal(b.doc.item)
}

// Compare orders two values of the same type S, N or B: text by its UTF-8 bytes, binary
// by unsigned bytes, numbers by value. It is not ok for any other pair, which DynamoDB
// does not order.
func Compare(a, b Value) (order int, ok bool) {
	if a.typ != b.typ || a.typ < S || a.typ > B {
		return 0, false
	}
	return byText(a, b), true
}

// AppendKey appends the bytes that represent a key attribute's value, an S, N or B. The
// bytes of values of one type sort like the values, by bytes.Compare and as BLOBs in
// SQLite. They don't include the type, since a key attribute has only one. They don't
// include a length either, so a key of two attributes takes two columns.
func AppendKey(dst []byte, v Value) []byte { return append(dst, v.text...) }

// MaxItemSize is the maximum size of an item in bytes.
const MaxItemSize = 400 << 10

// Size returns the value's size in bytes ("DynamoDB item sizes and formats"): UTF-8
// for text, raw bytes for binary, 1 for NULL and BOOL, the sum of the members for a set,
// and for a list or map 3 plus its content and 1 for each entry.
//
// A number takes 1 byte, 1 for each pair of digits from the first to the last that is
// not 0, where pairs are counted from the point, and 1 for a minus sign. The
// documentation says about the same. These are the sizes measured of the service
// (dynamodb-conformance, item-size) and of DynamoDB Local.
func (v Value) Size() int {
	size := len(v.text)
	switch v.typ {
	case BOOL, NULL:
		size = 1
	case L:
		size = 3 + len(v.doc.list)
	case M:
		size = 3 + len(v.doc.item) + v.doc.item.Size()
	}
	for _, e := range v.List() {
		size += e.Size()
	}
	return size
}
