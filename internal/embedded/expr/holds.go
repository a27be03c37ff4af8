package expr

import (
	"slices"
	"strings"

	"dynamostreamer/internal/embedded/attr"
)

// Holds says whether the item meets the condition. A nil Condition holds.
func (c *Condition) Holds(it attr.Item) bool {
	return c == nil || c.root.holds(it)
}

func (n *node) holds(it attr.Item) bool {
	switch n.op {
	case opAnd:
		return n.left.holds(it) && n.right.holds(it)
	case opOr:
		return n.left.holds(it) || n.right.holds(it)
	case opNot:
		return !n.left.holds(it)
	case opExists:
		_, ok := n.args[0].path.in(it)
		return ok
	case opNotExists:
		_, ok := n.args[0].path.in(it)
		return !ok
	}
	first, found := n.args[0].in(it)
	switch n.op {
	case opIn:
		for i := 1; found && i < len(n.args); i++ {
			if v, ok := n.args[i].in(it); ok && attr.Equal(first, v) {
				return true
			}
		}
		return false
	case opBetween:
		low, okLow := n.args[1].in(it)
		high, okHigh := n.args[2].in(it)
		return found && okLow && okHigh && ordered(opGreaterEqual, first, low) && ordered(opLessEqual, first, high)
	}
	second, ok := n.args[1].in(it)
	if !found || !ok {
		return n.op == opNotEqual
	}
	switch n.op {
	case opEqual:
		return attr.Equal(first, second)
	case opNotEqual:
		return !attr.Equal(first, second)
	case opType:
		return first.Type().String() == second.Text()
	case opBeginsWith:
		return first.Type() == second.Type() && (first.Type() == attr.S || first.Type() == attr.B) &&
			strings.HasPrefix(first.Text(), second.Text())
	case opContains:
		return contains(first, second)
	}
	return ordered(n.op, first, second)
}

func ordered(op operator, a, b attr.Value) bool {
	order, ok := attr.Compare(a, b)
	if !ok {
		return false
	}
	switch op {
	case opLess:
		return order < 0
	case opLessEqual:
		return order <= 0
	case opGreater:
		return order > 0
	}
	return order >= 0
}

// contains says whether a text or bytes have b in them, or a set or a list has
// the member b.
func contains(a, b attr.Value) bool {
	if a.Type() == attr.S || a.Type() == attr.B {
		return a.Type() == b.Type() && strings.Contains(a.Text(), b.Text())
	}
	return slices.ContainsFunc(a.List(), func(e attr.Value) bool { return attr.Equal(e, b) })
}

// in is the operand's value for an item, or false if there is none.
func (o *operand) in(it attr.Item) (attr.Value, bool) {
	switch o.kind {
	case pathOperand:
		return o.path.in(it)
	case valueOperand:
		return o.value, true
	}
	v, ok := o.args[0].in(it)
	if !ok {
		return attr.Value{}, false
	}
	return size(v)
}

// size is the value of the function size.
func size(v attr.Value) (attr.Value, bool) {
	n := 0
	switch v.Type() {
	case attr.S:
		n = utf16Length(v.Text())
	case attr.B:
		n = len(v.Text())
	case attr.SS, attr.NS, attr.BS, attr.L:
		n = len(v.List())
	case attr.M:
		n = len(v.Item())
	default:
		return attr.Value{}, false
	}
	return attr.Int64(int64(n)), true
}

// utf16Length is a text's length as the service counts it: characters, where
// those outside the basic plane are two.
func utf16Length(s string) int {
	n := 0
	for _, r := range s {
		n++
		if r > 0xFFFF {
			n++
		}
	}
	return n
}
