package wire_test

import (
	"fmt"
	"strings"
	"testing"
)

// TestOrderOfChecks: requests with several faults, and which one the service tells.
// "nope" is a table that is not there.
func TestOrderOfChecks(t *testing.T) {
	deep := func(levels int) string {
		return strings.Repeat(`{"M":{"n":`, levels) + `{"S":"leaf"}` + strings.Repeat("}}", levels)
	}
	put := func(attribute string) string {
		return `{"Put":{"TableName":"nope","Item":{"p":{"S":"x"},"q":{"N":"1"},` + attribute + `}}}`
	}
	remove := func(p, more string) string {
		return `{"Delete":{"TableName":"nope","Key":{"p":` + p + `,"q":{"N":"1"}}` + more + `}}`
	}
	check := func(table, more string) string {
		return `{"ConditionCheck":{"TableName":"` + table + `","Key":{"p":{"S":"x"},"q":{"N":"1"}},` + more + `}}`
	}
	update := func(expression string) string {
		return `{"Update":{"TableName":"nope","Key":{"p":{"S":"x"},"q":{"N":"1"}},"UpdateExpression":"` + expression + `","ExpressionAttributeValues":{":v":{"S":"x"}}}}`
	}
	all := func(actions ...string) string { return `{"TransactItems":[` + strings.Join(actions, ",") + `]}` }
	query := func(table, condition string) string {
		return `{"TableName":"` + table + `","KeyConditionExpression":"` + condition + `","ExpressionAttributeValues":{":p":{"S":"x"},":n":{"N":"1"}}}`
	}
	many := "SET a0 = :v"
	for i := range 500 {
		many += fmt.Sprintf(", a%d = :v", i+1)
	}
	var (
		missing = "ResourceNotFoundException: Requested resource not found"
		nest    = v + "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit"
		noName  = v + "Empty attribute name"
		syntax  = v + `Invalid ConditionExpression: Syntax error; token: "=", near: "= = b"`
		ended   = v + `Invalid ConditionExpression: Syntax error; token: "<EOF>", near: "("`
		unused  = v + "Value provided in ExpressionAttributeValues unused in expressions: keys: {:v}"
		operand = v + "Invalid KeyConditionExpression: Incorrect operand type for operator or function; operator or function: begins_with, operand type: N"
		unknown = v + "Invalid KeyConditionExpression: An expression attribute value used in expression is not defined; attribute value: :missing"

		badPut    = put(`"a":{"S":"x"}`)[:len(put(`"a":{"S":"x"}`))-2] + `,"ConditionExpression":"a = = b"}}`
		badCheck  = check("tab", `"ConditionExpression":"attribute_not_exists("`)
		goodCheck = check("tab", `"ConditionExpression":"attribute_exists(a)"`)
		idleValue = check("tab", `"ConditionExpression":"attribute_exists(a)","ExpressionAttributeValues":{":v":{"S":"x"}}`)
		samePut   = `{"Put":{"TableName":"tab","Item":{"p":{"S":"x"},"q":{"N":"1"}}}}`
	)
	runRefusals(t, []refusalCase{
		// dynamodb-conformance, validation-ordering/transactions and deepRequests.
		{"syntax, later, before a table", "TransactWriteItems", all(put(`"a":{"S":"x"}`), badCheck), ended},
		{"syntax before a deep item", "TransactWriteItems", all(badCheck, put(`"d":`+deep(32))), ended},
		{"deep item before syntax", "TransactWriteItems", all(put(`"d":`+deep(32)), badCheck), nest},
		{"unused value, later, before a table", "TransactWriteItems", all(put(`"a":{"S":"x"}`), idleValue), unused},
		{"unused value before a table", "TransactWriteItems", all(idleValue, put(`"a":{"S":"x"}`)), unused},
		{"unused value before one item twice", "TransactWriteItems", all(samePut, idleValue), unused},
		{"deep item before an empty name", "TransactWriteItems", all(put(`"d":`+deep(40)), put(`"":{"S":"x"}`)), nest},
		{"empty name before a deep item", "TransactWriteItems", all(put(`"":{"S":"x"}`), put(`"d":`+deep(40))), noName},
		{"empty name and depth in one item", "TransactWriteItems", all(put(`"d":` + deep(40) + `,"":{"S":"x"}`)), noName},
		{"deep key before syntax", "TransactWriteItems", all(remove(deep(40), ""), badPut), nest},
		{"syntax before a deep key", "TransactWriteItems", all(badPut, remove(deep(40), "")), syntax},
		{"syntax before the same deep key", "TransactWriteItems", all(remove(deep(40), `,"ConditionExpression":"a = = b"`)), syntax},
		{"long update before a deep key", "TransactWriteItems", all(update(many), remove(deep(40), "")), v + "Invalid UpdateExpression: Expression size has exceeded the maximum allowed size;"},
		{"table", "TransactWriteItems", all(goodCheck, put(`"a":{"S":"x"}`)), missing},

		// dynamodb-conformance, validation-ordering/queryKeyCondition.
		{"undefined before operand", "Query", query("tab", "p = :missing AND begins_with(q, :n)"), unknown},
		{"operand before undefined", "Query", query("tab", "begins_with(q, :n) AND p = :missing"), operand},
		{"operand in the middle", "Query", query("tab", "p = :p AND begins_with(q, :n) AND q = :missing"), operand},
		{"operand before a third condition", "Query", query("tab", "p = :p AND begins_with(q, :n) AND q > :n"), operand},
		{"operand before the table", "Query", query("nope", "p = :p AND begins_with(q, :n)"), operand},
		{"table", "Query", query("nope", "p = :p AND q > :n"), missing},

		// dynalite, updateItem.js.
		{"key before path", "UpdateItem", `{"TableName":"tab","Key":{"p":{"S":"x"},"q":{"N":"1"}},"UpdateExpression":"set d[1] = :a add q.b :a","ExpressionAttributeValues":{":a":{"N":"1"}}}`,
			vi + "Cannot update attribute q. This attribute is part of the key"},
	})
}
