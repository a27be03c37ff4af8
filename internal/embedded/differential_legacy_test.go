package embedded_test

import (
	"strings"

	"pgregory.net/rapid"
)

// This file makes the differential test's operations with legacy parameters.

func (d *differ) legacyOperation() op {
	switch rapid.IntRange(1, 8).Draw(d.rt, "legacy operation") {
	case 1:
		return op{"PutItem", d.returning(d.expecting(map[string]any{"TableName": d.table, "Item": d.item()}), "NONE", "ALL_OLD")}
	case 2, 3, 4:
		return op{"UpdateItem", d.returning(d.legacyUpdate(), "NONE", "ALL_OLD", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW")}
	case 5:
		return op{"DeleteItem", d.returning(d.expecting(map[string]any{"TableName": d.table, "Key": d.key()}), "NONE", "ALL_OLD")}
	case 6:
		get := map[string]any{"TableName": d.table, "Key": d.key(), "AttributesToGet": d.attributes()}
		if chance(d, 2) {
			get["Keys"] = []any{get["Key"]}
			delete(get, "TableName")
			delete(get, "Key")
			return op{"BatchGetItem", map[string]any{"RequestItems": map[string]any{d.table: get}}}
		}
		return op{"GetItem", get}
	case 7:
		return op{"Query", d.legacyQuery()}
	default:
		body := map[string]any{"TableName": d.table}
		if chance(d, 2) {
			body["AttributesToGet"] = d.attributes()
		}
		d.filtering(body, "ScanFilter")
		return op{"Scan", body}
	}
}

// attributes are the names of some attributes, each once.
func (d *differ) attributes() []string {
	return rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"p", "q", "a", "b", "m", "l", "ns2", "m.a"}), 1, 4, rapid.ID[string]).Draw(d.rt, "attributes")
}

// comparison is a condition on one attribute, now and then one that is refused.
func (d *differ) comparison() map[string]any {
	one := func() []any { return []any{d.value(1)} }
	number := func() map[string]any { return map[string]any{"N": d.number()} }
	c := map[string]any{"ComparisonOperator": pick(d, "operator", "EQ", "NE", "LE", "LT", "GE", "GT", "CONTAINS", "NOT_CONTAINS", "BEGINS_WITH", "NULL", "NOT_NULL", "IN", "BETWEEN")}
	switch c["ComparisonOperator"] {
	case "NULL", "NOT_NULL":
		if chance(d, 2) {
			c["AttributeValueList"] = []any{}
		}
	case "IN":
		c["AttributeValueList"] = []any{number(), number()}
	case "BETWEEN":
		c["AttributeValueList"] = []any{number(), number()}
	case "BEGINS_WITH":
		c["AttributeValueList"] = []any{map[string]any{"S": pick(d, "prefix", "a", "ab", "")}}
	default:
		c["AttributeValueList"] = one()
	}
	if chance(d, 20) {
		v := d.value(0) // of values of two types and a type that is refused, Local tells the latter
		c["AttributeValueList"] = []any{v, v}
	}
	return c
}

// expecting adds Expected to a write.
func (d *differ) expecting(body map[string]any) map[string]any {
	if chance(d, 4) {
		return body
	}
	expected := map[string]any{}
	for range rapid.IntRange(1, 2).Draw(d.rt, "expected") {
		var e map[string]any
		switch rapid.IntRange(1, 5).Draw(d.rt, "form") {
		case 1:
			e = map[string]any{"Exists": false}
		case 2:
			e = map[string]any{"Value": d.value(1)}
		case 3:
			e = map[string]any{"Value": d.value(0), "Exists": true}
		default:
			e = d.comparison()
		}
		if list, ok := e["AttributeValueList"].([]any); ok && len(list) == 1 && chance(d, 3) {
			e["Value"] = list[0]
			delete(e, "AttributeValueList")
		}
		expected[pick(d, "attribute", append([]string{"p"}, attributeNames...)...)] = e
	}
	body["Expected"] = expected
	d.combining(body, len(expected))
	return body
}

