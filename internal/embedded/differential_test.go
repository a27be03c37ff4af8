package embedded_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"dynamostreamer/internal/embedded"
	"dynamostreamer/internal/embedded/attr"
	"dynamostreamer/internal/localtest"
)

var differentialSteps = flag.Int("differential-steps", 60, "operations in each sequence of the differential test")

// A server answers a request of the wire protocol.
type server func(target, body string) (status int, answer string)

func engineServer(db *embedded.DB) server {
	return func(target, body string) (int, string) {
		w := httptest.NewRecorder()
		db.Handler().ServeHTTP(w, request("http://embedded.invalid", target, body))
		return w.Code, w.Body.String()
	}
}

func localServer(t *testing.T) server {
	localtest.Need(t)
	return func(target, body string) (int, string) {
		resp, err := http.DefaultClient.Do(request(localtest.URL, target, body))
		if err != nil {
			return 0, err.Error()
		}
		defer resp.Body.Close()
		b, _ := io.ReadAll(resp.Body)
		return resp.StatusCode, string(b)
	}
}

func request(base, target, body string) *http.Request {
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, base+"/", strings.NewReader(body))
	if err != nil {
		panic(err)
	}
	r.Header.Set("X-Amz-Target", target)
	r.Header.Set("Content-Type", "application/x-amz-json-1.0")
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=anybody/20300101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=00")
	return r
}

// TestDifferential sends the same random operations to the engine and to
// DynamoDB Local and compares answers and streams: 10 sequences, or as many as
// -rapid.checks says. These are 20,000 operations, as in CI:
//
//	go test ./internal/embedded -run TestDifferential$ -rapid.checks=25 -differential-steps=800
func TestDifferential(t *testing.T) {
	local := localServer(t)
	db, _ := openMemory(t)
	engine := engineServer(db)
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "rapid.checks" })
	if !given {
		if err := flag.Set("rapid.checks", "10"); err != nil {
			t.Fatal(err)
		}
	}
	serial, answers := 0, map[string]int{}
	defer func() { t.Logf("operations and their statuses: %v", answers) }()
	rapid.Check(t, func(rt *rapid.T) {
		serial++
		d := &differ{rt: rt, engine: engine, local: local, answers: answers, table: fmt.Sprintf("diff-%d-%d", time.Now().UnixNano(), serial)}
		d.createTable()
		defer d.deleteTable()
		for range *differentialSteps {
			op := d.operation()
			d.compare(op.name, op.body)
		}
		if d.indexed {
			d.compareIndexes()
		} else {
			d.compareNewIndex()
		}
		d.compareStreams()
	})
}

type differ struct {
	rt            *rapid.T
	engine, local server
	table         string
	indexed       bool
	answers       map[string]int // of the engine, by operation and status
}

type op struct {
	name string
	body map[string]any
}

// createTable makes a table, in half of the sequences with indexes.
func (d *differ) createTable() {
	d.indexed = rapid.Bool().Draw(d.rt, "indexed")
	body := fmt.Sprintf(`{"TableName":%q,"KeySchema":[{"AttributeName":"p","KeyType":"HASH"},{"AttributeName":"q","KeyType":"RANGE"}],%s,
		"BillingMode":"PAY_PER_REQUEST","StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_AND_OLD_IMAGES"}}`, d.table, schemaOf[d.indexed])
	for _, s := range []server{d.engine, d.local} {
		if status, answer := s("DynamoDB_20120810.CreateTable", body); status != 200 {
			d.rt.Fatalf("CreateTable: %d %s", status, answer)
		}
	}
}

func (d *differ) deleteTable() {
	for _, s := range []server{d.engine, d.local} {
		s("DynamoDB_20120810.DeleteTable", fmt.Sprintf(`{"TableName":%q}`, d.table))
	}
}

