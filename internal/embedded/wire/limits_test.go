package wire_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// fill puts n items of about size bytes into one partition.
func (w *world) fill(n, size int) {
	w.t.Helper()
	for i := range n {
		w.must("PutItem", fmt.Sprintf(`{"TableName":"tab","Item":{"p":{"S":"big"},"q":{"N":"%d"},"a":{"S":%q}}}`, i, strings.Repeat("x", size)))
	}
}

// TestPageSizes: a page of Query ends behind the item that brings it to 1 MB, one
// of GetRecords before the record that would.
func TestPageSizes(t *testing.T) {
	w := newWorld(t).withTable()
	w.fill(25, 100_000)
	if diff := cmp.Diff([]float64{11, 11, 3}, w.pages(map[string]any{})); diff != "" {
		t.Errorf("pages of Query (-want +got):\n%s", diff)
	}
	arn := w.streamARN()
	var lengths []int
	next := w.iterator(arn, w.shards(arn)[0]["ShardId"], "TRIM_HORIZON", "")
	for {
		out := w.must("streams:GetRecords", getRecords(next))
		n := len(out["Records"].([]any))
		if n == 0 {
			break
		}
		lengths = append(lengths, n)
		next = out["NextShardIterator"].(string)
	}
	if diff := cmp.Diff([]int{10, 10, 5}, lengths); diff != "" {
		t.Errorf("pages of GetRecords (-want +got):\n%s", diff)
	}
}

// pages reads the partition that fill has filled, by a Query with more parameters,
// and is how many items each page has.
func (w *world) pages(request map[string]any) (pages []float64) {
	w.t.Helper()
	request["TableName"], request["KeyConditionExpression"] = "tab", "p = :p"
	request["ExpressionAttributeValues"] = map[string]any{":p": map[string]any{"S": "big"}}
	for {
		out := w.must("Query", encoded(request))
		pages = append(pages, out["Count"].(float64))
		if out["LastEvaluatedKey"] == nil {
			return pages
		}
		request["ExclusiveStartKey"] = out["LastEvaluatedKey"]
	}
}

// TestFetchedPageSizes: what a Query of a local index fetches from the table counts
// towards the 1 MB of its page; what it does not fetch does not.
func TestFetchedPageSizes(t *testing.T) {
	w := newWorld(t).withIndexes()
	w.fill(25, 100_000)
	for i := range 25 {
		w.must("UpdateItem", fmt.Sprintf(`{"TableName":"tab","Key":{"p":{"S":"big"},"q":{"N":"%d"}},"UpdateExpression":"SET n = q"}`, i))
	}
	if diff := cmp.Diff([]float64{25}, w.pages(map[string]any{"IndexName": "l-keys"})); diff != "" {
		t.Errorf("pages of keys (-want +got):\n%s", diff)
	}
	got := w.pages(map[string]any{"IndexName": "l-keys", "Select": "ALL_ATTRIBUTES"})
	if diff := cmp.Diff([]float64{11, 11, 3}, got); diff != "" {
		t.Errorf("pages of whole items (-want +got):\n%s", diff)
	}
}

func TestThousandRecords(t *testing.T) {
	w := newWorld(t).withTable()
	for i := range 42 {
		var puts []string
		for j := range 25 {
			puts = append(puts, fmt.Sprintf(`{"PutRequest":{"Item":{"p":{"S":"x"},"q":{"N":"%d"}}}}`, 25*i+j))
		}
		w.must("BatchWriteItem", `{"RequestItems":{"tab":[`+strings.Join(puts, ",")+`]}}`)
	}
	arn := w.streamARN()
	keys, next := w.page(w.iterator(arn, w.shards(arn)[0]["ShardId"], "TRIM_HORIZON", ""), "")
	rest, _ := w.page(next, "")
	if len(keys) != 1000 || len(rest) != 50 {
		t.Errorf("pages of %d and %d records, want 1000 and 50", len(keys), len(rest))
	}
}

