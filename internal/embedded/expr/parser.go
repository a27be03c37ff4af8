package expr

import (
	"fmt"
	"strconv"

	"dynamostreamer/internal/embedded/attr"
)

// parser reads one expression from left to right, one token ahead. It resolves
// placeholders on the way. What is wrong comes out in the service's stages, and
// of each stage the first fault counts: the syntax; the shape, which is noted
// while reading; the names, in a walk through the text's tree; and the operands,
// in a second walk.
type parser struct {
	text     string
	previous token
	token    token // the next one
	scope    *scope

	syntax    string // the message of the first syntax error
	shape     string // redundant parentheses, too many operators
	tree      string // functions that there are not, reserved words
	operands  string // placeholders that are not defined, types
	operators int
}

func newParser(text string, s *scope) *parser {
	p := &parser{text: text, scope: s}
	p.token = scan(text, 0)
	return p
}

// checkText refuses an expression for its length.
func checkText(text string) string {
	switch {
	case text == "":
		return "The expression can not be empty;"
	case len(text) > maxExpression:
		return fmt.Sprintf("Expression size has exceeded the maximum allowed size; expression size: %d", len(text))
	}
	return ""
}

// note keeps the first message of a stage.
func note(stage *string, message string) {
	if *stage == "" {
		*stage = message
	}
}

// noteTree notes a fault of the tree, which may be none.
func (p *parser) noteTree(message string) { note(&p.tree, message) }

func (p *parser) noteOperand(message string) { note(&p.operands, message) }

func (p *parser) advance() {
	p.previous = p.token
	p.token = scan(p.text, p.token.end)
}

func (p *parser) is(symbolText string) bool {
	return p.token.kind == symbol && p.text[p.token.start:p.token.end] == symbolText
}

// accept passes over a symbol if it is next.
func (p *parser) accept(symbolText string) bool {
	if !p.is(symbolText) {
		return false
	}
	p.advance()
	return true
}

func (p *parser) acceptKind(k kind) bool {
	if p.token.kind != k {
		return false
	}
	p.advance()
	return true
}

func (p *parser) expect(symbolText string) bool { return p.accept(symbolText) || p.fail() }

func (p *parser) tokenText() string { return p.text[p.token.start:p.token.end] }

// fail notes that the next token may not stand where it does. It is false, so
// that a rule can end with it.
func (p *parser) fail() bool {
	if p.syntax != "" {
		return false
	}
	from := p.token.start
	if p.previous.end > 0 {
		from = p.previous.start
	} else if p.token.kind == end {
		from = 0
	}
	shown, to := "<EOF>", len(p.text)
	if p.token.kind != end {
		shown = p.tokenText()
		if next := scan(p.text, p.token.end); next.kind != end {
			to = next.end
		} else {
			to = p.token.end
		}
	}
	p.syntax = fmt.Sprintf("Syntax error; token: %q, near: %q", raw(shown), raw(p.text[from:to]))
	return false
}

// raw keeps %q from escaping: the service puts the text between quotation marks
// as it is.
type raw string

func (r raw) Format(f fmt.State, _ rune) {
	_, _ = f.Write([]byte(`"`))
	_, _ = f.Write([]byte(r))
	_, _ = f.Write([]byte(`"`))
}

// countOperator holds the expression against the limit of operators.
func (p *parser) countOperator() {
	if p.operators++; p.operators > maxOperators {
		note(&p.shape, fmt.Sprintf("The expression contains too many operators; operator count: %d", p.operators))
	}
}

// An element of a path is an attribute's name, or an index of a list.
type element struct {
	name  string
	index int // -1 for a name
}

// A path leads to an attribute, through maps and lists.
type path []element

// String is the path as the service's messages have it: [a, [0], b].
func (p path) String() string {
	out := []byte{'['}
	for i, e := range p {
		if i > 0 {
			out = append(out, ", "...)
		}
		if e.index >= 0 {
			out = append(out, '[')
			out = strconv.AppendInt(out, int64(e.index), 10)
			out = append(out, ']')
		} else {
			out = append(out, e.name...)
		}
	}
	return string(append(out, ']'))
}

func (p path) equal(other path) bool {
	if len(p) != len(other) {
		return false
	}
	for i := range p {
		if p[i] != other[i] {
			return false
		}
	}
	return true
}