func (d *differ) compare(name string, body map[string]any) {
	text, err := json.Marshal(body)
	if err != nil {
		d.rt.Fatal(err)
	}
	target := "DynamoDB_20120810." + name
	gotStatus, got := d.engine(target, string(text))
	wantStatus, want := d.local(target, string(text))
	d.answers[fmt.Sprint(name, " ", gotStatus)]++
	g, w := normalized(gotStatus, got), normalized(wantStatus, want)
	if body["ReturnConsumedCapacity"] == nil {
		delete(w, "ConsumedCapacity") // Local adds it to many answers unasked; the API has it only on request.
	}
	for _, k := range knownDifferences {
		if k.is(body, g, w) {
			return
		}
	}
	if diff := cmp.Diff(w, g); diff != "" {
		d.rt.Fatalf("%s %s\nengine: %d %s\nLocal:  %d %s\n(-Local +engine):\n%s", name, text, gotStatus, got, wantStatus, want, diff)
	}
}

// knownDifferences are where the engine follows the service and DynamoDB Local
// does not, with what decides it. One may also take the difference out of the
// answers, so that the rest is compared.
var knownDifferences = []struct {
	source string
	is     func(body, engine, local map[string]any) bool
}{
	{
		// PutItem, UpdateItem and DeleteItem have it since 2026; Local has it for the
		// constraints of parameters alone.
		"captures of the service: dynamodb-conformance, tier 3, error-messages",
		func(_, engine, local map[string]any) bool {
			const envelope = "1 validation error detected: "
			if message, _ := engine["message"].(string); strings.HasPrefix(message, envelope) && !strings.HasPrefix(textOf(local), envelope) {
				engine["message"] = strings.TrimPrefix(message, envelope)
			}
			return false
		},
	},
	{
		// "Paginating table query results": a LastEvaluatedKey does not mean that
		// there is more. The service stops at Limit without looking further; Local
		// looks.
		"developer guide, Query.Pagination",
		func(body, engine, local map[string]any) bool {
			if limit, ok := body["Limit"].(int); ok && engine["ScannedCount"] == float64(limit) && local["LastEvaluatedKey"] == nil {
				delete(engine, "LastEvaluatedKey")
			}
			return false
		},
	},
	{
		// The service's reason has no full stop, Local's has.
		"captures of the service: dynamodb-conformance, tier 3, TransactWriteItems",
		func(_, _, local map[string]any) bool {
			reasons, _ := local["CancellationReasons"].([]any)
			for _, r := range reasons {
				if r := r.(map[string]any); r["Message"] != nil {
					r["Message"] = strings.TrimSuffix(r["Message"].(string), ".")
				}
			}
			return false
		},
	},
	{
		// Local does not say which key, which types and which index, or names an
		// index that is not the first; and it says so before it reads expressions
		// and Expected, which the service does before it looks at the table.
		"captures of the service: dynamodb-conformance, tier 3, TransactWriteItems",
		func(body, engine, local map[string]any) bool {
			const mismatch, empty = "Type mismatch for Index Key", "A value specified for a secondary index key is not supported."
			for _, what := range []string{mismatch, empty} {
				known := strings.Contains(textOf(engine), what) || strings.Contains(textOf(engine), "Invalid ConditionExpression") ||
					body["Expected"] != nil
				if known && strings.Contains(textOf(local), what) && engine["__type"] == local["__type"] {
					return true
				}
			}
			return false
		},
	},
	{
		// "Local secondary indexes", fetches: the table is read for attributes that
		// the index lacks. Local counts a read of it for every projection, and nothing
		// where it finds nothing.
		"developer guide, LSI and read-write-operations",
		func(body, engine, local map[string]any) bool {
			index, _ := body["IndexName"].(string)
			fetches := strings.HasPrefix(index, "l-") && body["ProjectionExpression"] != nil
			// "Read consumption": a read of what is not there is one of the least size.
			if fetches || engine["ScannedCount"] == 0.0 {
				delete(engine, "ConsumedCapacity")
				delete(local, "ConsumedCapacity")
			}
			return false
		},
	},
	{
		// "Take advantage of sparse indexes": an item without one of an index's key
		// attributes is not in it, and a write of it costs the index nothing. Local
		// counts one where the old item has one attribute and the new one another.
		"developer guide, sparse indexes",
		func(_, engine, local map[string]any) bool {
			g, _ := engine["ConsumedCapacity"].(map[string]any)
			w, _ := local["ConsumedCapacity"].(map[string]any)
			if g == nil || w == nil || engine["ScannedCount"] != nil || g["CapacityUnits"].(float64) >= w["CapacityUnits"].(float64) {
				return false
			}
			for _, c := range []map[string]any{g, w} {
				delete(c, "CapacityUnits")
				global, _ := c["GlobalSecondaryIndexes"].(map[string]any)
				delete(global, "g-all")
				delete(global, "g-keys")
				if len(global) == 0 {
					delete(c, "GlobalSecondaryIndexes")
				}
			}
			return false
		},
	},
	{
		// Of an attribute that is updated in its inside, the service returns what the
		// updated paths lead to; Local returns all of it.
		"dynalite, updateItem: UPDATED_NEW maps the paths alone",
		func(body, engine, local map[string]any) bool {
			wanted, _ := body["ReturnValues"].(string)
			update, _ := body["UpdateExpression"].(string)
			nested := strings.HasPrefix(wanted, "UPDATED_") && strings.ContainsAny(update, ".[")
			if nested && (engine["Attributes"] == nil || partOf(engine["Attributes"], local["Attributes"])) {
				delete(engine, "Attributes")
				delete(local, "Attributes")
			}
			return false
		},
	},
	{
		// Of two conditions that are refused, each tells the one that its map has first.
		"dynalite, validateConditions: in no order that is documented",
		func(body, engine, local map[string]any) bool {
			for _, parameter := range []string{"Expected", "QueryFilter", "ScanFilter"} {
				conditions, _ := body[parameter].(map[string]any)
				told := engine["__type"] == validation && local["__type"] == validation && !strings.Contains(textOf(local), "Index Key")
				if len(conditions) > 1 && told {
					return true
				}
			}
			return false
		},
	},
	{
		// A sum of more than 38 digits is refused by both, in words of their own.
		"scylladb, test_number: the service's message is that of an overflow",
		func(_, engine, local map[string]any) bool {
			return local["message"] == "DynamoDB only supports precision up to 38 digits" &&
				strings.Contains(textOf(engine), "Number overflow")
		},
	},
	{
		// "TransactWriteItems", CancellationReasons: an update that can't be applied
		// cancels with the reason ValidationError, once all actions were found to be
		// in order. Local fails the request, before it looks at the actions behind.
		"API reference, TransactWriteItems",
		func(body, engine, local map[string]any) bool {
			message, _ := engine["message"].(string)
			refused, _ := local["message"].(string)
			for _, unfit := range []string{"The provided expression refers to an attribute that does not exist",
				"The document path provided in the update expression is invalid", "An operand in the update expression has an incorrect data type"} {
				if body["TransactItems"] != nil && strings.HasPrefix(refused, unfit) && engine["__type"] == validation {
					return true
				}
			}
			return local["__type"] == validation && strings.HasPrefix(message, "Transaction cancelled") && strings.Contains(message, "ValidationError")
		},
	},
}

