package wire_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestLegacyOperations follows a lease through the requests of a client from before
// expressions, such as the Kinesis client library: made once, renewed, taken by another
// worker, its checkpoint moved, and deleted.
func TestLegacyOperations(t *testing.T) {
	w := newWorld(t).withTable()
	const (
		table  = `"TableName":"tab"`
		key    = `"Key":{"p":{"S":"shard"},"q":{"N":"1"}}`
		item   = `"Item":{"p":{"S":"shard"},"q":{"N":"1"},"counter":{"N":"0"},"checkpoint":{"S":"TRIM_HORIZON"}}`
		absent = `"Expected":{"p":{"Exists":false}}`
		failed = `{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","message":"The conditional request failed"}`
		eq     = `"ComparisonOperator":"EQ","AttributeValueList":`
		keyed  = `"KeyConditions":{"p":{` + eq + `[{"S":"shard"}]}}`
	)
	steps := []struct{ name, operation, body, want string }{
		{"make it once", "PutItem", `{` + table + `,` + item + `,` + absent + `}`, `{}`},
		{"not twice", "PutItem", `{` + table + `,` + item + `,` + absent + `}`, failed},
		{"take it", "UpdateItem", `{` + table + `,` + key + `,"AttributeUpdates":{"owner":{"Action":"PUT","Value":{"S":"w1"}},"counter":{"Action":"ADD","Value":{"N":"1"}},"switcher":{"Action":"DELETE"}},
			"Expected":{"p":{"Exists":true,"Value":{"S":"shard"}},"owner":{"Exists":false}},"ReturnValues":"ALL_NEW"}`,
			`{"Attributes":{"p":{"S":"shard"},"q":{"N":"1"},"owner":{"S":"w1"},"counter":{"N":"1"},"checkpoint":{"S":"TRIM_HORIZON"}}}`},
		{"renew it", "UpdateItem", `{` + table + `,` + key + `,"AttributeUpdates":{"counter":{"Value":{"N":"2"}}},"Expected":{"counter":{"Value":{"N":"1"}},"owner":{` + eq + `[{"S":"w1"}]}},"ReturnValues":"UPDATED_OLD"}`, `{"Attributes":{"counter":{"N":"1"}}}`},
		{"an old worker comes late", "UpdateItem", `{` + table + `,` + key + `,"AttributeUpdates":{"counter":{"Value":{"N":"2"}}},"Expected":{"counter":{"Value":{"N":"1"}}},"ReturnValuesOnConditionCheckFailure":"ALL_OLD"}`,
			strings.TrimSuffix(failed, "}") + `,"Item":{"p":{"S":"shard"},"q":{"N":"1"},"owner":{"S":"w1"},"counter":{"N":"2"},"checkpoint":{"S":"TRIM_HORIZON"}}}`},
		{"move the checkpoint unless at the end", "UpdateItem", `{` + table + `,` + key + `,"AttributeUpdates":{"checkpoint":{"Action":"PUT","Value":{"S":"17"}},"pending":{"Action":"DELETE"}},
			"Expected":{"checkpoint":{"ComparisonOperator":"NE","Value":{"S":"SHARD_END"}},"counter":{"ComparisonOperator":"IN","AttributeValueList":[{"N":"1"},{"N":"2"}]}},"ReturnValues":"UPDATED_NEW"}`, `{"Attributes":{"checkpoint":{"S":"17"}}}`},
		{"either condition", "UpdateItem", `{` + table + `,` + key + `,"AttributeUpdates":{"parents":{"Action":"ADD","Value":{"SS":["a","b"]}},"log":{"Action":"ADD","Value":{"L":[{"S":"split"}]}}},
			"Expected":{"owner":{"Value":{"S":"nobody"}},"pending":{"ComparisonOperator":"NULL"}},"ConditionalOperator":"OR"}`, `{}`},
		{"some members", "UpdateItem", `{` + table + `,` + key + `,"AttributeUpdates":{"parents":{"Action":"DELETE","Value":{"SS":["a"]}},"log":{"Action":"ADD","Value":{"L":[{"N":"2"}]}}},"ReturnValues":"UPDATED_NEW"}`,
			`{"Attributes":{"parents":{"SS":["b"]},"log":{"L":[{"S":"split"},{"N":"2"}]}}}`},
		{"nothing to update makes an item", "UpdateItem", `{` + table + `,"Key":{"p":{"S":"new"},"q":{"N":"1"}},"AttributeUpdates":{},"Expected":{},"ReturnValues":"ALL_NEW"}`, `{"Attributes":{"p":{"S":"new"},"q":{"N":"1"}}}`},
		{"deleting attributes makes none", "UpdateItem", `{` + table + `,"Key":{"p":{"S":"none"},"q":{"N":"1"}},"AttributeUpdates":{"a":{"Action":"DELETE"},"s":{"Action":"DELETE","Value":{"SS":["a"]}}},"ReturnValues":"ALL_NEW"}`, `{}`},
		{"adding makes one", "UpdateItem", `{` + table + `,"Key":{"p":{"S":"added"},"q":{"N":"1"}},"AttributeUpdates":{"n":{"Action":"ADD","Value":{"N":"3"}}},"ReturnValues":"UPDATED_NEW"}`, `{"Attributes":{"n":{"N":"3"}}}`},

		{"some attributes", "GetItem", `{` + table + `,` + key + `,"AttributesToGet":["counter","owner","nothing"]}`, `{"Item":{"counter":{"N":"2"},"owner":{"S":"w1"}}}`},
		{"no attribute that is there", "GetItem", `{` + table + `,` + key + `,"AttributesToGet":["nothing"]}`, `{"Item":{}}`},
		{"no path", "GetItem", `{` + table + `,` + key + `,"AttributesToGet":["log[0]"]}`, `{"Item":{}}`},
		{"a batch", "BatchGetItem", `{"RequestItems":{"tab":{"Keys":[{"p":{"S":"shard"},"q":{"N":"1"}}],"AttributesToGet":["owner"]}}}`, `{"Responses":{"tab":[{"owner":{"S":"w1"}}]},"UnprocessedKeys":{}}`},

		{"query", "Query", `{` + table + `,` + keyed + `,"AttributesToGet":["counter"]}`, `{"Items":[{"counter":{"N":"2"}}],"Count":1,"ScannedCount":1}`},
		{"query with a filter", "Query", `{` + table + `,` + keyed + `,"QueryFilter":{"owner":{"ComparisonOperator":"BEGINS_WITH","AttributeValueList":[{"S":"x"}]}},"Select":"COUNT"}`, `{"Count":0,"ScannedCount":1}`},
		{"query with an empty filter", "Query", `{` + table + `,` + keyed + `,"QueryFilter":{},"Select":"COUNT"}`, `{"Count":1,"ScannedCount":1}`},
		{"query with both bounds", "Query", `{` + table + `,"KeyConditions":{"q":{"ComparisonOperator":"BETWEEN","AttributeValueList":[{"N":"0"},{"N":"1"}]},"p":{` + eq + `[{"S":"shard"}]}},"Select":"COUNT"}`, `{"Count":1,"ScannedCount":1}`},
		{"query above it", "Query", `{` + table + `,"KeyConditions":{"p":{` + eq + `[{"S":"shard"}]},"q":{"ComparisonOperator":"GT","AttributeValueList":[{"N":"1"}]}},"Select":"COUNT"}`, `{"Count":0,"ScannedCount":0}`},
		{"key conditions beside expressions", "Query", `{` + table + `,` + keyed + `,"FilterExpression":"#c > :n","ExpressionAttributeNames":{"#c":"counter","#l":"log"},"ExpressionAttributeValues":{":n":{"N":"1"}},"ProjectionExpression":"#l[0]"}`,
			`{"Items":[{"log":{"L":[{"S":"split"}]}}],"Count":1,"ScannedCount":1}`},
		{"scan with a filter on the key", "Scan", `{` + table + `,"ScanFilter":{"p":{"ComparisonOperator":"CONTAINS","AttributeValueList":[{"S":"dd"}]},"n":{"ComparisonOperator":"NOT_NULL"}},"AttributesToGet":["p"]}`, `{"Items":[{"p":{"S":"added"}}],"Count":1,"ScannedCount":3}`},
		{"scan with either", "Scan", `{` + table + `,"ScanFilter":{"parents":{"ComparisonOperator":"CONTAINS","AttributeValueList":[{"S":"b"}]},"n":{"ComparisonOperator":"LT","AttributeValueList":[{"N":"3"}]}},"ConditionalOperator":"OR","AttributesToGet":["p"]}`, `{"Items":[{"p":{"S":"shard"}}],"Count":1,"ScannedCount":3}`},

		{"delete of another's", "DeleteItem", `{` + table + `,` + key + `,"Expected":{"owner":{"Value":{"S":"w2"}}}}`, failed},
		{"delete", "DeleteItem", `{` + table + `,` + key + `,"Expected":{"owner":{"Value":{"S":"w1"}},"counter":{"ComparisonOperator":"GE","AttributeValueList":[{"N":"2"}]}},"ConditionalOperator":"AND"}`, `{}`},
		{"a transaction has no legacy parameters", "TransactWriteItems", `{"TransactItems":[{"Put":{` + table + `,"Item":{"p":{"S":"t"},"q":{"N":"1"}},"Expected":{"p":{"Exists":true}}}}]}`, `{}`},
	}
	for _, step := range steps {
		got := parse(t, w.send(step.operation, step.body).Body.String())
		if diff := cmp.Diff(parse(t, step.want), got); diff != "" {
			t.Errorf("%s: %s (-want +got):\n%s", step.name, step.operation, diff)
		}
	}
}

