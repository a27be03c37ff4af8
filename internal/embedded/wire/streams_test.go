package wire_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dynamostreamer/internal/embedded/wire"
)

func TestPagesAndIterators(t *testing.T) {
	w := newWorld(t).withTable()
	arn := w.streamARN()
	shard := w.shards(arn)[0]["ShardId"]
	latest := w.iterator(arn, shard, "LATEST", "")
	w.put("abc")
	w.clock.Advance(time.Minute)
	w.put("de")

	start := w.iterator(arn, shard, "TRIM_HORIZON", "")
	keys, next := w.page(start, `,"Limit":2`)
	if keys != "ab" || next == "" {
		t.Errorf("the first page has %q, next %q", keys, next)
	}
	if keys, _ := w.page(next, ""); keys != "cde" {
		t.Errorf("the second page has %q, want cde", keys)
	}
	if keys, _ := w.page(latest, ""); keys != "abcde" {
		t.Errorf("LATEST before the writes reads %q, want abcde", keys)
	}
	empty := w.iterator(arn, shard, "LATEST", "")
	if keys, next := w.page(empty, ""); keys != "" || next == "" {
		t.Errorf("the end of an open shard has %q and next %q, want nothing and a next iterator", keys, next)
	}

	third := recordOf(w.must("streams:GetRecords", getRecords(start))["Records"].([]any)[2])["SequenceNumber"].(string)
	if len(third) < 21 {
		t.Errorf("sequence number %s is shorter than 21 digits", third)
	}
	for kind, want := range map[string]string{"AT_SEQUENCE_NUMBER": "cde", "AFTER_SEQUENCE_NUMBER": "de"} {
		if keys, _ := w.page(w.iterator(arn, shard, kind, fmt.Sprintf(`,"SequenceNumber":%q`, third)), ""); keys != want {
			t.Errorf("%s reads %q, want %q", kind, keys, want)
		}
	}
	now := w.clock.Now().Unix()
	for at, want := range map[int64]string{now: "de", now - 30: "de", now - 60: "abcde", now - 100_000: "abcde"} {
		if keys, _ := w.page(w.iterator(arn, shard, "AT_TIMESTAMP", fmt.Sprintf(`,"Timestamp":%d`, at)), ""); keys != want {
			t.Errorf("AT_TIMESTAMP %d s ago reads %q, want %q", now-at, keys, want)
		}
	}
	w.expectRefusal("streams:GetShardIterator", iteratorRequest(arn, shard, "AT_TIMESTAMP", fmt.Sprintf(`,"Timestamp":%d`, now+1)), "ValidationException: ")
	w.expectRefusal("streams:GetShardIterator", iteratorRequest(arn, shard, "AT_SEQUENCE_NUMBER", ""), "ValidationException: ")
	w.expectRefusal("streams:GetShardIterator", iteratorRequest(arn, shard, "LATEST", fmt.Sprintf(`,"SequenceNumber":%q`, third)), "ValidationException: ")
	w.expectRefusal("streams:GetShardIterator", iteratorRequest(arn, shard, "AT_SEQUENCE_NUMBER", `,"SequenceNumber":"199999999999999999999"`), "ValidationException: Invalid SequenceNumber")
	w.expectRefusal("streams:GetShardIterator", iteratorRequest(arn, "shardId-00000000000000000000-00000000", "LATEST", ""), "ResourceNotFoundException: ")
}

func TestIteratorsExpire(t *testing.T) {
	w := newWorld(t).withTable()
	arn := w.streamARN()
	shard := w.shards(arn)[0]["ShardId"]
	it := w.iterator(arn, shard, "TRIM_HORIZON", "")
	w.clock.Advance(15*time.Minute - time.Second)
	w.expectRefusal("streams:GetRecords", getRecords(it), "")
	w.clock.Advance(time.Second)
	w.expectRefusal("streams:GetRecords", getRecords(it), "ExpiredIteratorException: ")
	it = w.iterator(arn, shard, "TRIM_HORIZON", "")
	w.engine.ExpireIterators()
	w.expectRefusal("streams:GetRecords", getRecords(it), "ExpiredIteratorException: ")
	w.expectRefusal("streams:GetRecords", getRecords(w.iterator(arn, shard, "TRIM_HORIZON", "")), "")
}

