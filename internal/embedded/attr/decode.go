package attr

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Item reads a map of attribute values: an item, a key, or the
// ExpressionAttributeValues of a request. The Item of an empty map is empty, but not
// nil.
//
// A SerializationError means that the text does not have the shape of a map. A
// ValidationError means that DynamoDB refuses one of its values. The Scanner has then
// read the whole map and can continue, so that the caller can report the error after
// those of the request's other fields. The item is incomplete.
func (s *Scanner) Item() (Item, error) {
	s.refused = nil
	it := s.item()
	if s.err == nil && s.refused != nil {
		return it, s.refused
	}
	return it, s.err
}

// Value reads one attribute value. scalar is the error for a scalar in its place. Its own
// errors are those of Item.
func (s *Scanner) Value(scalar string) (Value, error) {
	s.refused = nil
	v := s.valueOr(scalar)
	if s.err == nil && s.refused != nil {
		return v, s.refused
	}
	return v, s.err
}

// The methods below store their errors in the Scanner: err for the wrong shape, refused
// for the first value that DynamoDB refuses.

func (s *Scanner) refuse(message string) { s.refuseWith(invalid(message)) }

func (s *Scanner) refuseWith(err error) {
	if s.refused == nil {
		s.refused = err.(*ValidationError)
	}
}

func (s *Scanner) item() Item {
	attrs := make([]Attr, 0, 4)
	s.Object(mapOfValues, UnexpectedField, func(name string) {
		before := s.refused
		if name == "" {
			s.refuse(EmptyName)
		}
		attrs = append(attrs, Attr{name, s.value()})
		if before == nil && s.refused != nil {
			s.refused.Attribute = name // the outermost map sets it last
		}
	})
	return NewItem(attrs...)
}

// EmptyName is the text about an attribute without a name.
const EmptyName = "Empty attribute name"

const (
	noType   = "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"
	twoTypes = "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes"
)

// value reads an object with one name, the type, and the content for that type.
func (s *Scanner) value() Value { return s.valueOr(UnexpectedMember) }

func (s *Scanner) valueOr(scalar string) (v Value) {
	if s.Null() {
		s.refuse(noType)
		return v
	}
	found := 0
	s.Object(classValue, scalar, func(name string) {
		switch t := TypeNamed(name); {
		case t == None:
			s.Skip()
		case !s.Null():
			found++
			v = s.content(t)
		}
	})
	switch found {
	case 0:
		s.refuse(noType)
	case 1:
	default:
		s.refuse(twoTypes)
	}
	return v
}

// content reads the content of a value of type t.
func (s *Scanner) content(t Type) Value {
	v := Value{typ: t}
	switch t {
	case S:
		v.text = s.Text()
	case N:
		var err error
		if v, err = ParseNumber(s.Text()); err != nil {
			s.refuseWith(err)
		}
	case B:
		v.text = s.bytes()
	case BOOL:
		v.flag = s.Bool()
	case NULL:
		if !s.Bool() {
			s.refuse(badValues + "Null attribute value types must have the value of true")
		}
	case L:
		return List(s.list(s.value))
	case M:
		return Map(s.item())
	default:
		return s.set(t)
	}
	return v
}

func (s *Scanner) list(elem func() Value) (list []Value) {
	s.Array(func() { list = append(list, elem()) })
	return list
}

const base64Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="

// bytes reads base64 text and returns its bytes.
func (s *Scanner) bytes() string {
	s.want(`"`, "class java.nio.ByteBuffer", "only base-64-encoded strings are convertible to bytes")
	text := s.next()
	if len(text)%4 != 0 {
		s.misplaced(fmt.Sprintf("Base64 encoded length is expected a multiple of 4 bytes but found: %d", len(text)))
	}
	if strange := strings.TrimLeft(text, base64Alphabet); strange != "" {
		r, _ := utf8.DecodeRuneInString(strange)
		s.misplaced(fmt.Sprintf("Invalid Base64 character: '%c'", r))
	}
	out, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil {
		s.misplaced("Invalid last non-pad Base64 character dectected") // the service's spelling
	}
	return string(out)
}

const badValues = "One or more parameter values were invalid: "

var emptySet = map[Type]string{
	SS: badValues + "An string set  may not be empty",
	NS: badValues + "An number set  may not be empty",
	BS: badValues + "Binary sets should not be empty",
}

var nullMember = map[Type]string{
	SS: badValues + "An string set may not have a null string as a member",
	NS: numberNotOne,
	BS: badValues + "Binary sets may not contain null or empty values",
}

func (s *Scanner) set(t Type) Value {
	members := s.list(func() Value {
		if s.Null() {
			s.refuse(nullMember[t])
			return Value{}
		}
		return s.content(t.Member())
	})
	given := slices.Clone(members)
	v := Set(t, members)
	switch {
	case len(given) == 0:
		s.refuse(emptySet[t])
	case len(v.List()) < len(given):
		s.refuseWith(duplicates(t, given))
	}
	return v
}

// duplicates is the error of a set with equal members. The text of 2026 quotes them, and
// sorts those before the first that is there twice.
func duplicates(t Type, given []Value) error {
	if t == NS {
		return &ValidationError{
			Message: badValues + "Input collection contains duplicates.",
			Older:   "Input collection contains duplicates",
		}
	}
	shown := func(members []Value) []string {
		texts := make([]string, len(members))
		for i, m := range members {
			if texts[i] = m.text; t == BS {
				texts[i] = base64.StdEncoding.EncodeToString([]byte(m.text))
			}
		}
		return texts
	}
	first := 1
	for !slices.ContainsFunc(given[:first], func(v Value) bool { return Equal(v, given[first]) }) {
		first++
	}
	sorted := slices.Clone(given)
	slices.SortFunc(sorted[:first], func(a, b Value) int { return strings.Compare(a.text, b.text) })
	between, of := `", "`, " contains duplicates."
	if t == BS {
		between, of = `","`, "of type BS contains duplicates." // the service's spacing
	}
	const what = badValues + "Input collection ["
	return &ValidationError{
		Message: what + `"` + strings.Join(shown(sorted), between) + `"]` + of,
		Older:   what + strings.Join(shown(given), ", ") + "]" + of,
	}
}
