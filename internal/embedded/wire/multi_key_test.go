package wire_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// keyOf makes a key schema of names in two parts, such as "h i / a b".
func keyOf(text string) string {
	hash, sort, _ := strings.Cut(text, "/")
	var elements []string
	for _, part := range []struct{ names, typ string }{{hash, "HASH"}, {sort, "RANGE"}} {
		for name := range strings.FieldsSeq(part.names) {
			elements = append(elements, fmt.Sprintf(`{"AttributeName":%q,"KeyType":%q}`, name, part.typ))
		}
	}
	return "[" + strings.Join(elements, ",") + "]"
}

func definitions(types string) string {
	var all []string
	for d := range strings.FieldsSeq(types) {
		name, typ, _ := strings.Cut(d, ":")
		all = append(all, fmt.Sprintf(`{"AttributeName":%q,"AttributeType":%q}`, name, typ))
	}
	return "[" + strings.Join(all, ",") + "]"
}

func globalIndex(name, key string) string {
	return `{"IndexName":"` + name + `","KeySchema":` + key + `,"Projection":{"ProjectionType":"ALL"}}`
}

// withMultiKeys makes the table "tab" with the key p and q and a global index "multi" on
// h (String) and i (Number), sorted by a (String), b (Number) and c (Binary).
func (w *world) withMultiKeys() *world {
	w.t.Helper()
	w.must("CreateTable", `{"TableName":"tab","BillingMode":"PAY_PER_REQUEST","KeySchema":`+keyOf("p / q")+`,
		"AttributeDefinitions":`+definitions("p:S q:N h:S i:N a:S b:N c:B")+`,"GlobalSecondaryIndexes":[`+globalIndex("multi", keyOf("h i / a b c"))+`]}`)
	return w
}

