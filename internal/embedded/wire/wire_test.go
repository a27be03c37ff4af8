package wire_test

import (
	"encoding/json"
	"fmt"
	"hash/crc32"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dynamostreamer/internal/embedded/engine"
	"dynamostreamer/internal/embedded/store"
	"dynamostreamer/internal/embedded/wire"
)

// A world is an engine in memory whose clock stands at 2030-01-01, with one table.
type world struct {
	t      testing.TB
	clock  *engine.ManualClock
	store  *store.Store
	engine *engine.Engine
	*wire.Handler
}

func newWorld(t testing.TB) *world {
	t.Helper()
	s, err := store.OpenMemory()
	if err != nil {
		t.Fatal(err)
	}
	clock := engine.NewManualClock(time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC))
	e := engine.New(s, engine.Options{Clock: clock, SweepInterval: -1})
	t.Cleanup(func() { e.Close() })
	return &world{t, clock, s, e, wire.NewHandler(e)}
}

const theTable = `{"TableName":"tab","KeySchema":[{"AttributeName":"p","KeyType":"HASH"},{"AttributeName":"q","KeyType":"RANGE"}],
		"AttributeDefinitions":[{"AttributeName":"p","AttributeType":"S"},{"AttributeName":"q","AttributeType":"N"}],
		"BillingMode":"PAY_PER_REQUEST","StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_AND_OLD_IMAGES"}}`

// withTable adds the table "tab" with the key p (String) and q (Number).
func (w *world) withTable() *world {
	w.t.Helper()
	w.must("CreateTable", theTable)
	return w
}

// send sends a request; an operation of the streams has the prefix "streams:".
func (w *world) send(operation, body string) *httptest.ResponseRecorder {
	target := "DynamoDB_20120810." + operation
	if name, ok := strings.CutPrefix(operation, "streams:"); ok {
		target = "DynamoDBStreams_20120810." + name
	}
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("X-Amz-Target", target)
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=any")
	rec := httptest.NewRecorder()
	w.ServeHTTP(rec, r)
	return rec
}

func (w *world) must(operation, body string) map[string]any {
	w.t.Helper()
	rec := w.send(operation, body)
	if rec.Code != 200 {
		w.t.Fatalf("%s %s: %d %s", operation, body, rec.Code, rec.Body)
	}
	return parse(w.t, rec.Body.String())
}

func parse(t testing.TB, text string) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("not JSON: %s: %v", text, err)
	}
	return v
}

// refused is an answer's error as "Type: message", empty for a success.
func refused(t testing.TB, rec *httptest.ResponseRecorder) string {
	t.Helper()
	if rec.Code == 200 {
		return ""
	}
	v := parse(t, rec.Body.String())
	message := v["message"]
	if message == nil {
		message = v["Message"]
	}
	_, name, _ := strings.Cut(v["__type"].(string), "#")
	return fmt.Sprintf("%s: %v", name, message)
}

// A case is a request and what it is refused with; an empty refusal is a success.
type refusalCase struct {
	name, operation, body, want string
}

func runRefusals(t *testing.T, cases []refusalCase) {
	w := newWorld(t).withTable()
	w.must("PutItem", `{"TableName":"tab","Item":{"p":{"S":"there"},"q":{"N":"1"},"a":{"S":"x"}}}`)
	for _, c := range cases {
		t.Run(c.operation+"/"+c.name, func(t *testing.T) {
			if got := refused(t, w.send(c.operation, c.body)); got != c.want {
				t.Errorf("%s %s\n got %s\nwant %s", c.operation, c.body, got, c.want)
			}
		})
	}
}

