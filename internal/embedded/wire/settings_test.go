package wire_test

import (
	"fmt"
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
	update := func(settings ...string) {
		for _, setting := range settings { // the service takes one at a time
			w.must("UpdateTable", `{"TableName":"tab",`+setting+`}`)
		}
	}
	update(`"DeletionProtectionEnabled":true`, `"SSESpecification":{"Enabled":true,"SSEType":"KMS","KMSMasterKeyId":"1234"}`,
		`"OnDemandThroughput":{"MaxReadRequestUnits":7}`, `"WarmThroughput":{"WriteUnitsPerSecond":5000}`, `"TableClass":"STANDARD"`)
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
	update(`"TableClass":"STANDARD_INFREQUENT_ACCESS"`, `"SSESpecification":{"Enabled":false}`, `"DeletionProtectionEnabled":false`,
		`"OnDemandThroughput":{"MaxWriteRequestUnits":-1},"BillingMode":"PAY_PER_REQUEST"`)
	shown("changed", map[string]any{
		"TableClassSummary":  map[string]any{"TableClass": "STANDARD_INFREQUENT_ACCESS", "LastUpdateDateTime": 1893456000.0},
		"SSEDescription":     nil,
		"OnDemandThroughput": map[string]any{"MaxReadRequestUnits": 7.0},
	})
	w.must("DeleteTable", `{"TableName":"tab"}`)

	made := w.must("CreateTable", strings.Replace(theTable, `"BillingMode":"PAY_PER_REQUEST"`,
		`"ProvisionedThroughput":{"ReadCapacityUnits":3,"WriteCapacityUnits":2},"DeletionProtectionEnabled":true,"TableClass":"STANDARD_INFREQUENT_ACCESS"`, 1))
	if got := made["TableDescription"].(map[string]any)["WarmThroughput"]; got != nil {
		t.Errorf("CreateTable tells warm throughput that it was not given: %v", got)
	}
	asked := w.must("CreateTable", strings.Replace(strings.Replace(theTable, "tab", "warmed", 1), `"BillingMode"`, `"WarmThroughput":{"WriteUnitsPerSecond":5000},"BillingMode"`, 1))
	if got, want := asked["TableDescription"].(map[string]any)["WarmThroughput"], warm(12000, 5000); !cmp.Equal(got, want) {
		t.Errorf("CreateTable with warm throughput tells %v, want %v", got, want)
	}
	shown("made with settings", map[string]any{
		"DeletionProtectionEnabled": true, "WarmThroughput": warm(3, 2),
		"TableClassSummary": map[string]any{"TableClass": "STANDARD_INFREQUENT_ACCESS"},
	})
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
	silent := func(operation, body string) {
		t.Helper()
		if rec := w.send(operation, body); rec.Code != 200 || rec.Body.Len() != 0 {
			t.Errorf("%s %s = %d %s, want 200 and an empty body", operation, body, rec.Code, rec.Body)
		}
	}
	silent("TagResource", `{"ResourceArn":"`+tabARN+`","Tags":[{"Key":"team","Value":"c"},{"Key":"x","Value":""}]}`)
	tags(tag("env", "b"), tag("team", "c"), tag("x", ""))
	silent("UntagResource", `{"ResourceArn":"`+tabARN+`","TagKeys":["env","team","none"]}`)
	tags(tag("x", ""))

	// What the service answers is from dynalite's tests of it and, where they
	// differ, from the captures of ack-api-quirks (October 2026), which are newer.
	const v = "ValidationException: "
	long := strings.Repeat("k", 129)
	tagged := func(tags string) string { return `{"ResourceArn":"` + tabARN + `","Tags":[` + tags + `]}` }
	many := make([]string, 50)
	for i := range many {
		many[i] = fmt.Sprintf(`{"Key":"k%d","Value":""}`, i)
	}
	for _, c := range []refusalCase{
		{"no ARN", "ListTagsOfResource", `{}`, v + "Invalid TableArn"},
		{"a name", "ListTagsOfResource", `{"ResourceArn":"tab"}`, v + "One or more parameter values were invalid: ARNs must start with 'arn:': tab"},
		{"short name", "UntagResource", `{"ResourceArn":"` + tabARN[:len(tabARN)-1] + `","TagKeys":["a"]}`, v + "Invalid TableArn: Invalid ResourceArn provided as input " + tabARN[:len(tabARN)-1]},
		{"an index", "ListTagsOfResource", `{"ResourceArn":"` + tabARN + `/index/i"}`, v + "One or more parameter values were invalid: Invalid resource arn provided, only table or stream is accepted. Provided resource arn: " + tabARN + "/index/i"},
		{"a stream", "ListTagsOfResource", `{"ResourceArn":"` + tabARN + `/stream/2030"}`, "ResourceNotFoundException: Requested resource not found: ResourceArn: " + tabARN + "/stream/2030 not found"},
		{"no such table", "ListTagsOfResource", `{"ResourceArn":"` + tabARN + `x"}`, "ResourceNotFoundException: Requested resource not found: ResourceArn: " + tabARN + "x not found"},
		{"tags missing", "TagResource", `{"ResourceArn":"` + tabARN + `"}`, v + "1 validation error detected: Value null at 'tags' failed to satisfy constraint: Member must not be null"},
		{"keys missing", "UntagResource", `{"ResourceArn":"` + tabARN + `"}`, v + "1 validation error detected: Value null at 'tagKeys' failed to satisfy constraint: Member must not be null"},
		{"no tags", "TagResource", tagged(""), v + "Atleast one Tag needs to be provided as Input."},
		{"no keys", "UntagResource", `{"ResourceArn":"` + tabARN + `","TagKeys":[]}`, v + "Atleast one Tag Key needs to be provided as Input."},
		{"empty key", "TagResource", tagged(`{"Key":"","Value":"v"}`), v + "The Tag Key provided is invalid, Key: "},
		{"long key", "UntagResource", `{"ResourceArn":"` + tabARN + `","TagKeys":["` + long + `"]}`, v + "The Tag Key provided is invalid, Key: " + long},
		{"characters", "TagResource", tagged(`{"Key":"a","Value":"100%"}`), v + "The Tag Value provided is invalid, Value: 100%"},
		{"no value", "TagResource", tagged(`{"Key":"a"}`), v + "The Tag Value provided is invalid, Value: null"},
		{"long value", "TagResource", tagged(`{"Key":"a","Value":"` + long + long + `"}`), v + "The Tag Value provided is invalid, Value: " + long + long},
		{"AWS's own", "TagResource", tagged(`{"Key":"good","Value":"v"},{"Key":"aws:zzz","Value":"v"}`), v + "Tag Key cannot be prefixed with aws:, Key: aws:zzz"},
		{"twice", "TagResource", tagged(`{"Key":"dup","Value":"1"},{"Key":"dup","Value":"2"}`), v + "Duplicate Tag Keys provided as input: Duplicate Tag Key found dup"},
		{"letters of any script", "TagResource", tagged(`{"Key":"ключ","Value":"a+b-c=d.e_f:g/h@i 表"}`), ""},
		{"51 with those that are there", "TagResource", tagged(strings.Join(many, ",")), v + "Number of Tags exceed the current limit for the provided ResourceArn"},
	} {
		if got := refused(t, w.send(c.operation, c.body)); got != c.want {
			t.Errorf("%s: %s %s = %s, want %s", c.name, c.operation, c.body, got, c.want)
		}
	}
	tags(tag("x", ""), tag("ключ", "a+b-c=d.e_f:g/h@i 表"))
}