// in finds what the path leads to in an item.
func (p path) in(it attr.Item) (attr.Value, bool) {
	v, ok := it.Get(p[0].name)
	for _, e := range p[1:] {
		if !ok {
			return attr.Value{}, false
		}
		switch {
		case e.index < 0 && v.Type() == attr.M:
			v, ok = v.Item().Get(e.name)
		case e.index >= 0 && v.Type() == attr.L && e.index < len(v.List()):
			v = v.List()[e.index]
		default:
			ok = false
		}
	}
	return v, ok
}

// An operand is a path, a value, or a function of operands.
type operand struct {
	kind     operandKind
	parens   bool // stands in parentheses
	path     path
	value    attr.Value
	function string
	args     []operand

	tree      string // what is wrong with the path's names
	undefined string // the message for a placeholder that is not defined
}

type operandKind uint8

const (
	pathOperand operandKind = iota
	valueOperand
	functionOperand
)

// pathOperand reads a path whose first name is next.
func (p *parser) pathOperand() (operand, bool) {
	o := operand{path: make(path, 0, 2)}
	if !p.pathName(&o) {
		return o, false
	}
	for {
		switch {
		case p.accept("."):
			if !p.pathName(&o) {
				return o, false
			}
		case p.accept("["):
			index := p.tokenText()
			if !p.acceptKind(digits) {
				return o, p.fail()
			}
			if !p.expect("]") {
				return o, false
			}
			i, err := strconv.ParseInt(index, 10, 32)
			if err != nil {
				note(&o.tree, "List index is not within the allowable range; index: ["+index+"]")
			}
			o.path = append(o.path, element{index: int(i)})
		default:
			if len(o.path) > maxPathLength {
				note(&o.tree, fmt.Sprintf("The document path has too many nesting levels; nesting levels: %d", len(o.path)))
			}
			return o, true
		}
	}
}

// pathName reads one name of a path, as it is or as a placeholder.
func (p *parser) pathName(o *operand) bool {
	text := p.tokenText()
	switch p.token.kind {
	case word:
		if isReserved(text) {
			note(&o.tree, "Attribute name is a reserved keyword; reserved keyword: "+text)
		}
		o.path = append(o.path, element{text, -1})
	case name:
		attribute, ok := p.scope.name(text)
		if !ok {
			note(&o.undefined, "An expression attribute name used in the document path is not defined; attribute name: "+text)
		}
		o.path = append(o.path, element{attribute, -1})
	default:
		return p.fail()
	}
	p.advance()
	return true
}

// operand reads an operand, which may stand in parentheses.
func (p *parser) operand() (operand, bool) {
	if p.accept("(") {
		inner, ok := p.operand()
		if !ok || !p.expect(")") {
			return operand{}, false
		}
		return p.enclose(inner), true
	}
	return p.bareOperand()
}

const redundantParens = "The expression has redundant parentheses;"

// enclose notes that an operand stands in parentheses, and once is enough.
func (p *parser) enclose(o operand) operand {
	if o.parens {
		note(&p.shape, redundantParens)
	}
	o.parens = true
	return o
}

func (p *parser) bareOperand() (operand, bool) {
	switch p.token.kind {
	case value:
		text := p.tokenText()
		p.advance()
		o := operand{kind: valueOperand}
		var ok bool
		if o.value, ok = p.scope.value(text); !ok {
			o.undefined = "An expression attribute value used in expression is not defined; attribute value: " + text
		}
		return o, true
	case word:
		if after := scan(p.text, p.token.end); after.kind == symbol && p.text[after.start] == '(' {
			return p.function()
		}
	}
	return p.pathOperand()
}

// function reads a function's name and its operands.
func (p *parser) function() (operand, bool) {
	o := operand{kind: functionOperand, function: p.tokenText()}
	p.countOperator()
	p.advance()
	p.advance() // the parenthesis
	for {
		arg, ok := p.operand()
		if !ok {
			return operand{}, false
		}
		o.args = append(o.args, arg)
		if p.accept(",") {
			continue
		}
		return o, p.expect(")")
	}
}

// literal is the type of a value that stands in the expression, or None.
func (o *operand) literal() attr.Type {
	if o.kind == valueOperand {
		return o.value.Type()
	}
	return attr.None
}

func wrongType(operator string, t attr.Type) string {
	return wrongTypeName(operator, t.String())
}

func wrongTypeName(operator, shown string) string {
	return "Incorrect operand type for operator or function; operator or function: " + operator +
		", operand type: " + shown
}

func wrongCount(function string, count int) string {
	return fmt.Sprintf("Incorrect number of operands for operator or function; "+
		"operator or function: %s, number of operands: %d", function, count)
}
