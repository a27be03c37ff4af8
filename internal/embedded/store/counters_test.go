package store

import (
	"context"
	"testing"

	"zombiezen.com/go/sqlite"
)

// TestDeletedCounters: a deleted table leaves no counter behind, not even where
// the same transaction has counted.
func TestDeletedCounters(t *testing.T) {
	s := openedInMemory(t)
	left := 0
	err := s.Write(context.Background(), func(tx *Tx) error {
		id := tx.InsertTable("gone", []byte{1})
		tx.Put(id, Row{Key: Key{PK: []byte("k")}, Item: []byte{1}}, 1, 0)
		tx.DeleteTable(id)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	err = s.Read(context.Background(), func(tx *Tx) error {
		left = 0
		tx.rows(func(*sqlite.Stmt) bool { left++; return true }, "SELECT 1 FROM counters WHERE kind = ?", int64(counterTable))
		return nil
	})
	if err != nil || left != 0 {
		t.Errorf("%d counters of a deleted table are left (%v)", left, err)
	}
}