func TestShardsRollAndSplit(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t).withTable()
	arn := w.streamARN()
	w.put("a")
	parent := w.shards(arn)[0]
	if err := w.engine.RollShards(ctx, "tab"); err != nil {
		t.Fatal(err)
	}
	w.put("b")
	// The page that ends a closed shard carries its records and no next iterator.
	if keys, next := w.page(w.iterator(arn, parent["ShardId"], "TRIM_HORIZON", ""), ""); keys != "a" || next != "" {
		t.Errorf("the closed shard reads %q, next %q; want a and no next", keys, next)
	}
	if keys, next := w.page(w.iterator(arn, parent["ShardId"], "LATEST", ""), ""); keys != "" || next != "" {
		t.Errorf("LATEST of a closed shard reads %q, next %q; want neither", keys, next)
	}
	child := w.shards(arn)[1]
	if err := w.engine.SplitShard(ctx, "tab", child["ShardId"].(string)); err != nil {
		t.Fatal(err)
	}
	w.put("abcdefghij")
	shards := w.shards(arn)
	var shape []string
	for _, sh := range shards {
		r := sh["SequenceNumberRange"].(map[string]any)
		shape = append(shape, fmt.Sprintf("parent %d, open %v", indexOf(shards, sh["ParentShardId"]), r["EndingSequenceNumber"] == nil))
		if end, ok := r["EndingSequenceNumber"].(string); ok && end < r["StartingSequenceNumber"].(string) {
			t.Errorf("a shard ends at %s and starts at %s", end, r["StartingSequenceNumber"])
		}
	}
	want := []string{"parent -1, open false", "parent 0, open false", "parent 1, open true", "parent 1, open true"}
	if diff := cmp.Diff(want, shape); diff != "" {
		t.Errorf("shards (-want +got):\n%s", diff)
	}
	one, _ := w.page(w.iterator(arn, shards[2]["ShardId"], "TRIM_HORIZON", ""), "")
	two, _ := w.page(w.iterator(arn, shards[3]["ShardId"], "TRIM_HORIZON", ""), "")
	if one == "" || two == "" || strings.ContainsAny(one, two) || len(one)+len(two) != 8 {
		t.Errorf("the children have %q and %q, want each of the eight new items in one of them", one, two)
	}
	filter := fmt.Sprintf(`{"StreamArn":%q,"ShardFilter":{"Type":"CHILD_SHARDS","ShardId":%q}}`, arn, child["ShardId"])
	children := w.must("streams:DescribeStream", filter)["StreamDescription"].(map[string]any)["Shards"].([]any)
	if len(children) != 2 {
		t.Errorf("%d child shards, want 2", len(children))
	}
}

func indexOf(shards []map[string]any, id any) int {
	for i, sh := range shards {
		if sh["ShardId"] == id {
			return i
		}
	}
	return -1
}

// TestShardsRollByAge: a shard that is four hours old closes, written or not.
func TestShardsRollByAge(t *testing.T) {
	w := newWorld(t).withTable()
	arn := w.streamARN()
	w.clock.Advance(4 * time.Hour)
	w.put("a")
	if n := len(w.shards(arn)); n != 2 {
		t.Errorf("%d shards after a write to an old one, want 2", n)
	}
	w.clock.Advance(4 * time.Hour)
	if err := w.engine.Sweep(context.Background()); err != nil {
		t.Fatal(err)
	}
	if n := len(w.shards(arn)); n != 3 {
		t.Errorf("%d shards after a sweep, want 3", n)
	}
}

func TestShardPages(t *testing.T) {
	w := newWorld(t).withTable()
	arn := w.streamARN()
	for range 120 {
		if err := w.engine.RollShards(context.Background(), "tab"); err != nil {
			t.Fatal(err)
		}
	}
	var sizes []int
	after := ""
	for {
		d := w.must("streams:DescribeStream", fmt.Sprintf(`{"StreamArn":%q%s}`, arn, after))["StreamDescription"].(map[string]any)
		sizes = append(sizes, len(d["Shards"].([]any)))
		last, ok := d["LastEvaluatedShardId"]
		if !ok {
			break
		}
		after = fmt.Sprintf(`,"ExclusiveStartShardId":%q`, last)
	}
	if diff := cmp.Diff([]int{100, 21}, sizes); diff != "" {
		t.Errorf("pages of shards (-want +got):\n%s", diff)
	}
}

