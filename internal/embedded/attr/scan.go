package attr

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// A Scanner reads a JSON request in one pass, from front to back: the caller asks
// for what the request's shape has at that place. Every error is a
// SerializationError, unless a callback returns another; after an error the
// Scanner must not be used again. Strings are parts of the text where they have
// no escapes, so they keep it in memory.
type Scanner struct {
	text  string
	pos   int
	depth int
}

// maxJSONDepth keeps a hostile body from using up the stack. A list inside a list
// is four JSON values deep, so every item that DynamoDB takes stays far below.
const maxJSONDepth = 1000

// NewScanner makes a Scanner of a request's body.
func NewScanner(text string) *Scanner { return &Scanner{text: text} }

var errNotJSON = &SerializationError{}

func misplaced(message string) error { return &SerializationError{Message: message} }

// Classes of the service's messages, and what they say of values.
const (
	classValue       = "class com.amazonaws.dynamodb.v20120810.AttributeValue"
	mapOfValues      = "java.util.Map<java.lang.String, com.amazonaws.dynamodb.v20120810.AttributeValue>"
	cannotBe         = " cannot be converted to " // after the token
	UnexpectedField  = "Unexpected field type"
	UnexpectedMember = "Unexpected value type in payload"
)

// Kind is the first byte of the next JSON value, after white space: one of
// { [ " t f n, '0' for every number, or 0 where there is no value.
func (s *Scanner) Kind() byte {
	for s.pos < len(s.text) {
		switch c := s.text[s.pos]; c {
		case ' ', '\t', '\n', '\r':
			s.pos++
		case '{', '[', '"', 't', 'f', 'n':
			return c
		case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
			return '0'
		default:
			return 0
		}
	}
	return 0
}

// Want holds the next value against the kinds that may stand there. Of the errors
// for others, that for a list names the Java class that the service wants, and
// that for a scalar is the message; one that begins with a space follows the
// token's name.
func (s *Scanner) Want(kinds, class, scalar string) error {
	switch kind := s.Kind(); {
	case kind == 0:
		return errNotJSON
	case strings.IndexByte(kinds, kind) >= 0:
		return nil
	case kind == '{':
		return misplaced("Start of structure or map found where not expected")
	case kind == '[':
		return misplaced("Unrecognized collection type " + class)
	case kind == 'n':
		return errNotJSON
	case scalar[0] == ' ':
		return misplaced(s.token() + scalar)
	}
	return misplaced(scalar)
}

// token names the next value as the service's messages do.
func (s *Scanner) token() string {
	switch s.Kind() {
	case '"':
		return "STRING_VALUE"
	case 't':
		return "TRUE_VALUE"
	case 'f':
		return "FALSE_VALUE"
	}
	end := s.pos
	for end < len(s.text) && strings.IndexByte("+-.eE0123456789", s.text[end]) >= 0 {
		end++
	}
	if strings.ContainsAny(s.text[s.pos:end], ".eE") {
		return "DECIMAL_VALUE"
	}
	return "NUMBER_VALUE"
}

// Null passes over a null and says whether there was one.
func (s *Scanner) Null() bool {
	if s.Kind() == 'n' && strings.HasPrefix(s.text[s.pos:], "null") {
		s.pos += len("null")
		return true
	}
	return false
}

// End is an error if anything but white space is left.
func (s *Scanner) End() error {
	if s.Kind(); s.pos < len(s.text) {
		return errNotJSON
	}
	return nil
}

// Object reads an object and hands each of its names to field, which must read
// the value. The next value must be an object; see Kind.
func (s *Scanner) Object(field func(name string) error) error {
	more, err := s.open('{', '}')
	for more && err == nil {
		var name string
		if name, err = s.name(); err == nil {
			err = field(name)
		}
		if err == nil {
			more, err = s.next('}')
		}
	}
	return err
}

// Array reads an array; elem must read each of its values. The next value must
// be an array; see Kind.
func (s *Scanner) Array(elem func(i int) error) error {
	more, err := s.open('[', ']')
	for i := 0; more && err == nil; i++ {
		if err = elem(i); err == nil {
			more, err = s.next(']')
		}
	}
	return err
}

// open enters an object or an array and says whether it has anything in it.
func (s *Scanner) open(first, last byte) (more bool, err error) {
	if s.Kind() != first || s.depth >= maxJSONDepth {
		return false, errNotJSON
	}
	s.pos++
	s.Kind()
	if s.pos < len(s.text) && s.text[s.pos] == last {
		s.pos++
		return false, nil
	}
	s.depth++
	return true, nil
}

// next passes the comma after an entry, or leaves the object or array.
func (s *Scanner) next(last byte) (more bool, err error) {
	s.Kind()
	if s.pos >= len(s.text) {
		return false, errNotJSON
	}
	c := s.text[s.pos]
	s.pos++
	switch c {
	case ',':
		return true, nil
	case last:
		s.depth--
		return false, nil
	}
	return false, errNotJSON
}

// name reads a name of an object and the colon.
func (s *Scanner) name() (string, error) {
	if s.Kind() != '"' {
		return "", errNotJSON
	}
	name, err := s.quoted()
	if err != nil {
		return "", err
	}
	s.Kind()
	if s.pos >= len(s.text) || s.text[s.pos] != ':' {
		return "", errNotJSON
	}
	s.pos++
	return name, nil
}

// String reads a string.
func (s *Scanner) String() (string, error) {
	if err := s.Want(`"`, "class java.lang.String", cannotBe+"String"); err != nil {
		return "", err
	}
	return s.quoted()
}

