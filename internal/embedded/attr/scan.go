package attr

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A Scanner reads a JSON request in one pass, from front to back: the caller asks
// for what the request's shape has at that place. It keeps its first error, which
// is a SerializationError unless a callback returned another: whatever is asked
// then is that error again. Strings are parts of the text where they have no
// escapes, so they keep it in memory.
type Scanner struct {
	text    string
	pos     int
	depth   int
	err     error
	refused *ValidationError // see Item
}

// maxJSONDepth keeps a hostile body from using up the stack. A list inside a list
// is four JSON values deep, so every item that DynamoDB takes stays far below.
const maxJSONDepth = 1000

// NewScanner makes a Scanner of a request's body.
func NewScanner(text string) *Scanner { return &Scanner{text: text} }

// fail keeps the error, and leaves nothing to read, so that every loop ends.
func (s *Scanner) fail(err error) {
	if s.err == nil {
		s.err = err
	}
	s.pos = len(s.text)
}

// notJSON keeps the error of a text that is no JSON.
func (s *Scanner) notJSON() { s.fail(&SerializationError{}) }

func (s *Scanner) misplaced(message string) { s.fail(&SerializationError{message}) }

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
	case kind == 0 || kind == 'n':
		s.notJSON()
	case strings.IndexByte(kinds, kind) >= 0:
	case kind == '{':
		s.misplaced("Start of structure or map found where not expected")
	case kind == '[':
		s.misplaced("Unrecognized collection type " + class)
	case scalar[0] == ' ':
		s.misplaced(s.token(kind) + scalar)
	default:
		s.misplaced(scalar)
	}
	return s.err
}

// token names the next value, a scalar, as the service's messages do.
func (s *Scanner) token(kind byte) string {
	switch {
	case kind == '"':
		return "STRING_VALUE"
	case kind == 't':
		return "TRUE_VALUE"
	case kind == 'f':
		return "FALSE_VALUE"
	case strings.ContainsAny(s.number(), ".eE"):
		return "DECIMAL_VALUE"
	}
	return "NUMBER_VALUE"
}

// Null passes over a null and says whether there was one.
func (s *Scanner) Null() bool {
	if s.Kind() != 'n' {
		return false
	}
	s.literal("null")
	return s.err == nil
}

// End is an error if anything but white space is left.
func (s *Scanner) End() error {
	if s.Kind(); s.pos < len(s.text) {
		s.notJSON()
	}
	return s.err
}

// Object reads an object and hands each of its names to field, which must read
// the value. The next value must be an object; see Kind.
func (s *Scanner) Object(field func(name string) error) error {
	for more := s.open('{'); more; more = s.next('}') {
		name := s.name()
		if s.err != nil {
			break
		}
		if err := field(name); err != nil {
			s.fail(err)
		}
	}
	return s.err
}

// Array reads an array; elem must read each of its values. The next value must
// be an array; see Kind.
func (s *Scanner) Array(elem func(i int) error) error {
	i := 0
	for more := s.open('['); more; more = s.next(']') {
		if err := elem(i); err != nil {
			s.fail(err)
		}
		i++
	}
	return s.err
}

// open enters an object or an array and says whether it has anything in it.
func (s *Scanner) open(first byte) (more bool) {
	if s.Kind() != first || s.depth >= maxJSONDepth {
		s.notJSON()
		return false
	}
	s.depth++
	s.pos++
	if last := first + 2; s.Kind() == 0 && s.at(last) { // } is two after {, and ] after [
		return s.next(last)
	}
	return true
}

// next passes the comma after an entry, or leaves the object or array.
func (s *Scanner) next(last byte) (more bool) {
	s.Kind()
	switch {
	case s.at(','):
		s.pos++
		return true
	case s.at(last):
		s.pos++
		s.depth--
	default:
		s.notJSON()
	}
	return false
}

func (s *Scanner) at(c byte) bool { return s.pos < len(s.text) && s.text[s.pos] == c }

