package expr

import (
	"strings"
	"testing"

	"dynamostreamer/internal/embedded/attr"
)

// A serviceCase is an expression and what the service said of it, with where that
// was seen. A message that ends with … is known up to there. names are pairs of a
// placeholder and an attribute, values the JSON of the request. No case rests on
// DynamoDB Local.
type serviceCase struct {
	text   string
	want   string
	names  string
	values string
}

// The sources are test suites that were run against the service and pin what it
// said: dynalite (architect/dynalite, test/), dynamodb-conformance
// (nubo-db and paritysuite, tests/, captured in 2026), alternator
// (scylladb/scylladb, test/alternator/); and reports with the service's answer.
func checkService(t *testing.T, parameter string, set func(r *Request, text string), cases []serviceCase) {
	t.Helper()
	for _, c := range cases {
		r := messageCase{values: c.values}.request(t)
		for pair := range strings.FieldsSeq(c.names) {
			placeholder, attribute, _ := strings.Cut(pair, "=")
			r.Names = append(r.Names, Name{placeholder, attribute})
		}
		set(&r, c.text)
		compiled, err := Compile(r)
		if err == nil && compiled.KeyCondition != nil {
			_, err = compiled.KeyCondition.Resolve([]KeyAttribute{{"pk", attr.S}}, []KeyAttribute{{"sk", attr.S}})
		}
		got := ""
		if err != nil {
			got = err.Error()
		}
		want := strings.Replace(c.want, "I: ", "Invalid "+parameter+": ", 1)
		if start, open := strings.CutSuffix(want, "…"); got != want && !(open && strings.HasPrefix(got, start)) {
			t.Errorf("Compile(%s %q, %s, %s)\n got %s\nwant %s", parameter, c.text, c.names, c.values, got, want)
		}
	}
}

const (
	syntax     = "I: Syntax error; …"
	invalidFn  = "I: Invalid function name; function: "
	misusedFn  = "I: The function is not allowed to be used this way in an expression; function: "
	noName     = "I: An expression attribute name used in the document path is not defined; attribute name: "
	noValue    = "I: An expression attribute value used in expression is not defined; attribute value: "
	reservedAs = "I: Attribute name is a reserved keyword; reserved keyword: "
	operandsOf = "I: Incorrect number of operands for operator or function; operator or function: "
	typeOf     = "I: Incorrect operand type for operator or function; operator or function: "
	wantsPath  = "I: Operator or function requires a document path; operator or function: "
	distinct   = "I: The first operand must be distinct from the remaining operands for this operator or function; operator: "
	redundant  = "I: The expression has redundant parentheses;"
	emptyText  = "I: The expression can not be empty;"
	overlap    = "I: Two document paths overlap with each other; must remove or rewrite one of these paths; path one: "
	conflict   = "I: Two document paths conflict with each other; must remove or rewrite one of these paths; path one: "
)

