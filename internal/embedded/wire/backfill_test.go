package wire_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const newIndex = `{"TableName":"tab","AttributeDefinitions":[{"AttributeName":"k","AttributeType":"S"}],"GlobalSecondaryIndexUpdates":[
	{"Create":{"IndexName":%q,"KeySchema":[{"AttributeName":"k","KeyType":"HASH"}],"Projection":{"ProjectionType":"ALL"}}}]}`

// TestBackfill adds an index to a table of some size, which is then filled in
// pieces, and changes items between two of them: those that the index has already
// and those that it does not have yet.
func TestBackfill(t *testing.T) {
	w := newWorld(t).withTable()
	const rows = 2500
	put := func(i int, k string) {
		w.must("PutItem", fmt.Sprintf(`{"TableName":"tab","Item":{"p":{"S":"p%d"},"q":{"N":"1"}%s}}`, i, k))
	}
	for i := range rows {
		put(i, `,"k":{"S":"old"}`)
	}
	w.must("UpdateTable", fmt.Sprintf(newIndex, "by-k"))
	ix := w.description("by-k")
	if ix["IndexStatus"] != "CREATING" || ix["Backfilling"] != true || ix["ItemCount"] != 1000.0 {
		t.Errorf("while it is filled: %v", ix)
	}
	// The message of the service: cloudformation-coverage-roadmap, issue 1075.
	w.expectRefusal("Scan", `{"TableName":"tab","IndexName":"by-k"}`,
		"ValidationException: Cannot read from backfilling global secondary index: by-k")
	w.expectRefusal("UpdateTable", fmt.Sprintf(newIndex, "another"),
		"LimitExceededException: Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table")
	r := rand.New(rand.NewPCG(1, 2))
	for n := range 600 {
		switch i := r.IntN(rows + 100); n % 4 {
		case 0:
			put(i, "")
		case 1:
			put(i, `,"k":{"S":"new"}`)
		case 2:
			w.must("DeleteItem", fmt.Sprintf(`{"TableName":"tab","Key":{"p":{"S":"p%d"},"q":{"N":"1"}}}`, i))
		default:
			w.must("UpdateItem", fmt.Sprintf(`{"TableName":"tab","Key":{"p":{"S":"p%d"},"q":{"N":"1"}},"UpdateExpression":"SET k = :k",
				"ExpressionAttributeValues":{":k":{"S":"longer than before"}}}`, i))
		}
	}
	if err := w.engine.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := w.items("Scan", map[string]any{"TableName": "tab", "IndexName": "by-k"})
	want := w.items("Scan", map[string]any{"TableName": "tab"})
	want = slices.DeleteFunc(want, func(item string) bool { return !strings.Contains(item, `"k"`) })
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the index differs from the table (-table +index):\n%s", diff)
	}
	// Its counts equal those of an index that is filled without concurrent writes.
	w.must("UpdateTable", fmt.Sprintf(newIndex, "again"))
	if err := w.engine.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	ix, again := w.description("by-k"), w.description("again")
	for _, key := range []string{"IndexStatus", "Backfilling", "ItemCount", "IndexSizeBytes"} {
		if ix[key] != again[key] {
			t.Errorf("%s is %v, of an index that is filled later %v", key, ix[key], again[key])
		}
	}
	// One that is removed while it is filled is gone.
	w.must("UpdateTable", fmt.Sprintf(newIndex, "third"))
	w.must("UpdateTable", `{"TableName":"tab","GlobalSecondaryIndexUpdates":[{"Delete":{"IndexName":"third"}}]}`)
	if err := w.engine.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left := w.indexRows(); left != 2*len(got) {
		t.Errorf("two indexes have %d rows, want %d each", left, len(got))
	}
}
