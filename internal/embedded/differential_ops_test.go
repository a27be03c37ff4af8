package embedded_test

import (
	"fmt"
	"strings"

	"pgregory.net/rapid"
)

// This file makes the random operations of the differential test.

func pick[T any](d *differ, what string, of ...T) T {
	return rapid.SampledFrom(of).Draw(d.rt, what)
}

func chance(d *differ, oneIn int) bool {
	return rapid.IntRange(1, oneIn).Draw(d.rt, "chance") == 1
}

var attributeNames = []string{"a", "b", "m", "l", "n", "ss", "ns"}

func (d *differ) key() map[string]any {
	return map[string]any{
		"p": map[string]any{"S": pick(d, "p", "x", "y", "zß")},
		"q": map[string]any{"N": pick(d, "q", "1", "-2", "10", "0.5", "1e3")},
	}
}

func (d *differ) number() string {
	return pick(d, "number", "0", "1", "-1", "7.25", "100", "1e20", "12345678901234567890123456789012345678", "-0.001", "1E-5", "0.00099", "120", "0.30")
}

func (d *differ) value(depth int) map[string]any {
	kinds := []string{"S", "N", "BOOL", "NULL", "SS", "NS", "B", "BS"}
	if depth > 0 {
		kinds = append(kinds, "L", "M", "L", "M")
	}
	switch kind := pick(d, "kind", kinds...); kind {
	case "S":
		return map[string]any{"S": pick(d, "S", "", "a", "abc", "b", "ü")}
	case "N":
		return map[string]any{"N": d.number()}
	case "BOOL":
		return map[string]any{"BOOL": pick(d, "BOOL", true, false)}
	case "NULL":
		return map[string]any{"NULL": true}
	case "SS":
		return map[string]any{"SS": pick(d, "SS", []string{"a"}, []string{"a", "b"}, []string{"b", "c", "d"})}
	case "NS":
		return map[string]any{"NS": pick(d, "NS", []string{"1"}, []string{"1", "2"}, []string{"2.50", "3"})}
	case "B":
		return map[string]any{"B": pick(d, "B", "", "AAE=", "/w==")}
	case "BS":
		return map[string]any{"BS": pick(d, "BS", []string{"AAE="}, []string{"AAE=", "/w=="})}
	case "L":
		list := []any{}
		for range rapid.IntRange(0, 3).Draw(d.rt, "length") {
			list = append(list, d.value(depth-1))
		}
		return map[string]any{"L": list}
	default:
		m := map[string]any{}
		for range rapid.IntRange(0, 3).Draw(d.rt, "size") {
			m[pick(d, "name", "a", "b", "c")] = d.value(depth - 1)
		}
		return map[string]any{kind: m}
	}
}

func (d *differ) item() map[string]any {
	it := d.key()
	for range rapid.IntRange(0, 4).Draw(d.rt, "attributes") {
		it[pick(d, "attribute", attributeNames...)] = d.value(2)
	}
	d.indexKeys(it)
	return it
}

func (d *differ) path() string {
	return pick(d, "path", "a", "b", "m", "l", "n", "ss", "ns", "m.a", "m.b.c", "l[0]", "l[1].a", "m.a[0]", "#a", "#a.b", "l[5]")
}

// words collects the parts of an expression with its placeholders.
type words struct {
	d      *differ
	values map[string]any
	names  map[string]any
}

func (w *words) value(v map[string]any) string {
	name := fmt.Sprintf(":v%d", len(w.values))
	w.values[name] = v
	return name
}

func (w *words) path() string {
	p := w.d.path()
	if strings.HasPrefix(p, "#a") {
		w.names["#a"] = "a"
	}
	return p
}

