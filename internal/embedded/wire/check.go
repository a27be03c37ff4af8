package wire

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"dynamostreamer/internal/embedded/attr"
	"dynamostreamer/internal/embedded/engine"
)

// checks collects the constraints that a request breaks. The service reports all of
// them at once, at most ten.
type checks struct{ broken []string }

const maxBroken = 10

// check checks a request against the constraints of its shape.
func check(s *shape, v reflect.Value) error {
	for _, f := range s.fields {
		if f.parameter && v.FieldByIndex(f.index).IsNil() {
			return refusal("The parameter '%s' is required but was not present in the request", f.name)
		}
	}
	var c checks
	c.structure(s, v, "")
	n := min(len(c.broken), maxBroken)
	switch n {
	case 0:
		return nil
	case 1:
		return refusal("1 validation error detected: %s", c.broken[0])
	}
	return refusal("%d validation errors detected: %s", n, strings.Join(c.broken[:n], "; "))
}

func refusal(format string, args ...any) error {
	return &engine.Error{Code: engine.ValidationException, Message: fmt.Sprintf(format, args...)}
}

func (c *checks) broke(v reflect.Value, s *shape, at, constraint string) {
	shown := show(s, v)
	if shown != "null" {
		shown = "'" + shown + "'"
	}
	c.broken = append(c.broken, "Value "+shown+" at '"+at+"' failed to satisfy constraint: "+constraint)
}

func (c *checks) structure(s *shape, v reflect.Value, at string) {
	for _, f := range s.fields {
		value := v.FieldByIndex(f.index)
		c.field(f, value, at)
		if f.kind >= structure {
			c.within(f.shape, value, at+f.at)
		}
	}
}

// within checks the structures in a value, and the value itself if it is one.
func (c *checks) within(s *shape, v reflect.Value, at string) {
	switch {
	case v.Kind() == reflect.Pointer && v.IsNil():
	case s.kind == structure:
		c.structure(s, reflect.Indirect(v), at+".")
	case s.elem == nil || s.elem.kind < structure:
	case s.kind == list:
		for i := range v.Len() {
			c.within(s.elem, v.Index(i), fmt.Sprintf("%s.%d.member", at, i+1))
		}
	default:
		for i := range v.Len() {
			c.within(s.elem, v.Index(i).Field(1), at+"."+v.Index(i).Field(0).String()+".member")
		}
	}
}

const namePattern = "[a-zA-Z0-9_.-]+"

var (
	nameRegexp = regexp.MustCompile("^" + namePattern + "$")
	arnRegexp  = regexp.MustCompile("^arn:[^:]+:dynamodb:[^:]*:[^:]*:table/" + namePattern + "$")
)

func (c *checks) field(f *field, v reflect.Value, at string) {
	at += f.at
	if absent(v) {
		if f.required {
			c.broke(v, f.shape, at, "Member must not be null")
		}
		return
	}
	for _, constraint := range f.limits.broken(reflect.Indirect(v)) {
		c.broke(v, f.shape, at, constraint)
	}
	switch {
	case f.kind == mapping:
		c.mapping(f, v, at)
	case f.each != nil:
		for i := range v.Len() {
			for _, constraint := range f.each.broken(v.Index(i)) {
				c.broke(v.Index(i), f.elem, fmt.Sprintf("%s.%d.member", at, i+1), constraint)
			}
		}
	}
}

// mapping checks the keys and the values of an object.
func (c *checks) mapping(f *field, v reflect.Value, at string) {
	least, most := int64(3), int64(255)
	names := limits{name: true, arn: true, least: &least, most: &most}
	keys, values := false, false
	for i := range v.Len() {
		keys = keys || f.tables && names.broken(v.Index(i).Field(0)) != nil
		values = values || f.each != nil && f.each.broken(v.Index(i).Field(1)) != nil
	}
	constraint := "Map keys must satisfy constraint: [" + strings.Join(names.all(), ", ") + "]"
	switch {
	case !keys:
	case f.each == nil: // BatchGetItem has it before all else, and shows the JSON
		shown := string(write(nil, f.shape, v))
		c.broken = slices.Insert(c.broken, 0, "Value '"+shown+"' at '"+at+"' failed to satisfy constraint: "+constraint)
	case len(c.broken) == 0: // BatchWriteItem does not have it beside what fields before break
		c.broke(v, f.shape, at, constraint)
	}
	if values {
		c.broke(v, f.shape, at, "Map value must satisfy constraint: ["+strings.Join(f.each.all(), ", ")+"]")
	}
}

// broken returns the limits that a value breaks.
func (l *limits) broken(v reflect.Value) (broken []string) {
	if l.arn && arnRegexp.MatchString(v.String()) {
		return nil
	}
	if l.name && v.Len() > 0 && !nameRegexp.MatchString(v.String()) {
		broken = append(broken, patternLimit)
	}
	if l.oneOf != nil && !slices.Contains(l.oneOf, v.String()) {
		broken = append(broken, "Member must satisfy enum value set: ["+strings.Join(l.oneOf, ", ")+"]")
	}
	size, what := int64(0), "length"
	switch {
	case l.least == nil && l.most == nil:
		return broken
	case v.Kind() == reflect.Int64:
		size, what = v.Int(), "value"
	default:
		size = int64(v.Len())
	}
	if l.most != nil && size > *l.most {
		broken = append(broken, fmt.Sprintf(mostLimit, what, *l.most))
	}
	if least := l.minimum(size); size < least {
		broken = append(broken, fmt.Sprintf(leastLimit, what, least))
	}
	return broken
}

// minimum returns the limit below for a value of this size. Where an ARN is allowed, the
// service's model says 1, yet a name has 3 characters at least.
func (l *limits) minimum(size int64) int64 {
	switch {
	case l.least == nil:
		return size
	case l.arn && size > 0:
		return max(*l.least, 3)
	}
	return *l.least
}

// all returns all limits of the keys or values of an object.
func (l *limits) all() []string {
	all := []string{fmt.Sprintf(mostLimit, "length", *l.most), fmt.Sprintf(leastLimit, "length", *l.least)}
	if l.name {
		all = append(all, patternLimit)
	}
	return all
}

const (
	patternLimit = "Member must satisfy regular expression pattern: " + namePattern
	mostLimit    = "Member must have %s less than or equal to %d"
	leastLimit   = "Member must have %s greater than or equal to %d"
)

// absent reports whether a field is nil or an empty string. A pointer to an empty string
// is present.
func absent(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer, reflect.Slice:
		return v.IsNil()
	case reflect.String:
		return v.Len() == 0
	case reflect.Struct:
		value, ok := v.Interface().(attr.Value)
		return ok && value.IsZero()
	}
	return false
}

// show formats a value like the service's messages.
func show(s *shape, v reflect.Value) string {
	if absent(v) {
		return "null"
	}
	v = reflect.Indirect(v)
	var parts []string
	switch s.kind {
	case attributes:
		return string(v.Interface().(attr.Item).AppendJSON(nil))
	case list:
		for i := range v.Len() {
			parts = append(parts, show(s.elem, v.Index(i)))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case structure:
		for _, f := range s.fields {
			parts = append(parts, f.at+"="+show(f.shape, v.FieldByIndex(f.index)))
		}
		return s.class + "(" + strings.Join(parts, ", ") + ")"
	case mapping:
		for i := range v.Len() {
			parts = append(parts, v.Index(i).Field(0).String()+"="+show(s.elem, v.Index(i).Field(1)))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return fmt.Sprint(v)
}