// TestMultiKeyOrder queries an index of several key attributes in every way that its rules
// allow, and compares each answer with the items that it should have, in their order.
func TestMultiKeyOrder(t *testing.T) {
	values := map[string][]string{ // in the order of the type
		"h": {`{"S":"a"}`, `{"S":"a\u0000"}`}, "i": {`{"N":"-1"}`, `{"N":"2"}`},
		"a": {`{"S":"\u0000"}`, `{"S":"a"}`, `{"S":"a\u0000"}`, `{"S":"a\u0001"}`, `{"S":"ab"}`},
		"b": {`{"N":"-10"}`, `{"N":"0"}`, `{"N":"2.5"}`, `{"N":"10"}`},
		"c": {`{"B":"AA=="}`, `{"B":"AAA="}`, `{"B":"/w=="}`},
	}
	prefixes := map[string]map[string][]int{ // of a prefix, the values that begin with it
		"a": {`{"S":"a"}`: {1, 2, 3, 4}, `{"S":"a\u0000"}`: {2}},
		"c": {`{"B":"AA=="}`: {0, 1}, `{"B":"/w=="}`: {2}},
	}
	names := []string{"h", "i", "a", "b", "c"}
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t).withMultiKeys()
		var rows [][]int // the ranks of the values, and the number of the item
		for n := range rapid.IntRange(5, 25).Draw(rt, "items") {
			item, row := fmt.Sprintf(`"p":{"S":"x"},"q":{"N":"%d"}`, n), []int{}
			for _, name := range names {
				if rapid.IntRange(1, 12).Draw(rt, "lacks") == 1 {
					continue // and so the index lacks the item
				}
				rank := rapid.IntRange(0, len(values[name])-1).Draw(rt, name)
				row = append(row, rank)
				item += fmt.Sprintf(`,%q:%s`, name, values[name][rank])
			}
			w.must("PutItem", `{"TableName":"tab","Item":{`+item+`}}`)
			if len(row) == len(names) {
				rows = append(rows, append(row, n))
			}
		}
		slices.SortFunc(rows, slices.Compare)

		conditions := []string{"h = :h", "i = :i"}
		placeholders := map[string]string{}
		fits := []func(row []int) bool{}
		equal := func(at int, name string) {
			rank := rapid.IntRange(0, len(values[name])-1).Draw(rt, "rank of "+name)
			placeholders[":"+name] = values[name][rank]
			fits = append(fits, func(row []int) bool { return row[at] == rank })
		}
		equal(0, "h")
		equal(1, "i")
		depth := rapid.IntRange(0, 3).Draw(rt, "sort attributes")
		for at := 2; at < 2+depth; at++ {
			name := names[at]
			if at < 1+depth {
				conditions = append(conditions, name+" = :"+name)
				equal(at, name)
				continue
			}
			rank := rapid.IntRange(0, len(values[name])-1).Draw(rt, "bound")
			low := rapid.IntRange(0, rank).Draw(rt, "low")
			operators := []string{"=", "<", "<=", ">", ">=", "BETWEEN"}
			if prefixes[name] != nil {
				operators = append(operators, "begins_with")
			}
			placeholders[":"+name] = values[name][rank]
			condition, fit := "", func(order int) bool { return order == 0 }
			switch operator := rapid.SampledFrom(operators).Draw(rt, "operator"); operator {
			case "BETWEEN":
				placeholders[":low"] = values[name][low]
				condition = name + " BETWEEN :low AND :" + name
				fits = append(fits, func(row []int) bool { return row[at] >= low && row[at] <= rank })
			case "begins_with":
				prefix := rapid.SampledFrom(slices.Sorted(mapKeys(prefixes[name]))).Draw(rt, "prefix")
				placeholders[":"+name] = prefix
				condition = "begins_with(" + name + ", :" + name + ")"
				fits = append(fits, func(row []int) bool { return slices.Contains(prefixes[name][prefix], row[at]) })
			default:
				switch operator {
				case "<":
					fit = func(order int) bool { return order < 0 }
				case "<=":
					fit = func(order int) bool { return order <= 0 }
				case ">":
					fit = func(order int) bool { return order > 0 }
				case ">=":
					fit = func(order int) bool { return order >= 0 }
				}
				condition = name + " " + operator + " :" + name
				fits = append(fits, func(row []int) bool { return fit(cmp.Compare(row[at], rank)) })
			}
			conditions = append(conditions, condition)
		}
		forward := rapid.Bool().Draw(rt, "forward")
		var want []string
		for _, row := range rows {
			if !slices.ContainsFunc(fits, func(fits func([]int) bool) bool { return !fits(row) }) {
				want = append(want, fmt.Sprint(row[len(names)]))
			}
		}
		if !forward {
			slices.Reverse(want)
		}
		request := map[string]any{"TableName": "tab", "IndexName": "multi", "ScanIndexForward": forward, "ProjectionExpression": "q",
			"KeyConditionExpression": strings.Join(rapid.Permutation(conditions).Draw(rt, "conditions"), " AND ")}
		request["ExpressionAttributeValues"] = parse(t, jsonOf(placeholders))
		if rapid.Bool().Draw(rt, "pages") {
			request["Limit"] = rapid.IntRange(1, 3).Draw(rt, "Limit")
		}
		var got []string
		for _, it := range w.items("Query", request) {
			got = append(got, parse(t, it)["q"].(map[string]any)["N"].(string))
		}
		// Items with the same key in the index are in no order that is documented; here it is
		// that of their keys in the table.
		if diff := gocmp.Diff(want, got); diff != "" {
			rt.Errorf("Query(%s %v) (-want +got):\n%s", request["KeyConditionExpression"], placeholders, diff)
		}
		scanned := w.items("Scan", map[string]any{"TableName": "tab", "IndexName": "multi", "Limit": 2})
		if len(scanned) != len(rows) {
			rt.Errorf("Scan of the index found %d items, want %d", len(scanned), len(rows))
		}
	})
}

func mapKeys[V any](m map[string]V) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func jsonOf(values map[string]string) string {
	var all []string
	for name, value := range values {
		all = append(all, fmt.Sprintf("%q:%s", name, value))
	}
	return "{" + strings.Join(all, ",") + "}"
}

