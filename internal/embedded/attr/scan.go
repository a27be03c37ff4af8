package attr

import (
	"bytes"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// A Scanner reads a JSON request in one pass, from front to back: the caller asks
// for what the request's shape has at that place. It keeps its first error, which
// is a SerializationError unless a callback returned another: whatever is asked
// then is that error again.
type Scanner struct {
	json    *jsontext.Decoder
	err     error
	refused *ValidationError // see Item
}

// maxJSONDepth keeps a hostile body from using up the stack. A list inside a list
// is four JSON values deep, so every item that DynamoDB takes stays far below.
const maxJSONDepth = 1000

// NewScanner makes a Scanner of a request's body. What is not UTF-8 becomes U+FFFD,
// and of values with the same name the caller gets all.
func NewScanner(text string) *Scanner {
	return &Scanner{json: jsontext.NewDecoder(bytes.NewBufferString(text),
		jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))}
}

// keep keeps the first error, after which there is nothing to read.
func (s *Scanner) keep(err error) {
	if s.err == nil {
		s.err = err
	}
}

// notJSON keeps the error of a text that is no JSON.
func (s *Scanner) notJSON() { s.keep(&SerializationError{}) }

func (s *Scanner) misplaced(message string) { s.keep(&SerializationError{message}) }

// Classes of the service's messages, and what they say of values.
const (
	classValue       = "class com.amazonaws.dynamodb.v20120810.AttributeValue"
	mapOfValues      = "java.util.Map<java.lang.String, com.amazonaws.dynamodb.v20120810.AttributeValue>"
	cannotBe         = " cannot be converted to " // after the token
	UnexpectedField  = "Unexpected field type"
	UnexpectedMember = "Unexpected value type in payload"
)

// Kind is the kind of the next JSON token, 0 where there is none or an error.
func (s *Scanner) Kind() jsontext.Kind {
	if s.err != nil {
		return 0
	}
	return s.json.PeekKind()
}

// text passes over the next token and is its text, of a string its content.
func (s *Scanner) text() string {
	if s.err != nil {
		return ""
	}
	token, err := s.json.ReadToken()
	if err != nil {
		s.notJSON()
		return ""
	}
	return token.String()
}

// Want holds the next value against the kinds that may stand there. Of the errors
// for others, that for a list names the Java class that the service wants, and
// that for a scalar is the message; one that begins with a space follows the
// token's name.
func (s *Scanner) Want(kinds, class, scalar string) error {
	switch kind := s.Kind(); {
	case strings.IndexByte("\x00n}]", byte(kind)) >= 0:
		s.notJSON()
	case strings.IndexByte(kinds, byte(kind)) >= 0:
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
func (s *Scanner) token(kind jsontext.Kind) string {
	switch {
	case kind == '"':
		return "STRING_VALUE"
	case kind == 't':
		return "TRUE_VALUE"
	case kind == 'f':
		return "FALSE_VALUE"
	case strings.ContainsAny(s.text(), ".eE"):
		return "DECIMAL_VALUE"
	}
	return "NUMBER_VALUE"
}

// Null passes over a null and says whether there was one.
func (s *Scanner) Null() bool { return s.Kind() == 'n' && s.text() == "null" }

// End is an error if anything but white space is left.
func (s *Scanner) End() error {
	if _, err := s.json.ReadToken(); err != io.EOF {
		s.notJSON()
	}
	return s.err
}

// Object reads an object and hands each of its names to field, which must read
// the value. The next value must be an object; see Kind.
func (s *Scanner) Object(field func(name string) error) error {
	for s.open('{'); s.more('}'); {
		if name := s.text(); s.err == nil {
			s.keep(field(name))
		}
	}
	return s.err
}

// Array reads an array; elem must read each of its values. The next value must
// be an array; see Kind.
func (s *Scanner) Array(elem func(i int) error) error {
	s.open('[')
	for i := 0; s.more(']'); i++ {
		s.keep(elem(i))
	}
	return s.err
}

func (s *Scanner) open(first jsontext.Kind) {
	if s.Kind() != first || s.json.StackDepth() >= maxJSONDepth {
		s.notJSON()
	}
	s.text()
}

// more says whether an object or an array goes on, and else passes over its end.
func (s *Scanner) more(last jsontext.Kind) bool {
	switch s.Kind() {
	case 0:
		s.notJSON()
	case last:
		s.text()
		return false
	}
	return s.err == nil
}

// String reads a string.
func (s *Scanner) String() (string, error) {
	if s.Want(`"`, "class java.lang.String", cannotBe+"String") != nil {
		return "", s.err
	}
	return s.text(), s.err
}

// Bool reads a boolean. As the service does it takes a few words in quotation
// marks too.
func (s *Scanner) Bool() (bool, error) {
	if s.Kind() == '"' {
		switch strings.ToLower(s.text()) {
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
	return s.text() == "true", s.err
}

// Int reads an integer of the Java class that the service's messages name:
// Integer or Long. As in the service, a fraction is cut off.
func (s *Scanner) Int(class string) (int64, error) {
	if s.Want("0", "class java.lang."+class, cannotBe+class) != nil {
		return 0, s.err
	}
	text := s.text()
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
	f, _ := strconv.ParseFloat(s.text(), 64)
	return f, s.err
}

// Skip passes over a value of any kind.
func (s *Scanner) Skip() error {
	switch s.Kind() {
	case '{':
		return s.Object(func(string) error { return s.Skip() })
	case '[':
		return s.Array(func(int) error { return s.Skip() })
	}
	s.text()
	return s.err
}