// TestLegacyStream: an update by AttributeUpdates makes the record that one by an
// expression makes, and none where it changes nothing.
func TestLegacyStream(t *testing.T) {
	w := newWorld(t).withTable()
	for _, updates := range []string{`{"n":{"Action":"ADD","Value":{"N":"1"}}}`, `{"n":{"Value":{"N":"1.0"}}}`, `{"n":{"Action":"DELETE"}}`, `{"n":{"Action":"DELETE"}}`} {
		w.must("UpdateItem", `{"TableName":"tab","Key":{"p":{"S":"x"},"q":{"N":"1"}},"AttributeUpdates":`+updates+`}`)
	}
	arn := w.streamARN()
	page := w.must("streams:GetRecords", `{"ShardIterator":"`+w.iterator(arn, w.shards(arn)[0]["ShardId"], "TRIM_HORIZON", "")+`"}`)
	var got []string
	for _, r := range page["Records"].([]any) {
		r := r.(map[string]any)
		got = append(got, r["eventName"].(string)+" "+encoded(r["dynamodb"].(map[string]any)["NewImage"]))
	}
	want := []string{`INSERT {"n":{"N":"1"},"p":{"S":"x"},"q":{"N":"1"}}`, `MODIFY {"p":{"S":"x"},"q":{"N":"1"}}`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}

// TestLegacyRefusals: dynalite's tests (putItem.js, updateItem.js, deleteItem.js, query.js,
// scan.js, getItem.js, batchGetItem.js), dynamodb-conformance (error-messages/deleteItem),
// ExtendDB's tests of ConditionalOperator, which it runs against the service, and
// scylladb's (test_expected, test_key_conditions, test_query_filter, test_item).
func TestLegacyRefusals(t *testing.T) {
	const (
		key      = `"TableName":"tab","Key":{"p":{"S":"there"},"q":{"N":"1"}}`
		noValue  = v + "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"
		noNumber = v + "The parameter cannot be converted to a numeric value: b"
		deletes  = vi + "Only DELETE action is allowed when no attribute value is specified"
		unsorted = v + "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound"
		types    = vi + "AttributeValues inside AttributeValueList must be of same type"
		without  = v + "ConditionalOperator cannot be used without Filter or Expected"
		two      = v + "ConditionalOperator can only be used when Filter or Expected has two or more elements"
		isKey    = "This attribute is part of the key"
		nested   = v + "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit"
		noIndex  = v + "Attempted conditional constraint is not an indexable operation"
		noEither = v + "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request."
		one      = `"a":{"ComparisonOperator":"EQ","AttributeValueList":[{"S":"x"}]}`
		ops      = "[IN, NULL, BETWEEN, LT, NOT_CONTAINS, EQ, GT, NOT_NULL, NE, LE, BEGINS_WITH, GE, CONTAINS]"
	)
	count := func(operator string) string {
		return vi + "Invalid number of argument(s) for the " + operator + " ComparisonOperator"
	}
	wrong := func(operator, typ string) string {
		return vi + "ComparisonOperator " + operator + " is not valid for " + typ + " AttributeValue type"
	}
	mixed := func(legacy, expressions string) string {
		return v + "Can not use both expression and non-expression parameters in the same request: Non-expression parameters: {" + legacy + "} Expression parameters: {" + expressions + "}"
	}
	condition := func(operator string, values ...string) string {
		return `{"ComparisonOperator":"` + operator + `","AttributeValueList":[` + strings.Join(values, ",") + `]}`
	}
	expected := func(c string) string { return `{` + key + `,"Expected":{"a":` + c + `}}` }
	update := func(u string) string { return `{` + key + `,"AttributeUpdates":{"a":` + u + `}}` }
	query := func(conditions, more string) string {
		return `{"TableName":"tab","KeyConditions":{` + conditions + `}` + more + `}`
	}
	const p = `"p":{"ComparisonOperator":"EQ","AttributeValueList":[{"S":"x"}]}`
	sorted := func(c string) string { return query(p+`,"q":`+c, "") }
	cases := []refusalCase{
		{"no value and no exists", "DeleteItem", expected(`{}`), enveloped(vi + "Value must be provided when Exists is null for Attribute: a")},
		{"null", "DeleteItem", expected(`null`), enveloped(vi + "Value must be provided when Exists is null for Attribute: a")},
		{"exists without a value", "DeleteItem", expected(`{"Exists":true}`), enveloped(vi + "Value must be provided when Exists is true for Attribute: a")},
		{"a value that must not exist", "DeleteItem", expected(`{"Exists":false,"Value":{"S":"x"}}`), enveloped(vi + "Value cannot be used when Exists is false for Attribute: a")},
		{"exists beside an operator", "DeleteItem", expected(`{"Exists":true,"ComparisonOperator":"EQ","Value":{"S":"x"}}`), enveloped(vi + "Exists and ComparisonOperator cannot be used together for Attribute: a")},
		{"value and list", "DeleteItem", expected(`{"Value":{"S":"x"},"ComparisonOperator":"EQ","AttributeValueList":[{"S":"x"}]}`), enveloped(vi + "Value and AttributeValueList cannot be used together for Attribute: a")},
		{"an operator alone", "DeleteItem", expected(`{"ComparisonOperator":"EQ"}`), enveloped(vi + "Value or AttributeValueList must be used with ComparisonOperator: EQ for Attribute: a")},
		{"a list alone", "DeleteItem", expected(`{"AttributeValueList":[]}`), enveloped(vi + "AttributeValueList can only be used with a ComparisonOperator for Attribute: a")},
		{"a value for NULL", "DeleteItem", expected(`{"ComparisonOperator":"NULL","Value":{"S":"x"}}`), enveloped(count("NULL"))},
		{"one bound", "DeleteItem", expected(condition("BETWEEN", `{"S":"x"}`)), enveloped(count("BETWEEN"))},
		{"bounds of two types", "DeleteItem", expected(condition("BETWEEN", `{"S":"x"}`, `{"N":"1"}`)), enveloped(types)},
		{"bounds in the wrong order", "DeleteItem", expected(condition("BETWEEN", `{"N":"10"}`, `{"N":"9"}`)), enveloped(unsorted)},
		{"IN with two types", "DeleteItem", expected(condition("IN", `{"S":"x"}`, `{"N":"1"}`)), enveloped(types)},
		{"IN with nothing", "DeleteItem", expected(condition("IN")), enveloped(count("IN"))},
		{"operators are in capitals", "DeleteItem", expected(condition("eq", `{"S":"x"}`)), broken(unmet("'eq'", "expected.a.member.comparisonOperator", enum+ops))},
		{"a value that is none", "DeleteItem", expected(condition("EQ", `{}`)), enveloped(noValue)},
		{"a null value", "DeleteItem", expected(condition("EQ", `null`)), enveloped(noValue)},
		{"a number that is none", "DeleteItem", expected(`{"Value":{"N":"b"}}`), enveloped(noNumber)},
		{"a number that is none, in a list", "DeleteItem", expected(condition("EQ", `{"NS":["1","b"]}`)), enveloped(noNumber)},
		{"too deep a value", "DeleteItem", expected(`{"Value":` + strings.Repeat(`{"L":[`, 33) + strings.Repeat(`]}`, 33) + `}`), enveloped(nested)},
		{"no name", "DeleteItem", `{` + key + `,"Expected":{"":{"Exists":false}}}`, enveloped(v + "Empty attribute name")},
		{"the key before Expected", "DeleteItem", `{"TableName":"tab","Key":{"p":{"N":"b"}},"Expected":{"a":{}}}`, enveloped(noNumber)},
		{"Expected before the table", "DeleteItem", `{"TableName":"nope","Key":{},"Expected":{"a":{}}}`, enveloped(vi + "Value must be provided when Exists is null for Attribute: a")},
		{"the return values before Expected", "PutItem", `{"TableName":"tab","Item":{},"ReturnValues":"ALL_NEW","Expected":{"a":{}}}`, enveloped(v + "ReturnValues can only be ALL_OLD or NONE")},

		{"no value", "UpdateItem", update(`{"Action":"PUT"}`), enveloped(deletes)},
		{"no value and no action", "UpdateItem", update(`{}`), enveloped(deletes)},
		{"nothing to add", "UpdateItem", update(`{"Action":"ADD"}`), enveloped(deletes)},
		{"delete of a text", "UpdateItem", update(`{"Action":"DELETE","Value":{"S":"x"}}`), enveloped(vi + "DELETE action with value is not supported for the type S")},
		{"delete from a list", "UpdateItem", update(`{"Action":"DELETE","Value":{"L":[]}}`), enveloped(vi + "DELETE action with value is not supported for the type L")},
		{"delete of a number", "UpdateItem", update(`{"Action":"DELETE","Value":{"N":"1"}}`), enveloped(vi + "DELETE action with value is not supported for the type N")},
		{"add a text", "UpdateItem", update(`{"Action":"ADD","Value":{"S":"x"}}`), enveloped(vi + "ADD action is not supported for the type S")},
		{"add a map", "UpdateItem", update(`{"Action":"ADD","Value":{"M":{}}}`), enveloped(vi + "ADD action is not supported for the type M")},
		{"add another type", "UpdateItem", update(`{"Action":"ADD","Value":{"N":"1"}}`), v + "Type mismatch for attribute to update"},
		{"an action that is none", "UpdateItem", update(`{"Action":"put"}`), broken(unmet("'put'", "attributeUpdates.a.member.action", enum+"[ADD, DELETE, PUT]"))},
		{"an empty set", "UpdateItem", update(`{"Value":{"SS":[]}}`), enveloped(vi + "An string set  may not be empty")},
		{"no name", "UpdateItem", `{` + key + `,"AttributeUpdates":{"":{"Action":"DELETE"}}}`, enveloped(v + "Empty attribute name")},
		{"a key", "UpdateItem", `{` + key + `,"AttributeUpdates":{"q":{"Value":{"N":"1"}}}}`, vi + "Cannot update attribute q. " + isKey},
		{"delete of a key", "UpdateItem", `{` + key + `,"AttributeUpdates":{"p":{"Action":"DELETE"}}}`, vi + "Cannot update attribute p. " + isKey},
		{"a key before the condition", "UpdateItem", `{` + key + `,"AttributeUpdates":{"p":{"Action":"DELETE"}},"Expected":{"a":{"Exists":false}}}`, vi + "Cannot update attribute p. " + isKey},
		{"the update before Expected", "UpdateItem", `{` + key + `,"AttributeUpdates":{"a":{}},"Expected":{"a":{}}}`, enveloped(deletes)},
		{"the key before the update", "UpdateItem", `{"TableName":"tab","Key":{"p":{"N":"b"}},"AttributeUpdates":{"a":{}}}`, enveloped(noNumber)},
		{"too large", "UpdateItem", update(`{"Value":{"S":"` + strings.Repeat("x", 400<<10) + `"}}`), v + "Item size to update has exceeded the maximum allowed size"},

		{"mixed", "UpdateItem", `{` + key + `,"Expected":{"a":{}},"AttributeUpdates":{},"ConditionalOperator":"OR","UpdateExpression":"","ConditionExpression":""}`,
			enveloped(mixed("AttributeUpdates, Expected, ConditionalOperator", "UpdateExpression, ConditionExpression"))},
		{"mixed, across", "UpdateItem", `{` + key + `,"AttributeUpdates":{"a":{}},"ConditionExpression":"attribute_exists(p)"}`, enveloped(mixed("AttributeUpdates", "ConditionExpression"))},
		{"mixed before the item", "PutItem", `{"TableName":"tab","Item":{"p":{}},"Expected":{},"ConditionExpression":""}`, enveloped(mixed("Expected", "ConditionExpression"))},
		{"mixed", "DeleteItem", `{` + key + `,"ConditionalOperator":"AND","ConditionExpression":"attribute_exists(p)"}`, enveloped(mixed("ConditionalOperator", "ConditionExpression"))},
		{"mixed", "GetItem", `{` + key + `,"AttributesToGet":["a","a"],"ProjectionExpression":""}`, mixed("AttributesToGet", "ProjectionExpression")},
		{"mixed", "BatchGetItem", `{"RequestItems":{"tab":{"Keys":[{}],"AttributesToGet":["a"],"ProjectionExpression":"a"}}}`, mixed("AttributesToGet", "ProjectionExpression")},
		{"mixed", "Query", query(p, `,"AttributesToGet":["a","a"],"QueryFilter":{},"ConditionalOperator":"OR","ProjectionExpression":"","FilterExpression":"","KeyConditionExpression":"","ExclusiveStartKey":{"a":{}}`),
			mixed("AttributesToGet, QueryFilter, ConditionalOperator, KeyConditions", "ProjectionExpression, FilterExpression, KeyConditionExpression")},
		{"mixed but for the key", "Query", query(p, `,"AttributesToGet":["a"],"FilterExpression":""`), mixed("AttributesToGet", "FilterExpression")},
		{"mixed", "Scan", `{"TableName":"tab","AttributesToGet":["a"],"ScanFilter":{` + one + `},"ConditionalOperator":"AND","FilterExpression":"a = :v","ProjectionExpression":"b"}`,
			mixed("AttributesToGet, ScanFilter, ConditionalOperator", "ProjectionExpression, FilterExpression")},
		{"the table's name before mixed", "PutItem", `{"TableName":"a;","Item":{},"ConditionalOperator":"AND","ConditionExpression":""}`, broken(unmet("'a;'", "tableName", name), unmet("'a;'", "tableName", shortest+"3"))},
		{"names without expressions", "DeleteItem", `{` + key + `,"Expected":{"a":{}},"ExpressionAttributeNames":{}}`, enveloped(v + "ExpressionAttributeNames can only be specified when using expressions")},
		{"values beside key conditions", "Query", query(p, `,"ExpressionAttributeValues":{}`), v + "ExpressionAttributeValues can only be specified when using expressions: FilterExpression and KeyConditionExpression are null"},

		{"no conditions to combine", "PutItem", `{"TableName":"tab","Item":{},"ConditionalOperator":"AND","Expected":{}}`, enveloped(without)},
		{"nothing to combine", "UpdateItem", `{` + key + `,"ConditionalOperator":"AND"}`, enveloped(without)},
		{"one condition to combine", "DeleteItem", `{` + key + `,"ConditionalOperator":"OR","Expected":{` + one + `}}`, enveloped(two)},
		{"key conditions are not combined", "Query", query(p, `,"ConditionalOperator":"AND"`), without},
		{"nothing to combine before no key condition", "Query", `{"TableName":"tab","ConditionalOperator":"AND"}`, without},
		{"one filter to combine", "Scan", `{"TableName":"tab","ConditionalOperator":"AND","ScanFilter":{` + one + `}}`, two},
		{"an operator that is none", "Scan", `{"TableName":"tab","ConditionalOperator":"XOR"}`, broken(unmet("'XOR'", "conditionalOperator", enum+"[OR, AND]"))},

		{"no key condition", "Query", `{"TableName":"tab"}`, noEither},
		{"no key conditions", "Query", query("", ""), v + "Conditions can be of length 1 or 2 only"},
		{"three conditions", "Query", query(p+`,"q":`+condition("GT", `{"N":"1"}`)+`,`+one, ""), v + "The number of query conditions (3) exceeds the number of key attributes defined in the schema (2)"},
		{"no partition key", "Query", query(`"q":`+condition("EQ", `{"N":"1"}`), ""), v + "Query condition missed key schema element: p"},
		{"not a key", "Query", query(p+`,`+one, ""), v + "Query condition missed key schema element: q"},
		{"a range of partitions", "Query", query(`"p":`+condition("GE", `{"S":"x"}`), ""), v + "Query key condition not supported"},
		{"no operator", "Query", query(`"p":{}`, `,"QueryFilter":{"a":{}}`), broken(unmet("null", "queryFilter.a.member.comparisonOperator", "Member must not be null"), unmet("null", "keyConditions.p.member.comparisonOperator", "Member must not be null"))},
		{"another type", "Query", sorted(condition("EQ", `{"S":"x"}`)), vi + "Condition parameter type does not match schema type"},
		{"an empty key", "Query", query(`"p":`+condition("EQ", `{"S":""}`), ""), v + "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: p"},
		{"IN", "Query", sorted(condition("IN", `{"N":"1"}`)), noIndex},
		{"NE", "Query", sorted(condition("NE", `{"N":"1"}`)), noIndex},
		{"NULL", "Query", sorted(condition("NULL")), noIndex},
		{"CONTAINS", "Query", sorted(condition("CONTAINS", `{"N":"1"}`)), noIndex},
		{"BEGINS_WITH a number", "Query", sorted(condition("BEGINS_WITH", `{"N":"1"}`)), wrong("BEGINS_WITH", "N")},
		{"bounds in the wrong order", "Query", sorted(condition("BETWEEN", `{"N":"2"}`, `{"N":"1"}`)), unsorted},
		{"two values", "Query", sorted(condition("EQ", `{"N":"2"}`, `{"N":"1"}`)), count("EQ")},
		{"the key before the table", "Query", `{"TableName":"nope","KeyConditions":{"p":` + condition("EQ") + `}}`, count("EQ")},
		{"the filter before the key", "Query", query(`"p":`+condition("EQ"), `,"QueryFilter":{"a":`+condition("LT")+`}`), count("LT")},
		{"the filter before the attributes", "Query", query(p, `,"QueryFilter":{"a":`+condition("LT")+`},"AttributesToGet":["a","a"]`), count("LT")},
		{"the attributes before the start", "Query", query(p, `,"AttributesToGet":["a","a"],"ExclusiveStartKey":{"p":{}}`), vi + "Duplicate value in attribute name: a"},
		{"the start before the key", "Query", query(`"p":`+condition("EQ"), `,"ExclusiveStartKey":{"p":{}}`), v + "The provided starting key is invalid: Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"},
		{"the start before no key", "Query", `{"TableName":"tab","ExclusiveStartKey":{"p":{}}}`, v + "The provided starting key is invalid: Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"},
		{"filter on the partition key", "Query", query(p, `,"QueryFilter":{"q":`+condition("EQ", `{"N":"1"}`)+`,"p":`+condition("NULL")+`}`), v + "QueryFilter can only contain non-primary key attributes: Primary key attribute: p"},
		{"filter on the sort key", "Query", query(p, `,"QueryFilter":{`+one+`,"q":`+condition("EQ", `{"N":"1"}`)+`}`), v + "QueryFilter can only contain non-primary key attributes: Primary key attribute: q"},
		{"attributes and all of them", "Query", query(p, `,"AttributesToGet":["a"],"Select":"ALL_ATTRIBUTES"`), v + "Cannot specify the AttributesToGet when choosing to get ALL_ATTRIBUTES"},
		{"attributes and the count", "Scan", `{"TableName":"tab","AttributesToGet":["a"],"Select":"COUNT"}`, v + "Cannot specify the AttributesToGet when choosing to get only the Count"},
		{"attributes and some", "Scan", `{"TableName":"tab","AttributesToGet":["a"],"Select":"SPECIFIC_ATTRIBUTES"}`, ""},

		{"one attribute twice", "GetItem", `{` + key + `,"AttributesToGet":["a","b","a"]}`, vi + "Duplicate value in attribute name: a"},
		{"no attributes", "GetItem", `{` + key + `,"AttributesToGet":[]}`, broken(unmet("'[]'", "attributesToGet", shortest+"1"))},
		{"an attribute without a name", "GetItem", `{` + key + `,"AttributesToGet":[""]}`, v + "Empty attribute name"},
		{"the key before the attributes", "GetItem", `{"TableName":"tab","Key":{"p":{"N":"b"}},"AttributesToGet":["a","a"]}`, noNumber},
		{"one attribute twice", "BatchGetItem", `{"RequestItems":{"tab":{"Keys":[{}],"AttributesToGet":["a","a"]}}}`, vi + "Duplicate value in attribute name: a"},
		{"no attributes", "BatchGetItem", `{"RequestItems":{"tab":{"Keys":[{}],"AttributesToGet":[]}}}`, broken(unmet("'[]'", "requestItems.tab.member.attributesToGet", shortest+"1"))},
		{"the attributes before the filter", "Scan", `{"TableName":"tab","AttributesToGet":["a","a"],"ScanFilter":{"a":` + condition("EQ") + `}}`, vi + "Duplicate value in attribute name: a"},
		{"ScanFilter", "Query", query(p, `,"ScanFilter":{"a":{}}`), ""},
		{"QueryFilter", "Scan", `{"TableName":"tab","QueryFilter":{"a":{}},"KeyConditions":{"a":{}}}`, ""},
	}
	all := map[string]string{"S": `{"S":"x"}`, "N": `{"N":"1"}`, "B": `{"B":"YQ=="}`, "BOOL": `{"BOOL":true}`, "NULL": `{"NULL":true}`,
		"SS": `{"SS":["x"]}`, "NS": `{"NS":["1"]}`, "BS": `{"BS":["YQ=="]}`, "L": `{"L":[]}`, "M": `{"M":{}}`}
	const ordered, scalar, every = "S N B", "S N B BOOL NULL", "S N B BOOL NULL SS NS BS L M"
	for operator, takes := range map[string]string{"EQ": every, "NE": every, "LE": ordered, "LT": ordered, "GE": ordered, "GT": ordered, "IN": ordered,
		"BETWEEN": ordered, "BEGINS_WITH": "S B", "CONTAINS": scalar, "NOT_CONTAINS": scalar} {
		for typ, value := range all {
			values := []string{value}
			if operator == "BETWEEN" {
				values = append(values, value)
			}
			want := ""
			if !strings.Contains(" "+takes+" ", " "+typ+" ") {
				want = wrong(operator, typ)
			}
			cases = append(cases, refusalCase{operator + " of " + typ, "Scan", `{"TableName":"tab","ScanFilter":{"z":` + condition(operator, values...) + `}}`, want})
		}
	}
	runRefusals(t, cases)
}

// TestLegacyShapes: dynalite's tests of what is not a map, a structure or a value.
func TestLegacyShapes(t *testing.T) {
	const (
		s      = "SerializationException: "
		java   = "com.amazonaws.dynamodb.v20120810."
		key    = `"TableName":"tab","Key":{}`
		isMap  = "Unrecognized collection type java.util.Map<java.lang.String, " + java
		isList = "Start of structure or map found where not expected"
	)
	runRefusals(t, []refusalCase{
		{"Expected is a list", "PutItem", `{"TableName":"tab","Item":{},"Expected":[]}`, s + isMap + "ExpectedAttributeValue>"},
		{"AttributeUpdates is a list", "UpdateItem", `{` + key + `,"AttributeUpdates":[]}`, s + isMap + "AttributeValueUpdate>"},
		{"QueryFilter is a list", "Query", `{"TableName":"tab","QueryFilter":[]}`, s + isMap + "Condition>"},
		{"Expected is a text", "PutItem", `{"TableName":"tab","Item":{},"Expected":"x"}`, s + "Unexpected field type"},
		{"an expected value is a text", "PutItem", `{"TableName":"tab","Item":{},"Expected":{"a":"x"}}`, s + "Unexpected value type in payload"},
		{"an expected value is a list", "PutItem", `{"TableName":"tab","Item":{},"Expected":{"a":[]}}`, s + "Unrecognized collection type class " + java + "ExpectedAttributeValue"},
		{"a value is a text", "PutItem", `{"TableName":"tab","Item":{},"Expected":{"a":{"Value":"x"}}}`, s + "Unexpected field type"},
		{"a value is a list", "PutItem", `{"TableName":"tab","Item":{},"Expected":{"a":{"Value":[]}}}`, s + "Unrecognized collection type class " + java + "AttributeValue"},
		{"Exists is a number", "PutItem", `{"TableName":"tab","Item":{},"Expected":{"a":{"Exists":1}}}`, s + "NUMBER_VALUE cannot be converted to Boolean"},
		{"an action is a number", "UpdateItem", `{` + key + `,"AttributeUpdates":{"a":{"Action":1}}}`, s + "NUMBER_VALUE cannot be converted to String"},
		{"a list of values is a map", "Scan", `{"TableName":"tab","ScanFilter":{"a":{"AttributeValueList":{}}}}`, s + isList},
		{"a value in a list is a text", "Scan", `{"TableName":"tab","ScanFilter":{"a":{"AttributeValueList":["x"]}}}`, s + "Unexpected value type in payload"},
		{"AttributesToGet is a text", "GetItem", `{` + key + `,"AttributesToGet":"a"}`, s + "Unexpected field type"},
	})
}
