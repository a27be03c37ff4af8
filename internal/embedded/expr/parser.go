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

	parens    bool   // is in parentheses
	names     string // the first error in the path's names
	undefined string // the message about an undefined placeholder
}

func (n *node) isPath() bool { return n.path != nil }

// isOperand reports whether the node may be an operand. A function may be an operand or a
// condition.
func (n *node) isOperand() bool { return n.op == "" || n.call }

// A parser reads one expression from left to right, one token ahead, and resolves
// placeholders. Like the service, it checks in stages and keeps the first error of each:
// the syntax; the limits, while reading; the names, in a walk through the tree; and the
// operands, in a second walk. After a syntax error it moves to the end of the text.
//
// Redundant parentheses are a syntax error too, but the parser reports them only after it
// has seen that a valid token follows the first operand of a comparison.
type parser struct {
	text     string
	previous token
	token    token // the next one
	scope    *scope

	syntax    string // the message of the first syntax error
	guessing  bool   // has yet to see whether an operand begins a comparison
	redundant bool   // there were redundant parentheses
	limits    string // too many operators or operands
	tree      string // unknown functions, reserved words
	operands  string // undefined placeholders, types
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

// is reports whether the next token is one of the symbols or keywords.
func (p *parser) is(texts ...string) bool {
	return p.token.kind == symbol && slices.Contains(texts, p.token.text)
}

// accept skips a symbol or a keyword, and reports whether it was next.
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

// fail notes that the next token is a syntax error.
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

// operator skips an operator or the name of a function and returns it. It notes an error
// if there are too many of them.
func (p *parser) operator() string {
	if p.operators++; p.operators > maxOperators {
		note(&p.limits, fmt.Sprintf("The expression contains too many operators; operator count: %d", p.operators))
	}
	text := p.token.text
	p.advance()
	return text
}

// enclose reads the closing parenthesis after a node. Two pairs around the same node are
// redundant.
func (p *parser) enclose(n node) node {
	p.expect(")")
	p.redundant = p.redundant || n.parens
	n.parens = true
	p.refuseRedundant()
	return n
}

// refuseRedundant refuses redundant parentheses, unless it is too early to tell.
func (p *parser) refuseRedundant() {
	if p.redundant && !p.guessing {
		p.refuse("The expression has redundant parentheses;")
	}
}

// operand reads an operand, which may be in parentheses.
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

// list appends operands that are separated by commas, up to a closing parenthesis.
func (p *parser) list(args []node) []node {
	for {
		args = append(args, p.operand())
		if !p.accept(",") {
			p.expect(")")
			return args
		}
	}
}
