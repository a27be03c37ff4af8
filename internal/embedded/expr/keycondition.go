package expr

import (
	"bytes"

	"dynamostreamer/internal/embedded/attr"
)

// A KeyCondition is a compiled KeyConditionExpression: an equality for the
// partition key, and possibly a condition for the sort key.
type KeyCondition struct {
	root  *node
	parts []keyPart
}

// keyPart is a condition on one attribute, with the attribute on the left.
type keyPart struct {
	attribute string
	op        operator
	values    []attr.Value
}

// A KeyAttribute is an attribute of a table's or an index's key. The zero
// KeyAttribute is a sort key that there is not.
type KeyAttribute struct {
	Name string
	Type attr.Type
}

// Bounds is an interval of sort keys, in the form that attr.AppendKey gives them.
// The zero Bounds holds every key.
type Bounds struct {
	Low, High         []byte // nil: none on that side
	LowOpen, HighOpen bool   // the bound itself is outside
}

// Holds says whether key is within the bounds.
func (b Bounds) Holds(key []byte) bool {
	if b.Low != nil {
		if order := bytes.Compare(key, b.Low); order < 0 || order == 0 && b.LowOpen {
			return false
		}
	}
	if b.High != nil {
		if order := bytes.Compare(key, b.High); order > 0 || order == 0 && b.HighOpen {
			return false
		}
	}
	return true
}

func parseKeyCondition(text string, s *scope) (*KeyCondition, error) {
	c, err := parseCondition(text, "KeyConditionExpression", s)
	if err != nil {
		return nil, err
	}
	return &KeyCondition{root: c.root}, nil
}

// reduce turns the condition into one part for each attribute.
func (k *KeyCondition) reduce() error {
	if err := k.add(k.root); err != nil {
		return err
	}
	if len(k.parts) > 2 {
		return invalid("Conditions can be of length 1 or 2 only")
	}
	return nil
}

func (k *KeyCondition) add(n *node) error {
	switch n.op {
	case opAnd:
		if err := k.add(n.left); err != nil {
			return err
		}
		return k.add(n.right)
	case opOr, opNot, opIn, opNotEqual, opExists, opNotExists, opType, opContains:
		return invalid("Invalid operator used in KeyConditionExpression: " + n.op.String())
	}
	part := keyPart{op: n.op}
	at := -1
	for i := range n.args {
		if n.args[i].kind == functionOperand {
			return invalid("KeyConditionExpressions cannot contain nested operations")
		}
		if n.args[i].kind == valueOperand {
			part.values = append(part.values, n.args[i].value)
		}
	}
	if (n.op == opBetween || n.op == opBeginsWith) && n.args[0].kind != pathOperand {
		return invalid("Invalid condition in KeyConditionExpression: " + n.op.String() +
			" operator must have the key attribute as its first operand")
	}
	for i := range n.args {
		if n.args[i].kind != pathOperand {
			continue
		}
		if at >= 0 {
			return invalid("Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition")
		}
		if len(n.args[i].path) > 1 {
			return invalid("KeyConditionExpressions cannot have conditions on nested attributes")
		}
		at = i
	}
	if at < 0 {
		return invalid("Invalid condition in KeyConditionExpression: No key attribute specified")
	}
	part.attribute = n.args[at].path[0].name
	if at == 1 {
		part.op = turned(n.op)
	}
	for _, other := range k.parts {
		if other.attribute == part.attribute {
			return invalid("KeyConditionExpressions must only contain one condition per key")
		}
	}
	k.parts = append(k.parts, part)
	return nil
}

// turned is the comparison with its sides exchanged.
func turned(op operator) operator {
	switch op {
	case opLess:
		return opGreater
	case opLessEqual:
		return opGreaterEqual
	case opGreater:
		return opLess
	case opGreaterEqual:
		return opLessEqual
	}
	return op
}

func (k *KeyCondition) part(attribute string) *keyPart {
	for i := range k.parts {
		if k.parts[i].attribute == attribute {
			return &k.parts[i]
		}
	}
	return nil
}

// Resolve holds the condition against the key of a table or an index: which
// partition key a Query asks for, and which sort keys. Its errors are
// attr.ValidationErrors.
func (k *KeyCondition) Resolve(hash, sort KeyAttribute) (attr.Value, Bounds, error) {
	h := k.part(hash.Name)
	if h == nil {
		return attr.Value{}, Bounds{}, missed(hash.Name)
	}
	var r *keyPart
	if len(k.parts) == 2 {
		if sort.Name == "" {
			return attr.Value{}, Bounds{}, invalid("Query key condition not supported")
		}
		if r = k.part(sort.Name); r == nil {
			return attr.Value{}, Bounds{}, missed(sort.Name)
		}
	}
	if h.op != opEqual {
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

func missed(attribute string) error {
	return invalid("Query condition missed key schema element: " + attribute)
}

// check holds the values of a part against the key attribute's type.
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
	low := attr.AppendKey(nil, c.values[0])
	switch c.op {
	case opLess:
		return Bounds{High: low, HighOpen: true}
	case opLessEqual:
		return Bounds{High: low}
	case opGreater:
		return Bounds{Low: low, LowOpen: true}
	case opGreaterEqual:
		return Bounds{Low: low}
	case opBetween:
		return Bounds{Low: low, High: attr.AppendKey(nil, c.values[1])}
	case opBeginsWith:
		return Bounds{Low: low, High: afterPrefix(low), HighOpen: true}
	}
	return Bounds{Low: low, High: low}
}

// afterPrefix is the first key after all that begin with prefix, nil if there is
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