// partOf reports whether a value equals another one from which parts may be missing.
func partOf(part, whole any) bool {
	switch part := part.(type) {
	case map[string]any:
		whole, ok := whole.(map[string]any)
		for name, inner := range part {
			ok = ok && partOf(inner, whole[name])
		}
		return ok
	case []any:
		whole, ok := whole.([]any)
		for _, inner := range part {
			ok = ok && slices.ContainsFunc(whole, func(w any) bool { return partOf(inner, w) })
		}
		return ok
	}
	return part == whole
}

const validation = "com.amazon.coral.validate#ValidationException"

// normalized makes answers comparable: Local spells message with a capital
// letter, neither orders the members of sets or the items of a scan.
func normalized(status int, answer string) map[string]any {
	var v map[string]any
	if err := json.Unmarshal([]byte(answer), &v); err != nil {
		return map[string]any{"status": status, "text": answer}
	}
	if m, ok := v["Message"]; ok {
		v["message"] = m
		delete(v, "Message")
	}
	if items, ok := v["Items"].([]any); ok {
		sortByText(items)
	}
	if responses, ok := v["Responses"].(map[string]any); ok {
		for _, items := range responses {
			sortByText(items.([]any))
		}
	}
	v["status"] = status
	sortSets(v)
	return v
}

