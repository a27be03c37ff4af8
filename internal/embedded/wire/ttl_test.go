package wire_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestSweepRemoves: only Numbers of seconds that have passed, and not five years
// ago; everything else stays.
func TestSweepRemoves(t *testing.T) {
	w := newWorld(t).withTable()
	now := w.clock.Now().Unix()
	values := map[string]string{
		"past":        fmt.Sprintf(`{"N":"%d"}`, now-1),
		"fraction":    fmt.Sprintf(`{"N":"%d.5"}`, now-1),
		"exponent":    `{"N":"1.8e9"}`,
		"now":         fmt.Sprintf(`{"N":"%d"}`, now),
		"soon":        fmt.Sprintf(`{"N":"%d.5"}`, now),
		"text":        fmt.Sprintf(`{"S":"%d"}`, now-1),
		"list":        fmt.Sprintf(`{"L":[{"N":"%d"}]}`, now-1),
		"almost five": fmt.Sprintf(`{"N":"%d"}`, now-5*365*86400+10),
		"five years":  fmt.Sprintf(`{"N":"%d"}`, now-5*365*86400-10),
		"zero":        `{"N":"0"}`,
		"negative":    `{"N":"-1"}`,
		"huge":        `{"N":"1e100"}`,
	}
	for name, v := range values {
		w.must("PutItem", fmt.Sprintf(`{"TableName":"tab","Item":{"p":{"S":%q},"q":{"N":"1"},"ttl":%s}}`, name, v))
	}
	w.must("PutItem", `{"TableName":"tab","Item":{"p":{"S":"none"},"q":{"N":"1"}}}`)
	w.enableTTL() // items from before count as well
	if err := w.engine.Sweep(context.Background()); err != nil {
		t.Fatal(err)
	}
	left := map[string]bool{}
	for _, item := range w.must("Scan", `{"TableName":"tab"}`)["Items"].([]any) {
		left[item.(map[string]any)["p"].(map[string]any)["S"].(string)] = true
	}
	want := map[string]bool{"now": true, "soon": true, "text": true, "list": true, "five years": true, "zero": true, "negative": true, "huge": true, "none": true}
	if diff := cmp.Diff(want, left); diff != "" {
		t.Errorf("items left (-want +got):\n%s", diff)
	}
}

// TestExpiredItems stay readable until they are swept, and can be prolonged until
// then. The removal's record tells who did it.
func TestExpiredItems(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t).withTable()
	w.enableTTL()
	for _, name := range []string{"gone", "prolonged"} {
		w.must("PutItem", fmt.Sprintf(`{"TableName":"tab","Item":{"p":{"S":%q},"q":{"N":"1"},"ttl":{"N":"%d"}}}`, name, w.clock.Now().Unix()+10))
	}
	w.clock.Advance(11 * time.Second)
	if got := w.must("GetItem", `{"TableName":"tab","Key":{"p":{"S":"gone"},"q":{"N":"1"}}}`); got["Item"] == nil {
		t.Error("an expired item that is not swept can't be read")
	}
	w.must("UpdateItem", fmt.Sprintf(`{"TableName":"tab","Key":{"p":{"S":"prolonged"},"q":{"N":"1"}},"UpdateExpression":"SET #t = :t",
		"ExpressionAttributeNames":{"#t":"ttl"},"ExpressionAttributeValues":{":t":{"N":"%d"}}}`, w.clock.Now().Unix()+10))
	for range 2 {
		if err := w.engine.Sweep(ctx); err != nil {
			t.Fatal(err)
		}
	}
	w.must("DeleteItem", `{"TableName":"tab","Key":{"p":{"S":"prolonged"},"q":{"N":"1"}}}`)
	arn := w.streamARN()
	var events []string
	for _, r := range w.must("streams:GetRecords", getRecords(w.iterator(arn, w.shards(arn)[0]["ShardId"], "TRIM_HORIZON", "")))["Records"].([]any) {
		r := r.(map[string]any)
		events = append(events, fmt.Sprint(r["eventName"], " ", recordOf(r)["Keys"].(map[string]any)["p"].(map[string]any)["S"], " ", r["userIdentity"]))
	}
	want := []string{
		"INSERT gone <nil>", "INSERT prolonged <nil>", "MODIFY prolonged <nil>",
		"REMOVE gone map[PrincipalId:dynamodb.amazonaws.com Type:Service]", "REMOVE prolonged <nil>",
	}
	if diff := cmp.Diff(want, events); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