func (w *words) condition(depth int) string {
	d := w.d
	forms := 8
	if depth > 0 {
		forms = 11
	}
	switch rapid.IntRange(1, forms).Draw(d.rt, "condition") {
	case 1:
		return "attribute_exists(" + w.path() + ")"
	case 2:
		return "attribute_not_exists(" + w.path() + ")"
	case 3:
		return w.path() + " " + pick(d, "comparison", "=", "<>", "<", "<=", ">", ">=") + " " + w.value(d.value(1))
	case 4:
		return "begins_with(" + w.path() + ", " + w.value(map[string]any{"S": pick(d, "prefix", "a", "ab", "")}) + ")"
	case 5:
		return "contains(" + w.path() + ", " + w.value(d.value(0)) + ")"
	case 6:
		return "size(" + w.path() + ") > " + w.value(map[string]any{"N": pick(d, "size", "0", "1", "2")})
	case 7:
		return w.path() + " BETWEEN " + w.value(map[string]any{"N": "-5"}) + " AND " + w.value(map[string]any{"N": pick(d, "upper", "1", "50")})
	case 8:
		return w.path() + " IN (" + w.value(d.value(0)) + ", " + w.value(d.value(0)) + ")"
	case 9:
		return "NOT " + w.condition(depth-1)
	case 10:
		return "(" + w.condition(depth-1) + " AND " + w.condition(depth-1) + ")"
	default:
		return "attribute_type(" + w.path() + ", " + w.value(map[string]any{"S": pick(d, "type", "S", "N", "L", "SS")}) + ") OR " + w.condition(depth-1)
	}
}

func (w *words) update() string {
	d := w.d
	if d.indexed && chance(d, 3) {
		return w.indexUpdate()
	}
	switch rapid.IntRange(1, 9).Draw(d.rt, "update") {
	case 1:
		return "SET " + w.path() + " = " + w.value(d.value(1))
	case 2:
		return "SET n = n " + pick(d, "sign", "+", "-") + " " + w.value(map[string]any{"N": d.number()})
	case 3:
		return "SET n = if_not_exists(n, " + w.value(map[string]any{"N": "0"}) + ") + " + w.value(map[string]any{"N": "1"})
	case 4:
		return "SET l = list_append(l, " + w.value(map[string]any{"L": []any{d.value(0)}}) + ")"
	case 5:
		return "REMOVE " + w.path()
	case 6:
		return "ADD n " + w.value(map[string]any{"N": d.number()})
	case 7:
		return pick(d, "verb", "ADD", "DELETE") + " ss " + w.value(map[string]any{"SS": pick(d, "members", []string{"a"}, []string{"b", "z"})})
	case 8:
		return "SET a = " + w.value(d.value(0)) + ", b = " + w.path() + " REMOVE m"
	default:
		return "SET m = " + w.value(map[string]any{"M": map[string]any{"a": d.value(1)}}) + " ADD ns " + w.value(map[string]any{"NS": []string{"1", "9"}})
	}
}

func (w *words) into(body map[string]any) {
	if len(w.values) > 0 {
		body["ExpressionAttributeValues"] = w.values
	}
	if len(w.names) > 0 {
		body["ExpressionAttributeNames"] = w.names
	}
}

func (d *differ) words() *words { return &words{d, map[string]any{}, map[string]any{}} }

func (d *differ) write(kind string) map[string]any {
	body := map[string]any{"TableName": d.table}
	w := d.words()
	switch kind {
	case "Put":
		body["Item"] = d.item()
	case "Update":
		body["Key"] = d.key()
		body["UpdateExpression"] = w.update()
		if update := body["UpdateExpression"].(string); strings.HasPrefix(update, "REMOVE") || strings.HasPrefix(update, "DELETE") {
			// "UpdateItem": of one that only removes Local makes an item, the service none.
			body["ConditionExpression"] = "attribute_exists(p)"
			w.into(body)
			return body
		}
	default:
		body["Key"] = d.key()
	}
	if kind == "ConditionCheck" || chance(d, 3) {
		body["ConditionExpression"] = w.condition(2)
	}
	w.into(body)
	return body
}

