package expr

import (
	"cmp"
	"fmt"
	"strings"
)

// A Condition is a compiled ConditionExpression or FilterExpression. It may be
// evaluated on many items, and by several goroutines.
type Condition struct{ root *node }

// A node is a condition: a comparison, a function, or conditions joined by AND,
// OR and NOT.
type node struct {
	op          operator
	parens      bool
	left, right *node     // of AND and OR; left of NOT
	args        []operand // of the others: of a function, those of the function
	function    string    // the name of a function
}

type operator uint8

const (
	opAnd operator = iota
	opOr
	opNot
	opEqual
	opNotEqual
	opLess
	opLessEqual
	opGreater
	opGreaterEqual
	opBetween
	opIn
	opExists
	opNotExists
	opType
	opBeginsWith
	opContains
	opNothing // of a function that is no condition
)

var operatorNames = [...]string{
	"AND", "OR", "NOT", "=", "<>", "<", "<=", ">", ">=", "BETWEEN", "IN",
	"attribute_exists", "attribute_not_exists", "attribute_type", "begins_with", "contains", "",
}

func (o operator) String() string { return operatorNames[o] }

func operatorNamed(name string) operator {
	for o, n := range operatorNames[:opNothing] {
		if n == name {
			return operator(o)
		}
	}
	return opNothing
}

func parseCondition(text, parameter string, s *scope) (*Condition, error) {
	message := checkText(text)
	var root *node
	if message == "" {
		p := newParser(text, s)
		root = p.wholeCondition()
		if message = cmp.Or(p.syntax, p.shape); message == "" {
			p.walk(root)
			p.check(root)
			message = cmp.Or(p.tree, p.operands)
		}
	}
	if message != "" {
		return nil, invalid("Invalid " + parameter + ": " + message)
	}
	return &Condition{root}, nil
}

func (p *parser) wholeCondition() *node {
	root, ok := p.or()
	if ok && p.token.kind != end {
		p.fail()
	}
	return root
}

func (p *parser) or() (*node, bool) {
	left, ok := p.and()
	return p.joined(left, ok, kwOr, opOr, p.and)
}

func (p *parser) and() (*node, bool) {
	left, ok := p.not()
	return p.joined(left, ok, kwAnd, opAnd, p.not)
}

// joined reads what an operator joins to a condition that is read.
func (p *parser) joined(left *node, ok bool, keyword kind, op operator, next func() (*node, bool)) (*node, bool) {
	for ok && p.token.kind == keyword {
		p.countOperator()
		p.advance()
		var right *node
		right, ok = next()
		left = &node{op: op, left: left, right: right}
	}
	return left, ok
}

func (p *parser) not() (*node, bool) {
	if p.token.kind != kwNot {
		return p.term()
	}
	p.countOperator()
	p.advance()
	inner, ok := p.not()
	return &node{op: opNot, left: inner}, ok
}

// term reads a comparison, a function, or a condition in parentheses.
func (p *parser) term() (*node, bool) {
	cond, o, ok := p.conditionOrOperand()
	if !ok || cond != nil {
		return cond, ok
	}
	return p.comparison(o)
}

// conditionOrOperand reads what may begin a term. After a parenthesis both a
// condition and an operand may follow; which it was shows at the end of it.
func (p *parser) conditionOrOperand() (*node, operand, bool) {
	if !p.accept("(") {
		o, ok := p.bareOperand()
		return nil, o, ok
	}
	var cond *node
	var o operand
	var ok bool
	if p.token.kind == kwNot {
		cond, ok = p.or()
	} else {
		cond, o, ok = p.conditionOrOperand()
		if ok && cond == nil && (!p.is(")") || o.kind == functionOperand && !p.comparisonAfterParens()) {
			cond, ok = p.comparison(o)
		}
		if ok && cond != nil {
			cond, ok = p.joined(cond, ok, kwAnd, opAnd, p.not)
			cond, ok = p.joined(cond, ok, kwOr, opOr, p.and)
		}
	}
	if !ok || !p.expect(")") {
		return nil, o, false
	}
	if cond == nil {
		return nil, p.enclose(o), true
	}
	if cond.parens {
		note(&p.shape, redundantParens)
	}
	cond.parens = true
	return cond, o, true
}

// comparisonAfterParens says whether behind the closing parentheses a comparison
// goes on, which makes the function inside them an operand.
func (p *parser) comparisonAfterParens() bool {
	t := p.token
	for t.kind == symbol && p.text[t.start] == ')' {
		t = scan(p.text, t.end)
	}
	return t.kind == kwBetween || t.kind == kwIn ||
		t.kind == symbol && strings.IndexByte("=<>", p.text[t.start]) >= 0
}

// comparison reads what follows the first operand of a term.
func (p *parser) comparison(first operand) (*node, bool) {
	n := &node{}
	ok := true
	switch {
	case p.token.kind == kwBetween:
		p.countOperator()
		p.advance()
		n.op, n.args = opBetween, []operand{first, {}, {}}
		if n.args[1], ok = p.operand(); !ok {
			return nil, false
		}
		if !p.acceptKind(kwAnd) {
			return nil, p.fail()
		}
		n.args[2], ok = p.operand()
	case p.token.kind == kwIn:
		p.countOperator()
		p.advance()
		n.op = opIn
		n.args, ok = p.inOperands(first)
	case p.token.kind == symbol && operatorNamed(p.tokenText()) != opNothing:
		p.countOperator()
		n.op = operatorNamed(p.tokenText())
		p.advance()
		n.args = []operand{first, {}}
		n.args[1], ok = p.operand()
	case first.kind == functionOperand:
		n.op, n.args = operatorNamed(first.function), first.args
		n.function, n.parens = first.function, first.parens
	default:
		return nil, p.fail()
	}
	return n, ok
}

func (p *parser) inOperands(first operand) ([]operand, bool) {
	args := []operand{first}
	if !p.expect("(") {
		return nil, false
	}
	for {
		arg, ok := p.operand()
		if !ok {
			return nil, false
		}
		args = append(args, arg)
		if p.accept(",") {
			continue
		}
		if len(args)-1 > maxInOperands {
			note(&p.shape, fmt.Sprintf("The IN operator is provided with too many operands; number of operands: %d", len(args)-1))
		}
		return args, p.expect(")")
	}
}