func TestTTLRules(t *testing.T) {
	w := newWorld(t).withTable()
	describe := func() string {
		d := w.must("DescribeTimeToLive", `{"TableName":"tab"}`)["TimeToLiveDescription"].(map[string]any)
		return fmt.Sprint(d["TimeToLiveStatus"], " ", d["AttributeName"])
	}
	update := func(enabled bool, attribute, want string) {
		t.Helper()
		w.expectRefusal("UpdateTimeToLive", fmt.Sprintf(`{"TableName":"tab","TimeToLiveSpecification":{"Enabled":%v,"AttributeName":%q}}`, enabled, attribute), want)
	}
	if got := describe(); got != "DISABLED <nil>" {
		t.Errorf("a new table's TTL is %s", got)
	}
	update(true, "ttl", "")
	if got := describe(); got != "ENABLED ttl" {
		t.Errorf("the enabled TTL is %s", got)
	}
	update(true, "ttl", "ValidationException: TimeToLive is already enabled")
	update(true, "other", "ValidationException: TimeToLive is active on a different AttributeName: current AttributeName is ttl")
	update(false, "ttl", "ValidationException: Time to live has been modified multiple times within a fixed interval")
	w.clock.Advance(time.Hour)
	update(false, "ttl", "")
	if got := describe(); got != "DISABLED <nil>" {
		t.Errorf("the disabled TTL is %s", got)
	}
	update(false, "ttl", "ValidationException: TimeToLive is already disabled")
}

// TestTTLOfManyItems: the items of a table of some size get their times in pieces.
// Until all have theirs none expires, least of all by the attribute that counted
// before.
func TestTTLOfManyItems(t *testing.T) {
	w := newWorld(t).withTable()
	const rows = 2500
	now := w.clock.Now().Unix()
	for i := range rows {
		w.must("PutItem", fmt.Sprintf(`{"TableName":"tab","Item":{"p":{"S":"p%d"},"q":{"N":"1"},"ttl":{"N":"%d"},"until":{"N":"%d"}}}`,
			i, now+5000, now+int64(5000+i%2*5000)))
	}
	set := func(enabled bool, attribute string) {
		w.must("UpdateTimeToLive", fmt.Sprintf(`{"TableName":"tab","TimeToLiveSpecification":{"Enabled":%v,"AttributeName":%q}}`, enabled, attribute))
	}
	expect := func(status string, left int) {
		t.Helper()
		d := w.must("DescribeTimeToLive", `{"TableName":"tab"}`)["TimeToLiveDescription"].(map[string]any)
		if got := len(w.items("Scan", map[string]any{"TableName": "tab"})); got != left || d["TimeToLiveStatus"] != status {
			t.Errorf("it is %v, and %d items are left; want %s and %d", d["TimeToLiveStatus"], got, status, left)
		}
	}
	sweep := func() {
		t.Helper()
		if err := w.engine.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	set(true, "ttl")
	expect("ENABLING", rows)
	sweep()
	expect("ENABLED", rows)
	w.clock.Advance(time.Hour)
	set(false, "ttl")
	w.clock.Advance(time.Hour) // by ttl, all have expired
	sweep()
	expect("DISABLED", rows)
	set(true, "until")
	expect("ENABLING", rows)
	sweep()
	expect("ENABLED", rows)
	sweep()
	expect("ENABLED", rows/2)
}
