package wire_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const tabARN = "arn:aws:dynamodb:us-east-1:000000000000:table/tab"

// TestSettings: what a request sets is kept and shown, with its defaults.
func TestSettings(t *testing.T) {
	w := newWorld(t).withTable()
	shown := func(what string, want map[string]any) {
		t.Helper()
		got := w.must("DescribeTable", `{"TableName":"tab"}`)["Table"].(map[string]any)
		for name, value := range want {
			if diff := cmp.Diff(value, got[name]); diff != "" {
				t.Errorf("%s: %s differs, -want +got:\n%s", what, name, diff)
			}
		}
	}
	warm := func(reads, writes float64) any {
		return map[string]any{"ReadUnitsPerSecond": reads, "WriteUnitsPerSecond": writes, "Status": "ACTIVE"}
	}
	shown("nothing set", map[string]any{
		"DeletionProtectionEnabled": false, "TableClassSummary": nil, "SSEDescription": nil, "OnDemandThroughput": nil,
		"WarmThroughput": warm(12000, 4000),
	})
	w.must("UpdateTable", `{"TableName":"tab","DeletionProtectionEnabled":true,"TableClass":"STANDARD",
		"SSESpecification":{"Enabled":true,"SSEType":"KMS","KMSMasterKeyId":"1234"},
		"OnDemandThroughput":{"MaxReadRequestUnits":7},"WarmThroughput":{"WriteUnitsPerSecond":5000}}`)
	shown("all set", map[string]any{
		"DeletionProtectionEnabled": true, "TableClassSummary": map[string]any{"TableClass": "STANDARD"},
		"SSEDescription": map[string]any{
			"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": "arn:aws:kms:us-east-1:000000000000:key/1234",
		},
		"OnDemandThroughput": map[string]any{"MaxReadRequestUnits": 7.0}, "WarmThroughput": warm(12000, 5000),
	})
	const protected = "ValidationException: Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first."
	if got := refused(t, w.send("DeleteTable", `{"TableName":"tab"}`)); got != protected {
		t.Errorf("DeleteTable of a protected table = %s, want %s", got, protected)
	}
	w.must("UpdateTable", `{"TableName":"tab","TableClass":"STANDARD_INFREQUENT_ACCESS","SSESpecification":{"Enabled":false},"DeletionProtectionEnabled":false}`)
	shown("changed", map[string]any{
		"TableClassSummary": map[string]any{"TableClass": "STANDARD_INFREQUENT_ACCESS", "LastUpdateDateTime": 1893456000.0},
		"SSEDescription":    nil,
	})
	w.must("DeleteTable", `{"TableName":"tab"}`)

	w.must("CreateTable", strings.Replace(theTable, `"BillingMode":"PAY_PER_REQUEST"`,
		`"ProvisionedThroughput":{"ReadCapacityUnits":3,"WriteCapacityUnits":2},"DeletionProtectionEnabled":true`, 1))
	shown("provisioned", map[string]any{"DeletionProtectionEnabled": true, "WarmThroughput": warm(3, 2)})
}

func TestTags(t *testing.T) {
	w := newWorld(t)
	w.must("CreateTable", strings.Replace(theTable, `"TableName":"tab"`, `"TableName":"tab","Tags":[{"Key":"team","Value":"a"},{"Key":"env","Value":"b"}]`, 1))
	tags := func(want ...any) {
		t.Helper()
		got := w.must("ListTagsOfResource", `{"ResourceArn":"`+tabARN+`"}`)["Tags"]
		if diff := cmp.Diff(append([]any{}, want...), got); diff != "" {
			t.Errorf("tags differ, -want +got:\n%s", diff)
		}
	}
	tag := func(key, value string) any { return map[string]any{"Key": key, "Value": value} }
	tags(tag("env", "b"), tag("team", "a"))
	w.must("TagResource", `{"ResourceArn":"`+tabARN+`","Tags":[{"Key":"team","Value":"c"},{"Key":"x","Value":""}]}`)
	tags(tag("env", "b"), tag("team", "c"), tag("x", ""))
	w.must("UntagResource", `{"ResourceArn":"`+tabARN+`","TagKeys":["env","team","none"]}`)
	tags(tag("x", ""))

	// dynalite's tests have these of the service.
	const v = "ValidationException: "
	for _, c := range []refusalCase{
		{"no ARN", "ListTagsOfResource", `{}`, v + "Invalid TableArn"},
		{"no table's ARN", "TagResource", `{"ResourceArn":"a:b:c:d:e:f/g"}`, v + "Invalid TableArn: Invalid ResourceArn provided as input a:b:c:d:e:f/g"},
		{"short name", "UntagResource", `{"ResourceArn":"` + tabARN[:len(tabARN)-1] + `"}`, v + "Invalid TableArn: Invalid ResourceArn provided as input " + tabARN[:len(tabARN)-1]},
		{"no such table", "ListTagsOfResource", `{"ResourceArn":"` + tabARN + `x"}`, "ResourceNotFoundException: Requested resource not found: ResourcArn: " + tabARN + "x not found"},
		{"no tags", "TagResource", `{"ResourceArn":"` + tabARN + `","Tags":[]}`, v + "Atleast one Tag needs to be provided as Input."},
		{"no keys", "UntagResource", `{"ResourceArn":"` + tabARN + `","TagKeys":[]}`, v + "Atleast one Tag Key needs to be provided as Input."},
	} {
		if got := refused(t, w.send(c.operation, c.body)); got != c.want {
			t.Errorf("%s: %s %s = %s, want %s", c.name, c.operation, c.body, got, c.want)
		}
	}
}

func TestLimitsAndEndpoints(t *testing.T) {
	w := newWorld(t)
	want := map[string]any{
		"AccountMaxReadCapacityUnits": 80000.0, "AccountMaxWriteCapacityUnits": 80000.0,
		"TableMaxReadCapacityUnits": 40000.0, "TableMaxWriteCapacityUnits": 40000.0,
	}
	if diff := cmp.Diff(want, w.must("DescribeLimits", `{}`)); diff != "" {
		t.Errorf("DescribeLimits differs, -want +got:\n%s", diff)
	}
	host := []any{map[string]any{"Address": "example.com", "CachePeriodInMinutes": 1440.0}} // httptest's
	if diff := cmp.Diff(host, w.must("DescribeEndpoints", `{}`)["Endpoints"]); diff != "" {
		t.Errorf("DescribeEndpoints differs, -want +got:\n%s", diff)
	}
}
