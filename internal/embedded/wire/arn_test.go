package wire_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestTableARN: where an operation takes a table's name, it takes its ARN, and the answer
// has the table under what the request has. ARN in a case is the table's.
func TestTableARN(t *testing.T) {
	w := newWorld(t).withIndexes()
	const key = `"Key":{"p":{"S":"a"},"q":{"N":"1"}}`
	const one = `{"p":{"S":"a"},"q":{"N":"1"}}`
	const metrics = `{"ItemCollectionKey":{"p":{"S":"a"}},"SizeEstimateRangeGB":[0,1]}`
	steps := []struct{ name, operation, body, want string }{
		{"put", "PutItem", `{"TableName":"ARN","Item":` + one + `,"ReturnConsumedCapacity":"TOTAL"}`, `{"ConsumedCapacity":{"TableName":"ARN","CapacityUnits":1}}`},
		{"update", "UpdateItem", `{"TableName":"ARN",` + key + `,"UpdateExpression":"SET v = :v","ExpressionAttributeValues":{":v":{"S":"x"}}}`, `{}`},
		{"get", "GetItem", `{"TableName":"ARN",` + key + `,"ReturnConsumedCapacity":"TOTAL","ProjectionExpression":"v"}`, `{"Item":{"v":{"S":"x"}},"ConsumedCapacity":{"TableName":"ARN","CapacityUnits":0.5}}`},
		{"query", "Query", `{"TableName":"ARN","Select":"COUNT","KeyConditionExpression":"p = :p","ExpressionAttributeValues":{":p":{"S":"a"}},"ReturnConsumedCapacity":"TOTAL"}`, `{"Count":1,"ScannedCount":1,"ConsumedCapacity":{"TableName":"ARN","CapacityUnits":0.5}}`},
		{"query of an index", "Query", `{"TableName":"ARN","IndexName":"l-keys","Select":"COUNT","KeyConditionExpression":"p = :p","ExpressionAttributeValues":{":p":{"S":"a"}}}`, `{"Count":0,"ScannedCount":0}`},
		{"scan", "Scan", `{"TableName":"ARN","Select":"COUNT"}`, `{"Count":1,"ScannedCount":1}`},
		{"batch write", "BatchWriteItem", `{"RequestItems":{"ARN":[{"PutRequest":{"Item":` + one + `}}]},"ReturnConsumedCapacity":"TOTAL","ReturnItemCollectionMetrics":"SIZE"}`,
			`{"UnprocessedItems":{},"ItemCollectionMetrics":{"ARN":[` + metrics + `]},"ConsumedCapacity":[{"TableName":"ARN","CapacityUnits":1}]}`},
		{"batch get", "BatchGetItem", `{"RequestItems":{"ARN":{"Keys":[` + one + `]}},"ReturnConsumedCapacity":"TOTAL"}`, `{"Responses":{"ARN":[` + one + `]},"UnprocessedKeys":{},"ConsumedCapacity":[{"TableName":"ARN","CapacityUnits":0.5}]}`},
		{"batch get by both", "BatchGetItem", `{"RequestItems":{"ARN":{"Keys":[` + one + `]},"tab":{"Keys":[` + one + `,{"p":{"S":"b"},"q":{"N":"1"}}]}}}`, `{"Responses":{"ARN":[` + one + `]},"UnprocessedKeys":{}}`},
		{"transaction", "TransactWriteItems", `{"TransactItems":[{"Put":{"TableName":"ARN","Item":{"p":{"S":"b"},"q":{"N":"1"}}}},{"ConditionCheck":{"TableName":"ARN",` + key + `,"ConditionExpression":"attribute_exists(p)"}},
			{"Update":{"TableName":"ARN","Key":{"p":{"S":"a"},"q":{"N":"2"}},"UpdateExpression":"REMOVE z"}},{"Delete":{"TableName":"ARN","Key":{"p":{"S":"a"},"q":{"N":"3"}}}}],"ReturnConsumedCapacity":"TOTAL"}`,
			`{"ConsumedCapacity":[{"TableName":"ARN","CapacityUnits":8,"WriteCapacityUnits":8}]}`},
		{"transaction by both", "TransactGetItems", `{"TransactItems":[{"Get":{"TableName":"ARN",` + key + `}},{"Get":{"TableName":"tab","Key":{"p":{"S":"b"},"q":{"N":"1"}}}}],"ReturnConsumedCapacity":"TOTAL"}`,
			`{"Responses":[{"Item":` + one + `},{"Item":{"p":{"S":"b"},"q":{"N":"1"}}}],"ConsumedCapacity":[{"TableName":"ARN","CapacityUnits":4,"ReadCapacityUnits":4}]}`},
		{"delete", "DeleteItem", `{"TableName":"ARN",` + key + `,"ReturnItemCollectionMetrics":"SIZE"}`, `{"ItemCollectionMetrics":` + metrics + `}`},
		{"turn TTL on", "UpdateTimeToLive", `{"TableName":"ARN","TimeToLiveSpecification":{"Enabled":true,"AttributeName":"ttl"}}`, `{"TimeToLiveSpecification":{"Enabled":true,"AttributeName":"ttl"}}`},
		{"describe TTL", "DescribeTimeToLive", `{"TableName":"ARN"}`, `{"TimeToLiveDescription":{"TimeToLiveStatus":"ENABLED","AttributeName":"ttl"}}`},
	}
	for _, step := range steps {
		send := func(text string) string { return strings.ReplaceAll(text, "ARN", tabARN) }
		got := parse(t, w.send(step.operation, send(step.body)).Body.String())
		if diff := cmp.Diff(parse(t, send(step.want)), got); diff != "" {
			t.Errorf("%s: %s (-want +got):\n%s", step.name, step.operation, diff)
		}
	}
	for _, operation := range []string{"DescribeTable", "UpdateTable", "DeleteTable"} {
		body := `{"TableName":"` + tabARN + `"`
		if operation == "UpdateTable" {
			body += `,"DeletionProtectionEnabled":false`
		}
		answer := w.must(operation, body+"}")
		for _, description := range answer {
			d := description.(map[string]any)
			if d["TableName"] != "tab" || d["TableArn"] != tabARN {
				t.Errorf("%s(%s) = %v %v, want tab and the ARN", operation, tabARN, d["TableName"], d["TableArn"])
			}
		}
	}
	description := w.must("CreateTable", strings.Replace(theTable, `"tab"`, `"`+tabARN+`"`, 1))["TableDescription"].(map[string]any)
	if description["TableName"] != "tab" {
		t.Errorf("CreateTable(%s) = %v, want tab", tabARN, description["TableName"])
	}
}

