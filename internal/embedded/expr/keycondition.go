package expr

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"dynamostreamer/internal/embedded/attr"
)

// A KeyCondition is a compiled KeyConditionExpression, or the legacy KeyConditions: an
// equality for each attribute of the partition key, and possibly conditions for those of the
// sort key.
type KeyCondition struct {
	root  node
	parts []keyPart
}

// keyPart is a condition on one attribute, with the attribute on the left.
type keyPart struct {
	attribute string
	op        string
	values    []attr.Value
}

// A KeyAttribute is an attribute of a table's or an index's key.
type KeyAttribute struct {
	Name string
	Type attr.Type
}

// Bounds is an interval of the values of a key attribute in the form of attr.AppendKey:
// Low <= key < High. The zero Bounds contain every value.
type Bounds struct {
	Low, High []byte // nil: no bound
}

// Holds reports whether key is within the bounds.
func (b Bounds) Holds(key []byte) bool {
	return bytes.Compare(key, b.Low) >= 0 && (b.High == nil || bytes.Compare(key, b.High) < 0)
}

// After returns the first key after key.
func After(key []byte) []byte { return append(bytes.Clone(key), 0) }

// reduce splits the condition into one part for each attribute.
func (k *KeyCondition) reduce() error { return k.add(&k.root) }

const badCondition = "Invalid condition in KeyConditionExpression: "

func (k *KeyCondition) add(n *node) error {
	part := keyPart{op: n.op}
	switch n.op {
	case "AND":
		if err := k.add(&n.args[0]); err != nil {
			return err
		}
		return k.add(&n.args[1])
	case "=", "<", "<=", ">", ">=":
	case "BETWEEN", "begins_with":
		if !n.args[0].isPath() {
			return invalid(badCondition + n.op + " operator must have the key attribute as its first operand")
		}
	default:
		return invalid("Invalid operator used in KeyConditionExpression: " + n.op)
	}
	for i := range n.args {
		switch arg := &n.args[i]; {
		case arg.call:
			return invalid("KeyConditionExpressions cannot contain nested operations")
		case !arg.isPath():
			part.values = append(part.values, arg.value)
		case part.attribute != "":
			return invalid(badCondition + "Multiple attribute names used in one condition")
		case len(arg.path) > 1:
			return invalid("Invalid KeyConditionExpression: KeyConditionExpressions cannot have conditions on nested attributes")
		default:
			part.attribute = arg.path[0].name
			if turned, ok := turnedOperators[n.op]; ok && i == 1 {
				part.op = turned
			}
		}
	}
	if part.attribute == "" {
		return invalid(badCondition + "No key attribute specified")
	}
	if k.part(part.attribute) != nil {
		return invalid("Invalid KeyConditionExpression: KeyConditionExpressions must only contain one condition per key")
	}
	k.parts = append(k.parts, part)
	return nil
}

// turnedOperators maps each comparison to the one with its sides exchanged.
var turnedOperators = map[string]string{"<": ">", "<=": ">=", ">": "<", ">=": "<="}

func (k *KeyCondition) part(attribute string) *keyPart {
	for i := range k.parts {
		if k.parts[i].attribute == attribute {
			return &k.parts[i]
		}
	}
	return nil
}

// A KeyRange is the part of a table or an index that a Query reads: one partition, and of
// its sort keys those whose first attributes have the values in Equal and whose next
// attribute is within the Bounds.
type KeyRange struct {
	Hash  []attr.Value // of the attributes of the partition key
	Equal []attr.Value // of the first attributes of the sort key
	Bounds
}

// Sorted reports whether there is a condition on the sort key.
func (r *KeyRange) Sorted() bool { return r.Equal != nil || r.Low != nil || r.High != nil }