func TestRetention(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t).withTable()
	arn := w.streamARN()
	shard := w.shards(arn)[0]["ShardId"]
	w.put("a")
	w.clock.Advance(23*time.Hour + 50*time.Minute)
	start := w.iterator(arn, shard, "TRIM_HORIZON", "")
	first := recordOf(w.must("streams:GetRecords", getRecords(start))["Records"].([]any)[0])["SequenceNumber"]
	at := fmt.Sprintf(`,"SequenceNumber":%q`, first)
	w.put("b") // in a child, since the shard is old
	w.clock.Advance(10*time.Minute + time.Second)
	for _, swept := range []bool{false, true} {
		if swept {
			if err := w.engine.Sweep(ctx); err != nil {
				t.Fatal(err)
			}
		}
		w.expectRefusal("streams:GetRecords", getRecords(start), "TrimmedDataAccessException: ")
		w.expectRefusal("streams:GetShardIterator", iteratorRequest(arn, shard, "AT_SEQUENCE_NUMBER", at), "TrimmedDataAccessException: ")
		w.expectRefusal("streams:GetShardIterator", iteratorRequest(arn, shard, "AFTER_SEQUENCE_NUMBER", at), "TrimmedDataAccessException: ")
		if keys, next := w.page(w.iterator(arn, shard, "TRIM_HORIZON", ""), ""); keys != "" || next != "" {
			t.Errorf("swept %v: the trimmed shard reads %q, next %q", swept, keys, next)
		}
	}
	w.clock.Advance(24 * time.Hour)
	if err := w.engine.Sweep(ctx); err != nil {
		t.Fatal(err)
	}
	shards := w.shards(arn)
	if indexOf(shards, shard) >= 0 || len(shards) == 0 {
		t.Errorf("a day later the shards are %v, want the first gone and one open", shards)
	}
}

func TestTrimTo(t *testing.T) {
	w := newWorld(t).withTable()
	arn := w.streamARN()
	shard := w.shards(arn)[0]["ShardId"]
	w.put("a")
	start := w.iterator(arn, shard, "TRIM_HORIZON", "")
	w.clock.Advance(time.Second)
	w.put("b")
	if err := w.engine.TrimTo(context.Background(), "tab", w.clock.Now()); err != nil {
		t.Fatal(err)
	}
	w.expectRefusal("streams:GetRecords", getRecords(start), "TrimmedDataAccessException: ")
	if keys, _ := w.page(w.iterator(arn, shard, "TRIM_HORIZON", ""), ""); keys != "b" {
		t.Errorf("TRIM_HORIZON reads %q, want b", keys)
	}
}

// TestUnchangedItemsMakeNoRecord: a change that changes nothing has no record.
func TestUnchangedItemsMakeNoRecord(t *testing.T) {
	w := newWorld(t).withTable()
	arn := w.streamARN()
	for range 2 {
		w.must("PutItem", `{"TableName":"tab","Item":{"p":{"S":"a"},"q":{"N":"1"},"n":{"N":"1.0"},"s":{"SS":["x","y"]}}}`)
		w.must("PutItem", `{"TableName":"tab","Item":{"s":{"SS":["y","x"]},"n":{"N":"1"},"q":{"N":"1"},"p":{"S":"a"}}}`)
		w.must("UpdateItem", `{"TableName":"tab","Key":{"p":{"S":"a"},"q":{"N":"1"}},"UpdateExpression":"REMOVE nothing"}`)
		w.must("UpdateItem", `{"TableName":"tab","Key":{"p":{"S":"b"},"q":{"N":"1"}},"UpdateExpression":"REMOVE nothing"}`)
		w.must("DeleteItem", `{"TableName":"tab","Key":{"p":{"S":"b"},"q":{"N":"1"}}}`)
	}
	if keys, _ := w.page(w.iterator(arn, w.shards(arn)[0]["ShardId"], "TRIM_HORIZON", ""), ""); keys != "a" {
		t.Errorf("the stream has %q, want the first put of a alone", keys)
	}
}

