package expr

import (
	"fmt"
	"slices"

	"dynamostreamer/internal/embedded/attr"
)

// A node is a part of an expression: a path, a value, a function, or an operator
// with its operands.
type node struct {
	op    string // of a function its name, of an operator its text; "" for a path and a value
	call  bool   // a function
	args  []node
	path  path
	value attr.Value

	parens    bool   // stands in parentheses
	names     string // what is wrong with the path's names
	undefined string // the message for a placeholder that is not defined
}

func (n *node) isPath() bool { return n.path != nil }

// isOperand says whether the node may be an operand, or is a condition by itself;
// a function may be either.
func (n *node) isOperand() bool { return n.op == "" || n.call }

// parser reads one expression from left to right, one token ahead. It resolves
// placeholders on the way. What is wrong comes out in the service's stages, and
// of each stage the first fault counts: the syntax; the limits, which are noted
// while reading; the names, in a walk through the text's tree; and the operands,
// in a second walk. After a syntax error the parser is at the end of the text.
//
// Redundant parentheses are like a syntax error, but not before the operand that
// begins a comparison is followed by what may follow it.
type parser struct {
	text     string
	previous token
	token    token // the next one
	scope    *scope

	syntax    string // the message of the first syntax error
	guessing  bool   // whether an operand begins a comparison
	redundant bool   // there were redundant parentheses
	limits    string // too many operators or operands
	tree      string // functions that there are not, reserved words
	operands  string // placeholders that are not defined, types
	operators int
}

// note keeps the first message of a stage.
func note(stage *string, message string) {
	if *stage == "" {
		*stage = message
	}
}

func (p *parser) advance() {
	p.previous = p.token
	p.token = scan(p.text, p.token.end)
}

// is says whether one of some symbols or keywords is next.
func (p *parser) is(texts ...string) bool {
	return p.token.kind == symbol && slices.Contains(texts, p.token.text)
}

// accept passes over a symbol or a keyword if it is next.
func (p *parser) accept(text string) bool {
	if !p.is(text) {
		return false
	}
	p.advance()
	return true
}

func (p *parser) expect(text string) {
	if !p.accept(text) {
		p.fail()
	}
}

func (p *parser) expectKind(k kind) {
	if p.token.kind != k {
		p.fail()
		return
	}
	p.advance()
}

// fail notes that the next token may not stand where it does, and ends the text.
func (p *parser) fail() {
	from := p.token.start
	if p.previous.end > 0 {
		from = p.previous.start
	} else if p.token.kind == end {
		from = 0
	}
	shown, to := "<EOF>", len(p.text)
	if p.token.kind != end {
		shown, to = p.text[p.token.start:p.token.end], p.token.end
		if next := scan(p.text, to); next.kind != end {
			to = next.end
		}
	}
	p.refuse(`Syntax error; token: "` + shown + `", near: "` + p.text[from:to] + `"`)
}

func (p *parser) refuse(message string) {
	note(&p.syntax, message)
	p.token = scan(p.text, len(p.text))
}

// operator passes over an operator or the name of a function, and holds the
// expression against the limit of them.
func (p *parser) operator() string {
	if p.operators++; p.operators > maxOperators {
		note(&p.limits, fmt.Sprintf("The expression contains too many operators; operator count: %d", p.operators))
	}
	text := p.token.text
	p.advance()
	return text
}

// enclose ends the parentheses in which a node stands, and once is enough.
func (p *parser) enclose(n node) node {
	p.expect(")")
	p.redundant = p.redundant || n.parens
	n.parens = true
	p.settle()
	return n
}

// settle refuses redundant parentheses, unless that is still open.
func (p *parser) settle() {
	if p.redundant && !p.guessing {
		p.refuse("The expression has redundant parentheses;")
	}
}

// operand reads an operand, which may stand in parentheses.
func (p *parser) operand() node {
	if p.accept("(") {
		return p.enclose(p.operand())
	}
	return p.bareOperand()
}

// bareOperand reads a value, a function or a path.
func (p *parser) bareOperand() node {
	if p.token.kind == value {
		placeholder := p.token.text
		p.advance()
		return p.scope.value(placeholder)
	}
	if p.token.kind == word && scan(p.text, p.token.end).text == "(" {
		function := p.operator()
		p.advance() // the parenthesis
		return node{op: function, call: true, args: p.list(make([]node, 0, 2))}
	}
	return p.pathOperand()
}

// list appends operands with commas between them, up to a closing parenthesis.
func (p *parser) list(args []node) []node {
	for {
		args = append(args, p.operand())
		if !p.accept(",") {
			p.expect(")")
			return args
		}
	}
}
