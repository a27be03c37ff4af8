package mapping

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
)

// An operator reports whether a leaf's values match: one of them does, as a
// rule. There are none where the leaf is missing.
type operator func(values []any) bool

// one makes an operator of what must be so for one value.
func one(matches func(any) bool) operator {
	return func(values []any) bool { return slices.ContainsFunc(values, matches) }
}

// ofString makes an operator of what must be so for one value that is a string.
func ofString(matches func(string) bool) operator {
	return one(func(value any) bool {
		s, ok := value.(string)
		return ok && matches(s)
	})
}

// operators are Lambda's, by name; each reads what stands behind the name.
var operators = map[string]func(any) (operator, error){
	"exists":             exists,
	"anything-but":       anythingBut,
	"numeric":            numeric,
	"prefix":             withString(strings.HasPrefix),
	"suffix":             withString(strings.HasSuffix),
	"equals-ignore-case": withString(strings.EqualFold),
}

// compileOperator reads an element of a leaf's list: a value, or an object of an
// operator. Numbers are equal if they are written alike: 300 is not 300.0.
func compileOperator(element any) (operator, error) {
	members, ok := element.(map[string]any)
	if !ok {
		if _, nested := element.([]any); nested {
			return nil, errors.New("a list in a list matches nothing")
		}
		return one(func(value any) bool { return value == element }), nil
	}
	if len(members) == 1 {
		for name, operand := range members {
			if compile := operators[name]; compile != nil {
				o, err := compile(operand)
				if err != nil {
					return nil, fmt.Errorf("%s %s: %w", name, text(operand), err)
				}
				return o, nil
			}
		}
	}
	return nil, fmt.Errorf("%s is not an operator that Lambda has: use exists, anything-but, numeric, prefix, suffix or equals-ignore-case", text(element))
}

func exists(operand any) (operator, error) {
	want, ok := operand.(bool)
	if !ok {
		return nil, errors.New("give true or false")
	}
	return func(values []any) bool { return len(values) > 0 == want }, nil
}

func withString(matches func(value, operand string) bool) func(any) (operator, error) {
	return func(operand any) (operator, error) {
		s, ok := operand.(string)
		if !ok {
			return nil, errors.New("give a string")
		}
		return ofString(func(value string) bool { return matches(value, s) }), nil
	}
}

// anythingBut matches a leaf that has another value; not one that is missing.
func anythingBut(operand any) (operator, error) {
	list, ok := operand.([]any)
	if !ok {
		list = []any{operand}
	}
	if len(list) == 0 {
		return nil, errors.New("give a value or more")
	}
	for _, element := range list {
		switch element.(type) {
		case string, json.Number:
		default:
			return nil, fmt.Errorf("%s is not a string or a number", text(element))
		}
	}
	return one(func(value any) bool { return !slices.Contains(list, value) }), nil
}

// comparisons say what numeric's signs want of a comparison's result.
var comparisons = map[string]func(int) bool{
	"=": func(c int) bool { return c == 0 },
	"<": func(c int) bool { return c < 0 }, "<=": func(c int) bool { return c <= 0 },
	">": func(c int) bool { return c > 0 }, ">=": func(c int) bool { return c >= 0 },
}

// numeric matches numbers of JSON: a record's size and time, no attributes.
func numeric(operand any) (operator, error) {
	list, _ := operand.([]any)
	wrong := errors.New(`give one comparison, or two of a range, such as [">", 0, "<=", 150]`)
	if len(list) != 2 && len(list) != 4 {
		return nil, wrong
	}
	var wants []func(*big.Rat) bool
	for i := 0; i < len(list); i += 2 {
		sign, _ := list[i].(string)
		compare, n := comparisons[sign], number(list[i+1])
		if compare == nil || n == nil || sign == "=" && len(list) > 2 {
			return nil, wrong
		}
		wants = append(wants, func(value *big.Rat) bool { return compare(value.Cmp(n)) })
	}
	return one(func(value any) bool {
		n := number(value)
		return n != nil && !slices.ContainsFunc(wants, func(want func(*big.Rat) bool) bool { return !want(n) })
	}), nil
}

// number is the value of a JSON number; nil: it is something else, or beyond all
// that float64 has.
func number(value any) *big.Rat {
	n, ok := value.(json.Number)
	if !ok {
		return nil
	}
	if _, err := strconv.ParseFloat(n.String(), 64); err != nil {
		return nil
	}
	r, ok := new(big.Rat).SetString(n.String())
	if !ok {
		return nil
	}
	return r
}
