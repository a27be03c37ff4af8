package attr

import (
	"slices"
	"strings"
)

// A Type is one of DynamoDB's ten data types. The zero Type is no type: that of
// the zero Value.
type Type uint8

// The types, by their names on the wire.
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

// String is the type's name on the wire, such as "SS".
func (t Type) String() string { return typeNames[t] }

// TypeNamed finds a type by its name on the wire; None if there is none.
func TypeNamed(name string) Type { return Type(max(0, slices.Index(typeNames[:], name))) }

// Member is the type of a set's members, None for a type that is no set.
func (t Type) Member() Type {
	if t < SS || t > BS {
		return None
	}
	return t - SS + S
}

// A Value is an attribute value. It never changes once made: whoever changes an
// item makes new values along the changed path and shares the rest, so values
// may be kept and passed between goroutines. The zero Value is no value.
type Value struct {
	typ  Type
	flag bool   // BOOL
	text string // S and B: their bytes; N: the number's form
	doc  *document
}

// document holds what does not fit a scalar, so that scalars stay small.
type document struct {
	list []Value // of an L; of a set its members, sorted
	item Item
}

// String makes an S.
func String(s string) Value { return Value{typ: S, text: s} }

// Binary makes a B from bytes that are held in a string.
func Binary(bytes string) Value { return Value{typ: B, text: bytes} }

// Bool makes a BOOL.
func Bool(b bool) Value { return Value{typ: BOOL, flag: b} }

// Null makes a NULL.
func Null() Value { return Value{typ: NULL} }

// List makes an L. It keeps elems.
func List(elems []Value) Value { return Value{typ: L, doc: &document{list: elems}} }

// Map makes an M. It keeps item.
func Map(item Item) Value { return Value{typ: M, doc: &document{item: item}} }

// Set makes a set of type t of its members, at least one and all of the type
// t.Member(). It keeps members, sorts them, and leaves one of each that are
// equal.
func Set(t Type, members []Value) Value {
	slices.SortFunc(members, byText)
	members = slices.CompactFunc(members, func(a, b Value) bool { return a.text == b.text })
	return Value{typ: t, doc: &document{list: members}}
}

func byText(a, b Value) int { return strings.Compare(a.text, b.text) }

// Type is v's type, None for the zero Value.
func (v Value) Type() Type { return v.typ }

// IsZero says whether v is no value at all.
func (v Value) IsZero() bool { return v.typ == None }

// Text is the text of an S, the bytes of a B, or the decimal text of an N.
func (v Value) Text() string {
	if v.typ == N {
		return string(appendDecimal(nil, v.text))
	}
	return v.text
}

// Bool is the truth of a BOOL.
func (v Value) Bool() bool { return v.flag }

// List is the elements of an L, or the members of a set in their order. Do not
// change them.
func (v Value) List() []Value {
	if v.doc == nil {
		return nil
	}
	return v.doc.list
}

// Item is the attributes of an M. Do not change them.
func (v Value) Item() Item {
	if v.doc == nil {
		return nil
	}
	return v.doc.item
}

// Equal says whether a and b have the same type and the same value. Numbers are
// compared as numbers, sets without order, lists in order, maps by name.
func Equal(a, b Value) bool {
	if a.typ != b.typ || a.flag != b.flag || a.text != b.text {
		return false
	}
	return a.doc == b.doc || slices.EqualFunc(a.doc.list, b.doc.list, Equal) && a.doc.item.Equal(b.doc.item)
}

// Compare orders two values of the same type S, N or B: text by its UTF-8 bytes,
// binary by unsigned bytes, numbers by value. It reports false for any other
// pair, for which DynamoDB has no order.
func Compare(a, b Value) (order int, ok bool) {
	if a.typ != b.typ || a.typ < S || a.typ > B {
		return 0, false
	}
	return byText(a, b), true
}

// AppendKey appends the bytes that stand for a key attribute's value, an S, N or
// B: of two values of one type the smaller has the smaller bytes, as
// bytes.Compare and SQLite's BLOBs order them. The type is not part of them,
// since a key attribute has one type; neither is a length, so a key of two
// attributes is two columns.
func AppendKey(dst []byte, v Value) []byte { return append(dst, v.text...) }

// MaxItemSize is the size in bytes that an item may reach and not pass.
const MaxItemSize = 400 << 10

// Size is the value's size in bytes ("DynamoDB item sizes and formats"): UTF-8
// for text, raw bytes for binary, 1 for NULL and BOOL, the sum of the members for
// a set, and for a list or map 3 plus its content and 1 for each entry.
//
// A number takes 1, and a byte for each pair of digits, counted from the point,
// from its first to its last that is not 0, and 1 for a minus sign. The
// documentation says about the same; this is what the service was measured to
// count (dynamodb-conformance, item-size), and DynamoDB Local does.
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
