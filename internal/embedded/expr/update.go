package expr

import (
	"cmp"
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
	verb   kind // kwSet, kwRemove, kwAdd or kwDelete
	target operand
	sign   byte // of SET: '+' or '-' between the operands, or 0 for one operand
	a, b   operand
	parens bool // both operands together stand in parentheses
}

func parseUpdate(text string, s *scope) (*Update, error) {
	const parameter = "Invalid UpdateExpression: "
	if message := checkText(text); message != "" {
		return nil, invalid(parameter + message)
	}
	p := newParser(text, s)
	u := &Update{actions: make([]action, 0, 4)}
	p.clauses(u)
	if message := cmp.Or(p.syntax, p.shape, p.tree); message != "" {
		return nil, invalid(parameter + message)
	}
	u.paths = p.targets(len(u.actions), func(i int) *operand { return &u.actions[i].target })
	for i := len(u.actions) - 1; i >= 0; i-- {
		p.checkAction(&u.actions[i])
	}
	if p.operands != "" {
		return nil, invalid(parameter + p.operands)
	}
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
		if seen[verb] {
			p.noteTree(`The "` + keywords[verb-kwAnd].text + `" section can only be used once in an update expression;`)
		}
		seen[verb] = true
		if p.token.kind == end {
			return true
		}
	}
}

func (p *parser) action(verb kind) (action, bool) {
	act := action{verb: verb}
	var ok bool
	if act.target, ok = p.pathOperand(); !ok {
		return act, false
	}
	p.noteTree(act.target.tree)
	switch verb {
	case kwSet:
		if !p.expect("=") || !p.setValue(&act) {
			return act, false
		}
		p.walkSet(&act.a, act.sign != 0)
		if act.sign != 0 {
			p.walkSet(&act.b, true)
		}
	case kwAdd, kwDelete:
		if p.token.kind != value {
			return act, p.fail()
		}
		act.a, ok = p.bareOperand()
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
		note(&p.shape, redundantParens)
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
	act.b, ok = p.operand()
	return ok
}

// walkSet notes what is wrong with the names and functions of a SET's operand.
// Inside another operand only if_not_exists may be.
func (p *parser) walkSet(o *operand, inner bool) {
	p.noteTree(o.tree)
	if o.kind != functionOperand {
		return
	}
	switch o.function {
	case "if_not_exists":
	case "list_append":
		if inner {
			p.noteTree(misused(o.function))
		}
	default:
		if conditionFunction(o.function) == "" {
			p.noteTree("The function is not allowed in an update expression; function: " + o.function)
		}
		p.noteTree("Invalid function name; function: " + o.function)
	}
	for i := range o.args {
		p.walkSet(&o.args[i], true)
	}
}

// checkAction notes the first fault of an action's operands.
func (p *parser) checkAction(act *action) {
	p.checkSet(&act.a)
	if act.verb == kwAdd || act.verb == kwDelete {
		p.checkSetOperand(act.verb, act.a.literal())
	}
	if act.sign == 0 {
		return
	}
	p.checkSet(&act.b)
	p.wantSet(string(act.sign), attr.N, &act.a, &act.b)
}

// wantSet notes a value among the operands that is not of type t.
func (p *parser) wantSet(operator string, t attr.Type, args ...*operand) {
	for _, o := range args {
		if got := o.literal(); got != attr.None && got != t {
			p.noteOperand(wrongType(operator, got))
		}
	}
}

// checkSet notes the first fault of an operand of SET, and of those in it.
func (p *parser) checkSet(o *operand) {
	p.noteOperand(o.undefined)
	if o.kind != functionOperand {
		return
	}
	for i := range o.args {
		p.checkSet(&o.args[i])
	}
	switch {
	case len(o.args) != 2:
		p.noteOperand(wrongCount(o.function, len(o.args)))
	case o.function == "list_append":
		p.wantSet(o.function, attr.L, &o.args[0], &o.args[1])
	case o.args[0].kind != pathOperand:
		p.noteOperand(needsPath(o.function))
	default:
		p.checkDistinct(o.function, o.args)
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
	p.noteOperand("Incorrect operand type for operator or function; operator: " + name +
		", operand type: " + long + ", typeSet: ALLOWED_FOR_" + name + "_OPERAND")
}

// CheckKeys refuses an update of one of the given attributes, those of the
// table's key.
func (u *Update) CheckKeys(attributes ...string) error {
	if u == nil {
		return nil
	}
	for i := range u.actions {
		if top := u.actions[i].target.path[0].name; slices.Contains(attributes, top) {
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
