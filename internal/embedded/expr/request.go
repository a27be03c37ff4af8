package expr

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"dynamostreamer/internal/embedded/attr"
)

// A Name is one entry of ExpressionAttributeNames: a placeholder such as #n and
// the attribute's name that it stands for.
type Name struct{ Placeholder, Attribute string }

// A Request is the part of a request that belongs to its expressions. A nil expression is
// absent. An empty one is an error of the request.
type Request struct {
	Names []Name // nil where the request has no ExpressionAttributeNames

	// Values is ExpressionAttributeValues, read by attr.Scanner.Item, nil if the
	// request has none. ValuesErr is Item's ValidationError.
	Values    attr.Item
	ValuesErr error

	Update       *string
	Condition    *string
	KeyCondition *string
	Filter       *string
	Projection   *string

	Legacy

	// Refused is the error of another parameter of the request, such as an
	// ExclusiveStartKey. It is reported after those of legacy filters and before
	// those of expressions.
	Refused error

	// ValueUsers is a part of the message about a request that has values but no
	// expression that may use them, such as "UpdateExpression and
	// ConditionExpression are null".
	ValueUsers string

	// Spare reports that names and values may be there though no expression is: so it
	// is in a transaction. With an expression, all of them must be used.
	Spare bool

	// Older reports that the operation checks values as the service did until 2026.
	Older bool
}

// Depth returns the depth of the nesting of the request's values: 1 without lists and maps.
func (r *Request) Depth() int {
	deepest := r.Values.Depth()
	for _, u := range r.AttributeUpdates {
		deepest = max(deepest, u.Value.Depth())
	}
	for _, e := range r.Expected {
		deepest = max(deepest, e.Value.Depth())
		for _, v := range e.AttributeValueList {
			deepest = max(deepest, v.Depth())
		}
	}
	return deepest
}

// A Set holds the compiled expressions of one request.
type Set struct {
	Update       *Update
	Condition    *Condition
	KeyCondition *KeyCondition
	Filter       *Condition
	Projection   *Projection
}

// Limits of the service ("Service, account, and table quotas in Amazon
// DynamoDB", expression parameters).
const (
	maxExpression  = 4 << 10 // bytes
	maxPlaceholder = 255     // bytes
	maxOperators   = 300
	maxInOperands  = 100
	maxPathLength  = 32
	maxIndex       = 1<<32 - 2 // measured, not in the quotas
)

// Compile reads and checks all of a request's expressions and placeholders, or its legacy
// parameters. Every error but Refused is an attr.ValidationError.
func Compile(r Request) (Set, error) {
	if r.Names == nil && r.Values == nil && !r.Legacy.given() && !r.hasExpression() {
		return Set{}, r.Refused
	}
	var set Set
	if err := firstOf(r.Check, func() error { return r.textOf(r.Legacy.translate(&set)) },
		func() error { return r.Refused }, r.checkPlaceholders); err != nil {
		return Set{}, err
	}
	s := scope{names: r.Names, values: r.Values, used: make([]bool, len(r.Names)+len(r.Values))}
	s.read("UpdateExpression", r.Update, func(p *parser) { set.Update = p.update() })
	s.read("ConditionExpression", r.Condition, func(p *parser) { set.Condition = p.condition() })
	s.read("KeyConditionExpression", r.KeyCondition, func(p *parser) { set.KeyCondition = &KeyCondition{root: p.condition().root} })
	s.read("FilterExpression", r.Filter, func(p *parser) { set.Filter = p.condition() })
	s.read("ProjectionExpression", r.Projection, func(p *parser) { set.Projection = p.projection() })
	if s.err == nil && (!r.Spare || r.hasExpression()) {
		s.checkUnused()
	}
	switch {
	case s.err != nil:
	case r.KeyConditions != nil:
		set.KeyCondition, s.err = translateKeyConditions(r.KeyConditions)
	case set.KeyCondition != nil:
		s.err = set.KeyCondition.reduce()
	}
	if s.err != nil {
		return Set{}, s.err
	}
	return set, nil
}

