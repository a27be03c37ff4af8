package mapping

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// Which records the function gets ("Control which events Lambda sends to your
// function"; "Using event filtering with a DynamoDB event source").
//
// A pattern is a JSON object like the record, whose leaves are lists of what a
// value may be: fields are and'ed, a list's elements or'ed, and so are the
// patterns of a mapping. It is compared with the record's JSON as the function
// gets it. There, DynamoDB's numbers are strings: numeric does not match those
// of images and keys, but a record's size and time. exists is about leaves: of an attribute, ask for
// {"NewImage": {"a": {"S": [{"exists": true}]}}}, with its type. A list or a set
// matches if one of its elements does. A record that no pattern matches counts as
// handled.

const (
	// MaxFilters is how many patterns a mapping may have. An account has five,
	// until its quota is raised to ten.
	MaxFilters = 10
	// maxPattern is how many characters a pattern may have.
	maxPattern = 4096
)

// A filter is a pattern, or a part of one, that is an object.
type filter struct {
	leaves map[string][]operator
	inner  map[string]filter
	either [][]filter // of each of these, one must match
}

// compileFilters reads patterns, and says what is wrong with one.
func compileFilters(patterns []string) ([]filter, error) {
	if len(patterns) > MaxFilters {
		return nil, fmt.Errorf("%d filters: a mapping may have %d, and %d if the account's quota was not raised", len(patterns), MaxFilters, MaxFilters/2)
	}
	var filters []filter
	for i, pattern := range patterns {
		f, err := compilePattern(pattern)
		if err != nil {
			return nil, fmt.Errorf("filter %d is invalid: %w", i+1, err)
		}
		filters = append(filters, f)
	}
	return filters, nil
}

func compilePattern(pattern string) (filter, error) {
	if n := len([]rune(pattern)); n > maxPattern {
		return filter{}, fmt.Errorf("it has %d characters, and may have %d", n, maxPattern)
	}
	if _, err := decode([]byte(pattern)); err != nil {
		return filter{}, fmt.Errorf("it is not JSON: %w", err)
	}
	d := json.NewDecoder(strings.NewReader(pattern))
	d.UseNumber()
	value, err := readPattern(d)
	if err != nil {
		return filter{}, err
	}
	members, ok := value.(map[string]any)
	if !ok {
		return filter{}, errors.New(`it is not a JSON object such as {"eventName": ["INSERT"]}`)
	}
	return compile("", members)
}

// decode reads JSON, and keeps numbers as they are written.
func decode(text []byte) (value any, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&value); err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("more follows behind the value")
	}
	return value, nil
}

// readPattern reads JSON in which an object may have a name several times: the
// guide has a pattern with "dynamodb" for each of two images. What stands behind
// them is one object then.
func readPattern(d *json.Decoder) (value any, err error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('['):
		list := []any{}
		for d.More() {
			element, err := readPattern(d)
			if err != nil {
				return nil, err
			}
			list = append(list, element)
		}
		value = list
	case json.Delim('{'):
		members := make(map[string]any)
		for d.More() {
			name, err := d.Token()
			if err != nil {
				return nil, err
			}
			member, err := readPattern(d)
			if err == nil {
				err = join(members, name.(string), member)
			}
			if err != nil {
				return nil, err
			}
		}
		value = members
	default:
		return token, nil
	}
	_, err = d.Token() // the end
	return value, err
}

// join adds a member to others, or to the object that has its name.
func join(members map[string]any, name string, value any) error {
	before, twice := members[name]
	if !twice {
		members[name] = value
		return nil
	}
	into, ok := before.(map[string]any)
	more, also := value.(map[string]any)
	if !ok || !also {
		return fmt.Errorf("%s stands in an object twice: give it one list", name)
	}
	for name, value := range more {
		if err := join(into, name, value); err != nil {
			return err
		}
	}
	return nil
}

// compile reads an object of a pattern, which is at a path of names.
func compile(path string, members map[string]any) (filter, error) {
	f := filter{leaves: make(map[string][]operator), inner: make(map[string]filter)}
	if len(members) == 0 {
		return f, fmt.Errorf("%s: an object without names matches nothing", at(path))
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		here := strings.TrimPrefix(path+"."+name, ".")
		var err error
		switch v := members[name].(type) {
		case map[string]any:
			f.inner[name], err = compile(here, v)
		case []any:
			if name == "$or" {
				var either []filter
				either, err = compileOr(here, path, v)
				f.either = append(f.either, either)
				break
			}
			f.leaves[name], err = compileLeaf(here, v)
		default:
			err = fmt.Errorf("%s: a value stands in a list, such as [%s]", at(here), text(v))
		}
		if err != nil {
			return f, err
		}
	}
	return f, nil
}

// compileOr reads the patterns of an $or, which are of the object around it.
func compileOr(here, path string, list []any) (either []filter, err error) {
	if len(list) < 2 {
		return nil, fmt.Errorf("%s: give two patterns or more", at(here))
	}
	for _, element := range list {
		members, ok := element.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("%s: %s is not a pattern", at(here), text(element))
		}
		f, err := compile(path, members)
		if err != nil {
			return nil, err
		}
		either = append(either, f)
	}
	return either, nil
}

func compileLeaf(here string, list []any) (operators []operator, err error) {
	if len(list) == 0 {
		return nil, fmt.Errorf("%s: an empty list matches nothing", at(here))
	}
	for _, element := range list {
		o, err := compileOperator(element)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", at(here), err)
		}
		operators = append(operators, o)
	}
	return operators, nil
}

func at(path string) string {
	if path == "" {
		return "the pattern"
	}
	return path
}

// text is JSON as a message has it.
func text(value any) string {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false) // > is a sign of numeric
	if err := encoder.Encode(value); err != nil {
		return fmt.Sprint(value)
	}
	return strings.TrimSpace(out.String())
}

// matchesAny reports whether a record's JSON matches one of the filters, or
// there are none.
func matchesAny(filters []filter, record []byte) (bool, error) {
	if len(filters) == 0 {
		return true, nil
	}
	value, err := decode(record)
	if err != nil {
		return false, fmt.Errorf("filtering a record: %w", err)
	}
	return slices.ContainsFunc(filters, func(f filter) bool { return f.matches(value) }), nil
}

// matches reports whether an object does, or one of a list's; what is neither is
// like an object without members.
func (f filter) matches(value any) bool {
	if list, ok := value.([]any); ok && len(list) > 0 {
		return slices.ContainsFunc(list, f.matches)
	}
	members, _ := value.(map[string]any)
	for name, operators := range f.leaves {
		values := leaves(members, name)
		if !slices.ContainsFunc(operators, func(o operator) bool { return o(values) }) {
			return false
		}
	}
	for name, inner := range f.inner {
		if !inner.matches(members[name]) {
			return false
		}
	}
	for _, either := range f.either {
		if !slices.ContainsFunc(either, func(f filter) bool { return f.matches(members) }) {
			return false
		}
	}
	return true
}

// leaves are the values of a member: one, a list's elements, or none where it is
// missing or an object.
func leaves(members map[string]any, name string) []any {
	value, ok := members[name]
	if !ok {
		return nil
	}
	return appendLeaves(nil, value)
}

func appendLeaves(values []any, value any) []any {
	switch v := value.(type) {
	case map[string]any:
		return values
	case []any:
		for _, element := range v {
			values = appendLeaves(values, element)
		}
		return values
	}
	return append(values, value)
}