// TestLargeBatchGet: what does not fit into 16 MB is left unprocessed. The numbers
// are those of the documentation's example.
func TestLargeBatchGet(t *testing.T) {
	w := newWorld(t).withTable()
	w.must("UpdateTable", `{"TableName":"tab","StreamSpecification":{"StreamEnabled":false}}`) // half the work
	const n = 55
	w.fill(n, 300<<10-10)
	var keys []string
	for i := range n {
		keys = append(keys, fmt.Sprintf(`{"p":{"S":"big"},"q":{"N":"%d"}}`, i))
	}
	out := w.must("BatchGetItem", `{"RequestItems":{"tab":{"Keys":[`+strings.Join(keys, ",")+`],"ProjectionExpression":"#q","ExpressionAttributeNames":{"#q":"q"}}}}`)
	got := len(out["Responses"].(map[string]any)["tab"].([]any))
	left := out["UnprocessedKeys"].(map[string]any)["tab"].(map[string]any)
	if keys := len(left["Keys"].([]any)); got != 52 || got+keys != n || left["ProjectionExpression"] != "#q" {
		t.Errorf("%d items, %d unprocessed keys, projection %v", got, keys, left["ProjectionExpression"])
	}
}

// TestLargeTransactGet: a transaction reads at most 4 MB.
func TestLargeTransactGet(t *testing.T) {
	w := newWorld(t).withTable()
	w.fill(11, 390_000)
	get := func(n int) string {
		var gets []string
		for i := range n {
			gets = append(gets, fmt.Sprintf(`{"Get":{"TableName":"tab","Key":{"p":{"S":"big"},"q":{"N":"%d"}},"ProjectionExpression":"q"}}`, i))
		}
		return `{"TransactItems":[` + strings.Join(gets, ",") + `]}`
	}
	w.must("TransactGetItems", get(10))
	w.expectRefusal("TransactGetItems", get(11), "ValidationException: Transaction aggregated item size exceeds the maximum allowed size of 4 MB")
}

// TestSweepOfMuchSpace ends, in memory too, where nothing is to be given back to a
// disk.
func TestSweepOfMuchSpace(t *testing.T) {
	w := newWorld(t).withTable()
	w.fill(30, 390_000)
	w.must("DeleteTable", `{"TableName":"tab"}`)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second) // where it would not end
	defer cancel()
	if err := w.engine.Sweep(ctx); err != nil {
		t.Errorf("Sweep = %v", err)
	}
}

// TestSegments: the segments of a scan have each item once.
func TestSegments(t *testing.T) {
	w := newWorld(t).withTable()
	want := map[string]int{}
	for i := range 50 {
		w.must("PutItem", fmt.Sprintf(`{"TableName":"tab","Item":{"p":{"S":"item-%d"},"q":{"N":"1"}}}`, i))
		want[fmt.Sprintf("item-%d", i)] = 1
	}
	got, used := map[string]int{}, 0
	for segment := range 4 {
		start, n := "", 0
		for {
			out := w.must("Scan", fmt.Sprintf(`{"TableName":"tab","Segment":%d,"TotalSegments":4,"Limit":3%s}`, segment, start))
			for _, item := range out["Items"].([]any) {
				got[item.(map[string]any)["p"].(map[string]any)["S"].(string)]++
				n++
			}
			last, ok := out["LastEvaluatedKey"].(map[string]any)
			if !ok {
				break
			}
			start = fmt.Sprintf(`,"ExclusiveStartKey":{"p":{"S":%q},"q":{"N":"1"}}`, last["p"].(map[string]any)["S"])
		}
		if n > 0 {
			used++
		}
	}
	if diff := cmp.Diff(want, got); diff != "" || used < 3 {
		t.Errorf("items over %d segments (-want +got):\n%s", used, diff)
	}
}

