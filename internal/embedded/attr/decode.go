package attr

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Item reads a map of attribute values: an item, a key, or the
// ExpressionAttributeValues of a request.
//
// A SerializationError means that the text does not have that shape. A
// ValidationError means that it has, but that a value is one that DynamoDB
// refuses; then the Scanner has passed the whole map and may go on, so that the
// caller can report it in its turn, after the request's other fields. The item
// is then incomplete. An empty map is an empty Item, which is not nil.
func (s *Scanner) Item() (Item, error) {
	if err := s.Want("{", mapOfValues, UnexpectedField); err != nil {
		return nil, err
	}
	var refused *ValidationError
	it, err := s.attrs(&refused)
	if err != nil {
		return nil, err
	}
	if refused != nil {
		return it, refused
	}
	return it, nil
}

// Value reads one attribute value. Its errors are as those of Item.
func (s *Scanner) Value() (Value, error) {
	var refused *ValidationError
	v, err := s.value(&refused)
	if err != nil {
		return Value{}, err
	}
	if refused != nil {
		return Value{}, refused
	}
	return v, nil
}

func (s *Scanner) attrs(refused **ValidationError) (Item, error) {
	more, err := s.open('{', '}')
	if err != nil || !more {
		return Item{}, err
	}
	attrs := make([]Attr, 0, 4)
	for more {
		name, err := s.name()
		if err != nil {
			return nil, err
		}
		var mine *ValidationError
		v, err := s.value(&mine)
		if err != nil {
			return nil, err
		}
		if mine != nil && *refused == nil {
			mine.Attribute = name
			*refused = mine
		}
		attrs = append(attrs, Attr{name, v})
		if more, err = s.next('}'); err != nil {
			return nil, err
		}
	}
	return normalize(attrs), nil
}

func refuse(refused **ValidationError, message string) {
	if *refused == nil {
		*refused = &ValidationError{Message: message}
	}
}

// value reads an object with one name, the type, and its content.
func (s *Scanner) value(refused **ValidationError) (Value, error) {
	if s.Kind() == 'n' {
		refuse(refused, "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes")
		return Value{}, s.literal("null")
	}
	if err := s.Want("{", classValue, UnexpectedMember); err != nil {
		return Value{}, err
	}
	var v Value
	found := 0
	more, err := s.open('{', '}')
	for more && err == nil {
		var name string
		if name, err = s.name(); err != nil {
			break
		}
		t := TypeNamed(name)
		switch {
		case t == None:
			err = s.Skip()
		case s.Null():
		default:
			found++
			v, err = s.content(t, refused)
		}
		if err == nil {
			more, err = s.next('}')
		}
	}
	if err != nil {
		return Value{}, err
	}
	switch found {
	case 0:
		refuse(refused, "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes")
	case 1:
	default:
		refuse(refused, "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes")
	}
	return v, nil
}

// content reads what stands under the name of the type t.
func (s *Scanner) content(t Type, refused **ValidationError) (Value, error) {
	switch t {
	case S:
		text, err := s.String()
		return Value{typ: S, text: text}, err
	case N:
		text, err := s.String()
		return Value{typ: N, text: numberText(text, refused)}, err
	case B:
		bytes, err := s.bytes()
		return Value{typ: B, text: bytes}, err
	case BOOL:
		b, err := s.Bool()
		return Value{typ: BOOL, flag: b}, err
	case NULL:
		// The service takes false too, and returns true.
		_, err := s.Bool()
		return Value{typ: NULL}, err
	case L:
		return s.list(refused)
	case M:
		return s.mapValue(refused)
	}
	return s.set(t, refused)
}

func numberText(text string, refused **ValidationError) string {
	n, err := ParseNumber(text)
	if err != nil {
		refuse(refused, err.Error())
	}
	return n.String()
}

// bytes reads base64 as a string of bytes.
func (s *Scanner) bytes() (string, error) {
	if err := s.Want(`"`, "class java.nio.ByteBuffer", "only base-64-encoded strings are convertible to bytes"); err != nil {
		return "", err
	}
	text, err := s.quoted()
	if err != nil {
		return "", err
	}
	if len(text)%4 != 0 {
		return "", misplaced(fmt.Sprintf("Base64 encoded length is expected a multiple of 4 bytes but found: %d", len(text)))
	}
	out, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil {
		var at base64.CorruptInputError
		if errors.As(err, &at) && int(at) < len(text) && !strings.ContainsRune(base64Alphabet, rune(text[at])) {
			return "", misplaced(fmt.Sprintf("Invalid Base64 character: '%c'", text[at]))
		}
		return "", misplaced("Invalid last non-pad Base64 character dectected") // the service's spelling
	}
	return string(out), nil
}

const base64Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="

func (s *Scanner) list(refused **ValidationError) (Value, error) {
	if err := s.Want("[", "", UnexpectedField); err != nil {
		return Value{}, err
	}
	var list []Value
	more, err := s.open('[', ']')
	for more && err == nil {
		var v Value
		if v, err = s.value(refused); err == nil {
			list = append(list, v)
			more, err = s.next(']')
		}
	}
	return List(list), err
}

func (s *Scanner) mapValue(refused **ValidationError) (Value, error) {
	if err := s.Want("{", mapOfValues, UnexpectedField); err != nil {
		return Value{}, err
	}
	it, err := s.attrs(refused)
	if *refused != nil {
		(*refused).Attribute = ""
	}
	return Map(it), err
}

func (s *Scanner) set(t Type, refused **ValidationError) (Value, error) {
	if err := s.Want("[", "", UnexpectedField); err != nil {
		return Value{}, err
	}
	var given, members []string
	err := s.Array(func(int) error {
		if s.Null() {
			refuse(refused, nullMember[t])
			return nil
		}
		var m string
		var err error
		if t == BS {
			m, err = s.bytes()
		} else {
			m, err = s.String()
		}
		given = append(given, m)
		if t == NS {
			m = numberText(m, refused)
		}
		members = append(members, m)
		return err
	})
	if err != nil {
		return Value{}, err
	}
	if len(members) == 0 {
		refuse(refused, emptySet[t])
		return Value{}, nil
	}
	v := Set(t, members)
	if len(slices.Compact(slices.Clone(v.doc.members))) < len(members) {
		refuse(refused, duplicates(t, given))
	}
	return v, nil
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

func duplicates(t Type, given []string) string {
	switch t {
	case NS:
		return "Input collection contains duplicates"
	case BS:
		return badValues + "Input collection of type BS contains duplicates."
	}
	return badValues + "Input collection [" + strings.Join(given, ", ") + "] contains duplicates."
}