func TestStreamViewTypes(t *testing.T) {
	w := newWorld(t).withTable()
	w.must("UpdateTable", `{"TableName":"tab","StreamSpecification":{"StreamEnabled":false}}`)
	for view, want := range map[string]string{
		"KEYS_ONLY": "Keys", "NEW_IMAGE": "Keys NewImage", "OLD_IMAGE": "Keys OldImage", "NEW_AND_OLD_IMAGES": "Keys NewImage OldImage",
	} {
		w.must("UpdateTable", fmt.Sprintf(`{"TableName":"tab","StreamSpecification":{"StreamEnabled":true,"StreamViewType":%q}}`, view))
		arn := w.streamARN()
		w.must("PutItem", fmt.Sprintf(`{"TableName":"tab","Item":{"p":{"S":%q},"q":{"N":"1"}}}`, view))
		w.must("PutItem", fmt.Sprintf(`{"TableName":"tab","Item":{"p":{"S":%q},"q":{"N":"1"},"a":{"S":"x"}}}`, view))
		records := w.must("streams:GetRecords", getRecords(w.iterator(arn, w.shards(arn)[0]["ShardId"], "TRIM_HORIZON", "")))["Records"].([]any)
		modified := recordOf(records[len(records)-1])
		var has []string
		for _, part := range []string{"Keys", "NewImage", "OldImage"} {
			if modified[part] != nil {
				has = append(has, part)
			}
		}
		if got := strings.Join(has, " "); got != want || modified["StreamViewType"] != view {
			t.Errorf("%s: a change has %s and view %v, want %s", view, got, modified["StreamViewType"], want)
		}
		w.must("UpdateTable", `{"TableName":"tab","StreamSpecification":{"StreamEnabled":false}}`)
	}
}

