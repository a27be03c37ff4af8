package wire_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestTableLifecycle follows tables through the operations.
func TestTableLifecycle(t *testing.T) {
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
		t.Errorf("a table that was created again has %v items", n)
	}
}
