package expr

import "testing"

// TestCharge: what the service was measured to count, each by a write that fits
// and one of a byte more (dynamodb-conformance, limits/itemSizeBySurface).
func TestCharge(t *testing.T) {
	const values = `{":ten":{"S":"yyyyyyyyyy"},":one":{"N":"1"},":list":{"L":[{"S":"yyyyyyyyyy"}]},":map":{"M":{"a":{"S":"yyyyyyyyyy"}}},":set":{"SS":["yyyyyyyyyy"]}}`
	for _, c := range []struct {
		text   string
		want   int // beside the 3 of each update
		reason string
	}{
		{"SET c = :ten", 19 + 1 + 10, "a value"},
		{"SET c = :map", 19 + 1 + 3 + 1 + 1 + 10, "a document"},
		{"SET c = :ten, d = :ten", 2 * (19 + 1 + 10), "a value twice"},
		{"SET d.leaf = :ten", 19 + 1 + 4 + 4 + 10, "into a map"},
		{"SET d[10] = :ten", 19 + 1 + 4 + 2 + 10, "into a list"},
		{"SET c = abcdefghij", 19 + 1 + 1 + 14 + 10, "a path"},
		{"SET c = m.a.z", 19 + 1 + 1 + 3*(14+1), "a nested path"},
		{"SET c = l[10]", 19 + 1 + 1 + (14 + 1) + (14 + 2), "a path through a list"},
		{"SET n = n + :one", 19 + 1 + 34 + (1 + 14 + 1) + 2, "an addition"},
		{"SET n = n - :one", 19 + 1 + 37 + (1 + 14 + 1) + 2, "a subtraction"},
		{"SET c = if_not_exists(c, :ten)", 19 + 1 + 39 + (1 + 14 + 1) + 10, "if_not_exists"},
		{"SET l = list_append(l, :list)", 19 + 1 + 37 + (1 + 14 + 1) + 3 + 1 + 10, "list_append"},
		{"ADD abcdefghij :one", 19 + 10 + 2, "a number is added"},
		{"ADD ss :set", 19 + 2 + 10, "members are added"},
		{"REMOVE abcdefghij", 1 + 10, "a removal"},
		{"REMOVE l[10], m.yy", 1 + 1 + 4 + 2 + 1 + 1 + 4 + 2, "removals inside of documents"},
		{"DELETE ss :set", 1 + 2, "members are removed"},
	} {
		set, err := Compile(Request{Update: &c.text, Values: only(item(t, values), c.text)})
		if err != nil {
			t.Fatalf("Compile(%q) = %v", c.text, err)
		}
		if got := set.Update.Charge(); got != c.want+3 {
			t.Errorf("%s: the charge of %s = %d, want %d", c.reason, c.text, got, c.want+3)
		}
	}
}