// TestTables follows tables through the operations.
func TestTables(t *testing.T) {
	w := newWorld(t).withTable()
	w.fill(2, 100)
	table := w.must("DescribeTable", `{"TableName":"tab"}`)["Table"].(map[string]any)
	got := fmt.Sprint(table["TableStatus"], " ", table["ItemCount"], " ", table["TableSizeBytes"], " ", table["BillingModeSummary"].(map[string]any)["BillingMode"])
	if want := "ACTIVE 2 215 PAY_PER_REQUEST"; got != want { // p 1+3, q 1+1 (0) and 1+2 (1), a 1+100
		t.Errorf("the table is %s, want %s", got, want)
	}
	for i := range 3 {
		out := w.must("CreateTable", fmt.Sprintf(`{"TableName":"more%d","KeySchema":[{"AttributeName":"p","KeyType":"HASH"}],
			"AttributeDefinitions":[{"AttributeName":"p","AttributeType":"B"}],"ProvisionedThroughput":{"ReadCapacityUnits":1,"WriteCapacityUnits":1}}`, i))
		if status := out["TableDescription"].(map[string]any)["TableStatus"]; status != "CREATING" {
			t.Errorf("CreateTable answers with the status %v", status)
		}
	}
	out := w.must("ListTables", `{"Limit":2}`)
	if diff := cmp.Diff(map[string]any{"TableNames": []any{"more0", "more1"}, "LastEvaluatedTableName": "more1"}, out); diff != "" {
		t.Errorf("ListTables (-want +got):\n%s", diff)
	}
	out = w.must("ListTables", `{"ExclusiveStartTableName":"more1"}`)
	if diff := cmp.Diff(map[string]any{"TableNames": []any{"more2", "tab"}}, out); diff != "" {
		t.Errorf("ListTables, the next page (-want +got):\n%s", diff)
	}
	capacity := `{"TableName":"more0","ProvisionedThroughput":{"ReadCapacityUnits":5,"WriteCapacityUnits":1}}`
	w.must("UpdateTable", capacity)
	w.expectRefusal("UpdateTable", capacity, "ValidationException: The provisioned throughput for the table will not change.")
	w.must("UpdateTable", `{"TableName":"more0","BillingMode":"PAY_PER_REQUEST"}`)
	table = w.must("DescribeTable", `{"TableName":"more0"}`)["Table"].(map[string]any)
	if units := table["ProvisionedThroughput"].(map[string]any)["ReadCapacityUnits"]; units != 0.0 {
		t.Errorf("a table on demand has %v read units", units)
	}
	w.must("DeleteTable", `{"TableName":"tab"}`)
	w.withTable()
	if n := w.must("Scan", `{"TableName":"tab"}`)["Count"]; n != 0.0 {
		t.Errorf("a table made anew has %v items", n)
	}
}

// TestUpdateCharge: UpdateItem holds what the update itself comes to against 400 KB
// too, before the condition; a transaction holds the item alone against it
// (dynamodb-conformance, limits/itemSizeBySurface).
func TestUpdateCharge(t *testing.T) {
	w := newWorld(t).withTable()
	update := func(size int, more string) string {
		return fmt.Sprintf(`{"TableName":"tab","Key":{"p":{"S":"x"},"q":{"N":"1"}},"UpdateExpression":"SET b = :b"%s,"ExpressionAttributeValues":{":b":{"S":%q}}}`, more, strings.Repeat("x", size))
	}
	const (
		fits  = 400<<10 - 3 - 19 - len("b")
		large = v + "Item size to update has exceeded the maximum allowed size"
	)
	w.must("UpdateItem", update(fits, ""))
	w.expectRefusal("UpdateItem", update(fits+1, ""), large)
	w.expectRefusal("UpdateItem", update(fits+1, `,"ConditionExpression":"attribute_exists(nothing)"`), large)
	w.must("TransactWriteItems", `{"TransactItems":[{"Update":`+update(fits+1, "")+`}]}`)
}
