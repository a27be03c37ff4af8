package expr

import (
	"bytes"
	"fmt"
	"slices"

	"dynamostreamer/internal/embedded/attr"
)

// A KeyCondition is a compiled KeyConditionExpression, or the legacy KeyConditions: an
// equality for the partition key, and possibly a condition for the sort key.
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

// A KeyAttribute is an attribute of a table's or an index's key. The zero KeyAttribute
// means that there is no sort key.
type KeyAttribute struct {
	Name string
	Type attr.Type
}

// Bounds is an interval of sort keys in the form of attr.AppendKey: Low <= key < High. The
// zero Bounds contain every key.
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

// Resolve applies the condition to the key of a table or an index. It returns the partition
// key that a Query asks for, and the bounds of the sort keys. Its errors are
// attr.ValidationErrors.
func (k *KeyCondition) Resolve(hash, sort KeyAttribute) (attr.Value, Bounds, error) {
	attributes := 2
	if sort.Name == "" {
		attributes = 1
	}
	if n := len(k.parts); n > attributes {
		return attr.Value{}, Bounds{}, invalid(fmt.Sprintf("The number of query conditions (%d) exceeds "+
			"the number of key attributes defined in the schema (%d)", n, attributes))
	}
	h := k.part(hash.Name)
	if h == nil {
		return attr.Value{}, Bounds{}, missed(hash.Name)
	}
	var r *keyPart
	if len(k.parts) == 2 {
		if r = k.part(sort.Name); r == nil {
			return attr.Value{}, Bounds{}, missed(sort.Name)
		}
	}
	for _, part := range []*keyPart{h, r} {
		if part != nil && !slices.Contains(indexable, part.op) {
			return attr.Value{}, Bounds{}, invalid("Attempted conditional constraint is not an indexable operation")
		}
	}
	if h.op != "=" {
		return attr.Value{}, Bounds{}, invalid("Query key condition not supported")
	}
	if err := h.check(hash); err != nil {
		return attr.Value{}, Bounds{}, err
	}
	if r == nil {
		return h.values[0], Bounds{}, nil
	}
	if err := r.check(sort); err != nil {
		return attr.Value{}, Bounds{}, err
	}
	return h.values[0], r.bounds(), nil
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
