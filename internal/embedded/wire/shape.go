package wire

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode"

	"dynamostreamer/internal/embedded/attr"
	"dynamostreamer/internal/embedded/engine"
	"dynamostreamer/internal/embedded/expr"
)

// A shape says how to read, check and write a type of the engine's inputs and outputs.
// It is made once, of the type and the api tags that doc.go explains.
type shape struct {
	kind   kind
	class  string            // of a structure, as messages call it
	fields []*field          // of a structure, in the order of the messages
	named  map[string]*field // of a structure
	elem   *shape            // of a list or a mapping

	// usersAt is the index of the field ValueUsers in a structure that has expression
	// attribute values, and users is its value.
	users   string
	usersAt []int
}

type kind int

const (
	scalar     kind = iota // a text, a number, a boolean, a time
	attributes             // an attr.Item
	attribute              // an attr.Value
	structure              // a struct or a pointer to one
	list                   // a slice
	mapping                // a slice of pairs, in the order of the request
)

type field struct {
	*shape
	limits
	name   string // in the API
	label  []byte // the quoted name and a colon
	at     string // the name in messages
	index  []int
	refuse []int // the index of the field Err beside it, nil: of the structure around it
}

// limits are the constraints on a field.
type limits struct {
	required, parameter, name bool
	arn                       bool
	pairs, tables             bool
	least, most               *int64
	oneOf                     []string
	each                      *limits
}

// options are the parts of a tag that concern the field's structure.
type options struct{ class, without, needs string }

// shapeOf makes the shape of a type. It panics if a tag or a type is wrong, which
// happens when the program starts.
func shapeOf(t reflect.Type, o options) *shape {
	switch {
	case t == reflect.TypeFor[attr.Item]():
		return &shape{kind: attributes}
	case t == reflect.TypeFor[attr.Value]():
		return &shape{kind: attribute}
	case t.Kind() == reflect.Pointer && t.Elem().Kind() == reflect.Struct && t != reflect.TypeFor[*engine.Seconds]():
		return shapeOf(t.Elem(), o)
	case t.Kind() == reflect.Slice:
		if o.class == "" && t.Elem().Kind() == reflect.Struct {
			o.class = t.Elem().Name()
		}
		return &shape{kind: list, elem: shapeOf(t.Elem(), o)}
	case t.Kind() == reflect.Struct && t != reflect.TypeFor[engine.Seconds]():
		s := &shape{kind: structure, class: o.class, named: map[string]*field{}}
		s.add(t, nil, o)
		for _, f := range s.fields {
			s.named[f.name] = f
		}
		return s
	}
	return &shape{kind: scalar, class: o.class}
}

// add adds the fields of the struct at an index in the structure.
func (s *shape) add(t reflect.Type, at []int, o options) {
	var refuse []int
	if f, ok := t.FieldByName("Err"); ok {
		refuse = append(at[:len(at):len(at)], f.Index...)
	}
	for i := range t.NumField() {
		f := t.Field(i)
		index := append(at[:len(at):len(at)], i)
		tag := f.Tag.Get("api")
		switch {
		case f.Type == reflect.TypeFor[error]():
		case f.Type == reflect.TypeFor[expr.Request]():
			s.addExpressions(strings.Fields(tag), index, o)
		case f.Anonymous:
			_, inner := parseTag(tag)
			s.add(f.Type, index, inner.and(o))
		default:
			name, rest, _ := strings.Cut(tag, ",")
			if name == "" {
				name = f.Name
			}
			s.addField(name, f.Type, rest, index, refuse, o)
		}
	}
}

func (o options) and(other options) options {
	return options{other.class, o.without + " " + other.without, o.needs + " " + other.needs}
}

// lists reports whether word is one of words, which are separated by spaces.
func lists(words, word string) bool { return strings.Contains(" "+words+" ", " "+word+" ") }

func (s *shape) addField(name string, t reflect.Type, tag string, index, refuse []int, o options) {
	if lists(o.without, name) {
		return
	}
	l, inner := parseTag("," + tag)
	if inner.class == "" && t.Kind() == reflect.Pointer && t.Elem().Kind() == reflect.Struct {
		inner.class = name
	}
	f := &field{
		shape: shapeOf(t, inner), limits: l, name: name, label: []byte(strconv.Quote(name) + ":"),
		at: string(unicode.ToLower(rune(name[0]))) + name[1:], index: index, refuse: refuse,
	}
	if l.pairs {
		pair := t.Elem()
		if inner.class == "" {
			inner.class = pair.Field(1).Type.Name()
		}
		f.shape = &shape{kind: mapping, elem: shapeOf(pair.Field(1).Type, inner)}
	}
	f.required = f.required || lists(o.needs, name)
	s.fields = append(s.fields, f)
}

// addExpressions adds those fields of an expr.Request that the operation has.
func (s *shape) addExpressions(names []string, index []int, o options) {
	t := reflect.TypeFor[expr.Request]()
	within := func(name string) []int {
		f, ok := t.FieldByName(name)
		if !ok {
			panic("wire: expr.Request has no field " + name)
		}
		return append(index[:len(index):len(index)], f.Index...)
	}
	var users []string
	for _, name := range names {
		at := within(name)
		f, _ := t.FieldByName(name)
		switch name {
		case "Names":
			s.addField("ExpressionAttributeNames", f.Type, "map", at, nil, o)
		case "Values":
			s.addField("ExpressionAttributeValues", f.Type, "", at, within("ValuesErr"), o)
			s.usersAt = within("ValueUsers")
		case "Update", "Condition", "KeyCondition", "Filter", "Projection":
			s.addField(name+"Expression", f.Type, "", at, nil, o)
			if name != "Projection" && !lists(o.without, name+"Expression") {
				users = append(users, name+"Expression")
			}
		default: // a field of the Legacy in it
			s.addField(name, f.Type, strings.TrimPrefix(f.Tag.Get("api"), ","), at, nil, o)
		}
	}
	if s.users = strings.Join(users, " and "); len(users) == 1 {
		s.users += " is null"
	} else {
		s.users += " are null"
	}
}

func parseTag(tag string) (l limits, o options) {
	parts := strings.Split(tag, ",")
	for _, part := range parts[1:] {
		word, rest, _ := strings.Cut(part, " ")
		low, high, ranged := strings.Cut(part, "..")
		switch {
		case part == "":
		case part == "required":
			l.required = true
		case part == "parameter":
			l.parameter = true
		case part == "name":
			l.name = true
		case part == "arn":
			l.arn = true
		case part == "map" || part == "tables":
			l.pairs, l.tables = true, part == "tables"
		case word == "each":
			each, _ := parseTag("," + rest)
			l.each = &each
		case ranged:
			l.least, l.most = bound(low), bound(high)
		case word == "one":
			l.oneOf = strings.Fields(rest)[1:]
		case word == "class":
			o.class = rest
		case word == "without":
			o.without = rest
		case word == "needs":
			o.needs = rest
		default:
			panic(fmt.Sprintf("wire: unknown word %q in the tag %q", part, tag))
		}
	}
	return l, o
}

func bound(text string) *int64 {
	if text == "" {
		return nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		panic(err)
	}
	return &n
}
