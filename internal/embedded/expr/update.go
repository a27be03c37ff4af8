package expr

import (
	"slices"

	"dynamostreamer/internal/embedded/attr"
)

// An Update is a compiled UpdateExpression.
type Update struct {
	actions []action
	paths   []path // of the actions, sorted
}

// An action changes one attribute. The paths of two actions never overlap.
type action struct {
	verb kind // kwSet, kwRemove, kwAdd or kwDelete
	path path
	sign byte // of SET: '+' or '-' between the operands, or 0 for one operand
	a, b operand
	// parens says that both operands together stand in parentheses.
	parens bool
}

// updateFaults is the order in which the service reports what is wrong with an
// update.
var updateFaults = []fault{faultLimit, faultParens, faultReserved, faultFunction, faultSection, faultName, faultValue,
	faultOverlap, faultConflict, faultOperand, faultType}

func parseUpdate(text string, s *scope) (*Update, error) {
	const parameter = "Invalid UpdateExpression: "
	if message := checkText(text); message != "" {
		return nil, invalid(parameter + message)
	}
	p := newParser(text, s)
	u := &Update{actions: make([]action, 0, 4)}
	if !p.clauses(u) {
		return nil, invalid(parameter + p.syntax)
	}
	paths := make([]path, len(u.actions))
	for i := range u.actions {
		paths[i] = u.actions[i].path
	}
	p.checkPaths(paths)
	if message := p.first(updateFaults); message != "" {
		return nil, invalid(parameter + message)
	}
	slices.SortFunc(paths, comparePaths)
	u.paths = paths
	return u, nil
}

// clauses reads the whole expression.
func (p *parser) clauses(u *Update) bool {
	var seen [kwDelete + 1]bool
	for {
		verb := p.token.kind
		if verb < kwSet || verb > kwDelete {
			return p.fail()
		}
		if seen[verb] {
			p.note(faultSection, `The "`+keywords[verb-kwAnd].text+`" section can only be used once in an update expression;`)
		}
		seen[verb] = true
		p.advance()
		for {
			act, ok := p.action(verb)
			if !ok {
				return false
			}
			u.actions = append(u.actions, act)
			if !p.accept(",") {
				break
			}
		}
		if p.token.kind == end {
			return true
		}
	}
}

func (p *parser) action(verb kind) (action, bool) {
	act := action{verb: verb}
	var ok bool
	if act.path, ok = p.path(); !ok {
		return act, false
	}
	switch verb {
	case kwSet:
		return act, p.expect("=") && p.setValue(&act)
	case kwAdd, kwDelete:
		if p.token.kind != value {
			return act, p.fail()
		}
		act.a, ok = p.bareOperand()
		p.checkSetOperand(verb, act.a.literal())
	}
	return act, ok
}

// setValue reads the right side of a SET: one operand, or two with a sign, and
// parentheses around all of it if need be.
func (p *parser) setValue(act *action) bool {
	if !p.accept("(") {
		return p.sum(act)
	}
	if !p.setValue(act) || !p.expect(")") {
		return false
	}
	if act.sign == 0 {
		act.a = p.enclose(act.a)
		return p.rest(act)
	}
	if act.parens {
		p.note(faultParens, redundantParens)
	}
	act.parens = true
	return true
}

// sum reads an operand, and the sign and the operand that may follow.
func (p *parser) sum(act *action) bool {
	var ok bool
	if act.a, ok = p.bareOperand(); !ok {
		return false
	}
	p.checkSetFunction(&act.a)
	return p.rest(act)
}

func (p *parser) rest(act *action) bool {
	if !p.is("+") && !p.is("-") {
		return true
	}
	act.sign = p.text[p.token.start]
	p.countOperator()
	p.advance()
	var ok bool
	if act.b, ok = p.operand(); !ok {
		return false
	}
	p.checkSetFunction(&act.b)
	for _, o := range []*operand{&act.a, &act.b} {
		if t := setType(o); t != attr.None && t != attr.N {
			p.note(faultType, wrongType(string(act.sign), t))
		}
	}
	return true
}

// setType is the type of an operand of SET, None where the item decides it.
func setType(o *operand) attr.Type {
	if o.kind != functionOperand {
		return o.literal()
	}
	switch o.function {
	case "list_append":
		return attr.L
	case "if_not_exists":
		if len(o.args) == 2 {
			return setType(&o.args[1])
		}
	}
	return attr.None
}

// checkSetFunction checks a function of SET, and those in it.
func (p *parser) checkSetFunction(o *operand) {
	if o.kind != functionOperand {
		return
	}
	name := o.function
	switch name {
	case "if_not_exists", "list_append":
	case "attribute_exists", "attribute_not_exists", "attribute_type", "begins_with", "contains", "size":
		p.note(faultFunction, "The function is not allowed in an update expression; function: "+name)
		return
	default:
		p.note(faultFunction, "Invalid function name; function: "+name)
		return
	}
	for i := range o.args {
		p.checkSetFunction(&o.args[i])
	}
	if len(o.args) != 2 {
		p.note(faultType, wrongCount(name, len(o.args)))
		return
	}
	if name == "if_not_exists" {
		if o.args[0].kind != pathOperand {
			p.note(faultType, "Operator or function requires a document path; operator or function: "+name)
		}
		return
	}
	for i := range o.args {
		if t := setType(&o.args[i]); t != attr.None && t != attr.L {
			p.note(faultType, wrongType(name, t))
		}
	}
}

var longTypeNames = map[attr.Type]string{
	attr.S: "STRING", attr.N: "NUMBER", attr.B: "BINARY", attr.BOOL: "BOOLEAN",
	attr.NULL: "NULL", attr.L: "LIST", attr.M: "MAP",
}

// checkSetOperand checks the value of ADD, a number or a set, or of DELETE, a
// set.
func (p *parser) checkSetOperand(verb kind, t attr.Type) {
	long := longTypeNames[t]
	if long == "" || verb == kwAdd && t == attr.N {
		return
	}
	name := keywords[verb-kwAnd].text
	p.note(faultOperand, "Incorrect operand type for operator or function; operator: "+name+
		", operand type: "+long+", typeSet: ALLOWED_FOR_"+name+"_OPERAND")
}

// CheckKeys refuses an update of one of the given attributes, those of the
// table's key.
func (u *Update) CheckKeys(attributes ...string) error {
	if u == nil {
		return nil
	}
	for i := range u.actions {
		if top := u.actions[i].path[0].name; slices.Contains(attributes, top) {
			return invalid("One or more parameter values were invalid: Cannot update attribute " + top +
				". This attribute is part of the key")
		}
	}
	return nil
}

// Touched is what the updated paths lead to in an item: for UPDATED_OLD in the
// item as it was, for UPDATED_NEW in what Apply made of it.
func (u *Update) Touched(it attr.Item) attr.Item {
	if u == nil {
		return nil
	}
	return projectItem(it, u.paths, 0)
}
