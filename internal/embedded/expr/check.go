package expr

import (
	"fmt"

	"dynamostreamer/internal/embedded/attr"
)

// walk notes the first fault of a condition's tree, in the order of the text.
func (p *parser) walk(n *node) {
	switch {
	case n.op == opAnd || n.op == opOr:
		p.walk(n.left)
		p.walk(n.right)
	case n.op == opNot:
		p.walk(n.left)
	case n.function != "":
		p.noteTree(conditionFunction(n.function))
		if n.function == "size" {
			p.noteTree(misused("size"))
		}
		fallthrough
	default:
		p.walkOperands(n.args)
	}
}

// walkOperands notes names that may not be, and functions among the operands, of
// which only size has a value.
func (p *parser) walkOperands(args []operand) {
	for i := range args {
		o := &args[i]
		p.noteTree(o.tree)
		if o.kind == functionOperand {
			p.noteTree(conditionFunction(o.function))
			if !isSize(o) {
				p.noteTree(misused(o.function))
			}
			p.walkOperands(o.args)
		}
	}
}

// conditionFunction is the message for a function that conditions do not have.
func conditionFunction(name string) string {
	switch name {
	case "size", "attribute_exists", "attribute_not_exists", "attribute_type", "begins_with", "contains":
		return ""
	case "if_not_exists", "list_append":
		return "The function is not allowed in a condition expression; function: " + name
	}
	return "Invalid function name; function: " + name
}

// check notes the first fault of a condition's operands, in the order in which
// the service builds the condition: operands before what they are operands of.
func (p *parser) check(n *node) {
	switch {
	case n.op == opAnd || n.op == opOr:
		p.check(n.left)
		p.check(n.right)
	case n.op == opNot:
		p.check(n.left)
	case n.function != "":
		p.checkFunction(n.function, n.args)
	default:
		p.checkComparison(n)
	}
}

func (p *parser) checkOperands(args []operand) {
	for i := range args {
		p.noteOperand(args[i].undefined)
		if args[i].kind == functionOperand {
			p.checkFunction(args[i].function, args[i].args)
		}
	}
}

func isSize(o *operand) bool { return o.kind == functionOperand && o.function == "size" }

func misused(function string) string {
	return "The function is not allowed to be used this way in an expression; function: " + function
}

// typeOf is the type of a value or of a function's result, None where an item
// decides it.
func typeOf(o *operand) attr.Type {
	switch {
	case isSize(o):
		return attr.N
	case o.kind == functionOperand:
		return attr.BOOL
	}
	return o.literal()
}

// checkFunction checks the operands of a function of a condition.
func (p *parser) checkFunction(name string, args []operand) {
	p.checkOperands(args)
	want := 2
	if name == "size" || name == "attribute_exists" || name == "attribute_not_exists" {
		want = 1
	}
	if len(args) != want {
		p.noteOperand(wrongCount(name, len(args)))
		return
	}
	p.checkDistinct(name, args)
	switch name {
	case "size":
		if t := typeOf(&args[0]); t == attr.N || t == attr.BOOL || t == attr.NULL {
			p.noteOperand(wrongType(name, t))
		}
	case "attribute_exists", "attribute_not_exists":
		if args[0].kind != pathOperand {
			p.noteOperand(needsPath(name))
		}
	case "attribute_type":
		p.checkTypeName(&args[1])
	case "begins_with":
		for i := range args {
			if t := typeOf(&args[i]); t != attr.None && t != attr.S && t != attr.B {
				p.noteOperand(wrongType(name, t))
			}
		}
	}
}

func needsPath(function string) string {
	return "Operator or function requires a document path; operator or function: " + function
}

// checkTypeName checks the second operand of attribute_type, a value that names
// a type.
func (p *parser) checkTypeName(o *operand) {
	switch t := typeOf(o); {
	case t == attr.None:
		p.noteOperand(wrongTypeName("attribute_type", "{NS,SS,L,BS,N,M,B,BOOL,NULL,S}"))
	case t != attr.S:
		p.noteOperand(wrongType("attribute_type", t))
	case o.value.Text() == "" || attr.TypeNamed(o.value.Text()) == attr.None:
		p.noteOperand("Invalid attribute type name found; type: " + o.value.Text() +
			", valid types: {N,BS,L,B,NULL,M,S,SS,NS,BOOL}")
	}
}

// checkDistinct refuses a first operand that is compared with itself.
func (p *parser) checkDistinct(operator string, args []operand) {
	if args[0].kind != pathOperand {
		return
	}
	for _, other := range args[1:] {
		if other.kind == pathOperand && args[0].path.equal(other.path) {
			p.noteOperand(fmt.Sprintf("The first operand must be distinct from the remaining operands "+
				"for this operator or function; operator: %s, first operand: %v", operator, args[0].path))
		}
	}
}

// checkComparison checks the operands of an operator.
func (p *parser) checkComparison(n *node) {
	p.checkOperands(n.args)
	switch n.op {
	case opLess, opLessEqual, opGreater, opGreaterEqual, opBetween:
		for i := range n.args {
			switch t := typeOf(&n.args[i]); t {
			case attr.None, attr.S, attr.N, attr.B:
			default:
				p.noteOperand(wrongType(n.op.String(), t))
			}
		}
	}
	p.checkDistinct(n.op.String(), n.args)
	if n.op == opBetween {
		p.checkBounds(&n.args[1], &n.args[2])
	}
}

// checkBounds checks the bounds of BETWEEN, where both are values.
func (p *parser) checkBounds(low, high *operand) {
	if low.literal() == attr.None || high.literal() == attr.None {
		return
	}
	problem := ""
	if low.literal() != high.literal() {
		problem = "same data type for lower and upper bounds"
	} else if order, ok := attr.Compare(low.value, high.value); ok && order > 0 {
		problem = "upper bound to be greater than or equal to lower bound"
	}
	if problem != "" {
		p.noteOperand(fmt.Sprintf("The BETWEEN operator requires %s; lower bound operand: AttributeValue: %s, "+
			"upper bound operand: AttributeValue: %s", problem, shown(low.value), shown(high.value)))
	}
}

// shown is a value as the service's messages have it: {S:text}.
func shown(v attr.Value) string {
	text := v.Text()
	switch {
	case v.Type() == attr.BOOL:
		text = fmt.Sprint(v.Bool())
	case v.Type() == attr.NULL:
		text = "true"
	case v.Type() != attr.S && v.Type() != attr.N:
		text = v.JSON()
	}
	return "{" + v.Type().String() + ":" + text + "}"
}