// combining adds a ConditionalOperator where there are conditions to combine. Of others
// Local has a different one of two errors to tell.
func (d *differ) combining(body map[string]any, conditions int) {
	if conditions > 1 && chance(d, 2) {
		body["ConditionalOperator"] = pick(d, "ConditionalOperator", "AND", "OR")
	}
}

func (d *differ) legacyUpdate() map[string]any {
	updates := map[string]any{}
	writes := false
	for range rapid.IntRange(1, 3).Draw(d.rt, "updates") {
		var u map[string]any
		name := pick(d, "attribute", attributeNames...)
		switch rapid.IntRange(1, 6).Draw(d.rt, "action") {
		case 1:
			u = map[string]any{"Action": "DELETE"}
		case 2:
			name = "ss"
			u = map[string]any{"Action": pick(d, "action", "ADD", "DELETE"), "Value": map[string]any{"SS": pick(d, "members", []string{"a"}, []string{"b", "z"})}}
		case 3:
			name = pick(d, "number", "n", "n", "a")
			u = map[string]any{"Action": "ADD", "Value": map[string]any{"N": d.number()}}
		case 4:
			name = "l"
			u = map[string]any{"Action": "ADD", "Value": map[string]any{"L": []any{d.value(0)}}}
		default:
			u = map[string]any{"Action": "PUT", "Value": d.value(2)}
		}
		updates[name] = u
	}
	if d.indexed && chance(d, 3) {
		updates["g"] = map[string]any{"Action": "PUT", "Value": pick(d, "g", keyValues["g"]...)}
	}
	for _, u := range updates {
		writes = writes || u.(map[string]any)["Action"] != "DELETE"
	}
	body := d.expecting(map[string]any{"TableName": d.table, "Key": d.key(), "AttributeUpdates": updates})
	if !writes { // scylladb, issue 5862: of one that only deletes Local makes an item, the service none.
		body["Expected"] = map[string]any{"p": map[string]any{"ComparisonOperator": "NOT_NULL"}}
		delete(body, "ConditionalOperator")
	}
	return body
}

func (d *differ) legacyQuery() map[string]any {
	eq := func(v any) map[string]any {
		return map[string]any{"ComparisonOperator": "EQ", "AttributeValueList": []any{v}}
	}
	body := map[string]any{"TableName": d.table, "ScanIndexForward": pick(d, "forward", true, false)}
	conditions := map[string]any{"p": eq(map[string]any{"S": pick(d, "p", "x", "y", "zß")})}
	n := func() any { return map[string]any{"N": pick(d, "bound", "-2", "0", "1", "10", "2000")} }
	switch rapid.IntRange(1, 4).Draw(d.rt, "sort") {
	case 1:
		conditions["q"] = map[string]any{"ComparisonOperator": pick(d, "comparison", "EQ", "LT", "LE", "GT", "GE"), "AttributeValueList": []any{n()}}
	case 2:
		conditions["q"] = map[string]any{"ComparisonOperator": "BETWEEN", "AttributeValueList": []any{map[string]any{"N": "-2"}, n()}}
	}
	body["KeyConditions"] = conditions
	if chance(d, 2) {
		d.filtering(body, "QueryFilter")
	}
	if chance(d, 3) {
		body["Limit"] = rapid.IntRange(1, 3).Draw(d.rt, "limit")
	}
	if chance(d, 3) {
		body["AttributesToGet"] = d.attributes()
	}
	return body
}

// filtering adds a filter on up to two attributes. A QueryFilter can't have a key.
func (d *differ) filtering(body map[string]any, parameter string) {
	names := attributeNames
	if strings.HasPrefix(parameter, "Scan") {
		names = append([]string{"p"}, names...)
	}
	filter := map[string]any{}
	for range rapid.IntRange(0, 2).Draw(d.rt, "filters") {
		filter[pick(d, "attribute", names...)] = d.comparison()
	}
	body[parameter] = filter
	d.combining(body, len(filter))
}
