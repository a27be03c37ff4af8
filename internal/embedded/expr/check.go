package expr

import (
	"fmt"

	"dynamostreamer/internal/embedded/attr"
)

// endLeaf closes a comparison or a function: of its faults the first in the
// service's order is the condition's, unless an earlier one had a fault.
func (p *parser) endLeaf() {
	if message := p.first(leafFaults); message != "" {
		p.note(faultCondition, message)
		for _, f := range leafFaults {
			p.notes[f] = ""
		}
	}
}

func isSize(o *operand) bool { return o.kind == functionOperand && o.function == "size" }

func misused(function string) string {
	return "The function is not allowed to be used this way in an expression; function: " + function
}

// checkNested checks the operands of a comparison or a function, and refuses
// functions among them, of which only size has a value.
func (p *parser) checkNested(args []operand) {
	for i := range args {
		o := &args[i]
		if o.kind != functionOperand {
			continue
		}
		if !isSize(o) && operatorNamed(o.function) != opNothing {
			p.note(faultMisuse, misused(o.function))
		}
		p.checkFunction(o)
	}
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

// checkFunction checks a function of a condition: that it exists, the number of
// its operands, and what they are.
func (p *parser) checkFunction(o *operand) {
	name, want := o.function, 2
	switch name {
	case "size", "attribute_exists", "attribute_not_exists":
		want = 1
	case "attribute_type", "begins_with", "contains":
	case "if_not_exists", "list_append":
		p.note(faultFunction, "The function is not allowed in a condition expression; function: "+name)
		return
	default:
		p.note(faultFunction, "Invalid function name; function: "+name)
		return
	}
	p.checkNested(o.args)
	if len(o.args) != want {
		p.note(faultCount, wrongCount(name, len(o.args)))
		return
	}
	p.checkDistinct(name, o.args)
	switch name {
	case "size":
		if t := typeOf(&o.args[0]); t == attr.N || t == attr.BOOL || t == attr.NULL {
			p.note(faultType, wrongType(name, t))
		}
	case "attribute_exists", "attribute_not_exists":
		if o.args[0].kind != pathOperand {
			p.note(faultType, "Operator or function requires a document path; operator or function: "+name)
		}
	case "attribute_type":
		p.checkTypeName(&o.args[1])
	case "begins_with":
		for i := range o.args {
			if t := typeOf(&o.args[i]); t != attr.None && t != attr.S && t != attr.B {
				p.note(faultType, wrongType(name, t))
			}
		}
	}
}

// checkTypeName checks the second operand of attribute_type, a value that names
// a type.
func (p *parser) checkTypeName(o *operand) {
	switch t := typeOf(o); {
	case t == attr.None:
		p.note(faultType, wrongTypeName("attribute_type", "{NS,SS,L,BS,N,M,B,BOOL,NULL,S}"))
	case t != attr.S:
		p.note(faultType, wrongType("attribute_type", t))
	case o.value.Text() == "" || attr.TypeNamed(o.value.Text()) == attr.None:
		p.note(faultType, "Invalid attribute type name found; type: "+o.value.Text()+
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
			p.note(faultDistinct, fmt.Sprintf("The first operand must be distinct from the remaining operands "+
				"for this operator or function; operator: %s, first operand: %v", operator, args[0].path))
		}
	}
}

// checkComparison checks the operands of an operator.
func (p *parser) checkComparison(n *node) {
	p.checkNested(n.args)
	p.checkDistinct(n.op.String(), n.args)
	switch n.op {
	case opLess, opLessEqual, opGreater, opGreaterEqual, opBetween:
		for i := range n.args {
			switch t := typeOf(&n.args[i]); t {
			case attr.None, attr.S, attr.N, attr.B:
			default:
				p.note(faultType, wrongType(n.op.String(), t))
			}
		}
	}
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
		p.note(faultType, fmt.Sprintf("The BETWEEN operator requires %s; lower bound operand: AttributeValue: %s, "+
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
