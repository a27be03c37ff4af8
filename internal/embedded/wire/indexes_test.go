package wire_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"dynamostreamer/internal/embedded/store"
)

// TestIndexesFollowTheTable changes items at random, by every operation that does,
// and compares the indexes with the table.
func TestIndexesFollowTheTable(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t).withIndexes()
		defer w.engine.Close()
		w.must("UpdateTimeToLive", `{"TableName":"tab","TimeToLiveSpecification":{"Enabled":true,"AttributeName":"ttl"}}`)
		for range rapid.IntRange(1, 40).Draw(rt, "writes") {
			w.randomWrite(rt)
		}
		table := w.must("DescribeTable", `{"TableName":"tab"}`)["Table"].(map[string]any)
		if n := len(w.items("Scan", map[string]any{"TableName": "tab"})); table["ItemCount"] != float64(n) {
			rt.Fatalf("the table counts %v items of %d", table["ItemCount"], n)
		}
		for _, ix := range indexes {
			w.compareIndex(rt, ix.name, ix.key, ix.projected)
		}
	})
}

func (w *world) randomWrite(rt *rapid.T) {
	pick := func(of ...string) string { return rapid.SampledFrom(of).Draw(rt, "pick") }
	key := func() map[string]any {
		return map[string]any{"p": map[string]any{"S": pick("a", "b")}, "q": map[string]any{"N": pick("1", "2", "3")}}
	}
	values := map[string]func() any{
		"g": func() any { return map[string]any{"S": pick("g", "g\x00", "h", "g\x00\x01")} },
		"n": func() any { return map[string]any{"N": pick("-1", "0", "7", "100")} },
		"b": func() any {
			return map[string]any{"B": base64.StdEncoding.EncodeToString([]byte(pick("\x00", "\x00\x00", "\x00\xff", "\xff", "\x01")))}
		},
		"a":   func() any { return map[string]any{"S": pick("a", "b")} },
		"y":   func() any { return map[string]any{"S": pick("y", strings.Repeat("large ", 200))} },
		"ttl": func() any { return map[string]any{"N": pick("1893456001", "4000000000")} }, // a second after the clock's start
	}
	item := func() map[string]any {
		it := key()
		for _, name := range []string{"a", "b", "g", "n", "ttl", "y"} {
			if rapid.Bool().Draw(rt, name) {
				it[name] = values[name]()
			}
		}
		return it
	}
	switch rapid.IntRange(1, 7).Draw(rt, "operation") {
	case 1, 2:
		w.must("PutItem", encoded(map[string]any{"TableName": "tab", "Item": item()}))
	case 3:
		name := pick("a", "b", "g", "n", "y")
		w.must("UpdateItem", encoded(map[string]any{"TableName": "tab", "Key": key(), "UpdateExpression": "SET " + name + " = :v",
			"ExpressionAttributeValues": map[string]any{":v": values[name]()}}))
	case 4:
		w.must("UpdateItem", encoded(map[string]any{"TableName": "tab", "Key": key(), "UpdateExpression": "REMOVE " + pick("a", "b", "g", "n")}))
	case 5:
		w.must("DeleteItem", encoded(map[string]any{"TableName": "tab", "Key": key()}))
	case 6:
		one, other := item(), key()
		if encoded(map[string]any{"p": one["p"], "q": one["q"]}) == encoded(other) {
			return
		}
		if rapid.Bool().Draw(rt, "batch") {
			w.must("BatchWriteItem", encoded(map[string]any{"RequestItems": map[string]any{"tab": []any{
				map[string]any{"PutRequest": map[string]any{"Item": one}}, map[string]any{"DeleteRequest": map[string]any{"Key": other}}}}}))
			return
		}
		w.must("TransactWriteItems", encoded(map[string]any{"TransactItems": []any{
			map[string]any{"Put": map[string]any{"TableName": "tab", "Item": one}},
			map[string]any{"Delete": map[string]any{"TableName": "tab", "Key": other}}}}))
	default:
		w.clock.Advance(2 * time.Second)
		if err := w.engine.Sweep(context.Background()); err != nil {
			rt.Fatal(err)
		}
	}
}

