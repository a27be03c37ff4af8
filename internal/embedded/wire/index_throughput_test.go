package wire_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// ratedTable is a table with two global indexes, one of which has rates.
const ratedTable = `{"TableName":"rated","BillingMode":"PAY_PER_REQUEST","KeySchema":[{"AttributeName":"p","KeyType":"HASH"}],
	"AttributeDefinitions":[{"AttributeName":"p","AttributeType":"S"},{"AttributeName":"g","AttributeType":"S"}],"GlobalSecondaryIndexes":[
		{"IndexName":"one","KeySchema":[{"AttributeName":"g","KeyType":"HASH"}],"Projection":{"ProjectionType":"ALL"},
			"OnDemandThroughput":{"MaxReadRequestUnits":50,"MaxWriteRequestUnits":50},"WarmThroughput":{"ReadUnitsPerSecond":13000,"WriteUnitsPerSecond":5000}},
		{"IndexName":"two","KeySchema":[{"AttributeName":"g","KeyType":"HASH"}],"Projection":{"ProjectionType":"ALL"},"OnDemandThroughput":{},"WarmThroughput":{}}]}`

// TestIndexThroughput follows the rates of indexes, and of their table, through changes:
// ack-api-quirks, findings 061, 134, 135, 138, 153 and 155 of tables.
func TestIndexThroughput(t *testing.T) {
	w := newWorld(t)
	ratesOf := func(table any) map[string]any {
		rates := map[string]any{}
		all := append(table.(map[string]any)["GlobalSecondaryIndexes"].([]any), table)
		for _, one := range all {
			one := one.(map[string]any)
			name, ok := one["IndexName"].(string)
			if !ok {
				name = "table"
			}
			text := ""
			for _, rate := range []string{"OnDemandThroughput", "WarmThroughput"} {
				text += " " + encoded(one[rate])
			}
			rates[name] = strings.NewReplacer("MaxReadRequestUnits", "R", "MaxWriteRequestUnits", "W", "ReadUnitsPerSecond", "R", "WriteUnitsPerSecond", "W",
				`,"Status":"ACTIVE"`, "", `"Status":"ACTIVE",`, "", `"`, "").Replace(text[1:])
		}
		return rates
	}
	steps := []struct{ change, answer, one, two, table string }{
		{"", "null null", "{R:50,W:50} {R:13000,W:5000}", "null {R:12000,W:4000}", "null {R:12000,W:4000}"},
		{`"GlobalSecondaryIndexUpdates":[{"Update":{"IndexName":"two","OnDemandThroughput":{"MaxReadRequestUnits":6000}}},{"Update":{"IndexName":"one","WarmThroughput":{"ReadUnitsPerSecond":14000}}}]`,
			"{R:6000} {R:12000,W:4000}", "{R:50,W:50} {R:14000,W:5000}", "{R:6000} {R:12000,W:4000}", "null {R:12000,W:4000}"},
		{`"GlobalSecondaryIndexUpdates":[{"Update":{"IndexName":"one","OnDemandThroughput":{"MaxReadRequestUnits":-1}}},{"Update":{"IndexName":"two","OnDemandThroughput":{"MaxReadRequestUnits":-1}}}]`,
			"{R:-1} {R:12000,W:4000}", "{W:50} {R:14000,W:5000}", "null {R:12000,W:4000}", "null {R:12000,W:4000}"},
		{`"OnDemandThroughput":{"MaxReadRequestUnits":9}`, "null {R:12000,W:4000}", "{W:50} {R:14000,W:5000}", "null {R:12000,W:4000}", "{R:9} {R:12000,W:4000}"},
		{`"BillingMode":"PROVISIONED","ProvisionedThroughput":{"ReadCapacityUnits":1,"WriteCapacityUnits":1},"GlobalSecondaryIndexUpdates":[
			{"Update":{"IndexName":"one","ProvisionedThroughput":{"ReadCapacityUnits":20000,"WriteCapacityUnits":1}}},{"Update":{"IndexName":"two","ProvisionedThroughput":{"ReadCapacityUnits":1,"WriteCapacityUnits":1}}}]`,
			"null {R:12000,W:4000}", "null {R:20000,W:5000}", "null {R:12000,W:4000}", "null {R:12000,W:4000}"},
		{`"GlobalSecondaryIndexUpdates":[{"Update":{"IndexName":"one","ProvisionedThroughput":{"ReadCapacityUnits":1,"WriteCapacityUnits":1}}}]`,
			"null {R:12000,W:4000}", "null {R:20000,W:5000}", "null {R:12000,W:4000}", "null {R:12000,W:4000}"},
	}
	for _, step := range steps {
		operation, body := "UpdateTable", `{"TableName":"rated",`+step.change+`}`
		if step.change == "" {
			operation, body = "CreateTable", ratedTable
		}
		answer := ratesOf(w.must(operation, body)["TableDescription"])["two"]
		if answer != step.answer {
			t.Errorf("%s %s answers %v for two, want %s", operation, step.change, answer, step.answer)
		}
		want := map[string]any{"one": step.one, "two": step.two, "table": step.table}
		if diff := cmp.Diff(want, ratesOf(w.must("DescribeTable", `{"TableName":"rated"}`)["Table"])); diff != "" {
			t.Errorf("after %s %s (-want +got):\n%s", operation, step.change, diff)
		}
	}
}