// name reads a name of an object and the colon.
func (s *Scanner) name() string {
	if s.Kind() != '"' {
		s.notJSON()
		return ""
	}
	name := s.quoted()
	if s.Kind(); !s.at(':') {
		s.notJSON()
		return ""
	}
	s.pos++
	return name
}

// String reads a string.
func (s *Scanner) String() (string, error) {
	if s.Want(`"`, "class java.lang.String", cannotBe+"String") != nil {
		return "", s.err
	}
	return s.quoted(), s.err
}

// Bool reads a boolean. As the service does it takes a few words in quotation
// marks too.
func (s *Scanner) Bool() (truth bool, err error) {
	if s.Kind() == '"' {
		switch strings.ToLower(s.quoted()) {
		case "true", "1", "yes":
			return true, s.err
		case "false", "0", "no":
			return false, s.err
		}
		s.misplaced("Unexpected token received from parser")
	}
	if s.Want("tf", "class java.lang.Boolean", cannotBe+"Boolean") != nil {
		return false, s.err
	}
	truth = s.at('t')
	s.literal(strconv.FormatBool(truth))
	return truth, s.err
}

// Int reads an integer of the Java class that the service's messages name:
// Integer or Long. As in the service, a fraction is cut off.
func (s *Scanner) Int(class string) (int64, error) {
	if s.Want("0", "class java.lang."+class, cannotBe+class) != nil {
		return 0, s.err
	}
	text := s.number()
	if i, err := strconv.ParseInt(text, 10, 64); err == nil {
		return i, s.err
	}
	f, _ := strconv.ParseFloat(text, 64) // out of range it is ±Inf
	return int64(max(math.MinInt64, min(f, math.MaxInt64-1024))), s.err
}

// Float reads a number, as a time in seconds.
func (s *Scanner) Float() (float64, error) {
	if s.Want("0", "class java.lang.Double", cannotBe+"Double") != nil {
		return 0, s.err
	}
	f, _ := strconv.ParseFloat(s.number(), 64)
	return f, s.err
}

// Skip passes over a value of any kind.
func (s *Scanner) Skip() error {
	switch s.Kind() {
	case '{':
		return s.Object(func(string) error { return s.Skip() })
	case '[':
		return s.Array(func(int) error { return s.Skip() })
	case '"':
		s.quoted()
	case 't':
		s.literal("true")
	case 'f':
		s.literal("false")
	case 'n':
		s.literal("null")
	case '0':
		s.number()
	default:
		s.notJSON()
	}
	return s.err
}

func (s *Scanner) literal(word string) {
	if !strings.HasPrefix(s.text[s.pos:], word) {
		s.notJSON()
		return
	}
	s.pos += len(word)
}

// number passes over a number and is its text.
func (s *Scanner) number() string {
	text := s.text[s.pos:]
	text = text[:len(text)-len(strings.TrimLeft(text, "+-.eE0123456789"))]
	if !json.Valid([]byte(text)) {
		s.notJSON()
		return ""
	}
	s.pos += len(text)
	return text
}

// quoted reads a string whose quotation mark is next.
func (s *Scanner) quoted() string {
	start := s.pos
	ascii, escapes := true, false
	for s.pos++; s.pos < len(s.text); s.pos++ {
		switch c := s.text[s.pos]; {
		case c == '"':
			s.pos++
			return s.unquoted(s.text[start:s.pos], ascii, escapes)
		case c == '\\':
			escapes = true
			s.pos++
		case c < ' ':
			s.notJSON()
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	s.notJSON()
	return ""
}

// unquoted is the content of a string. What is not UTF-8 becomes U+FFFD.
func (s *Scanner) unquoted(text string, ascii, escapes bool) string {
	switch {
	case escapes:
		var content string
		if json.Unmarshal([]byte(text), &content) != nil {
			s.notJSON()
		}
		return content
	case !ascii:
		text = strings.ToValidUTF8(text, "\uFFFD")
	}
	return text[1 : len(text)-1]
}