// filterCases hold for conditions as well: the two differ in their names alone.
var filterCases = []serviceCase{
	{text: "", want: emptyText}, // dynalite, scan; dynamodb-conformance, error-messages
	// dynalite, scan: "syntax errors", known up to the token.
	{text: "things are not gonna be ok", want: syntax},
	{text: "a > 4", want: syntax},
	{text: "attribute_exists(Pictures-RearView)", want: syntax},
	{text: `attribute_exists("Pictures.RearView")`, want: syntax},
	{text: "attribute_exists(Pictures..RearView)", want: syntax},
	{text: "attribute_exists(Pi#ctures.RearView)", want: syntax},
	{text: "attribute_exists(asdf[a])", want: syntax},
	{text: "a.:a < b.:b", want: syntax},
	{text: "a in b, c", want: syntax},
	{text: "a > between", want: syntax},
	{text: "a in b", want: syntax},
	{text: "a in (b,c,)", want: syntax},
	{text: "(a)between(b.(c.d))and(c)", want: syntax},
	{text: "(a)between(b.c.d)and((c)", want: syntax},
	{text: "#$.b > a", want: syntax},
	{text: "a > :things.stuff", want: syntax},
	{text: "b[:a] > a", want: syntax},
	{text: "b[#_] > a", want: syntax},
	{text: "ü > a", want: syntax},
	{text: "(a)between(b.c[4.5].#d)and(:a)", want: syntax},
	{text: "size(a).b > a", want: syntax},
	{text: "(size(a)).b > a", want: syntax},
	{text: "size(a)[0] > a", want: syntax},
	{text: "(size(a))[0] > a", want: syntax},
	// The token and what stands around it: floci, issue 1512; dynamodb-dashboard,
	// issue 735; langgraphjs-checkpoint-dynamodb, issue 8; ServiceStack.Aws, issue 5.
	{text: "a-b", want: `I: Syntax error; token: "-", near: "a-b"`},
	{text: "#articleId attribute_not_exists :ckpst", names: "#articleId=a", want: `I: Syntax error; token: "attribute_not_exists", near: "#articleId attribute_not_exists :ckpst"`},
	{text: "tenantAgent:abc123-x", want: `I: Syntax error; token: ":abc123", near: "tenantAgent:abc123-"`},
	{text: "a = :v AND a IN ()", values: `{":v":{"S":"x"}}`, want: `I: Syntax error; token: ")", near: "()"`},
	// dynalite, scan: "redundant parentheses"; dynamodb-conformance, error-messages/putItem.
	// They come before what is wrong behind them.
	{text: "a=a and a > ((views))", want: redundant},
	{text: "(a)between(((b.c)).d)and(c)", want: redundant},
	{text: "a > whatever((:things), ((a)))", want: redundant},
	{text: "a=a AND ((a=a AND a=a)) AND a=a", want: redundant},
	{text: "a=a OR ((a=a OR a=a)) OR a=a", want: redundant},
	{text: "a=a AND ((a=a AND (a=a AND a=a)))", want: redundant},
	{text: "a=a OR ((a=a OR (a=a OR a=a)))", want: redundant},
	{text: "((attribute_not_exists(pk)))", want: redundant},
	// dynalite, scan: "invalid function names", "functions used incorrectly".
	{text: "a=a and whatever((:things)) > a", want: invalidFn + "whatever"},
	{text: "attRIbute_exIsts((views), #a)", want: invalidFn + "attRIbute_exIsts"},
	{text: "a=a and attribute_exists((views), (#a)) > b", want: misusedFn + "attribute_exists"},
	{text: "attribute_not_exists(things) > b", want: misusedFn + "attribute_not_exists"},
	{text: "attribute_type(things, :a) > b", want: misusedFn + "attribute_type"},
	{text: "begins_with(things, a) > b", want: misusedFn + "begins_with"},
	{text: "contains(:things, c) > b", want: misusedFn + "contains"},
	{text: "size(contains(a, b)) > a", want: misusedFn + "contains"},
	{text: "size(things)", want: misusedFn + "size"},
	{text: "a between b and attribute_exists(things)", want: misusedFn + "attribute_exists"},
	{text: "a in (b, attribute_exists(things))", want: misusedFn + "attribute_exists"},
	// dynalite, scan: "reserved keywords", missing names and values.
	{text: "attribute_exists(views, #a)", want: reservedAs + "views"},
	{text: ":a < abOrT", want: reservedAs + "abOrT"},
	{text: "attribute_exists(#Pictures.RearView, :a) and a=a", want: noName + "#Pictures"},
	{text: "begins_with(Pictures.#RearView)", want: noName + "#RearView"},
	{text: "(#P between :lo and :hi) and (#PC in (:cat1, :cat2))", want: noName + "#P"},
	{text: "#4g > a", want: noName + "#4g"},
	{text: "#_ > a", want: noName + "#_"},
	{text: "(a)between(b.c[45].#d)and(:a)", want: noName + "#d"},
	{text: "begins_with(:hello, #a, #b)", want: noValue + ":hello"},
	{text: ":a < :b", want: noValue + ":a"},
	{text: ":_ > a", want: noValue + ":_"},
	// dynalite, scan: "functions with incorrect operands" and types.
	{text: "attribute_exists(things, a) and a=a", want: operandsOf + "attribute_exists, number of operands: 2"},
	{text: "attribute_not_exists(things, b)", want: operandsOf + "attribute_not_exists, number of operands: 2"},
	{text: "attribute_type(things)", want: operandsOf + "attribute_type, number of operands: 1"},
	{text: "begins_with(things)", want: operandsOf + "begins_with, number of operands: 1"},
	{text: "begins_with(things, size(a), b)", want: operandsOf + "begins_with, number of operands: 3"},
	{text: "contains(things)", want: operandsOf + "contains, number of operands: 1"},
	{text: "size(things, a) > b", want: operandsOf + "size, number of operands: 2"},
	{text: "attribute_type(ab.bc[1].a, SS)", want: typeOf + "attribute_type, operand type: {…"},
	{text: "attribute_type(a, size(a)) and a=a and a=:a", values: `{":a":{"N":"1"}}`, want: typeOf + "attribute_type, operand type: N"},
	{text: "begins_with(a, size(a)) and a=:a", values: `{":a":{"N":"1"}}`, want: typeOf + "begins_with, operand type: N"},
	{text: "size(size(a)) > :a", values: `{":a":{"N":"1"}}`, want: typeOf + "size, operand type: N"}, // also scylladb, issue 14592
	{text: "attribute_not_exists(size(:a))", values: `{":a":{"N":"1"}}`, want: typeOf + "size, operand type: N"},
	{text: "size(:a) > a", values: `{":a":{"BOOL":true}}`, want: typeOf + "size, operand type: BOOL"},
	{text: "size(:a) > a", values: `{":a":{"NULL":true}}`, want: typeOf + "size, operand type: NULL"},
	{text: "attribute_type(a, :a)", values: `{":a":{"S":"1"}}`, want: "I: Invalid attribute type name found; type: 1, valid types: {…"},
	{text: "attribute_exists(:a) and a=a", values: `{":a":{"S":"1"}}`, want: wantsPath + "attribute_exists"},
	{text: "attribute_not_exists(size(:a))", values: `{":a":{"S":"1"}}`, want: wantsPath + "attribute_not_exists"},
	// dynalite, scan: "non-distinct expressions"; dynamodb-conformance, error-messages/putItem.
	{text: "a = a AND #a = b AND :views > a", names: "#a=a", want: distinct + "=, first operand: [a]"},
	{text: "#a <> a", names: "#a=a", want: distinct + "<>, first operand: [a]"},
	{text: "a > #a", names: "#a=a", want: distinct + ">, first operand: [a]"},
	{text: "((a=a) OR (a=a))", want: distinct + "=, first operand: [a]"},
	{text: "((a=a) AND (a=a))", want: distinct + "=, first operand: [a]"},
	{text: "contains(ab.bc[1].a, ab.bc[1].#a)", names: "#a=a", want: distinct + "contains, first operand: [ab, bc, [1], a]"},
	{text: "attribute_type(ab.bc[1].#a, ab.bc[1].a)", names: "#a=a", want: distinct + "attribute_type, first operand: [ab, bc, [1], a]"},
	{text: "begins_with(ab.bc[1].a, ab.bc[1].#a)", names: "#a=a", want: distinct + "begins_with, first operand: [ab, bc, [1], a]"},
	{text: "contains(#a, #a)", names: "#a=data", want: distinct + "contains, first operand: [data]"},
	// alternator, test_condition_expression, and aws: limits.
	{text: "b" + strings.Repeat(" OR b < c", 150) + " < c", want: syntax},
	{text: "b < c" + strings.Repeat(" OR b < c", 150), want: "I: The expression contains too many operators; operator count: 301"},
	{text: strings.Repeat("a", 4097), want: "I: Expression size has exceeded the maximum allowed size; …"},
	{text: "a" + strings.Repeat(".b", 32) + " = b", want: "I: The document path has too many nesting levels; nesting levels: 33"},
}