// TestMultiKeys follows an index of several key attributes: it is described as it was made,
// an item comes and goes with its attributes, and a page ends with all of them.
func TestMultiKeys(t *testing.T) {
	w := newWorld(t).withMultiKeys()
	described := w.must("DescribeTable", `{"TableName":"tab"}`)["Table"].(map[string]any)["GlobalSecondaryIndexes"].([]any)[0].(map[string]any)
	if diff := gocmp.Diff(parse(t, `{"KeySchema":`+keyOf("h i / a b c")+`}`)["KeySchema"], described["KeySchema"]); diff != "" {
		t.Errorf("DescribeTable has another key (-want +got):\n%s", diff)
	}
	scan := func() int {
		return len(w.items("Scan", map[string]any{"TableName": "tab", "IndexName": "multi"}))
	}
	const keys = `"h":{"S":"x"},"i":{"N":"1"},"a":{"S":"x"},"b":{"N":"1"}`
	w.must("PutItem", `{"TableName":"tab","Item":{"p":{"S":"x"},"q":{"N":"1"},`+keys+`}}`)
	if got := scan(); got != 0 {
		t.Errorf("the index has %d items, want none: one lacks c", got)
	}
	update := func(expression, values string) {
		w.must("UpdateItem", `{"TableName":"tab","Key":{"p":{"S":"x"},"q":{"N":"1"}},"UpdateExpression":"`+expression+`"`+values+`}`)
	}
	update("SET c = :c", `,"ExpressionAttributeValues":{":c":{"B":"AA=="}}`)
	if got := scan(); got != 1 {
		t.Errorf("the index has %d items, want the one with all attributes", got)
	}
	page := w.must("Query", `{"TableName":"tab","IndexName":"multi","Limit":1,"KeyConditionExpression":"h = :h AND i = :i","ExpressionAttributeValues":{":h":{"S":"x"},":i":{"N":"1"}}}`)
	if diff := gocmp.Diff(parse(t, `{"p":{"S":"x"},"q":{"N":"1"},"c":{"B":"AA=="},`+keys+`}`), page["LastEvaluatedKey"]); diff != "" {
		t.Errorf("LastEvaluatedKey (-want +got):\n%s", diff)
	}
	update("REMOVE i", "")
	if got := scan(); got != 0 {
		t.Errorf("the index has %d items, want none: the one lost i", got)
	}
	// An index that is added later, of as many attributes as there may be.
	w.must("UpdateTable", `{"TableName":"tab","AttributeDefinitions":`+definitions("h:S i:N a:S b:N c:B d:S e:S f:S g:S")+`,
		"GlobalSecondaryIndexUpdates":[{"Create":`+globalIndex("most", keyOf("h a d e / b f g c"))+`}]}`)
	w.must("PutItem", `{"TableName":"tab","Item":{"p":{"S":"y"},"q":{"N":"1"},`+keys+`,"c":{"B":"AA=="},"d":{"S":"d"},"e":{"S":"e"},"f":{"S":"f"},"g":{"S":"g"}}}`)
	got := w.items("Query", map[string]any{"TableName": "tab", "IndexName": "most", "KeyConditions": parse(t, `{"h":{"ComparisonOperator":"EQ","AttributeValueList":[{"S":"x"}]},"a":{"ComparisonOperator":"EQ","AttributeValueList":[{"S":"x"}]},
		"d":{"ComparisonOperator":"EQ","AttributeValueList":[{"S":"d"}]},"e":{"ComparisonOperator":"EQ","AttributeValueList":[{"S":"e"}]},"b":{"ComparisonOperator":"EQ","AttributeValueList":[{"N":"1"}]},"f":{"ComparisonOperator":"BEGINS_WITH","AttributeValueList":[{"S":"f"}]}}`), "ProjectionExpression": "p"})
	if diff := gocmp.Diff([]string{`{"p":{"S":"y"}}`}, got); diff != "" {
		t.Errorf("Query of the new index (-want +got):\n%s", diff)
	}
}