// TestUnprocessedKeysOfARN: the keys that don't fit into an answer are under the ARN of the
// request too.
func TestUnprocessedKeysOfARN(t *testing.T) {
	w := newWorld(t).withTable()
	w.fill(45, 390_000)
	keys := make([]string, 45)
	for i := range keys {
		keys[i] = `{"p":{"S":"big"},"q":{"N":"` + encoded(i) + `"}}`
	}
	answer := w.must("BatchGetItem", `{"RequestItems":{"`+tabARN+`":{"Keys":[`+strings.Join(keys, ",")+`],"AttributesToGet":["q"]}}}`)
	rest, _ := answer["UnprocessedKeys"].(map[string]any)[tabARN].(map[string]any)
	got := len(answer["Responses"].(map[string]any)[tabARN].([]any)) + len(rest["Keys"].([]any))
	if got != 45 || !cmp.Equal(rest["AttributesToGet"], []any{"q"}) {
		t.Errorf("BatchGetItem answered %d of 45 keys, the rest with the attributes %v", got, rest["AttributesToGet"])
	}
}

// TestForeignARN: ack-api-quirks, DDB-TABLE-011, and ExtendDB, pull request 200.
func TestForeignARN(t *testing.T) {
	const (
		elsewhere = "arn:aws:dynamodb:eu-west-1:000000000000:table/tab"
		another   = "arn:aws:dynamodb:us-east-1:123456789012:table/tab"
		nope      = "arn:aws:dynamodb:us-east-1:000000000000:table/nope"
		region    = v + "1 validation error detected: Invalid AWS region in '" + elsewhere + "'"
		denied    = "AccessDeniedException: Access is denied"
		missing   = "ResourceNotFoundException: Requested resource not found"
		key       = `"Key":{"p":{"S":"there"},"q":{"N":"1"}}`
	)
	pattern := func(arn string) string { return broken(unmet("'"+arn+"'", "tableName", name)) }
	runRefusals(t, []refusalCase{
		{"another region", "DescribeTable", `{"TableName":"` + elsewhere + `"}`, region},
		{"another region", "GetItem", `{"TableName":"` + elsewhere + `",` + key + `}`, region},
		{"another region", "BatchGetItem", `{"RequestItems":{"` + elsewhere + `":{"Keys":[{}]}}}`, region},
		{"another region", "CreateTable", strings.Replace(theTable, "tab", elsewhere, 1), region},
		{"another account", "DeleteTable", `{"TableName":"` + another + `"}`, denied},
		{"another account", "Scan", `{"TableName":"` + another + `"}`, denied},
		{"another account", "TransactGetItems", `{"TransactItems":[{"Get":{"TableName":"` + another + `",` + key + `}}]}`, denied},
		{"no such table", "UpdateTimeToLive", `{"TableName":"` + nope + `","TimeToLiveSpecification":{"Enabled":true,"AttributeName":"ttl"}}`, missing + ": Table: nope not found"},
		{"no such table", "PutItem", `{"TableName":"` + nope + `","Item":{}}`, missing},
		{"an index", "GetItem", `{"TableName":"` + tabARN + `/index/one",` + key + `}`, pattern(tabARN + "/index/one")},
		{"a stream", "DescribeTable", `{"TableName":"` + tabARN + `/stream/2030"}`, pattern(tabARN + "/stream/2030")},
		{"another service", "DescribeTable", `{"TableName":"arn:aws:s3:us-east-1:000000000000:table/tab"}`, pattern("arn:aws:s3:us-east-1:000000000000:table/tab")},
		{"the table that exists", "CreateTable", strings.Replace(theTable, `"tab"`, `"`+tabARN+`"`, 1), "ResourceInUseException: Table already exists: tab"},
		{"one item by both", "BatchWriteItem", `{"RequestItems":{"tab":[{"DeleteRequest":{` + key + `}}],"` + tabARN + `":[{"DeleteRequest":{` + key + `}}]}}`, v + "Provided list of item keys contains duplicates"},
		{"one item by both", "TransactWriteItems", `{"TransactItems":[{"Delete":{"TableName":"tab",` + key + `}},{"Delete":{"TableName":"` + tabARN + `",` + key + `}}]}`, v + "Transaction request cannot include multiple operations on one item"},
		// ExtendDB, pull request 192.
		{"a key twice before the table", "BatchGetItem", `{"RequestItems":{"nope":{"Keys":[{"p":{"S":"x"}},{"p":{"S":"x"}}]}}}`, v + "Provided list of item keys contains duplicates"},
		{"numbers that are equal", "BatchGetItem", `{"RequestItems":{"nope":{"Keys":[{"p":{"N":"1"}},{"p":{"N":"1.0"}}]}}}`, v + "Provided list of item keys contains duplicates"},
	})
}