func TestProtocol(t *testing.T) {
	w := newWorld(t).withTable()
	rec := w.send("ListTables", `{}`)
	if got, want := rec.Header().Get("X-Amz-Crc32"), strconv.FormatUint(uint64(crc32.ChecksumIEEE(rec.Body.Bytes())), 10); got != want {
		t.Errorf("X-Amz-Crc32 = %s, want %s", got, want)
	}
	if id := rec.Header().Get("X-Amzn-Requestid"); len(id) != 52 || strings.ToUpper(id) != id {
		t.Errorf("request id %q, want 52 upper-case letters and digits", id)
	}
	if got := rec.Header().Get("Content-Type"); got != "application/x-amz-json-1.0" {
		t.Errorf("Content-Type %q", got)
	}

	rec = httptest.NewRecorder()
	w.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "http://host:1/", nil))
	if got := rec.Body.String(); got != "healthy: host:1 " {
		t.Errorf("GET / = %q", got)
	}

	rec = httptest.NewRecorder()
	unsigned := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(`{}`))
	unsigned.Header.Set("X-Amz-Target", "DynamoDB_20120810.ListTables")
	w.ServeHTTP(rec, unsigned)
	if got := refused(t, rec); got != "MissingAuthenticationTokenException: Request is missing Authentication Token" {
		t.Errorf("unsigned: %s", got)
	}

	big := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(strings.Repeat(" ", 16<<20+1)))
	big.Header.Set("X-Amz-Target", "DynamoDB_20120810.ListTables")
	rec = httptest.NewRecorder()
	w.ServeHTTP(rec, big)
	if rec.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("a body of more than 16 MB: %d, want 413", rec.Code)
	}

	for operation, want := range map[string]string{
		"Bogus":            "UnknownOperationException: An unknown operation was requested.",
		"ExecuteStatement": "UnknownOperationException: ExecuteStatement is not part of the embedded engine: it has no PartiQL: use GetItem, Query, PutItem, UpdateItem, DeleteItem and the Batch and Transact operations, or DynamoDB Local",
		"streams:PutItem":  "UnknownOperationException: An unknown operation was requested.",
		"GetRecords":       "UnknownOperationException: An unknown operation was requested.",
	} {
		if got := refused(t, w.send(operation, `{}`)); got != want {
			t.Errorf("%s: %s, want %s", operation, got, want)
		}
	}
}