func (d *differ) operation() op {
	if d.indexed && chance(d, 4) {
		if chance(d, 4) {
			return op{"Scan", d.indexScan()}
		}
		return op{"Query", d.indexQuery()}
	}
	if chance(d, 4) {
		return d.legacyOperation()
	}
	switch rapid.IntRange(1, 12).Draw(d.rt, "operation") {
	case 1, 2, 3:
		return op{"PutItem", d.returning(d.write("Put"), "NONE", "ALL_OLD")}
	case 4, 5, 6:
		return op{"UpdateItem", d.returning(d.write("Update"), "NONE", "ALL_OLD", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW")}
	case 7:
		return op{"DeleteItem", d.returning(d.write("Delete"), "NONE", "ALL_OLD")}
	case 8:
		body := map[string]any{"TableName": d.table, "Key": d.key()}
		if chance(d, 2) {
			w := d.words()
			body["ProjectionExpression"] = pick(d, "first", "p", "n", "q") + ", " + w.path() + ", ns2"
			w.into(body)
		}
		return op{"GetItem", body}
	case 9:
		return op{"Query", d.query()}
	case 10:
		return op{"Scan", d.scan()}
	case 11:
		return d.batch()
	default:
		return d.transaction()
	}
}

func (d *differ) returning(body map[string]any, choices ...string) map[string]any {
	body["ReturnValues"] = pick(d, "ReturnValues", choices...)
	if chance(d, 3) {
		body["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
	}
	if chance(d, 3) {
		body["ReturnConsumedCapacity"] = pick(d, "capacity", "TOTAL", "INDEXES")
	}
	return body
}

func (d *differ) query() map[string]any {
	w := d.words()
	body := map[string]any{"TableName": d.table, "ScanIndexForward": pick(d, "forward", true, false)}
	condition := "p = " + w.value(map[string]any{"S": pick(d, "p", "x", "y", "zß")})
	n := func() string { return w.value(map[string]any{"N": pick(d, "bound", "-2", "0", "1", "10", "2000")}) }
	switch rapid.IntRange(1, 4).Draw(d.rt, "sort") {
	case 1:
		condition += " AND q " + pick(d, "comparison", "=", "<", "<=", ">", ">=") + " " + n()
	case 2:
		condition += " AND q BETWEEN " + w.value(map[string]any{"N": "-2"}) + " AND " + n()
	}
	body["KeyConditionExpression"] = condition
	if chance(d, 3) {
		body["FilterExpression"] = w.condition(1)
	}
	if chance(d, 3) {
		body["Limit"] = rapid.IntRange(1, 3).Draw(d.rt, "limit")
	}
	if chance(d, 4) {
		body["Select"] = "COUNT"
	}
	w.into(body)
	return body
}

func (d *differ) scan() map[string]any {
	w := d.words()
	body := map[string]any{"TableName": d.table}
	if chance(d, 2) {
		body["FilterExpression"] = w.condition(2)
	}
	w.into(body)
	return body
}

func (d *differ) batch() op {
	if chance(d, 2) {
		keys := []any{}
		for range rapid.IntRange(1, 4).Draw(d.rt, "keys") {
			keys = append(keys, d.key())
		}
		return op{"BatchGetItem", map[string]any{"RequestItems": map[string]any{d.table: map[string]any{"Keys": keys}}}}
	}
	writes := []any{}
	for range rapid.IntRange(1, 4).Draw(d.rt, "writes") {
		if chance(d, 3) {
			writes = append(writes, map[string]any{"DeleteRequest": map[string]any{"Key": d.key()}})
		} else {
			writes = append(writes, map[string]any{"PutRequest": map[string]any{"Item": d.item()}})
		}
	}
	return op{"BatchWriteItem", map[string]any{"RequestItems": map[string]any{d.table: writes}}}
}

func (d *differ) transaction() op {
	items := []any{}
	if chance(d, 3) {
		for range rapid.IntRange(1, 3).Draw(d.rt, "gets") {
			items = append(items, map[string]any{"Get": map[string]any{"TableName": d.table, "Key": d.key()}})
		}
		return op{"TransactGetItems", map[string]any{"TransactItems": items}}
	}
	// "TransactWriteItems": no two actions can target the same item. Local sees
	// that late and not always, so that the tables would part: each item once.
	seen := map[string]bool{}
	for range rapid.IntRange(1, 3).Draw(d.rt, "actions") {
		kind := pick(d, "kind", "Put", "Update", "Delete", "ConditionCheck")
		action := d.write(kind)
		key, ok := action["Key"].(map[string]any)
		if !ok {
			key = action["Item"].(map[string]any)
		}
		target := textOf([]any{key["p"], key["q"]})
		if !seen[target] {
			items = append(items, map[string]any{kind: action})
		}
		seen[target] = true
	}
	return op{"TransactWriteItems", map[string]any{"TransactItems": items}}
}
