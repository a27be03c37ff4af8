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
func TypeNamed(name string) Type {
	for t, n := range typeNames {
		if n == name {
			return Type(t)
		}
	}
	return None
}

// A Value is an attribute value. It never changes once made: whoever changes an
// item makes new values along the changed path and shares the rest, so values
// may be kept and passed between goroutines. The zero Value is no value.
type Value struct {
	typ  Type
	flag bool   // BOOL
	text string // S and B: their bytes; N: canonical decimal text
	doc  *document
}

// document holds what does not fit a scalar, so that scalars stay small.
type document struct {
	list    []Value
	item    Item
	members []string // of a set, sorted: raw bytes, or canonical decimal text
}

// String makes an S.
func String(s string) Value { return Value{typ: S, text: s} }

// Binary makes a B from bytes that are held in a string.
func Binary(bytes string) Value { return Value{typ: B, text: bytes} }

// NumberValue makes an N.
func NumberValue(n Number) Value { return Value{typ: N, text: n.String()} }

// Int64 makes an N of an integer.
func Int64(i int64) Value { return NumberValue(Int(i)) }

// Bool makes a BOOL.
func Bool(b bool) Value { return Value{typ: BOOL, flag: b} }

// Null makes a NULL.
func Null() Value { return Value{typ: NULL} }

// List makes an L. It keeps elems.
func List(elems []Value) Value { return Value{typ: L, doc: &document{list: elems}} }

// Map makes an M. It keeps item.
func Map(item Item) Value { return Value{typ: M, doc: &document{item: item}} }

// Set makes a set of type t from its members, which it keeps and sorts: bytes
// for SS and BS, canonical decimal text (Number.String) for NS. Members must be
// distinct and at least one.
func Set(t Type, members []string) Value {
	sortMembers(t, members)
	return Value{typ: t, doc: &document{members: members}}
}

func sortMembers(t Type, members []string) {
	if t == NS {
		slices.SortFunc(members, compareDecimals)
		return
	}
	slices.Sort(members)
}

// Type is v's type, None for the zero Value.
func (v Value) Type() Type { return v.typ }

// IsZero says whether v is no value at all.
func (v Value) IsZero() bool { return v.typ == None }

// Text is the text of an S, the bytes of a B, or the decimal text of an N.
func (v Value) Text() string { return v.text }

// Number is the number of an N.
func (v Value) Number() Number { return Number{v.text} }

// Bool is the truth of a BOOL.
func (v Value) Bool() bool { return v.flag }

// List is the elements of an L. Do not change them.
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

// Members is the members of a set, sorted. Do not change them.
func (v Value) Members() []string {
	if v.doc == nil {
		return nil
	}
	return v.doc.members
}

// Equal says whether a and b have the same type and the same value. Numbers are
// compared as numbers, sets without order, lists in order, maps by name.
func Equal(a, b Value) bool {
	if a.typ != b.typ || a.flag != b.flag || a.text != b.text {
		return false
	}
	if a.doc == b.doc {
		return true
	}
	return slices.EqualFunc(a.doc.list, b.doc.list, Equal) &&
		a.doc.item.Equal(b.doc.item) &&
		slices.Equal(a.doc.members, b.doc.members)
}

// Compare orders two values of the same type S, N or B: text by its UTF-8 bytes,
// binary by unsigned bytes, numbers by value. It reports false for any other
// pair, for which DynamoDB has no order.
func Compare(a, b Value) (order int, ok bool) {
	if a.typ != b.typ {
		return 0, false
	}
	switch a.typ {
	case S, B:
		return strings.Compare(a.text, b.text), true
	case N:
		return compareDecimals(a.text, b.text), true
	}
	return 0, false
}