// TestDisabledStream: it stays readable under its ARN; enabling makes another.
func TestDisabledStream(t *testing.T) {
	w := newWorld(t).withTable()
	old := w.streamARN()
	w.put("a")
	w.must("UpdateTable", `{"TableName":"tab","StreamSpecification":{"StreamEnabled":false}}`)
	w.put("b")
	w.must("UpdateTable", `{"TableName":"tab","StreamSpecification":{"StreamEnabled":true,"StreamViewType":"KEYS_ONLY"}}`)
	w.put("c")
	w.must("DeleteTable", `{"TableName":"tab"}`)
	var arns []string
	for _, s := range w.must("streams:ListStreams", `{"TableName":"tab"}`)["Streams"].([]any) {
		arns = append(arns, s.(map[string]any)["StreamArn"].(string))
	}
	if len(arns) != 2 || arns[0] != old || arns[1] == old {
		t.Fatalf("streams %v, want the old one %s and a new one", arns, old)
	}
	for i, want := range []string{"a", "c"} {
		d := w.must("streams:DescribeStream", fmt.Sprintf(`{"StreamArn":%q}`, arns[i]))["StreamDescription"].(map[string]any)
		if d["StreamStatus"] != "DISABLED" {
			t.Errorf("stream %d is %v", i, d["StreamStatus"])
		}
		if keys, next := w.page(w.iterator(arns[i], w.shards(arns[i])[0]["ShardId"], "TRIM_HORIZON", ""), ""); keys != want || next != "" {
			t.Errorf("stream %d reads %q, next %q; want %q and no next", i, keys, next, want)
		}
	}
	for range 2 { // the first trims records, the second shards and streams
		w.clock.Advance(25 * time.Hour)
		if err := w.engine.Sweep(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	if left := w.must("streams:ListStreams", `{}`)["Streams"].([]any); len(left) != 0 {
		t.Errorf("after two days there are streams %v", left)
	}
}

func TestFaults(t *testing.T) {
	w := newWorld(t).withTable()
	arn := w.streamARN()
	body := `{"TableName":"tab","Item":{"p":{"S":"a"},"q":{"N":"1"}}}`
	w.Inject("PutItem", 2, wire.Throttle)
	for range 2 {
		w.expectRefusal("PutItem", body, "ProvisionedThroughputExceededException: ")
	}
	w.expectRefusal("PutItem", body, "")
	w.Inject("GetRecords", 1, wire.LimitExceeded)
	w.expectRefusal("streams:GetRecords", getRecords("x"), "LimitExceededException: ")
	w.Inject("PutItem", 1, wire.ServerError)
	if rec := w.send("PutItem", body); rec.Code != 500 {
		t.Errorf("ServerError answers %d", rec.Code)
	}
	w.Inject("PutItem", 1, wire.LostAnswer)
	func() {
		defer func() {
			if recover() == nil {
				t.Error("LostAnswer answers")
			}
		}()
		w.put("b")
	}()
	start := w.iterator(arn, w.shards(arn)[0]["ShardId"], "TRIM_HORIZON", "")
	w.Inject("GetRecords", 1, wire.EmptyPage)
	if keys, next := w.page(start, ""); keys != "" || next != start {
		t.Errorf("EmptyPage reads %q, next %q", keys, next)
	}
	if keys, _ := w.page(start, ""); keys != "ab" {
		t.Errorf("after the faults the stream reads %q, want ab: a lost answer's write is there", keys)
	}
	if err := w.engine.RollShards(context.Background(), "tab"); err != nil {
		t.Fatal(err)
	}
	w.Inject("DescribeStream", 1, wire.HiddenChildren)
	if n := len(w.shards(arn)); n != 1 {
		t.Errorf("HiddenChildren shows %d shards, want the parent alone", n)
	}
	if n := len(w.shards(arn)); n != 2 {
		t.Errorf("%d shards, want 2", n)
	}
}

// TestClockSetBack: shards made after the clock was set back still follow their
// parents, and what was recorded is neither hidden nor trimmed too early.
func TestClockSetBack(t *testing.T) {
	w := newWorld(t).withTable()
	arn := w.streamARN()
	w.put("a")
	w.clock.Advance(-time.Hour)
	w.put("b")
	if err := w.engine.RollShards(context.Background(), "tab"); err != nil {
		t.Fatal(err)
	}
	w.put("c")
	shards := w.shards(arn)
	if len(shards) != 2 || indexOf(shards, shards[1]["ParentShardId"]) != 0 {
		t.Fatalf("the shards are %v, want a parent and then its child", shards)
	}
	if keys, _ := w.page(w.iterator(arn, shards[0]["ShardId"], "TRIM_HORIZON", ""), ""); keys != "ab" {
		t.Errorf("the parent reads %q, want ab", keys)
	}
	w.clock.Advance(24*time.Hour + 30*time.Minute) // half an hour before the parent's records are a day old
	if err := w.engine.Sweep(context.Background()); err != nil {
		t.Fatal(err)
	}
	if keys, _ := w.page(w.iterator(arn, shards[0]["ShardId"], "TRIM_HORIZON", ""), ""); keys != "ab" {
		t.Errorf("after a sweep the parent reads %q, want ab", keys)
	}
}

// TestForeignIterator: an iterator of another database, or one that was tampered
// with, reads nothing.
func TestForeignIterator(t *testing.T) {
	one, two := newWorld(t).withTable(), newWorld(t)
	two.clock.Advance(time.Second)
	two.withTable()
	one.put("a")
	arn := two.streamARN()
	it := two.iterator(arn, two.shards(arn)[0]["ShardId"], "TRIM_HORIZON", "")
	if rec := one.send("streams:GetRecords", getRecords(it)); rec.Code != 400 {
		t.Errorf("an iterator of another database answers %d %s", rec.Code, rec.Body)
	}
	for _, bad := range []string{"x", it + "A", it[:len(it)-4], strings.Replace(it, "|1|", "|2|", 1), strings.Replace(it, "stream/2", "stream/1", 1)} {
		if rec := two.send("streams:GetRecords", getRecords(bad)); rec.Code != 400 {
			t.Errorf("iterator %s answers %d %s", bad, rec.Code, rec.Body)
		}
	}
}

// TestHangEndsWithTheRequest: a request that hangs ends with its context.
func TestHangEndsWithTheRequest(t *testing.T) {
	w := newWorld(t)
	w.Inject("ListTables", 1, wire.Hang)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan any)
	go func() {
		defer func() { ended <- recover() }()
		r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/", strings.NewReader("{}"))
		r.Header.Set("X-Amz-Target", "DynamoDB_20120810.ListTables")
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=any")
		w.ServeHTTP(httptest.NewRecorder(), r)
	}()
	cancel()
	select {
	case got := <-ended:
		if got != http.ErrAbortHandler {
			t.Errorf("the handler ends with %v, want %v", got, http.ErrAbortHandler)
		}
	case <-time.After(10 * time.Second):
		t.Error("the request hangs after its context ended")
	}
}