// compareIndex compares an index with the table's items: its rows, its counts and
// how its partitions read, in both directions and by pages of every size.
func (w *world) compareIndex(rt *rapid.T, name string, key, projected []string) {
	var want []string
	partitions := map[string]bool{}
	for _, text := range w.items("Scan", map[string]any{"TableName": "tab"}) {
		it := parse(w.t, text)
		if slices.ContainsFunc(key, func(k string) bool { return it[k] == nil }) {
			continue
		}
		for attribute := range it {
			if projected != nil && !slices.Contains(projected, attribute) {
				delete(it, attribute)
			}
		}
		want = append(want, encoded(it))
		partitions[encoded(it[key[0]])] = true
	}
	got := w.items("Scan", map[string]any{"TableName": "tab", "IndexName": name, "Limit": rapid.IntRange(1, 4).Draw(rt, "limit")})
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		rt.Fatalf("%s differs from the table (-table +index):\n%s", name, diff)
	}
	described := w.description(name)
	if described["ItemCount"] != float64(len(want)) {
		rt.Fatalf("%s counts %v rows of %d", name, described["ItemCount"], len(want))
	}
	if len(want) == 0 && described["IndexSizeBytes"] != 0.0 {
		rt.Fatalf("%s is empty and counts %v bytes", name, described["IndexSizeBytes"])
	}
	for value := range partitions {
		query := func(forward bool, limit int) map[string]any {
			return map[string]any{"TableName": "tab", "IndexName": name, "KeyConditionExpression": key[0] + " = :v", "Limit": limit,
				"ScanIndexForward": forward, "ExpressionAttributeValues": map[string]any{":v": json.RawMessage(value)}}
		}
		whole := w.items("Query", query(true, 1000))
		for limit := 1; limit <= 3; limit++ {
			if diff := cmp.Diff(whole, w.items("Query", query(true, limit))); diff != "" {
				rt.Fatalf("%s by pages of %d (-whole +pages):\n%s", name, limit, diff)
			}
			backward := w.items("Query", query(false, limit))
			slices.Reverse(backward)
			if diff := cmp.Diff(whole, backward); diff != "" {
				rt.Fatalf("%s backward by pages of %d (-whole +pages):\n%s", name, limit, diff)
			}
		}
	}
}

// description is what DescribeTable tells of an index.
func (w *world) description(name string) map[string]any {
	w.t.Helper()
	table := w.must("DescribeTable", `{"TableName":"tab"}`)["Table"].(map[string]any)
	for _, kind := range []string{"LocalSecondaryIndexes", "GlobalSecondaryIndexes"} {
		list, _ := table[kind].([]any)
		for _, ix := range list {
			if ix := ix.(map[string]any); ix["IndexName"] == name {
				return ix
			}
		}
	}
	return nil
}

func TestIndexOrder(t *testing.T) {
	w := newWorld(t).withIndexes()
	for i, b := range []string{"\x01", "\x00", "\x00\xff", "\x00\x00", "\x00\x01", "\x00", "\xff\xff", "\xff"} {
		w.must("PutItem", fmt.Sprintf(`{"TableName":"tab","Item":{"p":{"S":"p"},"q":{"N":"%d"},"b":{"B":%q}}}`, i, base64.StdEncoding.EncodeToString([]byte(b))))
	}
	cases := []struct{ name, condition, low, high, want string }{
		{"all", "p = :p", "", "", "1 5 3 4 2 0 7 6"},
		{"equal", "p = :p AND b = :low", "\x00", "", "1 5"},
		{"less", "p = :p AND b < :low", "\x00\x01", "", "1 5 3"},
		{"at most", "p = :p AND b <= :low", "\x00\x01", "", "1 5 3 4"},
		{"more", "p = :p AND b > :low", "\x00", "", "3 4 2 0 7 6"},
		{"at least", "p = :p AND b >= :low", "\x00\x00", "", "3 4 2 0 7 6"},
		{"between", "p = :p AND b BETWEEN :low AND :high", "\x00\x00", "\x00\xff", "3 4 2"},
		{"beginning", "p = :p AND begins_with(b, :low)", "\x00", "", "1 5 3 4 2"},
		{"beginning with the last byte", "p = :p AND begins_with(b, :low)", "\xff", "", "7 6"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			values := map[string]any{":p": map[string]any{"S": "p"}}
			for name, v := range map[string]string{":low": c.low, ":high": c.high} {
				if v != "" {
					values[name] = map[string]any{"B": base64.StdEncoding.EncodeToString([]byte(v))}
				}
			}
			for _, limit := range []int{1, 100} {
				var got []string
				for _, it := range w.items("Query", map[string]any{"TableName": "tab", "IndexName": "l-all", "Limit": limit,
					"KeyConditionExpression": c.condition, "ExpressionAttributeValues": values}) {
					got = append(got, parse(t, it)["q"].(map[string]any)["N"].(string))
				}
				if got := strings.Join(got, " "); got != c.want {
					t.Errorf("by pages of %d: %s, want %s", limit, got, c.want)
				}
			}
		})
	}
}

