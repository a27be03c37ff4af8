package embedded_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// This file makes the differential test's tables with indexes, the operations on
// them, and compares what the indexes hold.

var schemaOf = map[bool]string{
	false: `"AttributeDefinitions":[{"AttributeName":"p","AttributeType":"S"},{"AttributeName":"q","AttributeType":"N"}]`,
	true: `"AttributeDefinitions":[{"AttributeName":"p","AttributeType":"S"},{"AttributeName":"q","AttributeType":"N"},
			{"AttributeName":"g","AttributeType":"S"},{"AttributeName":"h","AttributeType":"N"}],
		"GlobalSecondaryIndexes":[
			{"IndexName":"g-all","KeySchema":[{"AttributeName":"g","KeyType":"HASH"},{"AttributeName":"h","KeyType":"RANGE"}],"Projection":{"ProjectionType":"ALL"}},
			{"IndexName":"g-include","KeySchema":[{"AttributeName":"g","KeyType":"HASH"}],"Projection":{"ProjectionType":"INCLUDE","NonKeyAttributes":["a","m"]}},
			{"IndexName":"g-keys","KeySchema":[{"AttributeName":"h","KeyType":"HASH"},{"AttributeName":"g","KeyType":"RANGE"}],"Projection":{"ProjectionType":"KEYS_ONLY"}}],
		"LocalSecondaryIndexes":[
			{"IndexName":"l-all","KeySchema":[{"AttributeName":"p","KeyType":"HASH"},{"AttributeName":"g","KeyType":"RANGE"}],"Projection":{"ProjectionType":"ALL"}},
			{"IndexName":"l-keys","KeySchema":[{"AttributeName":"p","KeyType":"HASH"},{"AttributeName":"h","KeyType":"RANGE"}],"Projection":{"ProjectionType":"KEYS_ONLY"}}]`,
}

type differentialIndex struct{ name, hash, sort string }

var differentialIndexes = []differentialIndex{
	{"g-all", "g", "h"}, {"g-include", "g", ""}, {"g-keys", "h", "g"}, {"l-all", "p", "g"}, {"l-keys", "p", "h"},
}

// keyValues are the values that the attributes of keys have here.
var keyValues = map[string][]map[string]any{
	"p": {{"S": "x"}, {"S": "y"}, {"S": "zß"}},
	"g": {{"S": "g"}, {"S": "gg"}, {"S": "\u0001"}, {"S": "ü"}},
	"h": {{"N": "0"}, {"N": "-7.5"}, {"N": "3"}, {"N": "1e10"}},
}

// indexKeys adds the attributes of index keys to an item. Now and then one has a
// value that no key can have; but not that of the index that is made late, since
// Local never ends making one over such an item.
func (d *differ) indexKeys(it map[string]any) {
	if !d.indexed && chance(d, 2) {
		it["late"] = pick(d, "late", keyValues["g"]...)
	}
	for _, name := range []string{"g", "h"} {
		if d.indexed && chance(d, 2) {
			it[name] = pick(d, name, keyValues[name]...)
		}
	}
	if d.indexed && chance(d, 25) {
		name := pick(d, "refused", "g", "h")
		it[name] = pick(d, "value", map[string]any{"S": ""}, map[string]any{"N": "1"}, map[string]any{"B": "AAE="})
		if name == "h" {
			it[name] = pick(d, "value", map[string]any{"S": "1"}, map[string]any{"B": "AAE="})
		}
	}
}

func (w *words) indexUpdate() string {
	d := w.d
	switch rapid.IntRange(1, 5).Draw(d.rt, "update of a key") {
	case 1:
		return "REMOVE g"
	case 2:
		return "SET g = " + w.value(pick(d, "g", keyValues["g"]...)) + " REMOVE h"
	case 3:
		return "ADD h " + w.value(map[string]any{"N": "3"})
	case 4:
		return "SET h = if_not_exists(h, " + w.value(map[string]any{"N": "0"}) + ")"
	default:
		return "SET g = " + w.value(pick(d, "g", keyValues["g"]...)) + ", h = " + w.value(pick(d, "h", keyValues["h"]...))
	}
}

func (d *differ) indexQuery() map[string]any {
	w := d.words()
	ix := pick(d, "index", differentialIndexes...)
	body := map[string]any{"TableName": d.table, "IndexName": ix.name, "ReturnConsumedCapacity": pick(d, "capacity", "TOTAL", "INDEXES")}
	condition := ix.hash + " = " + w.value(pick(d, "hash", keyValues[ix.hash]...))
	if ix.sort != "" && chance(d, 2) {
		bound := func() string { return w.value(pick(d, "bound", keyValues[ix.sort]...)) }
		switch {
		case ix.sort == "g" && chance(d, 3):
			condition += " AND begins_with(g, " + w.value(map[string]any{"S": "g"}) + ")"
		default:
			condition += " AND " + ix.sort + pick(d, "comparison", " = ", " < ", " <= ", " > ", " >= ") + bound()
		}
	}
	body["KeyConditionExpression"] = condition
	switch {
	case chance(d, 3):
		body["Select"] = pick(d, "select", "ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES", "COUNT")
	case chance(d, 3):
		body["ProjectionExpression"] = pick(d, "projection", "p, a", "b", "g, h", "m.a, q", "ns2")
	}
	if chance(d, 3) {
		body["FilterExpression"] = pick(d, "filter", "attribute_exists(a)", "q > ", "attribute_exists(m.b)")
		if body["FilterExpression"] == "q > " {
			body["FilterExpression"] = "q > " + w.value(map[string]any{"N": "0"})
		} else if strings.HasSuffix(ix.name, "-all") {
			body["FilterExpression"] = w.condition(2)
		}
	}
	w.into(body)
	return body
}