// TestMultiKeyRefusals: ack-api-quirks (DDB-TABLE-123), dynamodb-conformance
// (multiAttributeGsiKey) and scylladb (test_gsi_composite_keys).
func TestMultiKeyRefusals(t *testing.T) {
	create := func(key, types string) string {
		return `{"TableName":"new","BillingMode":"PAY_PER_REQUEST","KeySchema":` + keyOf("p / q") + `,"AttributeDefinitions":` + definitions("p:S q:N "+types) + `,
			"GlobalSecondaryIndexes":[` + globalIndex("multi", key) + `]}`
	}
	query := func(condition, values, more string) string {
		return `{"TableName":"tab","IndexName":"multi","KeyConditionExpression":"` + condition + `","ExpressionAttributeValues":{":h":{"S":"x"},":i":{"N":"1"}` + values + `}` + more + `}`
	}
	put := func(more string) string {
		return `{"TableName":"tab","Item":{"p":{"S":"x"},"q":{"N":"1"},` + more + `}}`
	}
	element := func(name, typ string) string {
		return "KeySchemaElement(attributeName=" + name + ", keyType=" + typ + ")"
	}
	interleaved := strings.Replace(keyOf("a / b c"), `"c","KeyType":"RANGE"`, `"c","KeyType":"HASH"`, 1)
	w := newWorld(t).withMultiKeys()
	w.refuse(t, []refusalCase{
		{"five partition attributes", "CreateTable", create(keyOf("a b c d e"), "a:S b:S c:S d:S e:S"), vi + "The KeySchema exceeds the maximum allowed number of HASH key attributes"},
		{"five sort attributes", "CreateTable", create(keyOf("a / b c d e f"), "a:S b:S c:S d:S e:S f:S"), vi + "The KeySchema exceeds the maximum allowed number of RANGE key attributes"},
		{"a partition attribute after a sort attribute", "CreateTable", create(interleaved, "a:S b:S c:S"), vi + "All HASH key attributes must precede RANGE key attributes in the KeySchema"},
		{"sort attributes alone", "CreateTable", create(keyOf("/ a b"), "a:S b:S"), v + "Invalid KeySchema: The first KeySchemaElement is not a HASH key type"},
		{"one attribute twice", "CreateTable", create(keyOf("a b / a"), "a:S b:S"), v + "The KeySchema contains multiple key attributes with the same name"},
		{"an attribute that is not defined", "CreateTable", create(keyOf("a b"), "a:S"), vi + "Some index key attributes are not defined in AttributeDefinitions. Keys: [a, b], AttributeDefinitions: [p, q, a]"},
		{"a local index", "CreateTable", strings.Replace(create(keyOf("p / a b"), "a:S b:S"), "GlobalSecondaryIndexes", "LocalSecondaryIndexes", 1),
			broken(unmet("'["+element("p", "HASH")+", "+element("a", "RANGE")+", "+element("b", "RANGE")+"]'", "localSecondaryIndexes.1.member.keySchema", longest+"2"))},
		{"five partition attributes later", "UpdateTable", `{"TableName":"tab","AttributeDefinitions":` + definitions("a:S b:N d:S e:S f:S") + `,"GlobalSecondaryIndexUpdates":[{"Create":` + globalIndex("late", keyOf("a b d e f")) + `}]}`,
			vi + "The KeySchema exceeds the maximum allowed number of HASH key attributes"},

		{"half a partition key", "Query", query("h = :h", "", "")[:len(query("h = :h", "", ""))-len(`,":i":{"N":"1"}}}`)] + `}}`, v + "Query condition missed key schema element: i"},
		{"a gap", "Query", query("h = :h AND i = :i AND a = :h AND c = :c", `,":c":{"B":"AA=="}`, ""), v + "RANGE key attributes b must have equality conditions specified in the query because a condition is present on key attribute c"},
		{"a filter on a partition attribute", "Query", query("h = :h AND i = :i", "", `,"FilterExpression":"i = :i"`), v + "Filter Expression can only contain non-primary key attributes: Primary key attribute: i"},
		{"a filter on a sort attribute", "Query", query("h = :h AND i = :i", "", `,"FilterExpression":"attribute_exists(c)"`), v + "Filter Expression can only contain non-primary key attributes: Primary key attribute: c"},
		{"a filter on the table's key", "Query", query("h = :h AND i = :i", "", `,"FilterExpression":"q = :i"`), ""},
		{"a consistent read", "Query", query("h = :h AND i = :i", "", `,"ConsistentRead":true`), v + "Consistent reads are not supported on global secondary indexes"},
		{"a start without an attribute", "Query", query("h = :h AND i = :i", "", `,"ExclusiveStartKey":{"p":{"S":"x"},"q":{"N":"1"},"h":{"S":"x"},"a":{"S":"x"},"b":{"N":"1"},"c":{"B":"AA=="}}`), v + "The provided starting key is invalid"},
		{"a start in another partition", "Query", query("h = :h AND i = :i", "", `,"ExclusiveStartKey":{"p":{"S":"x"},"q":{"N":"1"},"h":{"S":"x"},"i":{"N":"2"},"a":{"S":"x"},"b":{"N":"1"},"c":{"B":"AA=="}}`), v + "The provided starting key is outside query boundaries based on provided conditions"},
		{"a start outside of the sort keys", "Query", query("h = :h AND i = :i AND a = :h", "", `,"ExclusiveStartKey":{"p":{"S":"x"},"q":{"N":"1"},"h":{"S":"x"},"i":{"N":"1"},"a":{"S":"y"},"b":{"N":"1"},"c":{"B":"AA=="}}`), v + "The provided starting key does not match the range key predicate"},

		{"another type", "PutItem", put(`"b":{"S":"x"}`), vi + "Type mismatch for Index Key b Expected: N Actual: S IndexName: multi"},
		{"an empty value", "PutItem", put(`"h":{"S":""}`), v + "One or more parameter values are not valid. A value specified for a secondary index key is not supported. The AttributeValue for a key attribute cannot contain an empty string value. IndexName: multi, IndexKey: h"},
		{"sort attributes count together", "PutItem", put(`"a":{"S":"` + strings.Repeat("a", 1000) + `"},"c":{"B":"` + strings.Repeat("AAAA", 9) + `"}`), vi + "Aggregated size of all range keys has exceeded the size limit of 1024 bytes"},
		{"partition attributes count together", "PutItem", put(`"h":{"S":"` + strings.Repeat("a", 2047) + `"},"i":{"N":"1"}`), vi + "Size of hashkey has exceeded the maximum size limit of2048 bytes"},
	})
}