// TestParallelScan: the segments of a table and of an index are all of it, and no
// item is in two.
func TestParallelScan(t *testing.T) {
	w := newWorld(t).withIndexes()
	for i := range 100 {
		w.must("PutItem", fmt.Sprintf(`{"TableName":"tab","Item":{"p":{"S":"p%d"},"q":{"N":"1"},"g":{"S":"g%d"},"n":{"N":"1"}}}`, i, i))
	}
	for _, index := range []string{"", "g-all"} {
		for _, total := range []int{1, 2, 7} {
			var got []string
			for segment := range total {
				request := map[string]any{"TableName": "tab", "Segment": segment, "TotalSegments": total, "Limit": 9}
				if index != "" {
					request["IndexName"] = index
				}
				part := w.items("Scan", request)
				if total == 2 && len(part) < 20 {
					t.Errorf("segment %d of %d of %q has %d of 100 items", segment, total, index, len(part))
				}
				got = append(got, part...)
			}
			slices.Sort(got)
			if n := len(slices.Compact(slices.Clone(got))); len(got) != 100 || n != 100 {
				t.Errorf("%d segments of %q have %d items, %d different, want 100", total, index, len(got), n)
			}
		}
	}
}

// indexRows counts the rows in the store that belong to indexes, also
// of indexes that are gone.
func (w *world) indexRows() (n int) {
	w.t.Helper()
	err := w.store.Read(context.Background(), func(tx *store.Tx) error {
		n = 0
		for id := int64(-1); id >= -tx.LastSequence(); id-- {
			tx.Scan(id, 0, 1<<32-1, nil, func(store.Row) bool { n++; return true })
		}
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return n
}

// TestDeletedIndexesLeaveNoRows: an index that is removed, alone or with its table, leaves no
// rows behind. The answer to DeleteTable does not tell what the table was made of
// (scylladb, test_table).
func TestDeletedIndexesLeaveNoRows(t *testing.T) {
	w := newWorld(t).withIndexes()
	for i := range 3 {
		w.must("PutItem", fmt.Sprintf(`{"TableName":"tab","Item":{"p":{"S":"p"},"q":{"N":"%d"},"g":{"S":"g"},"n":{"N":"1"},"b":{"B":"AA=="}}}`, i))
	}
	rows := []int{w.indexRows()}
	w.must("UpdateTable", `{"TableName":"tab","GlobalSecondaryIndexUpdates":[{"Delete":{"IndexName":"g-all"}}]}`)
	rows = append(rows, w.indexRows())
	deleted := w.must("DeleteTable", `{"TableName":"tab"}`)["TableDescription"].(map[string]any)
	for _, name := range []string{"CreationDateTime", "KeySchema", "AttributeDefinitions", "GlobalSecondaryIndexes", "LocalSecondaryIndexes"} {
		if deleted[name] != nil {
			t.Errorf("the deleted table has %s: %v", name, deleted[name])
		}
	}
	if deleted["TableStatus"] != "DELETING" || deleted["TableId"] == nil || deleted["ItemCount"] != 3.0 {
		t.Errorf("the deleted table is %v", deleted)
	}
	rows = append(rows, w.indexRows())
	if diff := cmp.Diff([]int{12, 9, 0}, rows); diff != "" {
		t.Errorf("rows of four indexes, of three, and of a deleted table's (-want +got):\n%s", diff)
	}
}

// TestIndexLifecycle makes an index of a table with items, changes its capacity and
// removes it.
func TestIndexLifecycle(t *testing.T) {
	w := newWorld(t).withTable()
	for _, item := range []string{
		`{"p":{"S":"a"},"q":{"N":"1"},"k":{"S":"x"}}`,
		`{"p":{"S":"a"},"q":{"N":"2"},"k":{"S":"x"}}`,
		`{"p":{"S":"a"},"q":{"N":"3"},"k":{"N":"1"}}`,
		`{"p":{"S":"a"},"q":{"N":"4"},"k":{"S":""}}`,
		`{"p":{"S":"a"},"q":{"N":"5"}}`,
	} {
		w.must("PutItem", `{"TableName":"tab","Item":`+item+`}`)
	}
	answer := w.must("UpdateTable", `{"TableName":"tab","AttributeDefinitions":[{"AttributeName":"k","AttributeType":"S"}],"GlobalSecondaryIndexUpdates":[
		{"Create":{"IndexName":"by-k","KeySchema":[{"AttributeName":"k","KeyType":"HASH"}],"Projection":{"ProjectionType":"KEYS_ONLY"}}}]}`)
	if got := encoded(answer["TableDescription"].(map[string]any)["GlobalSecondaryIndexes"].([]any)[0].(map[string]any)["IndexStatus"]); got != `"CREATING"` {
		t.Errorf("the answer shows the new index %s", got)
	}
	ix := w.description("by-k")
	if ix["IndexStatus"] != "ACTIVE" || ix["ItemCount"] != 2.0 {
		t.Errorf("the new index: %v, want two items: the others can't be in it", ix)
	}
	// An item that can't be in the index stays as it is until an update changes that.
	w.must("UpdateItem", `{"TableName":"tab","Key":{"p":{"S":"a"},"q":{"N":"3"}},"UpdateExpression":"SET z = :z","ExpressionAttributeValues":{":z":{"S":"z"}}}`)
	w.must("UpdateItem", `{"TableName":"tab","Key":{"p":{"S":"a"},"q":{"N":"3"}},"UpdateExpression":"SET k = :k","ExpressionAttributeValues":{":k":{"S":"x"}}}`)
	w.must("DeleteItem", `{"TableName":"tab","Key":{"p":{"S":"a"},"q":{"N":"4"}}}`)
	if ix := w.description("by-k"); ix["ItemCount"] != 3.0 {
		t.Errorf("after the updates: %v, want three items", ix)
	}
	w.must("UpdateTable", `{"TableName":"tab","BillingMode":"PROVISIONED","ProvisionedThroughput":{"ReadCapacityUnits":2,"WriteCapacityUnits":2},
		"GlobalSecondaryIndexUpdates":[{"Update":{"IndexName":"by-k","ProvisionedThroughput":{"ReadCapacityUnits":3,"WriteCapacityUnits":4}}}]}`)
	if got := encoded(w.description("by-k")["ProvisionedThroughput"]); !strings.Contains(got, `"ReadCapacityUnits":3,"WriteCapacityUnits":4`) {
		t.Errorf("capacity: %s", got)
	}
	w.must("UpdateTable", `{"TableName":"tab","GlobalSecondaryIndexUpdates":[{"Delete":{"IndexName":"by-k"}}]}`)
	table := w.must("DescribeTable", `{"TableName":"tab"}`)["Table"].(map[string]any)
	if table["GlobalSecondaryIndexes"] != nil || len(table["AttributeDefinitions"].([]any)) != 2 {
		t.Errorf("after the index is gone: %v", table)
	}
	// Made again, it has none of the old one's rows.
	w.must("DeleteItem", `{"TableName":"tab","Key":{"p":{"S":"a"},"q":{"N":"1"}}}`)
	w.must("UpdateTable", `{"TableName":"tab","AttributeDefinitions":[{"AttributeName":"k","AttributeType":"N"}],"GlobalSecondaryIndexUpdates":[
		{"Create":{"IndexName":"by-k","KeySchema":[{"AttributeName":"k","KeyType":"HASH"}],"Projection":{"ProjectionType":"ALL"},
		"ProvisionedThroughput":{"ReadCapacityUnits":1,"WriteCapacityUnits":1}}}]}`)
	if got := w.items("Scan", map[string]any{"TableName": "tab", "IndexName": "by-k"}); len(got) != 0 {
		t.Errorf("an index on a Number has %v", got)
	}
	w.must("DeleteTable", `{"TableName":"tab"}`)
	w.withIndexes()
	if got := w.items("Scan", map[string]any{"TableName": "tab", "IndexName": "g-all"}); len(got) != 0 {
		t.Errorf("a new table's index has %v", got)
	}
}

// TestScanSegments: the segments of a scan have each item once.
func TestScanSegments(t *testing.T) {
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
