package wire_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestCapacity: what the service was measured to count (dynamodb-conformance,
// indexConsumedCapacity) and what the developer guide has for reads ("Local
// secondary indexes": a fetch is a read of the item, rounded up by itself).
func TestCapacity(t *testing.T) {
	w := newWorld(t).withIndexes()
	big := strings.Repeat("x", 5000)
	const key = `"p":{"S":"p"},"q":{"N":"1"}`
	update := func(expression, values string) string {
		return `"Key":{` + key + `},"UpdateExpression":"` + expression + `","ExpressionAttributeValues":{` + values + `}`
	}
	query := func(index, more string) string {
		return `"IndexName":"` + index + `","KeyConditionExpression":"p = :p","ExpressionAttributeValues":{":p":{"S":"p"}}` + more
	}
	// Each step follows the one before. want is the units of the table, then of
	// the indexes by name.
	steps := []struct{ name, operation, body, want string }{
		{"sparse", "PutItem", `"Item":{` + key + `,"y":{"S":"y"}}`, "1"},
		{"into all indexes", "PutItem", `"Item":{` + key + `,"g":{"S":"g"},"n":{"N":"1"},"b":{"B":"AA=="}}`, "1 g-all=1 g-include=1 l-all=1 l-keys=1"},
		{"the same", "PutItem", `"Item":{` + key + `,"g":{"S":"g"},"n":{"N":"1"},"b":{"B":"AA=="}}`, "1"},
		{"projected", "UpdateItem", update("SET a = :v", `":v":{"S":"a"}`), "1 g-all=1 g-include=1 l-all=1"},
		{"not projected by two", "UpdateItem", update("SET y = :v", `":v":{"S":"y"}`), "1 g-all=1 l-all=1"},
		{"moved", "UpdateItem", update("SET g = :v", `":v":{"S":"h"}`), "1 g-all=2 g-include=2 l-all=1"},
		{"large", "UpdateItem", update("SET y = :v", `":v":{"S":"`+big+`"}`), "5 g-all=5 l-all=5"},
		{"large and moved", "UpdateItem", update("SET n = :v", `":v":{"N":"2"}`), "5 g-all=10 l-all=5 l-keys=2"},
		{"removed from two", "UpdateItem", `"Key":{` + key + `},"UpdateExpression":"REMOVE n"`, "5 g-all=5 l-all=5 l-keys=1"},
		{"put back", "UpdateItem", update("SET n = :v", `":v":{"N":"2"}`), "5 g-all=5 l-all=5 l-keys=1"},
		{"a second item", "PutItem", `"Item":{"p":{"S":"p"},"q":{"N":"2"},"n":{"N":"3"}}`, "1 l-keys=1"},
		{"query", "Query", `"KeyConditionExpression":"p = :p","ExpressionAttributeValues":{":p":{"S":"p"}}`, "1"},
		{"query of an index", "Query", query("l-keys", ""), "0 l-keys=0.5"},
		{"consistent", "Query", query("l-keys", `,"ConsistentRead":true`), "0 l-keys=1"},
		{"with fetches", "Query", query("l-keys", `,"Select":"ALL_ATTRIBUTES"`), "1.5 l-keys=0.5"},
		{"with fetches, consistent", "Query", query("l-keys", `,"ProjectionExpression":"y","ConsistentRead":true`), "3 l-keys=1"},
		{"counting fetches nothing", "Query", query("l-keys", `,"Select":"COUNT"`), "0 l-keys=0.5"},
		{"scan of an index", "Scan", `"IndexName":"g-all"`, "0 g-all=1"},
		{"delete", "DeleteItem", `"Key":{` + key + `}`, "5 g-all=5 g-include=1 l-all=5 l-keys=1"},
		{"delete of nothing", "DeleteItem", `"Key":{` + key + `}`, "1"},
	}
	for _, s := range steps {
		t.Run(s.name, func(t *testing.T) {
			answer := w.must(s.operation, `{"TableName":"tab","ReturnConsumedCapacity":"INDEXES",`+s.body+`}`)
			if got := capacityOf(t, answer["ConsumedCapacity"]); got != s.want {
				t.Errorf("%s: %s, want %s", s.body, got, s.want)
			}
		})
	}
	batch := `"Item":{"p":{"S":"p"},"q":{"N":"9"},"g":{"S":"g"}}`
	answer := w.must("BatchWriteItem", `{"ReturnConsumedCapacity":"INDEXES","RequestItems":{"tab":[{"PutRequest":{`+batch+`}},{"DeleteRequest":{"Key":{"p":{"S":"p"},"q":{"N":"2"}}}}]}}`)
	if got := capacityOf(t, answer["ConsumedCapacity"].([]any)[0]); got != "2 g-include=1 l-keys=1" {
		t.Errorf("batch: %s", got)
	}
	answer = w.must("TransactWriteItems", `{"ReturnConsumedCapacity":"INDEXES","TransactItems":[{"Delete":{"TableName":"tab","Key":{"p":{"S":"p"},"q":{"N":"9"}}}},
		{"ConditionCheck":{"TableName":"tab","Key":{"p":{"S":"p"},"q":{"N":"7"}},"ConditionExpression":"attribute_not_exists(p)"}}]}`)
	// aws-cli, examples/dynamodb: a transaction's units are said by their kind too, and
	// dynamodb-conformance, transactGet: those of the parts.
	twice := func(kind string, units float64) map[string]any {
		return map[string]any{"CapacityUnits": units, kind: units}
	}
	wrote := twice("WriteCapacityUnits", 6)
	wrote["TableName"], wrote["Table"] = "tab", twice("WriteCapacityUnits", 4)
	wrote["GlobalSecondaryIndexes"] = map[string]any{"g-include": twice("WriteCapacityUnits", 2)}
	if diff := cmp.Diff([]any{wrote}, answer["ConsumedCapacity"]); diff != "" {
		t.Errorf("transaction (-want +got):\n%s", diff)
	}
	answer = w.must("TransactGetItems", `{"ReturnConsumedCapacity":"INDEXES","TransactItems":[{"Get":{"TableName":"tab","Key":{`+key+`}}},{"Get":{"TableName":"tab","Key":{"p":{"S":"p"},"q":{"N":"7"}}}}]}`)
	read := twice("ReadCapacityUnits", 4)
	read["TableName"], read["Table"] = "tab", twice("ReadCapacityUnits", 4)
	if diff := cmp.Diff([]any{read}, answer["ConsumedCapacity"]); diff != "" {
		t.Errorf("reading transaction (-want +got):\n%s", diff)
	}
	answer = w.must("PutItem", `{"TableName":"tab","ReturnConsumedCapacity":"TOTAL",`+batch+`}`)
	if diff := cmp.Diff(map[string]any{"TableName": "tab", "CapacityUnits": 2.0}, answer["ConsumedCapacity"]); diff != "" {
		t.Errorf("TOTAL (-want +got):\n%s", diff)
	}
}

// capacityOf is the parts of a ConsumedCapacity, whose total it holds against them.
func capacityOf(t *testing.T, v any) string {
	t.Helper()
	c := v.(map[string]any)
	total := c["Table"].(map[string]any)["CapacityUnits"].(float64)
	out := fmt.Sprint(total)
	for _, kind := range []string{"GlobalSecondaryIndexes", "LocalSecondaryIndexes"} {
		parts, _ := c[kind].(map[string]any)
		for _, name := range []string{"g-all", "g-include", "l-all", "l-keys"} {
			if part, ok := parts[name]; ok {
				units := part.(map[string]any)["CapacityUnits"].(float64)
				total += units
				out += fmt.Sprintf(" %s=%v", name, units)
			}
		}
	}
	if c["CapacityUnits"] != total {
		t.Errorf("CapacityUnits %v, the parts are %v", c["CapacityUnits"], total)
	}
	return out
}

func TestItemCollectionMetrics(t *testing.T) {
	w := newWorld(t).withIndexes()
	w.must("CreateTable", `{"TableName":"plain","KeySchema":[{"AttributeName":"p","KeyType":"HASH"}],"AttributeDefinitions":[{"AttributeName":"p","AttributeType":"S"}],"BillingMode":"PAY_PER_REQUEST"}`)
	one := func(p string) string {
		return `{"ItemCollectionKey":{"p":{"S":"` + p + `"}},"SizeEstimateRangeGB":[0,1]}`
	}
	item := func(p, q string) string { return `{"p":{"S":"` + p + `"},"q":{"N":"` + q + `"}}` }
	const size = `,"ReturnItemCollectionMetrics":"SIZE"`
	cases := []struct{ name, operation, body, want string }{
		{"put", "PutItem", `"TableName":"tab","Item":` + item("a", "1") + size, one("a")},
		{"update", "UpdateItem", `"TableName":"tab","Key":` + item("a", "2") + size, one("a")},
		{"delete", "DeleteItem", `"TableName":"tab","Key":` + item("a", "1") + size, one("a")},
		{"not wanted", "PutItem", `"TableName":"tab","Item":` + item("a", "1"), "null"},
		{"no local index", "PutItem", `"TableName":"plain","Item":{"p":{"S":"a"}}` + size, "null"},
		{"batch", "BatchWriteItem", `"RequestItems":{"plain":[{"PutRequest":{"Item":{"p":{"S":"b"}}}}],"tab":[{"PutRequest":{"Item":` + item("a", "1") + `}},{"PutRequest":{"Item":` +
			item("b", "1") + `}},{"PutRequest":{"Item":` + item("a", "2") + `}}]}` + size, `{"tab":[` + one("a") + `,` + one("b") + `]}`},
		{"transaction", "TransactWriteItems", `"TransactItems":[{"Put":{"TableName":"tab","Item":` + item("c", "1") + `}}]` + size, `{"tab":[` + one("c") + `]}`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := encoded(w.must(c.operation, "{"+c.body+"}")["ItemCollectionMetrics"]); got != c.want {
				t.Errorf("%s\n got %s\nwant %s", c.body, got, c.want)
			}
		})
	}
}