// TestSettingsRefused: the messages are from the captures of ack-api-quirks
// (October 2026). Which of two comes first it tells of some pairs only.
func TestSettingsRefused(t *testing.T) {
	const (
		v     = "ValidationException: "
		wrong = v + "One or more parameter values were invalid: "
		alone = " modification must be the only operation in the request"
	)
	update := func(settings string) string { return `{"TableName":"tab",` + settings + `}` }
	create := func(settings string) string {
		return strings.Replace(theTable, `"TableName":"tab"`, `"TableName":"new",`+settings, 1)
	}
	provisioned := func(settings string) string {
		return strings.Replace(create(settings), `"BillingMode":"PAY_PER_REQUEST"`, `"ProvisionedThroughput":{"ReadCapacityUnits":3,"WriteCapacityUnits":2}`, 1)
	}
	runRefusals(t, []refusalCase{
		{"class", "CreateTable", create(`"TableClass":"GOLD"`), v + "Invalid table-class parameter provided. Please try again with a valid table-class value: [STANDARD, STANDARD_INFREQUENT_ACCESS]."},
		{"type without encryption", "CreateTable", create(`"SSESpecification":{"SSEType":"KMS"}`), wrong + "SSEType can not be specified if Enabled is false"},
		{"key without encryption", "UpdateTable", update(`"SSESpecification":{"Enabled":false,"KMSMasterKeyId":"k"}`), wrong + "KMSMasterKeyId can not be specified if Enabled is false"},
		{"key without a type", "UpdateTable", update(`"SSESpecification":{"Enabled":true,"KMSMasterKeyId":"k"}`), wrong + "SSEType KMS is required if KMSMasterKeyId is specified"},
		{"AES", "UpdateTable", update(`"SSESpecification":{"Enabled":true,"SSEType":"AES256"}`), wrong + "SSEType AES256 is not supported"},
		{"encrypted anyway", "UpdateTable", update(`"SSESpecification":{"Enabled":false}`), wrong + "Table is already encrypted by default"},
		{"a bound of 0", "CreateTable", create(`"OnDemandThroughput":{"MaxReadRequestUnits":0}`), wrong + "Requested MaxReadRequestUnits for OnDemandThroughput for table is outside of valid range"},
		{"no bound to take away", "CreateTable", create(`"OnDemandThroughput":{"MaxWriteRequestUnits":-1}`), wrong + "Requested MaxWriteRequestUnits for OnDemandThroughput for table is outside of valid range"},
		{"a bound of 0", "UpdateTable", update(`"OnDemandThroughput":{"MaxReadRequestUnits":0}`), wrong + "Requested MaxReadRequestUnits for OnDemandThroughput for table is outside of valid range"},
		{"a bound of -2", "UpdateTable", update(`"OnDemandThroughput":{"MaxReadRequestUnits":-2}`), wrong + "Requested MaxReadRequestUnits for OnDemandThroughput for table is outside of valid range"},
		{"a bound with capacity", "CreateTable", provisioned(`"OnDemandThroughput":{"MaxReadRequestUnits":5}`), wrong + "MaxReadRequestUnits for OnDemandThroughput cannot be specified when the table BillingMode is PROVISIONED"},
		{"not so warm", "CreateTable", create(`"WarmThroughput":{"ReadUnitsPerSecond":1}`), wrong + "Requested ReadUnitsPerSecond for WarmThroughput for table is lower than initial throughput for OnDemand. See: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html#on-demand-capacity-mode-initial"},
		{"less than provided", "CreateTable", provisioned(`"WarmThroughput":{"ReadUnitsPerSecond":2,"WriteUnitsPerSecond":2}`), wrong + "Requested ReadUnitsPerSecond for WarmThroughput for table is lower than ReadCapacityUnits of ProvisionedThroughput"},
		{"cooler", "UpdateTable", update(`"WarmThroughput":{"WriteUnitsPerSecond":3999}`), wrong + "Requested WriteUnitsPerSecond for WarmThroughput for table is lower than current WarmThroughput, decreasing WarmThroughput is not supported"},
		{"tags of a new table", "CreateTable", create(`"Tags":[{"Key":"aws:x","Value":""}]`), v + "Tag Key cannot be prefixed with aws:, Key: aws:x"},

		{"encryption and protection", "UpdateTable", update(`"SSESpecification":{"Enabled":true},"DeletionProtectionEnabled":true`), wrong + "Server-Side Encryption" + alone},
		{"protection and billing", "UpdateTable", update(`"DeletionProtectionEnabled":true,"BillingMode":"PAY_PER_REQUEST"`), wrong + "DeletionProtection" + alone},
		{"class and warmth", "UpdateTable", update(`"TableClass":"STANDARD","WarmThroughput":{"ReadUnitsPerSecond":20000}`), wrong + "TableClass" + alone},
		{"warmth and stream", "UpdateTable", update(`"WarmThroughput":{"ReadUnitsPerSecond":20000},"StreamSpecification":{"StreamEnabled":false}`), wrong + "WarmThroughput must be the only operation in the request"},
		{"warmth and an index", "UpdateTable", update(`"WarmThroughput":{"ReadUnitsPerSecond":20000},"AttributeDefinitions":[{"AttributeName":"i","AttributeType":"S"}],
			"GlobalSecondaryIndexUpdates":[{"Create":{"IndexName":"by-i","KeySchema":[{"AttributeName":"i","KeyType":"HASH"}],"Projection":{"ProjectionType":"ALL"}}}]`),
			wrong + "Create global secondary index cannot be specified when updating WarmThroughput"},
		{"bound and warmth", "UpdateTable", update(`"OnDemandThroughput":{"MaxReadRequestUnits":5},"WarmThroughput":{"ReadUnitsPerSecond":20000}`), wrong + "OnDemandThroughput can only be combined with BillingMode in an UpdateTable request"},
		{"capacity and stream", "UpdateTable", update(`"ProvisionedThroughput":{"ReadCapacityUnits":3,"WriteCapacityUnits":2},"StreamSpecification":{"StreamEnabled":false}`), wrong + "You cannot modify stream status while updating table IOPS"},
		{"on-demand and stream", "UpdateTable", update(`"BillingMode":"PAY_PER_REQUEST","StreamSpecification":{"StreamEnabled":false}`), ""},

		{"encryption", "UpdateTable", update(`"SSESpecification":{"Enabled":true,"SSEType":"KMS","KMSMasterKeyId":"k"}`), ""},
		{"the same key", "UpdateTable", update(`"SSESpecification":{"Enabled":true,"SSEType":"KMS","KMSMasterKeyId":"arn:aws:kms:us-east-1:000000000000:key/k"}`),
			wrong + "Table is already encrypted with given KMSMasterKeyId. Use KMSMasterKeyId parameter if you want to change Master Key"},
		{"the same key by its alias", "UpdateTable", update(`"SSESpecification":{"Enabled":true}`), ""},
	})
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