func TestServiceFilter(t *testing.T) {
	checkService(t, "FilterExpression", func(r *Request, text string) { r.Filter = &text }, append(filterCases, typeCases()...))
}

func TestServiceCondition(t *testing.T) {
	checkService(t, "ConditionExpression", func(r *Request, text string) { r.Condition = &text }, append(filterCases, typeCases()...))
}

// typeCases are the values of every type that no operand of these may have
// (dynalite, scan: "functions with incorrect operand type").
func typeCases() (cases []serviceCase) {
	for name, value := range map[string]string{"N": `"1"`, "BOOL": "true", "NULL": "true", "L": "[]", "M": "{}",
		"SS": `["1"]`, "NS": `["1"]`, "BS": `["YQ=="]`, "B": `"YQ=="`} {
		values := `{":a":{"` + name + `":` + value + `}}`
		cases = append(cases, serviceCase{text: "attribute_type(a, :a)", values: values, want: typeOf + "attribute_type, operand type: " + name})
		if name == "B" {
			continue
		}
		for _, text := range []string{"begins_with(a, :a)", "begins_with(:a, a)"} {
			cases = append(cases, serviceCase{text: text, values: values, want: typeOf + "begins_with, operand type: " + name})
		}
	}
	return cases
}

func TestServiceKeyCondition(t *testing.T) {
	const (
		badOp  = "Invalid operator used in KeyConditionExpression: "
		badCon = "Invalid condition in KeyConditionExpression: "
		twice  = "I: KeyConditionExpressions must only contain one condition per key"
		nested = "I: KeyConditionExpressions cannot have conditions on nested attributes"
		ab     = `{":a":{"S":"1"},":b":{"S":"1"}}`
		a      = `{":a":{"S":"a"}}`
	)
	checkService(t, "KeyConditionExpression", func(r *Request, text string) { r.KeyCondition = &text }, []serviceCase{
		{text: "", want: emptyText}, // dynalite, query; dynamodb-conformance, error-messages/query
		{text: "things are not gonna be ok", want: syntax},
		{text: "a > 4", want: syntax},
		{text: "(size(a))[0] > a", want: syntax},
		{text: "attribute_type(a, b)", want: typeOf + "attribute_type, operand type: …"},
		{text: "attribute_type(a, :a)", values: `{":a":{"N":"1"}}`, want: typeOf + "attribute_type, operand type: …"},
		{text: "a between :b and :a", values: `{":a":{"S":"a"},":b":{"N":"1"}}`,
			want: "I: The BETWEEN operator requires same data type for lower and upper bounds; lower bound operand: AttributeValue: {N:1}, upper bound operand: AttributeValue: {S:a}"},
		{text: "a between :b and :a", values: `{":a":{"S":"a"},":b":{"S":"b"}}`,
			want: "I: The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound operand: AttributeValue: {S:b}, upper bound operand: AttributeValue: {S:a}"},
		// dynalite, query: what comes after the syntax, one group a message.
		// The message is of 2026: dynamodb-conformance, queryKeyConditionOperands.
		{text: ":a = a and b = :a and :a = c", values: a, want: "The number of query conditions (3) exceeds the number of key attributes defined in the schema (2)"},
		{text: "(a > :a and b > :a) and (c > :a and d > :a) and (e > :a and f > :a)", values: a, want: "The number of query conditions (6) exceeds the number of key attributes defined in the schema (2)"},
		{text: "attribute_type(a, :a)", values: `{":a":{"S":"S"}}`, want: badOp + "attribute_type"},
		{text: "a > b and size(b) > c or a > c", want: badOp + "OR"},
		{text: "a in (b, size(c), d)", want: badOp + "IN"},
		{text: "attribute_exists(a)", want: badOp + "attribute_exists"},
		{text: "attribute_not_exists(a)", want: badOp + "attribute_not_exists"},
		{text: "contains(a.d, b)", want: badOp + "contains"},
		{text: "not a > b", want: badOp + "NOT"},
		{text: "a <> b", want: badOp + "<>"},
		{text: ":a between size(b) and size(a) and b > :b", values: ab, want: badCon + "BETWEEN operator must have the key attribute as its first operand"},
		{text: "begins_with(:a, b) and a > :b", values: ab, want: badCon + "begins_with operator must have the key attribute as its first operand"},
		{text: "size(b) > a AND a.b > b AND b > c", want: "KeyConditionExpressions cannot contain nested operations"},
		{text: "a > size(b.d)", want: "KeyConditionExpressions cannot contain nested operations"},
		{text: "a between size(b) and size(a)", want: "KeyConditionExpressions cannot contain nested operations"},
		{text: "b > a.b", want: badCon + "Multiple attribute names used in one condition"},
		{text: "b between c[1] and d", want: badCon + "Multiple attribute names used in one condition"},
		{text: "a between b and size(a)", want: badCon + "Multiple attribute names used in one condition"},
		{text: "begins_with(a, b)", want: badCon + "Multiple attribute names used in one condition"},
		{text: ":b > :a AND a < :b", values: ab, want: badCon + "No key attribute specified"},
		{text: ":a > b AND :a < :b", values: ab, want: badCon + "No key attribute specified"},
		// dynalite, query, without the words before the colon; with them dynamodb-conformance,
		// queryKeyConditionOperands, and amplify-category-api, pull request 3531, both of 2026.
		{text: "b > :a AND b < :a and c = :a and d = :a", values: a, want: twice},
		{text: "(a > :a and b > :a) and (b > :a and c > :a)", values: a, want: twice},
		// The same; with the words extenddb, pull request 195, captured in 2026 as the others
		// there, and so for a[0] and in BETWEEN.
		{text: "b.d > a AND c.d > e.f", want: nested},
		{text: "a.d > c", want: nested},
		{text: "b[0] > a", want: nested},
		{text: "pk = :a AND sk.foo BETWEEN :a AND :b", values: ab, want: nested},
		{text: "#d.foo = :a", names: "#d=pk", values: a, want: nested},
		// dynamodb-conformance, error-messages/query and keyConditionSemantics.
		{text: "sk = :a", values: a, want: "Query condition missed key schema element: pk"},
		{text: "attr1 = :a", values: a, want: "Query condition missed key schema element: pk"},
		{text: "pk = :a", values: a, names: "#unused=x", want: "Value provided in ExpressionAttributeNames unused in expressions: keys: {#unused}"},
		{text: "pk = :a AND :b <= sk", values: ab},
		{text: "(pk = :a AND (sk = :b))", values: ab},
		{text: "((pk = :a)) AND ((sk = :b))", values: ab, want: redundant},
		// dynalite, query: of the hash key only an equality.
		{text: "pk >= :a", values: a, want: "Query key condition not supported"},
		{text: "begins_with(pk, :a)", values: a, want: "Query key condition not supported"},
		{text: "pk between :a and :b", values: ab, want: "Query key condition not supported"},
	})
}

