package wire_test

import (
	"compress/gzip"
	"hash/crc32"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
)

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
		"Bogus":              "UnknownOperationException: An unknown operation was requested.",
		"ExecuteStatement":   "UnknownOperationException: the embedded engine does not have PartiQL (ExecuteStatement): use GetItem, Query, PutItem, UpdateItem, DeleteItem and the Batch and Transact operations, or DynamoDB Local",
		"SearchVectors":      "UnknownOperationException: the embedded engine does not have vector indexes (SearchVectors): use AWS",
		"ListBulkOperations": "UnknownOperationException: the embedded engine does not have bulk operations (ListBulkOperations): use BatchWriteItem, or AWS",
		"streams:PutItem":    "UnknownOperationException: An unknown operation was requested.",
		"GetRecords":         "UnknownOperationException: An unknown operation was requested.",
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

// TestNullsAreAbsent: a null is treated as absent.
func TestNullsAreAbsent(t *testing.T) {
	runRefusals(t, []refusalCase{
		{"nulls", "PutItem", `{"TableName":"tab","Item":{"p":{"S":"n"},"q":{"N":"1"}},"ConditionExpression":null,"ExpressionAttributeNames":null,
			"ExpressionAttributeValues":null,"ReturnValues":null,"Expected":null,"NoSuchParameter":{"x":[1]}}`, ""},
		{"nulls", "Query", `{"TableName":"tab","KeyConditionExpression":"p = :p","ExpressionAttributeValues":{":p":{"S":"n"}},"Limit":null,
			"ExclusiveStartKey":null,"ScanIndexForward":null,"KeyConditions":null}`, ""},
		{"nulls", "streams:ListStreams", `{"TableName":null,"Limit":null}`, ""},
	})
}

// TestContentEncoding: the body of a request may be compressed. One that can't be read is
// answered by an InternalServerError, as by the service (ScyllaDB's tests).
func TestContentEncoding(t *testing.T) {
	w := newWorld(t)
	compress := func(text string) string {
		var b strings.Builder
		z := gzip.NewWriter(&b)
		io.WriteString(z, text)
		z.Close()
		return b.String()
	}
	body := `{"Limit":5}`
	packed := compress(body)
	for _, c := range []struct {
		name, encoding, body string
		want                 int
	}{
		{"plain", "", body, 200},
		{"plain, by an old name", "amz-1.0", body, 200},
		{"compressed", "gzip", packed, 200},
		{"compressed in two pieces", "gzip", compress(body[:4]) + compress(body[4:]), 200},
		{"compressed, of a wrong value", "gzip", compress(`{"Limit":0}`), 400},
		{"compressed in secret", "", packed, 400},
		{"not compressed", "gzip", body, 500},
		{"cut off", "gzip", packed[:len(packed)-1], 500},
		{"nothing", "gzip", "", 500},
		{"unknown", "garbage", body, 500},
		{"of more than 16 MB", "gzip", compress(strings.Repeat(" ", 16<<20) + body), 413},
	} {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(c.body))
		r.Header.Set("X-Amz-Target", "DynamoDB_20120810.ListTables")
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=any")
		r.Header.Set("Content-Encoding", c.encoding)
		rec := httptest.NewRecorder()
		w.ServeHTTP(rec, r)
		if rec.Code != c.want || c.want == 500 && !strings.Contains(rec.Body.String(), "InternalServerError") {
			t.Errorf("%s: %d %s, want %d", c.name, rec.Code, rec.Body, c.want)
		}
	}
}

// TestContentType: a request in application/json is answered in it, errors too, as the
// service does. Others have the protocol's type.
func TestContentType(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct{ asked, want string }{
		{"application/x-amz-json-1.0", "application/x-amz-json-1.0"},
		{"application/json", "application/json"},
		{"Application/JSON; charset=utf-8", "application/json"},
		{"", "application/x-amz-json-1.0"},
		{"text/plain", "application/x-amz-json-1.0"},
	} {
		for _, operation := range []string{"ListTables", "DescribeTable"} {
			r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader("{}"))
			r.Header.Set("X-Amz-Target", "DynamoDB_20120810."+operation)
			r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=any")
			r.Header.Set("Content-Type", c.asked)
			rec := httptest.NewRecorder()
			w.ServeHTTP(rec, r)
			if got := rec.Header().Get("Content-Type"); got != c.want {
				t.Errorf("%s with Content-Type %q: %d with %q, want %q", operation, c.asked, rec.Code, got, c.want)
			}
		}
	}
}