// TestIndexThroughputRefused: ack-api-quirks, findings 128, 153, 155, 161, 164 and 456.
func TestIndexThroughputRefused(t *testing.T) {
	w := newWorld(t)
	w.must("CreateTable", ratedTable)
	w.must("CreateTable", strings.NewReplacer(`"rated"`, `"provided"`, `"BillingMode":"PAY_PER_REQUEST"`, `"ProvisionedThroughput":{"ReadCapacityUnits":1,"WriteCapacityUnits":1}`,
		`"OnDemandThroughput":{"MaxReadRequestUnits":50,"MaxWriteRequestUnits":50}`, `"ProvisionedThroughput":{"ReadCapacityUnits":1,"WriteCapacityUnits":1}`,
		`"OnDemandThroughput":{}`, `"ProvisionedThroughput":{"ReadCapacityUnits":1,"WriteCapacityUnits":1}`).Replace(ratedTable))
	create := func(rates string) string {
		return strings.NewReplacer(`"rated"`, `"new"`, `"OnDemandThroughput":{}`, rates).Replace(ratedTable)
	}
	on := func(table, action, rates string) string {
		return `{"TableName":"` + table + `","AttributeDefinitions":[{"AttributeName":"g","AttributeType":"S"}],"GlobalSecondaryIndexUpdates":[{"` + action + `":{` + rates + `}}]}`
	}
	const (
		only  = vi + "The only Updates for index: one when TableThroughputMode is PAY_PER_REQUEST can be to OnDemandThroughput, WarmThroughput"
		empty = vi + "WarmThroughput must have at least one of ReadUnitsPerSecond or WriteUnitsPerSecond specified for index: "
		three = `"IndexName":"three","KeySchema":[{"AttributeName":"g","KeyType":"HASH"}],"Projection":{"ProjectionType":"ALL"},`
		bound = "MaxReadRequestUnits for OnDemandThroughput for index"
	)
	w.refuse(t, []refusalCase{
		{"a bound of 0", "CreateTable", create(`"OnDemandThroughput":{"MaxReadRequestUnits":0}`), vi + "Requested " + bound + " : two is outside of valid range"},
		{"no bound to take away", "CreateTable", create(`"OnDemandThroughput":{"MaxReadRequestUnits":-1}`), vi + "Requested " + bound + " : two is outside of valid range"},
		{"not so warm", "CreateTable", strings.Replace(ratedTable, `"ReadUnitsPerSecond":13000`, `"ReadUnitsPerSecond":1`, 1), vi + "Requested ReadUnitsPerSecond for WarmThroughput for index one is lower than initial throughput for OnDemand. See: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html#on-demand-capacity-mode-initial"},
		{"not so warm", "UpdateTable", on("rated", "Create", three+`"WarmThroughput":{"WriteUnitsPerSecond":1}`), vi + "Requested WriteUnitsPerSecond for WarmThroughput for index three is lower than initial throughput for OnDemand. See: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html#on-demand-capacity-mode-initial"},
		{"a bound with capacity", "UpdateTable", on("provided", "Create", three+`"ProvisionedThroughput":{"ReadCapacityUnits":1,"WriteCapacityUnits":1},"OnDemandThroughput":{"MaxReadRequestUnits":1}`),
			vi + bound + ": three cannot be specified when the table BillingMode is PROVISIONED"},
		{"a bound with capacity", "UpdateTable", on("provided", "Update", `"IndexName":"one","OnDemandThroughput":{"MaxReadRequestUnits":1}`), vi + bound + " : one cannot be specified when the table BillingMode is PROVISIONED"},
		{"no capacity, provisioned already", "UpdateTable", `{"TableName":"provided","BillingMode":"PROVISIONED"}`, vi + "ProvisionedThroughput must be specified when BillingMode is PROVISIONED"},
		{"nothing", "UpdateTable", on("rated", "Update", `"IndexName":"one"`), only},
		{"no bound", "UpdateTable", on("rated", "Update", `"IndexName":"one","OnDemandThroughput":{}`), only},
		{"no such index", "UpdateTable", on("rated", "Update", `"IndexName":"ghost","OnDemandThroughput":{}`), "ResourceNotFoundException: Requested resource not found: Index ghost for table rated"},
		{"no warmth", "UpdateTable", on("rated", "Update", `"IndexName":"one","WarmThroughput":{}`), empty + "one"},
		{"no warmth before the index and the table", "UpdateTable", on("nope", "Update", `"IndexName":"ghost","WarmThroughput":{}`), empty + "ghost"},
		{"cooler", "UpdateTable", on("rated", "Update", `"IndexName":"one","WarmThroughput":{"ReadUnitsPerSecond":12999}`), vi + "Requested ReadUnitsPerSecond for WarmThroughput for index one is lower than current WarmThroughput, decreasing WarmThroughput is not supported"},
		{"as warm, and the same bound", "UpdateTable", on("rated", "Update", `"IndexName":"one","WarmThroughput":{"ReadUnitsPerSecond":13000},"OnDemandThroughput":{"MaxReadRequestUnits":50}`), ""},
	})
}
