package expr

import (
	"slices"
	"strings"

	"dynamostreamer/internal/embedded/attr"
)

// Legacy holds the parameters that requests had before there were expressions ("Legacy
// conditional parameters" in the Developer Guide). Compile translates them into the trees
// of expressions, so that both are evaluated alike. Paths don't exist here: a name with
// dots is the name of a top-level attribute.
//
// The messages and their order are from public captures of the service (dynalite,
// dynamodb-conformance, ExtendDB, scylladb).
type Legacy struct {
	AttributeUpdates    []NamedUpdate    `api:",map"`
	Expected            []NamedExpected  `api:",map"`
	QueryFilter         []NamedCondition `api:",map,class Condition,needs ComparisonOperator"`
	ScanFilter          []NamedCondition `api:",map,class Condition,needs ComparisonOperator"`
	ConditionalOperator *string          `api:",one of OR AND"`
	AttributesToGet     []string         `api:",1..255"`
	KeyConditions       []NamedCondition `api:",map,class Condition,needs ComparisonOperator"`
}

// A NamedUpdate says what AttributeUpdates does to one attribute.
type NamedUpdate struct {
	Attribute string
	AttributeValueUpdate
}

// An AttributeValueUpdate puts a value, adds to one, or deletes an attribute or some
// members of a set. A nil Action is PUT. A zero Value is absent.
type AttributeValueUpdate struct {
	Value  attr.Value
	Err    error   // the error of a refused Value
	Action *string `api:",one of ADD DELETE PUT"`
}

// A NamedExpected is the condition of Expected on one attribute.
type NamedExpected struct {
	Attribute string
	ExpectedAttributeValue
}

// An ExpectedAttributeValue is a Comparison, whose only value may be in Value, or it is a
// Value that the attribute must have, or Exists is false.
type ExpectedAttributeValue struct {
	Value  attr.Value
	Exists *bool // nil: true
	Comparison
}

// A NamedCondition is a condition of a filter or of KeyConditions on one attribute.
type NamedCondition struct {
	Attribute string
	Comparison
}

// A Comparison compares an attribute with values.
type Comparison struct {
	ComparisonOperator *string      `api:",one of IN NULL BETWEEN LT NOT_CONTAINS EQ GT NOT_NULL NE LE BEGINS_WITH GE CONTAINS"`
	AttributeValueList []attr.Value // a zero Value: null
	Err                error        // the error of a refused value
}

const badValues = "One or more parameter values were invalid: "

// given reports whether the request has any of the parameters.
func (l *Legacy) given() bool {
	return l.AttributeUpdates != nil || l.Expected != nil || l.QueryFilter != nil || l.ScanFilter != nil ||
		l.ConditionalOperator != nil || l.AttributesToGet != nil || l.KeyConditions != nil
}

// Check refuses a request that has both expressions and legacy parameters, placeholders
// that no expression can use, or a ConditionalOperator that has nothing to combine. The
// service reports these errors before those of the request's values.
func (r *Request) Check() error {
	if err := r.checkMixed(); err != nil {
		return err
	}
	if err := r.checkUsers(); err != nil {
		return err
	}
	switch n := len(r.Expected) + len(r.QueryFilter) + len(r.ScanFilter); {
	case r.ConditionalOperator == nil:
	case n == 0:
		return invalid("ConditionalOperator cannot be used without Filter or Expected")
	case n == 1:
		return invalid("ConditionalOperator can only be used when Filter or Expected has two or more elements")
	}
	return nil
}

