package wire_test

import (
	"strings"
	"testing"
)

// TestTextsOfValues: which text an operation has for a refused number and for equal
// members of a set, wherever the value is (dynamodb-conformance, error-messages/valueLayers
// and validation-ordering/deepRequests, October 2026).
func TestTextsOfValues(t *testing.T) {
	const (
		v      = "ValidationException: "
		one    = v + "1 validation error detected: "
		values = v + "ExpressionAttributeValues contains invalid value: "
		start  = v + "The provided starting key is invalid: "
	)
	kinds := []struct{ name, value, text, older string }{
		{"a word", `{"N":"abc"}`, "The parameter cannot be converted to a numeric value: abc", "The parameter cannot be converted to a numeric value: abc"},
		{"an empty number", `{"N":""}`, "The parameter cannot be converted to a numeric value: ", "The parameter cannot be converted to a numeric value"},
		{"a large number", `{"N":"1e2147483647"}`, "Number overflow. Attempting to store a number with magnitude larger than supported range", "Number underflow. Attempting to store a number with magnitude smaller than supported range"},
		{"equal texts", `{"SS":["b","a","b"]}`, `One or more parameter values were invalid: Input collection ["a", "b", "b"] contains duplicates.`, "One or more parameter values were invalid: Input collection [b, a, b] contains duplicates."},
		{"equal numbers", `{"NS":["2","1","2"]}`, "One or more parameter values were invalid: Input collection contains duplicates.", "Input collection contains duplicates"},
	}
	key := `"TableName":"tab","Key":{"p":{"S":"there"},"q":{"N":"1"}}`
	bad := `"TableName":"tab","Key":{"p":VALUE,"q":{"N":"1"}}`
	places := []struct {
		name, operation, body string
		before                string
		older                 bool
		after                 string
	}{
		{"item", "PutItem", `{"TableName":"tab","Item":{"a":{"M":{"l":{"L":[VALUE]}}}}}`, one, false, ""},
		{"condition", "PutItem", `{"TableName":"tab","Item":{},"ConditionExpression":"a = :v","ExpressionAttributeValues":{":v":VALUE}}`, one, false, ""},
		{"expected", "PutItem", `{"TableName":"tab","Item":{},"Expected":{"a":{"Value":VALUE}}}`, one, false, ""},
		{"key", "UpdateItem", `{` + bad + `}`, one, false, ""},
		{"value", "UpdateItem", `{` + key + `,"UpdateExpression":"SET a = :v","ExpressionAttributeValues":{":v":VALUE}}`, one, false, ""},
		{"updates", "UpdateItem", `{` + key + `,"AttributeUpdates":{"a":{"Value":VALUE}}}`, one, false, ""},
		{"key", "DeleteItem", `{` + bad + `}`, one, false, ""},
		{"condition", "DeleteItem", `{` + key + `,"ConditionExpression":"a = :v","ExpressionAttributeValues":{":v":VALUE}}`, one, false, ""},
		{"condition beside a deep value", "DeleteItem", `{` + key + `,"ConditionExpression":"a = :v","ExpressionAttributeValues":{":v":VALUE,":deep":` + deep(63) + `}}`, values, true, " for key :v"},
		{"key", "GetItem", `{` + bad + `}`, v, false, ""},
		{"key", "BatchGetItem", `{"RequestItems":{"tab":{"Keys":[{"p":VALUE}]}}}`, v, false, ""},
		{"filter", "Query", `{"TableName":"tab","KeyConditionExpression":"p = :p","FilterExpression":"a = :v","ExpressionAttributeValues":{":p":{"S":"x"},":v":VALUE}}`, v, false, ""},
		{"old filter", "Query", `{"TableName":"tab","KeyConditions":{"p":{"ComparisonOperator":"EQ","AttributeValueList":[{"S":"x"}]}},"QueryFilter":{"a":{"ComparisonOperator":"EQ","AttributeValueList":[VALUE]}}}`, v, false, ""},
		{"old key", "Query", `{"TableName":"tab","KeyConditions":{"p":{"ComparisonOperator":"EQ","AttributeValueList":[VALUE]}}}`, v, false, ""},
		{"start", "Query", `{"TableName":"tab","KeyConditionExpression":"p = :p","ExpressionAttributeValues":{":p":{"S":"x"}},"ExclusiveStartKey":{"p":VALUE}}`, v, false, ""},
		{"filter", "Scan", `{"TableName":"tab","FilterExpression":"a = :v","ExpressionAttributeValues":{":v":VALUE}}`, values, true, " for key :v"},
		{"old filter", "Scan", `{"TableName":"tab","ScanFilter":{"a":{"ComparisonOperator":"EQ","AttributeValueList":[VALUE]}}}`, v, true, ""},
		{"start", "Scan", `{"TableName":"tab","ExclusiveStartKey":{"p":VALUE}}`, start, true, ""},
		{"item", "BatchWriteItem", `{"RequestItems":{"tab":[{"PutRequest":{"Item":{"a":VALUE}}}]}}`, v, true, ""},
		{"key", "BatchWriteItem", `{"RequestItems":{"tab":[{"DeleteRequest":{"Key":{"p":VALUE}}}]}}`, v, true, ""},
		{"item", "TransactWriteItems", `{"TransactItems":[{"Put":{"TableName":"tab","Item":{"a":VALUE}}}]}`, v, true, ""},
		{"value", "TransactWriteItems", `{"TransactItems":[{"Update":{` + key + `,"UpdateExpression":"SET a = :v","ExpressionAttributeValues":{":v":VALUE}}}]}`, values, true, " for key :v"},
		{"key", "TransactGetItems", `{"TransactItems":[{"Get":{` + bad + `}}]}`, v, true, ""},
	}
	var cases []refusalCase
	for _, p := range places {
		for _, k := range kinds {
			text := k.text
			if p.older {
				text = k.older
			}
			cases = append(cases, refusalCase{p.name + "/" + k.name, p.operation, strings.Replace(p.body, "VALUE", k.value, 1), p.before + text + p.after})
		}
	}
	runRefusals(t, cases)
}