// TestSerialization: a request that has not the operation's shape is refused
// before anything else is looked at.
func TestSerialization(t *testing.T) {
	const (
		number    = "SerializationException: NUMBER_VALUE cannot be converted to String"
		noField   = "SerializationException: Unexpected field type"
		structure = "SerializationException: Start of structure or map found where not expected"
		notJSON   = "SerializationException: <nil>"
	)
	cases := []refusalCase{
		{"not JSON", "PutItem", `{"TableName":`, notJSON},
		{"an array", "PutItem", `[]`, notJSON},
		{"more than an object", "PutItem", `{} {}`, notJSON},
		{"table a number", "PutItem", `{"TableName":1}`, number},
		{"item a string", "PutItem", `{"Item":"x"}`, noField},
		{"item an array", "PutItem", `{"Item":[]}`, "SerializationException: Unrecognized collection type java.util.Map<java.lang.String, com.amazonaws.dynamodb.v20120810.AttributeValue>"},
		{"value a string", "PutItem", `{"Item":{"p":"x"}}`, "SerializationException: Unexpected value type in payload"},
		{"names an array", "PutItem", `{"ExpressionAttributeNames":[]}`, "SerializationException: Unrecognized collection type java.util.Map<java.lang.String, java.lang.String>"},
		{"condition an object", "PutItem", `{"ConditionExpression":{}}`, structure},
		{"key a number", "GetItem", `{"Key":1}`, noField},
		{"consistent a string", "GetItem", `{"ConsistentRead":"23"}`, "SerializationException: Unexpected token received from parser"},
		{"key a boolean", "DeleteItem", `{"Key":true}`, noField},
		{"update a number", "UpdateItem", `{"UpdateExpression":1}`, number},
		{"limit a string", "Query", `{"Limit":"1"}`, "SerializationException: STRING_VALUE cannot be converted to Integer"},
		{"direction a number", "Query", `{"ScanIndexForward":0}`, "SerializationException: NUMBER_VALUE cannot be converted to Boolean"},
		{"segment an array", "Scan", `{"Segment":[]}`, "SerializationException: Unrecognized collection type class java.lang.Integer"},
		{"requests a string", "BatchWriteItem", `{"RequestItems":"x"}`, noField},
		{"request a string", "BatchWriteItem", `{"RequestItems":{"tab":["x"]}}`, "SerializationException: Unexpected value type in payload"},
		{"keys an object", "BatchGetItem", `{"RequestItems":{"tab":{"Keys":{}}}}`, structure},
		{"actions an object", "TransactWriteItems", `{"TransactItems":{}}`, structure},
		{"action an array", "TransactWriteItems", `{"TransactItems":[{"Put":[]}]}`, "SerializationException: Unrecognized collection type class com.amazonaws.dynamodb.v20120810.Put"},
		{"get a string", "TransactGetItems", `{"TransactItems":[{"Get":"x"}]}`, noField},
		{"schema a string", "CreateTable", `{"KeySchema":"x"}`, noField},
		{"schema of strings", "CreateTable", `{"KeySchema":["x"]}`, "SerializationException: Unexpected value type in payload"},
		{"capacity a string", "CreateTable", `{"ProvisionedThroughput":{"ReadCapacityUnits":"1"}}`, "SerializationException: STRING_VALUE cannot be converted to Long"},
		{"stream an array", "UpdateTable", `{"StreamSpecification":[]}`, "SerializationException: Unrecognized collection type class com.amazonaws.dynamodb.v20120810.StreamSpecification"},
		{"name an array", "DescribeTable", `{"TableName":[]}`, "SerializationException: Unrecognized collection type class java.lang.String"},
		{"name a boolean", "DeleteTable", `{"TableName":true}`, "SerializationException: TRUE_VALUE cannot be converted to String"},
		{"limit a boolean", "ListTables", `{"Limit":true}`, "SerializationException: TRUE_VALUE cannot be converted to Integer"},
		{"specification a string", "UpdateTimeToLive", `{"TimeToLiveSpecification":"x"}`, noField},
		{"name an object", "DescribeTimeToLive", `{"TableName":{}}`, structure},
		{"limit an object", "streams:ListStreams", `{"Limit":{}}`, structure},
		{"filter a number", "streams:DescribeStream", `{"ShardFilter":1}`, noField},
		{"time a string", "streams:GetShardIterator", `{"Timestamp":"now"}`, "SerializationException: STRING_VALUE cannot be converted to Double"},
		{"iterator a number", "streams:GetRecords", `{"ShardIterator":1}`, number},
	}
	runRefusals(t, cases)
}

// TestNulls: a null is as good as nothing.
func TestNulls(t *testing.T) {
	runRefusals(t, []refusalCase{
		{"nulls", "PutItem", `{"TableName":"tab","Item":{"p":{"S":"n"},"q":{"N":"1"}},"ConditionExpression":null,"ExpressionAttributeNames":null,
			"ExpressionAttributeValues":null,"ReturnValues":null,"Expected":null,"NoSuchParameter":{"x":[1]}}`, ""},
		{"nulls", "Query", `{"TableName":"tab","KeyConditionExpression":"p = :p","ExpressionAttributeValues":{":p":{"S":"n"}},"Limit":null,
			"ExclusiveStartKey":null,"ScanIndexForward":null,"KeyConditions":null}`, ""},
		{"nulls", "streams:ListStreams", `{"TableName":null,"Limit":null}`, ""},
	})
}

// TestBehaviourOfItems follows items through the operations.
func TestBehaviourOfItems(t *testing.T) {
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
		// scylladb, issue 5862 and test_update_expression: nothing to remove from is no error.
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
	}
	for _, step := range steps {
		got := parse(t, w.send(step.operation, step.body).Body.String())
		if diff := cmp.Diff(parse(t, step.want), got); diff != "" {
			t.Errorf("%s: %s (-want +got):\n%s", step.name, step.operation, diff)
		}
	}
}