func sortSets(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name, inner := range v {
			// "Supported data types": zeros at either end are trimmed; Local keeps them.
			if text, ok := inner.(string); ok && name == "N" {
				v[name] = canonical(text)
			}
			if list, ok := inner.([]any); ok && name == "NS" {
				for i := range list {
					list[i] = canonical(list[i].(string))
				}
			}
			if list, ok := inner.([]any); ok && (name == "SS" || name == "NS" || name == "BS") {
				sortByText(list)
			}
			sortSets(inner)
		}
	case []any:
		for _, inner := range v {
			sortSets(inner)
		}
	}
	return v
}

// withoutEmpty takes the type from empty lists and maps, which Local's streams
// lack: there an empty map is {} and no AttributeValue at all.
func withoutEmpty(v any) any {
	switch v := sortSets(v).(type) {
	case map[string]any:
		for name, inner := range v {
			list, isList := inner.([]any)
			inside, isMap := inner.(map[string]any)
			if len(v) == 1 && (name == "L" && isList && len(list) == 0 || name == "M" && isMap && len(inside) == 0) {
				delete(v, name)
			}
			withoutEmpty(inner)
		}
	case []any:
		for _, inner := range v {
			withoutEmpty(inner)
		}
	}
	return v
}

func canonical(number string) string {
	n, err := attr.ParseNumber(number)
	if err != nil {
		return number
	}
	return n.Text()
}

func sortByText(list []any) {
	slices.SortFunc(list, func(a, b any) int { return strings.Compare(textOf(a), textOf(b)) })
}

func textOf(v any) string {
	b, _ := json.Marshal(sortSets(v))
	return string(b)
}

// compareStreams compares what both streams recorded of each item, in order: the
// order of different items is undefined in a stream, and within a batch or a
// transaction Local uses a different one.
func (d *differ) compareStreams() {
	got, want := d.readStream(d.engine), d.readStream(d.local)
	for _, records := range [][]any{got, want} {
		slices.SortStableFunc(records, func(a, b any) int {
			return strings.Compare(textOf(a.(map[string]any)["keys"]), textOf(b.(map[string]any)["keys"]))
		})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		d.rt.Fatalf("the streams differ (-Local +engine):\n%s", diff)
	}
}

func (d *differ) readStream(s server) (records []any) {
	call := func(name, body string) map[string]any {
		status, answer := s("DynamoDBStreams_20120810."+name, body)
		var v map[string]any
		if err := json.Unmarshal([]byte(answer), &v); err != nil || status != 200 {
			d.rt.Fatalf("%s: %d %s", name, status, answer)
		}
		return v
	}
	list := call("ListStreams", fmt.Sprintf(`{"TableName":%q}`, d.table))
	arn := list["Streams"].([]any)[0].(map[string]any)["StreamArn"].(string)
	described := call("DescribeStream", fmt.Sprintf(`{"StreamArn":%q}`, arn))["StreamDescription"].(map[string]any)
	for _, sh := range described["Shards"].([]any) {
		it := call("GetShardIterator", fmt.Sprintf(`{"StreamArn":%q,"ShardId":%q,"ShardIteratorType":"TRIM_HORIZON"}`, arn, sh.(map[string]any)["ShardId"]))["ShardIterator"]
		for it != nil {
			page := call("GetRecords", fmt.Sprintf(`{"ShardIterator":%q}`, it))
			for _, r := range page["Records"].([]any) {
				r := r.(map[string]any)
				change := r["dynamodb"].(map[string]any)
				records = append(records, withoutEmpty(map[string]any{
					"event": r["eventName"], "keys": change["Keys"], "new": change["NewImage"], "old": change["OldImage"],
					"size": change["SizeBytes"], "view": change["StreamViewType"],
				}))
			}
			if it = page["NextShardIterator"]; len(page["Records"].([]any)) == 0 {
				break
			}
		}
	}
	return records
}