func TestServiceProjection(t *testing.T) {
	checkService(t, "ProjectionExpression", func(r *Request, text string) { r.Projection = &text }, []serviceCase{
		{text: "", want: emptyText}, // dynalite, getItem
		// dynalite, getItem: "syntax error in ProjectionExpression".
		{text: "whatever(stuff)", want: syntax}, {text: ":a", want: syntax}, {text: "abort,", want: syntax}, {text: "a,,b", want: syntax},
		{text: "a..b", want: syntax}, {text: "a[b]", want: syntax}, {text: "(a.b).c", want: syntax}, {text: "(a)", want: syntax},
		{text: "(a),(b)", want: syntax}, {text: "(a,b)", want: syntax}, {text: "a-b", want: syntax},
		{text: "!!! INVALID !!!", want: `I: Syntax error; token: "!", near: "!!"`}, // dynamodb-conformance, error-messages/getItem
		{text: "a.abORt", want: reservedAs + "abORt"},
		{text: "#a,ABSoLUTE", want: reservedAs + "ABSoLUTE"},
		{text: "a,b,a,#a", want: noName + "#a"},
		// Of more than two paths the service may name another than the one in the way, as
		// dynalite notes: "a,b,a" has [a] and [b] there, and [a] and [a] here.
		{text: "b[1], b.a, #a.b, a", names: "#a=a", want: overlap + "[a, b], path two: [a]"},
		{text: "a, #a[1]", names: "#a=a", want: overlap + "[a], path two: [a, [1]]"},
		{text: "a.b, #a[1], #b", names: "#a=a #b=[3]", want: conflict + "[a, b], path two: [a, [1]]"},
		{text: "a.b[1], #a[1], #b", names: "#a=a #b=[3]", want: conflict + "[a, b, [1]], path two: [a, [1]]"},
		{text: "a[3].b, #a.#b.b", names: "#a=a #b=[3]", want: conflict + "[a, [3], b], path two: [a, [3], b]"},
		{text: "a,b", names: "#a=a #b=b", want: "Value provided in ExpressionAttributeNames unused in expressions: keys: {#a, #b}"},
		// alternator, test_projection_expression.
		{text: "a,a", want: overlap + "[a], path two: [a]"},
		{text: "a.b[0],a.b[0]", want: overlap + "[a, b, [0]], path two: [a, b, [0]]"},
		{text: "a" + strings.Repeat(".b", 31)},
		{text: "a" + strings.Repeat(".b", 32), want: "I: The document path has too many nesting levels; nesting levels: 33"},
	})
}

