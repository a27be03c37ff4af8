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
// for what the request's shape has at that place. The first error, a
// SerializationError, stays in the Scanner until End: whatever is asked after it is
// empty, and objects and arrays end.
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

// misplaced keeps the error of a value that may not stand where it does.
func (s *Scanner) misplaced(message string) {
	if s.err == nil {
		s.err = &SerializationError{message}
	}
}

// notJSON keeps the error of a text that is no JSON.
func (s *Scanner) notJSON() { s.misplaced("") }

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

// next passes over the next token and is its text, of a string its content.
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

// want holds the next value against the kinds that may stand there. Of the errors
// for others, that for a list names the Java class that the service wants, and
// that for a scalar is the message; one that begins with a space follows the
// token's name.
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

// token names the next value, a scalar, as the service's messages do.
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

// Null passes over a null and says whether there was one.
func (s *Scanner) Null() bool { return s.Kind() == 'n' && s.next() == "null" }

// End is the Scanner's error; there is one too if anything but white space is left.
func (s *Scanner) End() error {
	if _, err := s.json.ReadToken(); err != io.EOF {
		s.notJSON()
	}
	return s.err
}

// Object reads an object and hands each of its names to field, which must read
// the value. Where something else stands, the error for a list names the class,
// and that for a scalar is the message.
func (s *Scanner) Object(class, scalar string, field func(name string)) {
	for s.enter("{", class, scalar); s.more('}'); {
		if name := s.next(); s.err == nil {
			field(name)
		}
	}
}

// Array reads an array; elem must read each of its values.
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

// more says whether an object or an array goes on, and else passes over its end.
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

// Bool reads a boolean. As the service does it takes a few words in quotation
// marks too.
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

// Int reads an integer of the Java class that the service's messages name:
// Integer or Long. As in the service, a fraction is cut off.
func (s *Scanner) Int(class string) int64 {
	s.want("0", "class java.lang."+class, cannotBe+class)
	text := s.next()
	if i, err := strconv.ParseInt(text, 10, 64); err == nil {
		return i
	}
	f, _ := strconv.ParseFloat(text, 64) // out of range it is ±Inf
	return int64(max(math.MinInt64, min(f, math.MaxInt64-1024)))
}

// Float reads a number, as a time in seconds.
func (s *Scanner) Float() float64 {
	s.want("0", "class java.lang.Double", cannotBe+"Double")
	f, _ := strconv.ParseFloat(s.next(), 64)
	return f
}

// Skip passes over a value of any kind.
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
