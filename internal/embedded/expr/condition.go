package expr

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"

	"dynamostreamer/internal/embedded/attr"
)

// A Condition is a compiled ConditionExpression or FilterExpression, or their legacy
// counterpart. Several goroutines may evaluate it.
type Condition struct{ root node }

func (p *parser) condition() *Condition {
	root := p.or(false)
	p.expectKind(end)
	if p.syntax == "" {
		p.walk(&root, conditionPlace)
		p.check(&root)
	}
	return &Condition{root}
}

// or reads conditions with OR between them. alone says that an operand without a
// comparison is allowed if a closing parenthesis follows it, here and in and, not and
// term.
func (p *parser) or(alone bool) node {
	left := p.and(alone)
	for p.is("OR") {
		left = node{op: p.operator(), args: []node{left, p.and(false)}}
	}
	return left
}

func (p *parser) and(alone bool) node {
	left := p.not(alone)
	for p.is("AND") {
		left = node{op: p.operator(), args: []node{left, p.not(false)}}
	}
	return left
}

func (p *parser) not(alone bool) node {
	if !p.is("NOT") {
		return p.term(alone)
	}
	return node{op: p.operator(), args: []node{p.not(false)}}
}

// term reads a comparison, a function, or a condition in parentheses.
func (p *parser) term(alone bool) node {
	var left node
	p.guessing = true
	if p.accept("(") {
		left = p.enclose(p.or(true))
	} else {
		left = p.bareOperand()
	}
	compared := left.isOperand() && p.is("=", "<>", "<", "<=", ">", ">=", "BETWEEN", "IN")
	if left.op == "" && !compared {
		if !alone || !p.is(")") {
			p.fail()
		}
		return left
	}
	p.guessing = false
	if p.refuseRedundant(); !compared {
		return left
	}
	n := node{op: p.operator(), args: append(make([]node, 0, 3), left)}
	switch n.op {
	case "BETWEEN":
		n.args = append(n.args, p.operand())
		p.expect("AND")
	case "IN":
		p.expect("(")
		n.args = p.list(n.args)
		if count := len(n.args) - 1; count > maxInOperands {
			note(&p.limits, fmt.Sprintf("The IN operator is provided with too many operands; number of operands: %d", count))
		}
		return n
	}
	n.args = append(n.args, p.operand())
	return n
}

// Holds reports whether the item meets the condition. A nil Condition always holds.
func (c *Condition) Holds(it attr.Item) bool {
	return c == nil || c.root.holds(it)
}

func (n *node) holds(it attr.Item) bool {
	switch n.op {
	case "AND":
		return !slices.ContainsFunc(n.args, func(arg node) bool { return !arg.holds(it) })
	case "OR":
		return slices.ContainsFunc(n.args, func(arg node) bool { return arg.holds(it) })
	case "NOT":
		return !n.args[0].holds(it)
	}
	first, found := n.args[0].in(it)
	switch n.op {
	case "attribute_exists":
		return found
	case "attribute_not_exists":
		return !found
	case "IN":
		return found && slices.ContainsFunc(n.args[1:], func(arg node) bool {
			v, ok := arg.in(it)
			return ok && attr.Equal(first, v)
		})
	}
	second, ok := n.args[1].in(it)
	if !found || !ok {
		return n.op == "<>"
	}
	switch n.op {
	case "=":
		return attr.Equal(first, second)
	case "<>":
		return !attr.Equal(first, second)
	case "attribute_type":
		return first.Type().String() == second.Text()
	case "begins_with":
		return first.Type() == second.Type() && (first.Type() == attr.S || first.Type() == attr.B) &&
			strings.HasPrefix(first.Text(), second.Text())
	case "contains":
		return contains(first, second)
	case "BETWEEN":
		high, ok := n.args[2].in(it)
		return ok && compares(">=", first, second) && compares("<=", first, high)
	}
	return compares(n.op, first, second)
}

// compares reports whether a comparison holds.
func compares(operator string, a, b attr.Value) bool {
	order, ok := attr.Compare(a, b)
	switch operator {
	case "<":
		return ok && order < 0
	case "<=":
		return ok && order <= 0
	case ">":
		return ok && order > 0
	}
	return ok && order >= 0
}

// contains reports whether the text or the bytes a contain b, or the set or the list a has
// the member b.
func contains(a, b attr.Value) bool {
	if a.Type() == attr.S || a.Type() == attr.B {
		return a.Type() == b.Type() && strings.Contains(a.Text(), b.Text())
	}
	return slices.ContainsFunc(a.List(), func(e attr.Value) bool { return attr.Equal(e, b) })
}

// in returns the operand's value for an item, or false if there is none.
func (n *node) in(it attr.Item) (attr.Value, bool) {
	switch {
	case n.isPath():
		return n.path.in(it)
	case !n.call:
		return n.value, true
	}
	v, ok := n.args[0].in(it)
	if !ok {
		return attr.Value{}, false
	}
	return size(v)
}

// size returns the value of the function size. The service counts the UTF-16 units of a
// text: one for each character, and two for one outside the basic plane.
func size(v attr.Value) (attr.Value, bool) {
	n := 0
	switch v.Type() {
	case attr.S:
		for _, r := range v.Text() {
			n += utf16.RuneLen(r)
		}
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