// checkMixed refuses a request that has both kinds of parameters. Only KeyConditions may
// be combined with expressions other than KeyConditionExpression.
func (r *Request) checkMixed() error {
	if !r.Legacy.given() {
		return nil
	}
	type parameter struct {
		name  string
		given bool
	}
	present := func(all ...parameter) string {
		var names []string
		for _, p := range all {
			if p.given {
				names = append(names, p.name)
			}
		}
		return strings.Join(names, ", ")
	}
	legacy := present(
		parameter{"AttributeUpdates", r.AttributeUpdates != nil},
		parameter{"AttributesToGet", r.AttributesToGet != nil},
		parameter{"QueryFilter", r.QueryFilter != nil},
		parameter{"ScanFilter", r.ScanFilter != nil},
		parameter{"Expected", r.Expected != nil},
		parameter{"ConditionalOperator", r.ConditionalOperator != nil},
		parameter{"KeyConditions", r.KeyConditions != nil && r.KeyCondition != nil},
	)
	expressions := present(
		parameter{"UpdateExpression", r.Update != nil},
		parameter{"ConditionExpression", r.Condition != nil},
		parameter{"ProjectionExpression", r.Projection != nil},
		parameter{"FilterExpression", r.Filter != nil},
		parameter{"KeyConditionExpression", r.KeyCondition != nil},
	)
	if legacy == "" || expressions == "" {
		return nil
	}
	return invalid("Can not use both expression and non-expression parameters in the same request: " +
		"Non-expression parameters: {" + legacy + "} Expression parameters: {" + expressions + "}")
}

// translate adds all legacy parameters but KeyConditions to the set.
func (l *Legacy) translate(set *Set) (err error) {
	if set.Update, err = translateUpdates(l.AttributeUpdates); err != nil {
		return err
	}
	if set.Condition, err = l.translateExpected(); err != nil {
		return err
	}
	if set.Filter, err = l.translateFilter(l.QueryFilter); err != nil {
		return err
	}
	if set.Projection, err = translateAttributes(l.AttributesToGet); err != nil || l.ScanFilter == nil {
		return err
	}
	set.Filter, err = l.translateFilter(l.ScanFilter)
	return err
}

// named returns the node of a top-level attribute.
func named(attribute string) node { return node{path: path{{attribute, -1}}} }

func checkName(attribute string) error {
	if attribute == "" {
		return invalid("Empty attribute name")
	}
	return nil
}

// checkValue checks a value of an attribute. err is its error if it was refused.
func checkValue(attribute string, v attr.Value, err error) error {
	if err != nil {
		return err
	}
	if v.IsZero() {
		return invalid("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes")
	}
	return (attr.Item{{Name: attribute, Value: v}}).Check()
}

// translateUpdates makes the actions of AttributeUpdates. Without any, an UpdateItem
// makes an item that does not exist, as it does without an expression.
func translateUpdates(updates []NamedUpdate) (*Update, error) {
	if len(updates) == 0 {
		return nil, nil
	}
	u := &Update{legacy: true}
	for _, n := range updates {
		verb, err := n.verb()
		if err != nil {
			return nil, err
		}
		target := named(n.Attribute).path
		same := func(a action) bool { return a.path[0] == target[0] } // of a repeated name the last counts
		u.actions = append(slices.DeleteFunc(u.actions, same), action{verb, target, node{value: n.Value}})
	}
	for _, a := range u.actions {
		u.paths = append(u.paths, a.path)
	}
	slices.SortFunc(u.paths, comparePaths)
	return u, nil
}

// verb checks an update and returns the verb of the action that it stands for.
func (n *NamedUpdate) verb() (string, error) {
	if err := checkName(n.Attribute); err != nil {
		return "", err
	}
	verb, t := "PUT", n.Value.Type()
	if n.Action != nil {
		verb = *n.Action
	}
	if n.Err != nil || !n.Value.IsZero() {
		if err := checkValue(n.Attribute, n.Value, n.Err); err != nil {
			return "", err
		}
	}
	switch {
	case verb == "DELETE" && t == attr.None:
		return "REMOVE", nil
	case t == attr.None:
		return "", invalid(badValues + "Only DELETE action is allowed when no attribute value is specified")
	case verb == "DELETE" && t.Member() == attr.None:
		return "", invalid(badValues + "DELETE action with value is not supported for the type " + t.String())
	case verb == "ADD" && t.Member() == attr.None && t != attr.N && t != attr.L:
		return "", invalid(badValues + "ADD action is not supported for the type " + t.String())
	case verb == "PUT":
		return "SET", nil
	}
	return verb, nil
}

