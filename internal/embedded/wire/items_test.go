package wire_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestItemOperations follows items through the operations.
func TestItemOperations(t *testing.T) {
	w := newWorld(t).withTable()
	steps := []struct{ name, operation, body, want string }{
		{"a put returns nothing", "PutItem", `{"TableName":"tab","Item":{"p":{"S":"a"},"q":{"N":"1"},"n":{"N":"1.50"}}}`, `{}`},
		{"a put over it returns the old item", "PutItem", `{"TableName":"tab","Item":{"p":{"S":"a"},"q":{"N":"1.0"},"n":{"N":"2"}},"ReturnValues":"ALL_OLD"}`,
			`{"Attributes":{"p":{"S":"a"},"q":{"N":"1"},"n":{"N":"1.5"}}}`},
		{"get", "GetItem", `{"TableName":"tab","Key":{"p":{"S":"a"},"q":{"N":"1"}},"ProjectionExpression":"n"}`, `{"Item":{"n":{"N":"2"}}}`},
		{"get of a projection that matches nothing", "GetItem", `{"TableName":"tab","Key":{"p":{"S":"a"},"q":{"N":"1"}},"ProjectionExpression":"zz"}`, `{"Item":{}}`},
		{"get of nothing", "GetItem", `{"TableName":"tab","Key":{"p":{"S":"a"},"q":{"N":"9"}}}`, `{}`},
		{"capacity", "GetItem", `{"TableName":"tab","Key":{"p":{"S":"a"},"q":{"N":"9"}},"ReturnConsumedCapacity":"TOTAL"}`,
			`{"ConsumedCapacity":{"TableName":"tab","CapacityUnits":0.5}}`},
		{"update makes an item", "UpdateItem", `{"TableName":"tab","Key":{"p":{"S":"a"},"q":{"N":"2"}},"UpdateExpression":"SET m.x = :v","ExpressionAttributeValues":{":v":{"S":"1"}},"ConditionExpression":"attribute_exists(m)"}`,
			`{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","message":"The conditional request failed"}`},
		{"update of a new item", "UpdateItem", `{"TableName":"tab","Key":{"p":{"S":"a"},"q":{"N":"2"}},"UpdateExpression":"SET m = :v","ExpressionAttributeValues":{":v":{"M":{}}},"ReturnValues":"ALL_NEW"}`,
			`{"Attributes":{"p":{"S":"a"},"q":{"N":"2"},"m":{"M":{}}}}`},
		{"updated new", "UpdateItem", `{"TableName":"tab","Key":{"p":{"S":"a"},"q":{"N":"2"}},"UpdateExpression":"SET m.x = :v, n = :n","ExpressionAttributeValues":{":v":{"S":"1"},":n":{"N":"3"}},"ReturnValues":"UPDATED_NEW"}`,
			`{"Attributes":{"m":{"M":{"x":{"S":"1"}}},"n":{"N":"3"}}}`},
		{"updated old", "UpdateItem", `{"TableName":"tab","Key":{"p":{"S":"a"},"q":{"N":"2"}},"UpdateExpression":"ADD n :n SET o = :n","ExpressionAttributeValues":{":n":{"N":"3"}},"ReturnValues":"UPDATED_OLD"}`,
			`{"Attributes":{"n":{"N":"3"}}}`},
		// scylladb, issue 5862 and test_update_expression: nothing to remove from is not an error.
		{"an update that only removes makes no item", "UpdateItem", `{"TableName":"tab","Key":{"p":{"S":"z"},"q":{"N":"1"}},"UpdateExpression":"REMOVE n, m.x DELETE s :s","ExpressionAttributeValues":{":s":{"SS":["a"]}},"ReturnValues":"ALL_NEW"}`, `{}`},
		{"nor does it in a transaction", "TransactWriteItems", `{"TransactItems":[{"Update":{"TableName":"tab","Key":{"p":{"S":"z"},"q":{"N":"1"}},"UpdateExpression":"REMOVE l[0]"}}]}`, `{}`},
		{"so that there is none", "GetItem", `{"TableName":"tab","Key":{"p":{"S":"z"},"q":{"N":"1"}}}`, `{}`},
		{"a failed condition shows the item", "DeleteItem", `{"TableName":"tab","Key":{"p":{"S":"a"},"q":{"N":"1"}},"ConditionExpression":"n > :n","ExpressionAttributeValues":{":n":{"N":"5"}},"ReturnValuesOnConditionCheckFailure":"ALL_OLD"}`,
			`{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","message":"The conditional request failed","Item":{"p":{"S":"a"},"q":{"N":"1"},"n":{"N":"2"}}}`},
		{"delete", "DeleteItem", `{"TableName":"tab","Key":{"p":{"S":"a"},"q":{"N":"1"}},"ReturnValues":"ALL_OLD"}`, `{"Attributes":{"p":{"S":"a"},"q":{"N":"1"},"n":{"N":"2"}}}`},
		{"delete of nothing", "DeleteItem", `{"TableName":"tab","Key":{"p":{"S":"a"},"q":{"N":"1"}},"ReturnValues":"ALL_OLD"}`, `{}`},
		{"batch", "BatchWriteItem", `{"RequestItems":{"tab":[{"PutRequest":{"Item":{"p":{"S":"b"},"q":{"N":"-1"}}}},{"PutRequest":{"Item":{"p":{"S":"b"},"q":{"N":"10"}}}},{"PutRequest":{"Item":{"p":{"S":"b"},"q":{"N":"9"}}}},{"DeleteRequest":{"Key":{"p":{"S":"a"},"q":{"N":"2"}}}}]}}`,
			`{"UnprocessedItems":{}}`},
		{"query in the order of numbers", "Query", `{"TableName":"tab","KeyConditionExpression":"p = :p","ExpressionAttributeValues":{":p":{"S":"b"}}}`,
			`{"Items":[{"p":{"S":"b"},"q":{"N":"-1"}},{"p":{"S":"b"},"q":{"N":"9"}},{"p":{"S":"b"},"q":{"N":"10"}}],"Count":3,"ScannedCount":3}`},
		{"query backward, a page", "Query", `{"TableName":"tab","KeyConditionExpression":"p = :p AND q >= :q","ExpressionAttributeValues":{":p":{"S":"b"},":q":{"N":"0"}},"ScanIndexForward":false,"Limit":1}`,
			`{"Items":[{"p":{"S":"b"},"q":{"N":"10"}}],"Count":1,"ScannedCount":1,"LastEvaluatedKey":{"p":{"S":"b"},"q":{"N":"10"}}}`},
		{"query backward, the next page", "Query", `{"TableName":"tab","KeyConditionExpression":"p = :p AND q >= :q","ExpressionAttributeValues":{":p":{"S":"b"},":q":{"N":"0"}},"ScanIndexForward":false,"ExclusiveStartKey":{"p":{"S":"b"},"q":{"N":"10"}}}`,
			`{"Items":[{"p":{"S":"b"},"q":{"N":"9"}}],"Count":1,"ScannedCount":1}`},
		{"count", "Query", `{"TableName":"tab","KeyConditionExpression":"p = :p","ExpressionAttributeValues":{":p":{"S":"b"}},"Select":"COUNT"}`, `{"Count":3,"ScannedCount":3}`},
		{"scan with a filter", "Scan", `{"TableName":"tab","FilterExpression":"q > :q","ExpressionAttributeValues":{":q":{"N":"9"}}}`,
			`{"Items":[{"p":{"S":"b"},"q":{"N":"10"}}],"Count":1,"ScannedCount":3}`},
		{"batch get", "BatchGetItem", `{"RequestItems":{"tab":{"Keys":[{"p":{"S":"b"},"q":{"N":"9"}},{"p":{"S":"c"},"q":{"N":"9"}}],"ProjectionExpression":"q"}}}`,
			`{"Responses":{"tab":[{"q":{"N":"9"}}]},"UnprocessedKeys":{}}`},
		{"transaction", "TransactWriteItems", `{"ClientRequestToken":"t1","TransactItems":[{"Put":{"TableName":"tab","Item":{"p":{"S":"t"},"q":{"N":"1"}}}},{"Delete":{"TableName":"tab","Key":{"p":{"S":"b"},"q":{"N":"9"}}}},{"ConditionCheck":{"TableName":"tab","Key":{"p":{"S":"b"},"q":{"N":"10"}},"ConditionExpression":"attribute_exists(p)"}}]}`, `{}`},
		{"the same again does nothing", "TransactWriteItems", `{"ClientRequestToken":"t1","TransactItems":[{"Put":{"Item":{"q":{"N":"1"},"p":{"S":"t"}},"TableName":"tab"}},{"Delete":{"TableName":"tab","Key":{"p":{"S":"b"},"q":{"N":"9"}}}},{"ConditionCheck":{"TableName":"tab","Key":{"p":{"S":"b"},"q":{"N":"10"}},"ConditionExpression":"attribute_exists(p)"}}]}`, `{}`},
		{"a cancelled transaction", "TransactWriteItems", `{"TransactItems":[{"Put":{"TableName":"tab","Item":{"p":{"S":"u"},"q":{"N":"1"}}}},{"Put":{"TableName":"tab","Item":{"p":{"S":"t"},"q":{"N":"1"}},"ConditionExpression":"attribute_not_exists(p)","ReturnValuesOnConditionCheckFailure":"ALL_OLD"}},{"Update":{"TableName":"tab","Key":{"p":{"S":"v"},"q":{"N":"1"}},"UpdateExpression":"SET a = b"}}]}`,
			`{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","Message":"Transaction cancelled, please refer cancellation reasons for specific reasons [None, ConditionalCheckFailed, ValidationError]","CancellationReasons":[{"Code":"None"},{"Code":"ConditionalCheckFailed","Message":"The conditional request failed","Item":{"p":{"S":"t"},"q":{"N":"1"}}},{"Code":"ValidationError","Message":"The provided expression refers to an attribute that does not exist in the item"}]}`},
		// scylladb, test_transact: the first key that does not fit is the only reason.
		{"a transaction with two bad keys", "TransactWriteItems", `{"TransactItems":[{"Put":{"TableName":"tab","Item":{"p":{"N":"7"},"q":{"N":"1"}}}},{"Put":{"TableName":"tab","Item":{"p":{"N":"8"},"q":{"N":"1"}}}},{"Put":{"TableName":"tab","Item":{"p":{"S":"u"},"q":{"N":"1"}},"ConditionExpression":"attribute_exists(p)"}}]}`,
			`{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","Message":"Transaction cancelled, please refer cancellation reasons for specific reasons [ValidationError, None, None]","CancellationReasons":[{"Code":"ValidationError","Message":"One or more parameter values were invalid: Type mismatch for key p expected: S actual: N"},{"Code":"None"},{"Code":"None"}]}`},
		{"nothing of it happened", "TransactGetItems", `{"TransactItems":[{"Get":{"TableName":"tab","Key":{"p":{"S":"u"},"q":{"N":"1"}}}},{"Get":{"TableName":"tab","Key":{"p":{"S":"t"},"q":{"N":"1"}},"ProjectionExpression":"p"}}]}`,
			`{"Responses":[{},{"Item":{"p":{"S":"t"}}}]}`},
		// Public measurements of the service, in 2026.
		{"nothing of the projection", "TransactGetItems", `{"TransactItems":[{"Get":{"TableName":"tab","Key":{"p":{"S":"t"},"q":{"N":"1"}},"ProjectionExpression":"zz"}}]}`, `{"Responses":[{}]}`},
		{"nothing of the projection, alone", "GetItem", `{"TableName":"tab","Key":{"p":{"S":"t"},"q":{"N":"1"}},"ProjectionExpression":"zz"}`, `{"Item":{}}`},
		{"names without an expression in a transaction", "TransactGetItems", `{"TransactItems":[{"Get":{"TableName":"tab","Key":{"p":{"S":"t"},"q":{"N":"1"}},"ExpressionAttributeNames":{"#a":"a"}}}]}`, `{"Responses":[{"Item":{"p":{"S":"t"},"q":{"N":"1"}}}]}`},
		{"names and values without an expression in a transaction", "TransactWriteItems", `{"TransactItems":[{"Put":{"TableName":"tab","Item":{"p":{"S":"u"},"q":{"N":"1"}},"ExpressionAttributeNames":{"#a":"a"}}},{"Delete":{"TableName":"tab","Key":{"p":{"S":"t"},"q":{"N":"1"}},"ExpressionAttributeValues":{":v":{"S":"1"}}}}]}`, `{}`},
	}
	for _, step := range steps {
		got := parse(t, w.send(step.operation, step.body).Body.String())
		if diff := cmp.Diff(parse(t, step.want), got); diff != "" {
			t.Errorf("%s: %s (-want +got):\n%s", step.name, step.operation, diff)
		}
	}
}
