package store

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"zombiezen.com/go/sqlite"

	"dynamostreamer/internal/embedded/expr"
)

// TestLargeItems: an item that is kept apart reads like any other, and goes with its
// row, however that goes.
func TestLargeItems(t *testing.T) {
	s := openedInMemory(t)
	key := Key{Part: 7, PK: []byte("p"), SK: []byte("s")}
	other := Key{Part: 7, PK: []byte("p"), SK: []byte("t")}
	was := map[int64]int64{} // by table
	put := func(size int64) func(*Tx) {
		return func(tx *Tx) {
			for table := int64(1); table <= 2; table++ {
				tx.Put(table, Row{key, 1, make([]byte, size)}, size, was[table])
				was[table] = size
			}
		}
	}
	for _, step := range []struct {
		name        string
		change      func(*Tx)
		size, apart int // of the item of table 1 afterwards, -1 for none; rows in large
	}{
		{"small", put(800), 800, 0},
		{"large over small", put(3000), 3000, 2},
		{"large over large", put(400_000), 400_000, 2},
		{"small over large", put(10), 10, 0},
		{"large again", put(801), 801, 2},
		{"deleted", func(tx *Tx) { tx.Delete(1, key, was[1]); was[1] = 0 }, -1, 1},
		{"and put", put(900), 900, 2},
		{"table emptied", func(tx *Tx) { tx.Empty(1) }, -1, 1},
		{"deleted from the other", func(tx *Tx) { tx.Delete(2, key, was[2]) }, -1, 0},
	} {
		t.Run(step.name, func(t *testing.T) {
			err := s.Write(context.Background(), func(tx *Tx) error { step.change(tx); return nil })
			if err != nil {
				t.Fatal(err)
			}
			apart, sizes := 0, map[string]int{}
			err = s.Read(context.Background(), func(tx *Tx) error {
				tx.row(func(stmt *sqlite.Stmt) { apart = stmt.ColumnInt(0) }, "SELECT count(*) FROM large")
				if item := tx.Get(1, key); item != nil {
					sizes["Get"] = len(item)
				}
				if tx.Get(1, other) != nil {
					t.Error("an item stands where none was put")
				}
				read := func(how string) func(Row) bool {
					return func(row Row) bool { sizes[how] = len(row.Item); return true }
				}
				tx.Query(1, key.Part, key.PK, expr.Bounds{}, false, read("Query"))
				tx.Scan(1, 0, 1<<32-1, nil, read("Scan"))
				for _, row := range tx.Expired(1, 0, 2, 10) {
					read("Expired")(row)
				}
				if n := tx.PartitionBytes(1, key); n > 0 {
					sizes["PartitionBytes"] = int(n)
				}
				return nil
			})
			want := map[string]int{}
			for _, how := range []string{"Get", "Query", "Scan", "Expired", "PartitionBytes"} {
				if step.size >= 0 {
					want[how] = step.size
				}
			}
			if diff := cmp.Diff(want, sizes); diff != "" || err != nil {
				t.Errorf("%v; sizes by which they are read (-want +got):\n%s", err, diff)
			}
			if apart != step.apart {
				t.Errorf("%d items are kept apart, want %d", apart, step.apart)
			}
		})
	}
}