func TestServiceUpdate(t *testing.T) {
	const (
		ab     = `{":a":{"S":"a"},":b":{"S":"a"}}`
		ten    = `{":a":{"S":"a"},":b":{"N":"1"},":c":{"B":"YQ=="},":d":{"BOOL":"no"},":e":{"NULL":"true"},":f":{"SS":["a"]},":g":{"NS":["1"]},":h":{"BS":["YQ=="]},":i":{"M":{}},":j":{"L":[]}}`
		verb   = "I: Incorrect operand type for operator or function; operator: "
		twice  = `" section can only be used once in an update expression;`
		onlyDo = "I: The \""
	)
	cases := []serviceCase{
		{text: "", want: emptyText}, // dynalite, updateItem; dynamodb-conformance, error-messages/updateItem
		{text: "INVALID SYNTAX HERE", want: `I: Syntax error; token: "INVALID", near: "INVALID SYNTAX"`},
		{text: "SET #attr1 = :val1, #attr2 = :val2,", want: `I: Syntax error; token: "<EOF>", near: ","`}, // moto, exceptions tests
		{text: "SET attr1 = :v", want: noValue + ":v"},
		// dynalite, updateItem: one group a message.
		{text: " set #c = :c set abOrt = true ", values: ab, names: "#a=a #b=b", want: reservedAs + "abOrt"},
		{text: " remove Absolute ", want: reservedAs + "Absolute"},
		{text: "set #c = if_not_exist(:c) set c = d", values: ab, names: "#a=a #b=b", want: invalidFn + "if_not_exist"},
		{text: "set a = #c set c = :d", want: onlyDo + "SET" + twice},
		{text: "remove #d set a = b remove e", want: onlyDo + "REMOVE" + twice},
		{text: "add #d :e set a = b add e :f", want: onlyDo + "ADD" + twice},
		{text: "delete #d :e set a = b delete #e :f", want: onlyDo + "DELETE" + twice},
		{text: "SET #c = if_not_exists(:c)", want: noName + "#c"},
		{text: "SET #a = if_not_exists(:c)", names: "#a=a", want: noValue + ":c"},
		{text: "set d[1] = a, d.b = a, c[1].a = a, #c = if_not_exists(a)", names: "#c=c", want: overlap + "[c, [1], a], path two: [c]"},
		{text: "set #c[3].#d = a, #c[3] = a", names: "#c=c #d=[3]", want: overlap + "[c, [3], [3]], path two: [c, [3]]"},
		{text: "set #c[3].#d = a, #c.#d[3] = if_not_exists(a)", names: "#c=c #d=[3]", want: conflict + "[c, [3], [3]], path two: [c, [3], [3]]"},
		{text: "remove a.#c set a[1] = #d", names: "#c=c #d=[3]", want: conflict + "[a, c], path two: [a, [1]]"},
		{text: "set b = list_append(:a, a), c = if_not_exists(a) add a.b :a", values: ab, want: verb + "ADD, operand type: STRING…"},
		{text: "set a = if_not_exists(c)", want: operandsOf + "if_not_exists, number of operands: 1"},
		{text: "set a = list_append(c)", want: operandsOf + "list_append, number of operands: 1"},
		{text: "set a = if_not_exists(:a, c)", values: ab, want: wantsPath + "if_not_exists"},
		{text: "set a = if_not_exists(if_not_exists(a, b), c)", want: wantsPath + "if_not_exists"},
		{text: "set a = :a + :c", values: ten, want: typeOf + "+, operand type: S"},
		{text: "set a = :c + a", values: ten, want: typeOf + "+, operand type: B"},
		{text: "set a = :a - :c", values: ten, want: typeOf + "-, operand type: S"},
		{text: "set a = :c - a", values: ten, want: typeOf + "-, operand type: B"},
		// The same, where the value is of no type that may stand there.
		{text: "add a :j", values: ten, want: verb + "ADD, operand type: LIST, typeSet: ALLOWED_FOR_ADD_OPERAND"}, // aws-sdk reports
		{text: "remove a set b = list_append(b, if_not_exists(a, :a))", values: ab[:len(ab)-1] + `,":c":{"S":"a"}}`,
			want: "Value provided in ExpressionAttributeValues unused in expressions: keys: {:b, :c}"},
		// alternator, test_limits, and extenddb, issue 365: names.
		{text: "set #a = b", names: "#a=" + strings.Repeat("n", 65536), want: "Attribute name is too large, must be less than 65536 bytes"},
		// dynamodb-conformance, nestingDepth: the value of any expression.
		{text: "set a = :a", values: `{":a":` + strings.Repeat(`{"M":{"n":`, 31) + `{"S":"x"}` + strings.Repeat("}}", 31) + "}"},
		{text: "set a = :a", values: `{":a":` + strings.Repeat(`{"M":{"n":`, 32) + `{"S":"x"}` + strings.Repeat("}}", 32) + "}",
			want: "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit"},
	}
	for text := range strings.Lines(syntaxErrorsOfUpdates) { // dynalite, updateItem: "syntax errors in UpdateExpression"
		cases = append(cases, serviceCase{text: strings.TrimSpace(text), want: syntax})
	}
	for placeholder, name := range map[string]string{":a": "S", ":b": "N", ":c": "B", ":d": "BOOL", ":e": "NULL", ":f": "SS", ":g": "NS", ":h": "BS", ":i": "M"} {
		cases = append(cases, serviceCase{text: "set a = list_append(" + placeholder + ", a)", values: ten, want: typeOf + "list_append, operand type: " + name})
	}
	for placeholder, name := range map[string]string{":a": "S", ":d": "BOOL", ":e": "NULL", ":f": "SS", ":g": "NS", ":h": "BS", ":i": "M", ":j": "L"} {
		cases = append(cases, serviceCase{text: "set a = a + " + placeholder, values: ten, want: typeOf + "+, operand type: " + name},
			serviceCase{text: "set a = a - " + placeholder, values: ten, want: typeOf + "-, operand type: " + name})
	}
	for placeholder, name := range map[string]string{":a": "STRING", ":c": "BINARY", ":d": "BOOLEAN", ":e": "NULL", ":i": "MAP", ":j": "LIST"} {
		cases = append(cases, serviceCase{text: "add a.b " + placeholder, values: ten, want: verb + "ADD, operand type: " + name + "…"},
			serviceCase{text: "delete a.b " + placeholder, values: ten, want: verb + "DELETE, operand type: " + name + "…"})
	}
	checkService(t, "UpdateExpression", func(r *Request, text string) { r.Update = &text }, cases)
}