// translateExpected makes the condition of Expected, nil if that is empty.
func (l *Legacy) translateExpected() (*Condition, error) {
	var all []node
	for i := range l.Expected {
		n, err := l.Expected[i].node()
		if err != nil {
			return nil, err
		}
		all = append(all, n)
	}
	return l.combined(all), nil
}

// combined makes the condition that ConditionalOperator demands of several.
func (l *Legacy) combined(all []node) *Condition {
	switch {
	case len(all) == 0:
		return nil
	case len(all) == 1:
		return &Condition{all[0]}
	case l.ConditionalOperator != nil:
		return &Condition{node{op: *l.ConditionalOperator, args: all}}
	}
	return &Condition{node{op: "AND", args: all}}
}

// node checks an expected value and returns the condition that it stands for.
func (e *NamedExpected) node() (node, error) {
	if err := checkName(e.Attribute); err != nil {
		return node{}, err
	}
	hasValue, missing, exists := !e.Value.IsZero() || e.Err != nil && e.AttributeValueList == nil, false, "null"
	if e.Exists != nil {
		missing, exists = !*e.Exists, "true"
	}
	of := func(message string) error { return invalid(badValues + message + " for Attribute: " + e.Attribute) }
	switch {
	case hasValue && e.AttributeValueList != nil:
		return node{}, of("Value and AttributeValueList cannot be used together")
	case e.ComparisonOperator != nil && e.Exists != nil:
		return node{}, of("Exists and ComparisonOperator cannot be used together")
	case e.ComparisonOperator != nil:
		c := e.Comparison
		if hasValue {
			c.AttributeValueList = []attr.Value{e.Value}
		} else if c.AttributeValueList == nil && argumentCounts[*c.ComparisonOperator].least > 0 {
			return node{}, of("Value or AttributeValueList must be used with ComparisonOperator: " + *c.ComparisonOperator)
		}
		return c.node(e.Attribute)
	case e.AttributeValueList != nil:
		return node{}, of("AttributeValueList can only be used with a ComparisonOperator")
	case missing && hasValue:
		return node{}, of("Value cannot be used when Exists is false")
	case missing:
		return node{op: "attribute_not_exists", call: true, args: []node{named(e.Attribute)}}, nil
	case !hasValue:
		return node{}, of("Value must be provided when Exists is " + exists)
	}
	err := checkValue(e.Attribute, e.Value, e.Err)
	return node{op: "=", args: []node{named(e.Attribute), {value: e.Value}}}, err
}

// translateFilter makes the condition of a QueryFilter or a ScanFilter, nil if that is
// empty.
func (l *Legacy) translateFilter(filter []NamedCondition) (*Condition, error) {
	var all []node
	for _, c := range filter {
		n, err := c.node(c.Attribute)
		if err != nil {
			return nil, err
		}
		all = append(all, n)
	}
	return l.combined(all), nil
}

// argumentCounts are how many values each operator takes.
var argumentCounts = map[string]struct{ least, most int }{
	"EQ": {1, 1}, "NE": {1, 1}, "LE": {1, 1}, "LT": {1, 1}, "GE": {1, 1}, "GT": {1, 1},
	"CONTAINS": {1, 1}, "NOT_CONTAINS": {1, 1}, "BEGINS_WITH": {1, 1},
	"NULL": {0, 0}, "NOT_NULL": {0, 0}, "BETWEEN": {2, 2}, "IN": {1, 1 << 20},
}

// argumentTypes are the types that an operator's values may have. The others take all.
var argumentTypes = map[string][]attr.Type{
	"LE": ordered, "LT": ordered, "GE": ordered, "GT": ordered, "IN": ordered, "BETWEEN": ordered,
	"BEGINS_WITH": {attr.S, attr.B},
	"CONTAINS":    {attr.S, attr.N, attr.B, attr.BOOL, attr.NULL}, "NOT_CONTAINS": {attr.S, attr.N, attr.B, attr.BOOL, attr.NULL},
}

