package expr

import (
	"fmt"
	"slices"

	"dynamostreamer/internal/embedded/attr"
)

// A rule says what operands an operator or a function requires.
type rule struct {
	count  int         // the number of a function's operands; 0 for an operator
	result attr.Type   // of a function: BOOL of a condition, N of size, None in updates
	types  []attr.Type // the allowed types of operands; nil: all
	path   bool        // the first operand must be a path
	same   bool        // operands may be the same path
}

var (
	number  = []attr.Type{attr.N}
	ordered = []attr.Type{attr.S, attr.N, attr.B}
	sized   = []attr.Type{attr.S, attr.B, attr.SS, attr.NS, attr.BS, attr.L, attr.M}
)

var rules = map[string]rule{
	"<": {types: ordered}, "<=": {types: ordered}, ">": {types: ordered}, ">=": {types: ordered},
	"BETWEEN": {types: ordered},
	"+":       {types: number, same: true}, "-": {types: number, same: true},
	"attribute_exists":     {count: 1, result: attr.BOOL, path: true},
	"attribute_not_exists": {count: 1, result: attr.BOOL, path: true},
	"attribute_type":       {count: 2, result: attr.BOOL},
	"begins_with":          {count: 2, result: attr.BOOL, types: []attr.Type{attr.S, attr.B}},
	"contains":             {count: 2, result: attr.BOOL},
	"size":                 {count: 1, result: attr.N, types: sized},
	"if_not_exists":        {count: 2, path: true},
	"list_append":          {count: 2, types: []attr.Type{attr.L}, same: true},
}

// A place is where in an expression a node is.
type place uint8

const (
	conditionPlace place = iota
	operandPlace         // of a condition
	updatePlace          // the right side of a SET
	innerPlace           // inside an operand of a SET
)

// walk notes the first error in the tree's names and functions, in the order of the text.
func (p *parser) walk(n *node, in place) {
	note(&p.tree, n.names)
	if n.call {
		note(&p.tree, misplaced(n.op, in))
	}
	switch {
	case in >= updatePlace:
		in = innerPlace
	case n.isOperand() || n.op != "AND" && n.op != "OR" && n.op != "NOT":
		in = operandPlace
	}
	for i := range n.args {
		p.walk(&n.args[i], in)
	}
}

// misplaced returns the message about a function that is not allowed in a place, or "".
func misplaced(function string, in place) string {
	r := rules[function]
	forUpdates := r.result == attr.None
	switch {
	case r.count == 0:
		return "Invalid function name; function: " + function
	case !forUpdates && in >= updatePlace:
		return "The function is not allowed in an update expression; function: " + function
	case forUpdates && in < updatePlace:
		return "The function is not allowed in a condition expression; function: " + function
	case r.result == attr.N && in == conditionPlace, r.result == attr.BOOL && in == operandPlace,
		function == "list_append" && in == innerPlace:
		return "The function is not allowed to be used this way in an expression; function: " + function
	}
	return ""
}

// check notes the first error in the tree's operands. Like the service, it checks operands
// before the operator that they belong to.
func (p *parser) check(n *node) {
	for i := range n.args {
		p.check(&n.args[i])
	}
	note(&p.operands, n.undefined)
	if n.op == "" || p.operands != "" {
		return
	}
	if r := rules[n.op]; n.call && len(n.args) != r.count {
		p.operands = fmt.Sprintf("Incorrect number of operands for operator or function; "+
			"operator or function: %s, number of operands: %d", n.op, len(n.args))
	} else {
		p.operands = r.broken(n)
	}
}

// broken returns the message about the first violation of the rule, or "".
func (r rule) broken(n *node) string {
	for i := 0; i < len(n.args) && r.types != nil; i++ {
		if t := n.args[i].typ(); t != attr.None && !slices.Contains(r.types, t) {
			return wrongType(n.op, t.String())
		}
	}
	first := &n.args[0]
	for i := 1; i < len(n.args) && first.isPath() && !r.same; i++ {
		if slices.Equal(first.path, n.args[i].path) {
			return fmt.Sprintf("The first operand must be distinct from the remaining operands "+
				"for this operator or function; operator: %s, first operand: %v", n.op, first.path)
		}
	}
	switch {
	case r.path && !first.isPath():
		return "Operator or function requires a document path; operator or function: " + n.op
	case n.op == "attribute_type":
		return wrongTypeName(&n.args[1])
	case n.op == "BETWEEN":
		return wrongBounds(n.args[1].value, n.args[2].value)
	}
	return ""
}

// typ returns the type of a value or of a function's result, None if it depends on the
// item.
func (n *node) typ() attr.Type {
	if n.call {
		return rules[n.op].result
	}
	return n.value.Type()
}

func wrongType(operator, shown string) string {
	return "Incorrect operand type for operator or function; operator or function: " + operator + ", operand type: " + shown
}

// wrongTypeName checks the second operand of attribute_type, which must be the name of a
// type.
func wrongTypeName(n *node) string {
	switch t := n.typ(); {
	case t == attr.None:
		return wrongType("attribute_type", "{NS,SS,L,BS,N,M,B,BOOL,NULL,S}")
	case t != attr.S:
		return wrongType("attribute_type", t.String())
	case attr.TypeNamed(n.value.Text()) == attr.None:
		return "Invalid attribute type name found; type: " + n.value.Text() + ", valid types: {N,BS,L,B,NULL,M,S,SS,NS,BOOL}"
	}
	return ""
}

// wrongBounds checks the bounds of BETWEEN if both are values.
func wrongBounds(low, high attr.Value) string {
	problem := ""
	if order, ok := attr.Compare(low, high); low.IsZero() || high.IsZero() || ok && order <= 0 {
		return ""
	} else if ok {
		problem = "upper bound to be greater than or equal to lower bound"
	} else {
		problem = "same data type for lower and upper bounds"
	}
	return fmt.Sprintf("The BETWEEN operator requires %s; lower bound operand: AttributeValue: {%v:%s}, "+
		"upper bound operand: AttributeValue: {%v:%s}", problem, low.Type(), shown(low), high.Type(), shown(high))
}

// shown returns a bound in the form of the service's messages.
func shown(v attr.Value) string {
	if v.Type() == attr.B {
		return v.JSON()
	}
	return v.Text()
}