const syntaxErrorsOfUpdates = `whatever
	set a
	add a
	delete a
	set a=set
	remove a = b
	add a = b
	delete a = b
	delete a b
	delete a if_not_exist(b)
	add abort b
	add a if_not_exist(b)
	remove a b
	set a b
	set :a = b
	add :a b
	delete :a b
	remove :a
	set a = b / c
	set a = b * c
	set a[1] = "eight"
	set a[1] = 1
	SET a = if_not_exist(a, 100)
	SET if_not_exist(a, b) = a
	set (a = (b + c))
	set a = (b.c).d + e
	set a = (b.c)[0] + e
	set a = b + c + d`

// What the service says of the maps of placeholders, whatever the expressions.
func TestServicePlaceholders(t *testing.T) {
	tests := []struct {
		names  []Name
		values string
		want   string
	}{
		// dynalite, updateItem: names before values, keys before their values.
		{names: []Name{}, values: "{}", want: "ExpressionAttributeNames must not be empty"},
		{names: []Name{{"a", "a"}}, values: "{}", want: `ExpressionAttributeNames contains invalid key: Syntax error; key: "a"`},
		{values: "{}", want: "ExpressionAttributeValues must not be empty"},
		{values: `{":b":{"a":""},"b":{"S":"a"}}`, want: `ExpressionAttributeValues contains invalid key: Syntax error; key: "b"`},
		{values: `{":b":{"L":[{}]}}`, want: "ExpressionAttributeValues contains invalid value: Supplied AttributeValue is empty, must contain exactly one of the supported datatypes for key :b"},
		{values: `{":b":{"S":"a","N":"1"}}`, want: "ExpressionAttributeValues contains invalid value: Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes for key :b"},
		{values: `{":b":{"S":"a","N":""}}`, want: "ExpressionAttributeValues contains invalid value: The parameter cannot be converted to a numeric value for key :b"},
		{values: `{":b":{"NS":["1","b"]}}`, want: "ExpressionAttributeValues contains invalid value: The parameter cannot be converted to a numeric value: b for key :b"},
		{values: `{":b":{"SS":[]}}`, want: "ExpressionAttributeValues contains invalid value: One or more parameter values were invalid: An string set  may not be empty for key :b"},
		{values: `{":b":{"BS":["Yg==","Yg=="]}}`, want: "ExpressionAttributeValues contains invalid value: One or more parameter values were invalid: Input collection [Yg==, Yg==]of type BS contains duplicates. for key :b"},
		// dynamodel, issue 276; dbeaver, issue 9979.
		{names: []Name{{"#environment.item", "a"}}, want: `ExpressionAttributeNames contains invalid key: Syntax error; key: "#environment.item"`},
		// A learner's app that shows the message; extenddb, pull request 181.
		{names: []Name{{"#DE", ""}}, want: "ExpressionAttributeNames contains invalid value: Empty attribute name for key #DE"},
		{names: []Name{{"#" + strings.Repeat("a", 255) + "-x", "a"}},
			want: "ExpressionAttributeNames contains invalid key: The expression attribute map contains a key that is too long; size of key: 258"},
	}
	for _, tt := range tests {
		text := ""
		r := messageCase{values: tt.values}.request(t)
		r.Names, r.Update, r.Condition = tt.names, &text, &text
		r.Older = true // as the captures are
		if _, err := Compile(r); err == nil || err.Error() != tt.want {
			t.Errorf("Compile(%v, %s) = %v, want %s", tt.names, tt.values, err, tt.want)
		}
	}
}
