package wire_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

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

// TestUpdateCharge: UpdateItem compares the size of the update itself with 400 KB
// too, before the condition; a transaction compares only the item with it
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