func (d *differ) indexScan() map[string]any {
	body := map[string]any{"TableName": d.table, "IndexName": pick(d, "index", differentialIndexes...).name}
	if strings.HasPrefix(body["IndexName"].(string), "l-") && chance(d, 2) {
		body["Select"] = pick(d, "select", "ALL_ATTRIBUTES", "COUNT")
		body["ConsistentRead"] = true
	}
	return body
}

// compareIndexes compares the order in which both read the indexes, what they read
// by pages, and in segments. The order of equal keys is undefined.
func (d *differ) compareIndexes() {
	for _, ix := range differentialIndexes {
		for _, hash := range keyValues[ix.hash] {
			query := func(more map[string]any) map[string]any {
				body := map[string]any{"TableName": d.table, "IndexName": ix.name, "KeyConditionExpression": ix.hash + " = :v",
					"ExpressionAttributeValues": map[string]any{":v": hash}}
				for name, v := range more {
					body[name] = v
				}
				return body
			}
			for _, forward := range []bool{true, false} {
				order := func(s server) (order []any) {
					for _, it := range d.all(s, "Query", query(map[string]any{"ScanIndexForward": forward})) {
						order = append(order, it[ix.sort])
					}
					return order
				}
				d.same("the order of "+ix.name, order(d.local), order(d.engine))
				pages := query(map[string]any{"ScanIndexForward": forward, "Limit": 2})
				d.sameItems("the pages of "+ix.name, "Query", pages)
			}
		}
		d.sameItems("the pages of "+ix.name, "Scan", map[string]any{"TableName": d.table, "IndexName": ix.name, "Limit": 3})
	}
	for _, index := range []string{"", "g-all", "l-keys"} {
		var got, want []any
		for segment := range 3 {
			body := map[string]any{"TableName": d.table, "Segment": segment, "TotalSegments": 3}
			if index != "" {
				body["IndexName"] = index
			}
			got, want = append(got, anyOf(d.all(d.engine, "Scan", body))...), append(want, anyOf(d.all(d.local, "Scan", body))...)
		}
		sortByText(got)
		sortByText(want)
		d.same("the segments of "+index, want, got)
	}
}

// compareNewIndex adds an index to a table with items and compares what is in it.
func (d *differ) compareNewIndex() {
	body := fmt.Sprintf(`{"TableName":%q,"AttributeDefinitions":[{"AttributeName":"late","AttributeType":"S"}],"GlobalSecondaryIndexUpdates":[{"Create":
		{"IndexName":"late","KeySchema":[{"AttributeName":"late","KeyType":"HASH"}],"Projection":{"ProjectionType":"ALL"}}}]}`, d.table)
	for _, s := range []server{d.engine, d.local} {
		if status, answer := s("DynamoDB_20120810.UpdateTable", body); status != 200 {
			d.rt.Fatalf("UpdateTable: %d %s", status, answer)
		}
		for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
			_, answer := s("DynamoDB_20120810.DescribeTable", fmt.Sprintf(`{"TableName":%q}`, d.table))
			if strings.Contains(strings.ReplaceAll(answer, " ", ""), `"IndexStatus":"ACTIVE"`) {
				break
			}
			if time.Now().After(deadline) {
				d.rt.Fatalf("the index is not ready after a minute: %s", answer)
			}
		}
	}
	d.sameItems("a new index", "Scan", map[string]any{"TableName": d.table, "IndexName": "late"})
}

func (d *differ) sameItems(what, operation string, body map[string]any) {
	got, want := anyOf(d.all(d.engine, operation, body)), anyOf(d.all(d.local, operation, body))
	sortByText(got)
	sortByText(want)
	d.same(what, want, got)
}

func (d *differ) same(what string, want, got []any) {
	if diff := cmp.Diff(want, got); diff != "" {
		d.rt.Fatalf("%s (-Local +engine):\n%s", what, diff)
	}
}

func anyOf(items []map[string]any) (all []any) {
	for _, it := range items {
		all = append(all, it)
	}
	return all
}

// all reads all pages of a Query or Scan.
func (d *differ) all(s server, operation string, body map[string]any) (items []map[string]any) {
	delete(body, "ExclusiveStartKey")
	for {
		text, err := json.Marshal(body)
		if err != nil {
			d.rt.Fatal(err)
		}
		status, answer := s("DynamoDB_20120810."+operation, string(text))
		var page struct {
			Items            []map[string]any
			LastEvaluatedKey map[string]any
		}
		if err := json.Unmarshal([]byte(answer), &page); err != nil || status != 200 {
			d.rt.Fatalf("%s %s: %d %s", operation, text, status, answer)
		}
		for _, it := range page.Items {
			items = append(items, sortSets(it).(map[string]any))
		}
		if page.LastEvaluatedKey == nil {
			return items
		}
		body["ExclusiveStartKey"] = page.LastEvaluatedKey
	}
}
