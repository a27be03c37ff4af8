package attr

import (
	"bytes"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// A Scanner reads a JSON request in one pass from front to back. The caller asks for the
// kind of value that the request's shape has next. The Scanner keeps its first error, a
// SerializationError, until End. After an error, all values are empty, and objects and
// arrays end.
type Scanner struct {
	json    *jsontext.Decoder
	err     error
	refused *ValidationError // see Item
}

// maxJSONDepth keeps a hostile body from exhausting the stack. A list in a list is four
// JSON values deep, so every item that DynamoDB accepts stays far below.
const maxJSONDepth = 1000

// NewScanner makes a Scanner for a request's body. Bytes that are not UTF-8 become
// U+FFFD. The caller gets all values with the same name.
func NewScanner(text string) *Scanner {
	return &Scanner{json: jsontext.NewDecoder(bytes.NewBufferString(text),
		jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))}
}

// misplaced notes the error of a value of the wrong kind.
func (s *Scanner) misplaced(message string) {
	if s.err == nil {
		s.err = &SerializationError{message}
	}
}

// notJSON notes the error of a text that is not JSON.
func (s *Scanner) notJSON() { s.misplaced("") }

// These are parts of the service's messages.
const (
	classValue       = "class com.amazonaws.dynamodb.v20120810.AttributeValue"
	mapOfValues      = "java.util.Map<java.lang.String, com.amazonaws.dynamodb.v20120810.AttributeValue>"
	cannotBe         = " cannot be converted to " // after the token
	UnexpectedField  = "Unexpected field type"
	UnexpectedMember = "Unexpected value type in payload"
)

// Kind returns the kind of the next JSON token, 0 at the end or after an error.
func (s *Scanner) Kind() jsontext.Kind {
	if s.err != nil {
		return 0
	}
	return s.json.PeekKind()
}

// next reads the next token and returns its text, or the content of a string.
func (s *Scanner) next() string {
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

// want notes an error unless the next value is of one of the kinds. The error for a list
// names class, the Java class that the service wants. The error for a scalar is scalar,
// after the token's name if it begins with a space.
func (s *Scanner) want(kinds, class, scalar string) {
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
}

// token returns the name of the next value, a scalar, in the service's messages.
func (s *Scanner) token(kind jsontext.Kind) string {
	switch {
	case kind == '"':
		return "STRING_VALUE"
	case kind == 't':
		return "TRUE_VALUE"
	case kind == 'f':
		return "FALSE_VALUE"
	case strings.ContainsAny(s.next(), ".eE"):
		return "DECIMAL_VALUE"
	}
	return "NUMBER_VALUE"
}

// Null skips a null, and reports whether there was one.
func (s *Scanner) Null() bool { return s.Kind() == 'n' && s.next() == "null" }

// End returns the Scanner's error. Anything but white space after the value is an error
// too.
func (s *Scanner) End() error {
	if _, err := s.json.ReadToken(); err != io.EOF {
		s.notJSON()
	}
	return s.err
}

// Object reads an object and calls field with each of its names. field must read the
// value. For anything but an object it notes an error, see want.
func (s *Scanner) Object(class, scalar string, field func(name string)) {
	for s.enter("{", class, scalar); s.more('}'); {
		if name := s.next(); s.err == nil {
			field(name)
		}
	}
}

// Array reads an array and calls elem for each of its values. elem must read the value.
func (s *Scanner) Array(elem func()) {
	for s.enter("[", "", UnexpectedField); s.more(']'); {
		elem()
	}
}

func (s *Scanner) enter(kind, class, scalar string) {
	if s.want(kind, class, scalar); s.json.StackDepth() >= maxJSONDepth {
		s.notJSON()
	}
	s.next()
}

// more reports whether an object or an array has more values. If not, it skips the end.
func (s *Scanner) more(last jsontext.Kind) bool {
	switch s.Kind() {
	case 0:
		s.notJSON()
	case last:
		s.next()
		return false
	}
	return s.err == nil
}

// Text reads a string.
func (s *Scanner) Text() string {
	s.want(`"`, "class java.lang.String", cannotBe+"String")
	return s.next()
}

// Bool reads a boolean. Like the service, it also accepts a few words in quotation marks.
func (s *Scanner) Bool() bool {
	if s.Kind() == '"' {
		switch strings.ToLower(s.next()) {
		case "true", "1", "yes":
			return true
		case "false", "0", "no":
			return false
		}
		s.misplaced("Unexpected token received from parser")
	}
	s.want("tf", "class java.lang.Boolean", cannotBe+"Boolean")
	return s.next() == "true"
}

// Int reads an integer. class is its Java class in the service's messages: Integer or
// Long. Like the service, it truncates a fraction.
func (s *Scanner) Int(class string) int64 {
	s.want("0", "class java.lang."+class, cannotBe+class)
	text := s.next()
	if i, err := strconv.ParseInt(text, 10, 64); err == nil {
		return i
	}
	f, _ := strconv.ParseFloat(text, 64) // ±Inf if out of range
	return int64(max(math.MinInt64, min(f, math.MaxInt64-1024)))
}

// Float reads a number, such as a time in seconds.
func (s *Scanner) Float() float64 {
	s.want("0", "class java.lang.Double", cannotBe+"Double")
	f, _ := strconv.ParseFloat(s.next(), 64)
	return f
}

// Skip skips a value of any kind.
func (s *Scanner) Skip() {
	switch s.Kind() {
	case '{':
		s.Object("", "", func(string) { s.Skip() })
	case '[':
		s.Array(s.Skip)
	default:
		s.next()
	}
}