// check checks the number, the types and the order of a comparison's values.
func (c *Comparison) check(attribute string) error {
	if err := checkName(attribute); err != nil {
		return err
	}
	if c.Err != nil {
		return c.Err
	}
	for _, v := range c.AttributeValueList {
		if err := checkValue(attribute, v, nil); err != nil {
			return err
		}
	}
	op, values := *c.ComparisonOperator, c.AttributeValueList
	if n := argumentCounts[op]; len(values) < n.least || len(values) > n.most {
		return invalid(badValues + "Invalid number of argument(s) for the " + op + " ComparisonOperator")
	}
	for _, v := range values {
		if v.Type() != values[0].Type() {
			return invalid(badValues + "AttributeValues inside AttributeValueList must be of same type")
		}
	}
	if types := argumentTypes[op]; len(values) > 0 && types != nil && !slices.Contains(types, values[0].Type()) {
		return invalid(badValues + "ComparisonOperator " + op + " is not valid for " + values[0].Type().String() + " AttributeValue type")
	}
	if op != "BETWEEN" {
		return nil
	}
	if order, _ := attr.Compare(values[0], values[1]); order > 0 {
		return invalid("The BETWEEN condition was provided a range where the lower bound is greater than the upper bound")
	}
	return nil
}

// operators maps the legacy operators to those of expressions. The functions among those
// are calls.
var operators = map[string]string{
	"EQ": "=", "NE": "<>", "LE": "<=", "LT": "<", "GE": ">=", "GT": ">", "IN": "IN", "BETWEEN": "BETWEEN",
	"NULL": "attribute_not_exists", "NOT_NULL": "attribute_exists",
	"CONTAINS": "contains", "NOT_CONTAINS": "contains", "BEGINS_WITH": "begins_with",
}

// node checks a comparison and returns the condition that it stands for. Despite its name,
// NULL asks whether there is no attribute. NOT_CONTAINS does not hold without one, though
// NE does.
func (c *Comparison) node(attribute string) (node, error) {
	if err := c.check(attribute); err != nil {
		return node{}, err
	}
	op := operators[*c.ComparisonOperator]
	n := node{op: op, call: rules[op].count > 0, args: []node{named(attribute)}}
	for _, v := range c.AttributeValueList {
		n.args = append(n.args, node{value: v})
	}
	if *c.ComparisonOperator == "NOT_CONTAINS" {
		exists := node{op: "attribute_exists", call: true, args: n.args[:1:1]}
		n = node{op: "AND", args: []node{exists, {op: "NOT", args: []node{n}}}}
	}
	return n, nil
}

// translateKeyConditions makes the key condition of KeyConditions.
func translateKeyConditions(conditions []NamedCondition) (*KeyCondition, error) {
	k := &KeyCondition{}
	for _, c := range conditions {
		if err := c.check(c.Attribute); err != nil {
			return nil, err
		}
		part := keyPart{c.Attribute, operators[*c.ComparisonOperator], c.AttributeValueList}
		same := func(p keyPart) bool { return p.attribute == c.Attribute }
		k.parts = append(slices.DeleteFunc(k.parts, same), part)
	}
	if len(k.parts) == 0 {
		return nil, invalid("Conditions can be of length 1 or 2 only")
	}
	return k, nil
}

// translateAttributes makes the projection of AttributesToGet, nil if that is absent.
func translateAttributes(attributes []string) (*Projection, error) {
	if attributes == nil {
		return nil, nil
	}
	p := &Projection{paths: make([]path, len(attributes))}
	for i, a := range attributes {
		if err := checkName(a); err != nil {
			return nil, err
		}
		if slices.Contains(attributes[:i], a) {
			return nil, invalid(badValues + "Duplicate value in attribute name: " + a)
		}
		p.paths[i] = named(a).path
	}
	slices.SortFunc(p.paths, comparePaths)
	return p, nil
}