// deep is a value in that many maps.
func deep(maps int) string {
	return strings.Repeat(`{"M":{"n":`, maps) + `{"S":"leaf"}` + strings.Repeat(`}}`, maps)
}

// TestDeepValues: PutItem, UpdateItem and DeleteItem check a request with a value in more
// than about 62 maps as they did until 2026 (dynamodb-conformance,
// validation-ordering/deepRequests, and limits/nestingDepth).
func TestDeepValues(t *testing.T) {
	const (
		v    = "ValidationException: "
		one  = v + "1 validation error detected: "
		nest = "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit"
		key  = `"Key":{"p":{"S":"there"},"q":{"N":"1"}}`
	)
	put := func(maps int) string {
		return `{"TableName":"tab","Item":{"p":{"S":"x"},"q":{"N":"1"},"d":` + deep(maps) + `}}`
	}
	with := func(maps int, more string) string {
		return `{"TableName":"tab",` + key + `,"ConditionExpression":"d = :d","ExpressionAttributeValues":{":d":` + deep(maps) + `}` + more + `}`
	}
	transact := func(action string) string { return `{"TransactItems":[` + action + `]}` }
	runRefusals(t, []refusalCase{
		{"31 maps", "PutItem", put(31), ""},
		{"32 maps", "PutItem", put(32), one + nest},
		{"61 maps", "PutItem", put(61), one + nest},
		{"63 maps", "PutItem", put(63), v + nest},
		{"40 in a value", "DeleteItem", with(40, ""), one + nest},
		{"63 in a value", "DeleteItem", with(63, ""), v + "ExpressionAttributeValues contains invalid value: " + nest + " for key :d"},
		{"63 in a value", "UpdateItem", with(63, ""), v + "ExpressionAttributeValues contains invalid value: " + nest + " for key :d"},
		{"40 beside ReturnValues", "DeleteItem", with(40, `,"ReturnValues":"ALL_NEW"`), one + "ReturnValues can only be ALL_OLD or NONE"},
		{"100 beside ReturnValues", "DeleteItem", with(100, `,"ReturnValues":"ALL_NEW"`), v + "ReturnValues can only be ALL_OLD or NONE"},
		{"100 in Expected beside ReturnValues", "PutItem", `{"TableName":"tab","Item":{},"Expected":{"a":{"Value":` + deep(100) + `}},"ReturnValues":"UPDATED_NEW"}`, v + "ReturnValues can only be ALL_OLD or NONE"},
		{"32 maps", "BatchWriteItem", `{"RequestItems":{"tab":[{"PutRequest":` + strings.Replace(put(32), `"TableName":"tab",`, "", 1) + `}]}}`, v + nest},
		{"32 maps", "TransactWriteItems", transact(`{"Put":` + put(32) + `}`), v + nest},
		{"40 in a value", "TransactWriteItems", transact(`{"ConditionCheck":` + with(40, "") + `}`), v + "ExpressionAttributeValues contains invalid value: " + nest + " for key :d"},
		{"an empty name in a map before the depth", "PutItem", `{"TableName":"tab","Item":{"m":{"M":{"":{"S":"x"}}},"d":` + deep(40) + `}}`, one + "Empty attribute name"},
		{"the depth before an empty name in a map", "TransactWriteItems", transact(`{"Put":{"TableName":"tab","Item":{"m":{"M":{"":{"S":"x"}}},"d":` + deep(40) + `}}}`), v + nest},
		{"an empty name before the depth", "TransactWriteItems", transact(`{"Put":{"TableName":"tab","Item":{"":{"S":"x"},"d":` + deep(100) + `}}}`), v + "Empty attribute name"},
	})
}
