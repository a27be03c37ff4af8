package wire_test

import "testing"

// TestStartKeys: what of a page's request is refused first, and how. The tables and
// the cases are those of dynalite's tests of the service (query.js, scan.js), where
// a request has several faults at once.
func TestStartKeys(t *testing.T) {
	w := newWorld(t)
	w.must("CreateTable", `{"TableName":"range","BillingMode":"PAY_PER_REQUEST","KeySchema":[{"AttributeName":"a","KeyType":"HASH"},{"AttributeName":"b","KeyType":"RANGE"}],
		"AttributeDefinitions":[{"AttributeName":"a","AttributeType":"S"},{"AttributeName":"b","AttributeType":"S"},{"AttributeName":"c","AttributeType":"S"},{"AttributeName":"d","AttributeType":"S"}],
		"LocalSecondaryIndexes":[{"IndexName":"index1","KeySchema":[{"AttributeName":"a","KeyType":"HASH"},{"AttributeName":"c","KeyType":"RANGE"}],"Projection":{"ProjectionType":"ALL"}}],
		"GlobalSecondaryIndexes":[{"IndexName":"index3","KeySchema":[{"AttributeName":"c","KeyType":"HASH"}],"Projection":{"ProjectionType":"ALL"}},
			{"IndexName":"index4","KeySchema":[{"AttributeName":"c","KeyType":"HASH"},{"AttributeName":"d","KeyType":"RANGE"}],"Projection":{"ProjectionType":"INCLUDE","NonKeyAttributes":["e"]}}]}`)
	w.must("CreateTable", `{"TableName":"hash","BillingMode":"PAY_PER_REQUEST","KeySchema":[{"AttributeName":"a","KeyType":"HASH"}],"AttributeDefinitions":[{"AttributeName":"a","AttributeType":"S"}]}`)
	read := func(table, index, start, more string) string {
		body := `{"TableName":"` + table + `"` + more
		if index != "" {
			body += `,"IndexName":"` + index + `"`
		}
		return body + `,"ExclusiveStartKey":` + start + `}`
	}
	where := func(condition string) string {
		return `,"KeyConditionExpression":"` + condition + `","ExpressionAttributeValues":{":b":{"S":"b"}}`
	}
	const (
		bad      = v + "The provided starting key is invalid"
		mismatch = v + "The provided key element does not match the schema"
		badKey   = bad + ": The provided key element does not match the schema"
		missed   = v + "Query condition missed key schema element: "
		outside  = v + "The provided starting key is outside query boundaries based on provided conditions"
		sorted   = v + "The provided starting key does not match the range key predicate"
		one      = v + "The query can return at most one row and cannot be restarted"
		only     = v + "The provided exclusive start key is invalid: ExclusiveStartKey: " // ScyllaDB, of the service
		filter   = v + "Filter Expression can only contain non-primary key attributes: Primary key attribute: "
		all      = vi + "Select type ALL_ATTRIBUTES is not supported for global secondary index index4 because its projection type is not ALL"
	)
	w.refuse(t, []refusalCase{
		{"no index", "Query", read("range", "whatever", `{}`, where("z = :b")), v + "The table does not have the specified index: whatever"},
		{"no table", "Query", read("nope", "", `{}`, where("z = :b")), "ResourceNotFoundException: Requested resource not found"},
		{"empty", "Query", read("hash", "", `{}`, where("z = :b")), bad},
		{"too much", "Query", read("hash", "", `{"a":{"S":"a"},"b":{"S":"a"}}`, where("z = :b")), bad},
		{"type before condition", "Query", read("hash", "", `{"a":{"N":"1"}}`, where("z = :b")), mismatch},
		{"the only row", "Query", read("hash", "", `{"a":{"S":"b"}}`, where("a = :b")), only + `{"a":{"S":"b"}}`},
		{"another row", "Query", read("hash", "", `{"a":{"S":"a"}}`, where("a = :b")), outside},
		{"half of the key", "Query", read("range", "", `{"a":{"S":"a"}}`, where("a = :b")), bad},
		{"partition before condition", "Query", read("range", "", `{"a":{"N":"1"},"z":{"S":"a"}}`, where("z = :b")), mismatch},
		{"condition before sort key", "Query", read("range", "", `{"a":{"S":"a"},"z":{"S":"a"}}`, where("z = :b")), missed + "a"},
		{"another sort key", "Query", read("range", "", `{"a":{"S":"a"},"z":{"S":"a"}}`, where("a = :b")), bad},
		{"sort key's type", "Query", read("range", "", `{"a":{"S":"a"},"b":{"N":"1"}}`, where("a = :b")), mismatch},
		{"another partition", "Query", read("range", "", `{"a":{"S":"a"},"b":{"S":"a"}}`, where("a = :b")), outside},
		{"not in the range", "Query", read("range", "", `{"a":{"S":"a"},"b":{"S":"a"}}`, where("a = :b AND b > :b")), sorted},
		{"in the range of another partition", "Query", read("range", "", `{"a":{"S":"a"},"b":{"S":"a"}}`, where("a = :b AND b < :b")), one},
		{"local, too little", "Query", read("range", "index1", `{"a":{"S":"a"},"c":{"S":"a"}}`, where("a = :b")), bad},
		{"local, index key's type", "Query", read("range", "index1", `{"a":{"S":"a"},"b":{"N":"1"},"c":{"N":"1"}}`, where("a = :b")), mismatch},
		{"local, table key's type", "Query", read("range", "index1", `{"a":{"S":"a"},"b":{"N":"1"},"c":{"S":"a"}}`, where("a = :b")), badKey},
		{"local, not in the range", "Query", read("range", "index1", `{"a":{"S":"a"},"b":{"S":"a"},"c":{"S":"a"}}`, where("a = :b AND c > :b")), sorted},
		{"global, condition before the rest", "Query", read("range", "index3", `{"x":{"N":"1"},"y":{"N":"1"},"c":{"S":"a"}}`, where("z = :b")), missed + "c"},
		{"global, no table key", "Query", read("range", "index3", `{"x":{"N":"1"},"y":{"N":"1"},"c":{"S":"a"}}`, where("c = :b")), badKey},
		{"global, no index key", "Query", read("range", "index4", `{"a":{"N":"1"},"b":{"N":"1"},"c":{"S":"a"},"e":{"N":"1"}}`, where("c = :b")), bad},
		{"global, another partition", "Query", read("range", "index4", `{"a":{"S":"a"},"b":{"S":"a"},"c":{"S":"a"},"d":{"S":"a"}}`, where("c = :b")), outside},
		{"global, start before filter", "Query", read("range", "index4", `{"a":{"S":"a"},"b":{"S":"a"},"c":{"S":"a"},"d":{"S":"a"}}`, where("c = :b")+`,"FilterExpression":"d = :b"`), outside},
		{"filter before path", "Query", read("range", "", `{"a":{"S":"b"},"b":{"S":"a"}}`, where("a = :b")+`,"FilterExpression":"attribute_exists(b.c) AND c = :b"`), filter + "b"},
		{"select before path", "Query", read("range", "index4", `{"a":{"S":"a"},"b":{"S":"a"},"c":{"S":"b"},"d":{"S":"a"}}`, where("c = :b")+`,"Select":"ALL_ATTRIBUTES","FilterExpression":"a.b = :b"`), all},

		{"no index", "Scan", read("range", "whatever", `{}`, `,"FilterExpression":"attribute_exists(a.b.c)"`), v + "The table does not have the specified index: whatever"},
		{"empty", "Scan", read("hash", "", `{}`, ""), badKey},
		{"type before path", "Scan", read("hash", "", `{"a":{"N":"1"}}`, `,"FilterExpression":"attribute_exists(a.b.c)"`), badKey},
		{"half of the key", "Scan", read("range", "", `{"a":{"S":"a"}}`, ""), badKey},
		{"local, too little", "Scan", read("range", "index1", `{"a":{"S":"a"},"c":{"S":"a"}}`, ""), bad},
		{"local, index key's type", "Scan", read("range", "index1", `{"a":{"S":"a"},"b":{"N":"1"},"c":{"N":"1"}}`, ""), mismatch},
		{"local, table key's type", "Scan", read("range", "index1", `{"a":{"S":"1"},"b":{"N":"1"},"c":{"S":"a"}}`, ""), badKey},
		{"global, too much", "Scan", read("range", "index3", `{"a":{"S":"a"},"b":{"S":"a"},"c":{"S":"a"},"z":{"S":"a"}}`, ""), bad},
		{"global, no table key", "Scan", read("range", "index4", `{"x":{"N":"1"},"y":{"N":"1"},"c":{"S":"a"},"d":{"S":"a"}}`, ""), badKey},
		{"select before table key", "Scan", read("range", "index4", `{"x":{"N":"1"},"y":{"N":"1"},"c":{"S":"a"},"d":{"S":"a"}}`, `,"Select":"ALL_ATTRIBUTES","FilterExpression":"attribute_exists(a.b.c)"`), all},
		{"path", "Scan", `{"TableName":"hash","FilterExpression":"attribute_exists(a.b.c)"}`, v + "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: a"},
	})
}
