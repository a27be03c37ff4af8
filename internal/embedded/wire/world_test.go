package wire_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

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

// withIndexes adds the table "tab" with the key p (String) and q (Number), global
// indexes on g (String) and n (Number), and local ones on b (Binary).
func (w *world) withIndexes() *world {
	w.t.Helper()
	w.must("CreateTable", `{"TableName":"tab","KeySchema":[{"AttributeName":"p","KeyType":"HASH"},{"AttributeName":"q","KeyType":"RANGE"}],
		"AttributeDefinitions":[{"AttributeName":"p","AttributeType":"S"},{"AttributeName":"q","AttributeType":"N"},
			{"AttributeName":"g","AttributeType":"S"},{"AttributeName":"n","AttributeType":"N"},{"AttributeName":"b","AttributeType":"B"}],
		"BillingMode":"PAY_PER_REQUEST","StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_AND_OLD_IMAGES"},
		"GlobalSecondaryIndexes":[
			{"IndexName":"g-all","KeySchema":[{"AttributeName":"g","KeyType":"HASH"},{"AttributeName":"n","KeyType":"RANGE"}],"Projection":{"ProjectionType":"ALL"}},
			{"IndexName":"g-include","KeySchema":[{"AttributeName":"g","KeyType":"HASH"}],"Projection":{"ProjectionType":"INCLUDE","NonKeyAttributes":["x","a"]}}],
		"LocalSecondaryIndexes":[
			{"IndexName":"l-all","KeySchema":[{"AttributeName":"p","KeyType":"HASH"},{"AttributeName":"b","KeyType":"RANGE"}],"Projection":{"ProjectionType":"ALL"}},
			{"IndexName":"l-keys","KeySchema":[{"AttributeName":"p","KeyType":"HASH"},{"AttributeName":"n","KeyType":"RANGE"}],"Projection":{"ProjectionType":"KEYS_ONLY"}}]}`)
	return w
}

// indexes tells what each index of withIndexes holds: the attributes of its key,
// and of its projection, nil for all.
var indexes = []struct {
	name      string
	key       []string
	projected []string
}{
	{"g-all", []string{"g", "n"}, nil},
	{"g-include", []string{"g"}, []string{"a", "g", "p", "q", "x"}},
	{"l-all", []string{"p", "b"}, nil},
	{"l-keys", []string{"p", "n"}, []string{"n", "p", "q"}},
}

func (w *world) enableTTL() {
	w.t.Helper()
	w.must("UpdateTimeToLive", `{"TableName":"tab","TimeToLiveSpecification":{"Enabled":true,"AttributeName":"ttl"}}`)
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

func encoded(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func (w *world) put(keys string) {
	w.t.Helper()
	for _, k := range keys {
		w.must("PutItem", fmt.Sprintf(`{"TableName":"tab","Item":{"p":{"S":"%c"},"q":{"N":"1"}}}`, k))
	}
}

// fill puts n items of about size bytes into one partition.
func (w *world) fill(n, size int) {
	w.t.Helper()
	for i := range n {
		w.must("PutItem", fmt.Sprintf(`{"TableName":"tab","Item":{"p":{"S":"big"},"q":{"N":"%d"},"a":{"S":%q}}}`, i, strings.Repeat("x", size)))
	}
}

// items reads all pages of a Query or Scan and is the items as texts.
func (w *world) items(operation string, request map[string]any) (items []string) {
	w.t.Helper()
	for {
		page := w.must(operation, encoded(request))
		for _, it := range page["Items"].([]any) {
			items = append(items, encoded(it))
		}
		if page["LastEvaluatedKey"] == nil {
			return items
		}
		request["ExclusiveStartKey"] = page["LastEvaluatedKey"]
	}
}

func (w *world) streamARN() string {
	w.t.Helper()
	arn, _ := w.must("DescribeTable", `{"TableName":"tab"}`)["Table"].(map[string]any)["LatestStreamArn"].(string)
	return arn
}

func (w *world) shards(arn string) (shards []map[string]any) {
	w.t.Helper()
	d := w.must("streams:DescribeStream", fmt.Sprintf(`{"StreamArn":%q}`, arn))["StreamDescription"].(map[string]any)
	for _, sh := range d["Shards"].([]any) {
		shards = append(shards, sh.(map[string]any))
	}
	return shards
}

// iterator asks for an iterator; more are further fields of the request.
func (w *world) iterator(arn string, shard any, kind, more string) string {
	w.t.Helper()
	return w.must("streams:GetShardIterator", iteratorRequest(arn, shard, kind, more))["ShardIterator"].(string)
}

func iteratorRequest(arn string, shard any, kind, more string) string {
	return fmt.Sprintf(`{"StreamArn":%q,"ShardId":%q,"ShardIteratorType":%q%s}`, arn, shard, kind, more)
}

// page reads a page: the partition keys of its records, and the next iterator.
func (w *world) page(iterator, more string) (keys, next string) {
	w.t.Helper()
	out := w.must("streams:GetRecords", fmt.Sprintf(`{"ShardIterator":%q%s}`, iterator, more))
	for _, r := range out["Records"].([]any) {
		keys += recordOf(r)["Keys"].(map[string]any)["p"].(map[string]any)["S"].(string)
	}
	next, _ = out["NextShardIterator"].(string)
	return keys, next
}

func getRecords(iterator string) string { return fmt.Sprintf(`{"ShardIterator":%q}`, iterator) }

func recordOf(r any) map[string]any { return r.(map[string]any)["dynamodb"].(map[string]any) }