// Bool reads a boolean.
func (s *Scanner) Bool() (bool, error) {
	if s.Kind() == '"' {
		return false, misplaced("Unexpected token received from parser")
	}
	if err := s.Want("tf", "class java.lang.Boolean", cannotBe+"Boolean"); err != nil {
		return false, err
	}
	if s.Kind() == 't' {
		return true, s.literal("true")
	}
	return false, s.literal("false")
}

// Int reads an integer of the Java class that the service's messages name:
// Integer or Long. As in the service, a fraction is cut off.
func (s *Scanner) Int(class string) (int64, error) {
	if err := s.Want("0", "class java.lang."+class, cannotBe+class); err != nil {
		return 0, err
	}
	text, err := s.number()
	if err != nil {
		return 0, err
	}
	if i, err := strconv.ParseInt(text, 10, 64); err == nil {
		return i, nil
	}
	f, _ := strconv.ParseFloat(text, 64) // out of range it is ±Inf
	return int64(max(math.MinInt64, min(f, math.MaxInt64-1024))), nil
}

// Float reads a number, as a time in seconds.
func (s *Scanner) Float() (float64, error) {
	if err := s.Want("0", "class java.lang.Double", cannotBe+"Double"); err != nil {
		return 0, err
	}
	text, err := s.number()
	if err != nil {
		return 0, err
	}
	f, _ := strconv.ParseFloat(text, 64)
	return f, nil
}

// Skip passes over a value of any kind.
func (s *Scanner) Skip() error {
	switch s.Kind() {
	case '{':
		return s.Object(func(string) error { return s.Skip() })
	case '[':
		return s.Array(func(int) error { return s.Skip() })
	case '"':
		_, err := s.quoted()
		return err
	case 't':
		return s.literal("true")
	case 'f':
		return s.literal("false")
	case 'n':
		return s.literal("null")
	case '0':
		_, err := s.number()
		return err
	}
	return errNotJSON
}

func (s *Scanner) literal(word string) error {
	if !strings.HasPrefix(s.text[s.pos:], word) {
		return errNotJSON
	}
	s.pos += len(word)
	return nil
}

// number passes over a number and is its text.
func (s *Scanner) number() (string, error) {
	start := s.pos
	if s.text[s.pos] == '-' {
		s.pos++
	}
	whole := s.digits()
	ok := whole > 0 && (whole == 1 || s.text[s.pos-whole] != '0')
	if s.at('.') {
		s.pos++
		ok = s.digits() > 0 && ok
	}
	if s.at('e') || s.at('E') {
		s.pos++
		if s.at('+') || s.at('-') {
			s.pos++
		}
		ok = s.digits() > 0 && ok
	}
	if !ok {
		return "", errNotJSON
	}
	return s.text[start:s.pos], nil
}

func (s *Scanner) at(c byte) bool { return s.pos < len(s.text) && s.text[s.pos] == c }

func (s *Scanner) digits() int {
	start := s.pos
	for s.pos < len(s.text) && s.text[s.pos] >= '0' && s.text[s.pos] <= '9' {
		s.pos++
	}
	return s.pos - start
}

// quoted reads a string whose quotation mark is next.
func (s *Scanner) quoted() (string, error) {
	s.pos++
	start := s.pos
	ascii := true
	for s.pos < len(s.text) {
		switch c := s.text[s.pos]; {
		case c == '"':
			str := s.text[start:s.pos]
			s.pos++
			if !ascii {
				str = strings.ToValidUTF8(str, "\uFFFD")
			}
			return str, nil
		case c == '\\':
			return s.unescape(start)
		case c < ' ':
			return "", errNotJSON
		case c >= utf8.RuneSelf:
			ascii = false
		}
		s.pos++
	}
	return "", errNotJSON
}

// unescape reads the rest of a string that began at start and has escapes.
func (s *Scanner) unescape(start int) (string, error) {
	out := append(make([]byte, 0, 2*(s.pos-start)+16), s.text[start:s.pos]...)
	for s.pos < len(s.text) {
		c := s.text[s.pos]
		s.pos++
		switch {
		case c == '"':
			return strings.ToValidUTF8(string(out), "\uFFFD"), nil
		case c < ' ':
			return "", errNotJSON
		case c != '\\':
			out = append(out, c)
			continue
		}
		if s.pos >= len(s.text) {
			break
		}
		c = s.text[s.pos]
		s.pos++
		if c == 'u' {
			r, ok := s.hex4()
			if !ok {
				return "", errNotJSON
			}
			out = utf8.AppendRune(out, s.surrogate(r))
			continue
		}
		i := strings.IndexByte(`"\/bfnrt`, c)
		if i < 0 {
			return "", errNotJSON
		}
		out = append(out, "\"\\/\b\f\n\r\t"[i])
	}
	return "", errNotJSON
}

// surrogate completes a pair that begins with r. One half alone is no character.
func (s *Scanner) surrogate(r rune) rune {
	if !utf16.IsSurrogate(r) {
		return r
	}
	if strings.HasPrefix(s.text[s.pos:], `\u`) {
		before := s.pos
		s.pos += 2
		if low, ok := s.hex4(); ok {
			if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
				return pair
			}
		}
		s.pos = before
	}
	return utf8.RuneError
}

func (s *Scanner) hex4() (rune, bool) {
	if s.pos+4 > len(s.text) {
		return 0, false
	}
	v, err := strconv.ParseUint(s.text[s.pos:s.pos+4], 16, 32)
	if err != nil {
		return 0, false
	}
	s.pos += 4
	return rune(v), true
}