// firstOf runs checks until one fails, and returns its error.
func firstOf(checks ...func() error) error {
	for _, check := range checks {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// read reads one expression, if the request has it and no earlier one was refused.
func (s *scope) read(parameter string, text *string, into func(p *parser)) {
	if text == nil || s.err != nil {
		return
	}
	message := ""
	switch {
	case *text == "":
		message = "The expression can not be empty;"
	case len(*text) > maxExpression:
		message = "Expression size has exceeded the maximum allowed size;"
		if parameter != "UpdateExpression" {
			message += fmt.Sprintf(" expression size: %d", len(*text))
		}
	default:
		p := parser{text: *text, scope: s, token: scan(*text, 0)}
		into(&p)
		message = cmp.Or(p.syntax, p.limits, p.tree, p.operands)
	}
	if message != "" {
		s.err = invalid("Invalid " + parameter + ": " + message)
	}
}

func (r *Request) hasExpression() bool {
	return r.Update != nil || r.Condition != nil || r.KeyCondition != nil || r.Filter != nil || r.Projection != nil
}

// checkUsers refuses placeholders if no expression can use them.
func (r *Request) checkUsers() error {
	if r.Spare {
		return nil
	}
	takesValues := r.Update != nil || r.Condition != nil || r.KeyCondition != nil || r.Filter != nil
	if r.Names != nil && !takesValues && r.Projection == nil {
		return invalid("ExpressionAttributeNames can only be specified when using expressions")
	}
	if r.Values != nil && !takesValues {
		message := "ExpressionAttributeValues can only be specified when using expressions"
		if r.ValueUsers != "" {
			message += ": " + r.ValueUsers
		}
		return invalid(message)
	}
	return nil
}

// checkPlaceholders checks the names and the values, but not their use.
func (r *Request) checkPlaceholders() error {
	if r.Names != nil && len(r.Names) == 0 {
		return invalid("ExpressionAttributeNames must not be empty")
	}
	for _, n := range r.Names {
		if err := checkPlaceholder("ExpressionAttributeNames", '#', n.Placeholder); err != nil {
			return err
		}
	}
	for _, n := range r.Names {
		if n.Attribute == "" {
			return invalid("ExpressionAttributeNames contains invalid value: Empty attribute name for key " + n.Placeholder)
		}
	}
	for _, n := range r.Names {
		if err := (attr.Item{{Name: n.Attribute}}).Check(); err != nil {
			return err // the name is too long
		}
	}
	if r.Values == nil {
		return nil
	}
	if len(r.Values) == 0 {
		return invalid("ExpressionAttributeValues must not be empty")
	}
	for i := range r.Values {
		if err := checkPlaceholder("ExpressionAttributeValues", ':', r.Values[i].Name); err != nil {
			return err
		}
	}
	if refused, ok := r.ValuesErr.(*attr.ValidationError); ok {
		if refused.Older != "" && !r.Older {
			return refused
		}
		return invalidValue(r.textOf(refused), refused.Attribute)
	}
	for i := range r.Values {
		if err := r.Values[i : i+1].Check(); err != nil {
			if !r.Older {
				return err
			}
			return invalidValue(err, r.Values[i].Name)
		}
	}
	return nil
}

func invalidValue(err error, key string) error {
	message := "ExpressionAttributeValues contains invalid value: " + err.Error()
	if key != "" {
		message += " for key " + key
	}
	return invalid(message)
}

// textOf returns the error of a value with the text that the operation has for it.
func (r *Request) textOf(err error) error {
	if r.Older {
		return attr.OlderText(err)
	}
	return err
}

func checkPlaceholder(parameter string, mark byte, key string) error {
	if len(key) > maxPlaceholder {
		return invalid(fmt.Sprintf("%s contains invalid key: "+
			"The expression attribute map contains a key that is too long; size of key: %d", parameter, len(key)))
	}
	ok := len(key) > 1 && key[0] == mark
	for i := 1; i < len(key) && ok; i++ {
		ok = isWordByte(key[i])
	}
	if !ok {
		return invalid(parameter + " contains invalid key: Syntax error; key: \"" + key + "\"")
	}
	return nil
}

// scope holds the placeholders of a request, and which of them were used.
type scope struct {
	names  []Name
	values attr.Item
	used   []bool // first the names, then the values
	err    error  // of the first expression that was refused
}

// name returns the name that a placeholder in a path stands for.
func (s *scope) name(placeholder string, n *node) string {
	for i := range s.names {
		if s.names[i].Placeholder == placeholder {
			s.used[i] = true
			return s.names[i].Attribute
		}
	}
	note(&n.undefined, "An expression attribute name used in the document path is not defined; attribute name: "+placeholder)
	return ""
}

// value returns the value that a placeholder stands for.
func (s *scope) value(placeholder string) node {
	for i := range s.values {
		if s.values[i].Name == placeholder {
			s.used[len(s.names)+i] = true
			return node{value: s.values[i].Value}
		}
	}
	return node{undefined: "An expression attribute value used in expression is not defined; attribute value: " + placeholder}
}

func (s *scope) checkUnused() {
	var names, values []string
	for i, used := range s.used {
		switch {
		case used:
		case i < len(s.names):
			names = append(names, s.names[i].Placeholder)
		default:
			values = append(values, s.values[i-len(s.names)].Name)
		}
	}
	s.err = cmp.Or(unused("ExpressionAttributeNames", names), unused("ExpressionAttributeValues", values))
}

func unused(parameter string, keys []string) error {
	if len(keys) == 0 {
		return nil
	}
	slices.Sort(keys)
	return invalid(fmt.Sprintf("Value provided in %s unused in expressions: keys: {%s}",
		parameter, strings.Join(keys, ", ")))
}

func invalid(message string) error { return &attr.ValidationError{Message: message} }