// Resolve applies the condition to the attributes of the partition key and of the sort key
// of a table or an index. All attributes of the partition key must have one value. Those of
// the sort key may have conditions from the left to the right, and only the last of them
// may be other than an equality ("Multi-attribute keys pattern" in the Developer Guide). Its
// errors are attr.ValidationErrors.
func (k *KeyCondition) Resolve(hash, sort []KeyAttribute) (r KeyRange, err error) {
	if n, most := len(k.parts), len(hash)+len(sort); n > most {
		return r, invalid(fmt.Sprintf("The number of query conditions (%d) exceeds "+
			"the number of key attributes defined in the schema (%d)", n, most))
	}
	for _, h := range hash {
		if k.part(h.Name) == nil {
			return r, missed(h.Name)
		}
	}
	if sort, err = k.leading(sort, len(k.parts)-len(hash)); err != nil {
		return r, err
	}
	for _, a := range slices.Concat(hash, sort) {
		if !slices.Contains(indexable, k.part(a.Name).op) {
			return r, invalid("Attempted conditional constraint is not an indexable operation")
		}
	}
	for _, h := range hash {
		part := k.part(h.Name)
		if part.op != "=" {
			return r, invalid("Query key condition not supported")
		}
		if err := part.check(h); err != nil {
			return r, err
		}
		r.Hash = append(r.Hash, part.values[0])
	}
	for i, a := range sort {
		part := k.part(a.Name)
		if err := part.check(a); err != nil {
			return r, err
		}
		if i < len(sort)-1 {
			r.Equal = append(r.Equal, part.values[0])
		} else {
			r.Bounds = part.bounds()
		}
	}
	return r, nil
}

// leading returns the first n attributes of a sort key, which must be those that have
// conditions. It refuses conditions on other attributes and gaps between them.
func (k *KeyCondition) leading(sort []KeyAttribute, n int) ([]KeyAttribute, error) {
	last, found := -1, 0
	for i, a := range sort {
		if k.part(a.Name) != nil {
			last, found = i, found+1
		}
	}
	if found < n { // one is on an attribute that is not of the key
		for _, a := range sort {
			if k.part(a.Name) == nil {
				return nil, missed(a.Name)
			}
		}
	}
	var loose []string
	for _, a := range sort[:max(0, last)] {
		if part := k.part(a.Name); part == nil || part.op != "=" {
			loose = append(loose, a.Name)
		}
	}
	if loose != nil {
		return nil, invalid("RANGE key attributes " + strings.Join(loose, ", ") + " must have equality conditions specified in the query " +
			"because a condition is present on key attribute " + sort[last].Name)
	}
	return sort[:last+1], nil
}

// indexable are the operators of key conditions. A KeyConditionExpression can't have any
// other.
var indexable = []string{"=", "<", "<=", ">", ">=", "BETWEEN", "begins_with"}

func missed(attribute string) error {
	return invalid("Query condition missed key schema element: " + attribute)
}

// check compares the values of a part with the key attribute's type.
func (c *keyPart) check(key KeyAttribute) error {
	for _, v := range c.values {
		if v.Type() != key.Type {
			return invalid("One or more parameter values were invalid: Condition parameter type does not match schema type")
		}
		if v.Text() == "" {
			kind := "string"
			if key.Type == attr.B {
				kind = "binary"
			}
			return invalid("One or more parameter values are not valid. The AttributeValue for a key attribute " +
				"cannot contain an empty " + kind + " value. Key: " + key.Name)
		}
	}
	return nil
}

func (c *keyPart) bounds() Bounds {
	key := attr.AppendKey(nil, c.values[0])
	switch c.op {
	case "<":
		return Bounds{High: key}
	case "<=":
		return Bounds{High: After(key)}
	case ">":
		return Bounds{Low: After(key)}
	case ">=":
		return Bounds{Low: key}
	case "BETWEEN":
		return Bounds{key, After(attr.AppendKey(nil, c.values[1]))}
	case "begins_with":
		return Bounds{key, afterPrefix(key)}
	}
	return Bounds{key, After(key)}
}

// afterPrefix returns the first key after all keys that begin with prefix, nil if there is
// none.
func afterPrefix(prefix []byte) []byte {
	after := bytes.Clone(prefix)
	for len(after) > 0 {
		last := len(after) - 1
		if after[last] < 0xFF {
			after[last]++
			return after
		}
		after = after[:last]
	}
	return nil
}
