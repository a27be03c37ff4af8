package expr

import (
	"slices"

	"dynamostreamer/internal/embedded/attr"
)

// An Update is a compiled UpdateExpression, or the legacy AttributeUpdates.
type Update struct {
	actions []action
	paths   []path // of the actions, sorted
	legacy  bool   // AttributeUpdates
}

// An action changes one attribute. The paths of two actions never overlap.
type action struct {
	verb  string // SET, REMOVE, ADD or DELETE
	path  path
	value node // the zero node for a REMOVE
}

func (p *parser) update() *Update {
	u := &Update{actions: make([]action, 0, 4)}
	targets := make([]node, 0, 4)
	for p.syntax == "" && (len(targets) == 0 || p.token.kind != end) {
		verb, earlier := p.token.text, u.actions
		if !p.is("SET", "REMOVE", "ADD", "DELETE") {
			p.fail()
			break
		}
		for more := true; more; more = p.is(",") {
			p.advance() // over the verb or the comma
			target := p.pathOperand()
			targets = append(targets, target)
			p.walk(&target, updatePlace)
			u.actions = append(u.actions, action{verb, target.path, p.actionValue(verb)})
		}
		if slices.ContainsFunc(earlier, func(a action) bool { return a.verb == verb }) {
			note(&p.tree, `The "`+verb+`" section can only be used once in an update expression;`)
		}
	}
	u.paths = p.targets(targets)
	for i := len(u.actions) - 1; i >= 0; i-- {
		p.checkAction(&u.actions[i])
	}
	return u
}

// actionValue reads the value after the path of an action.
func (p *parser) actionValue(verb string) (n node) {
	switch verb {
	case "SET":
		p.expect("=")
		n = p.setValue()
		p.walk(&n, updatePlace)
	case "ADD", "DELETE":
		if p.token.kind != value {
			p.fail()
		}
		n = p.bareOperand()
	}
	return n
}

// setValue reads the right side of a SET: one operand, or two with + or - between them. It
// may be in parentheses.
func (p *parser) setValue() node {
	var left node
	if p.accept("(") {
		left = p.enclose(p.setValue())
	} else {
		left = p.bareOperand()
	}
	if left.isOperand() && p.is("+", "-") {
		return node{op: p.operator(), args: []node{left, p.operand()}}
	}
	return left
}

var longTypeNames = map[attr.Type]string{
	attr.S: "STRING", attr.N: "NUMBER", attr.B: "BINARY", attr.BOOL: "BOOLEAN",
	attr.NULL: "NULL", attr.L: "LIST", attr.M: "MAP",
}

// checkAction notes the first error in an action's operands. The value of ADD must be a
// number or a set, the value of DELETE a set.
func (p *parser) checkAction(act *action) {
	if act.verb == "REMOVE" || p.syntax != "" {
		return
	}
	p.check(&act.value)
	long := longTypeNames[act.value.value.Type()]
	if act.verb == "SET" || long == "" || act.verb == "ADD" && long == "NUMBER" {
		return
	}
	note(&p.operands, "Incorrect operand type for operator or function; operator: "+act.verb+
		", operand type: "+long+", typeSet: ALLOWED_FOR_"+act.verb+"_OPERAND")
}

// writes reports whether the action sets its attribute.
func (a *action) writes() bool { return a.verb == "SET" || a.verb == "ADD" }

// OnlyRemoves reports whether the update only removes. It is false for a nil Update.
func (u *Update) OnlyRemoves() bool {
	return u != nil && !slices.ContainsFunc(u.actions, func(a action) bool { return a.writes() })
}

// CheckKeys refuses an update of one of the given attributes, which belong to the table's
// key.
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

// Touched returns an item reduced to the updated paths. For UPDATED_OLD the item is the old
// one, for UPDATED_NEW the result of Apply.
func (u *Update) Touched(it attr.Item) attr.Item {
	if u == nil {
		return nil
	}
	return projectItem(it, u.paths, 0)
}
