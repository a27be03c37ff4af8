package store_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"dynamostreamer/internal/embedded/store"
)

// TestReadersLeaveTheWriterItsPages counts how often the process reads from files: the
// pages of a small table stay in memory, however much others read. Folding the WAL in
// reads each page that was written, at most one a write.
func TestReadersLeaveTheWriterItsPages(t *testing.T) {
	s, err := store.Open(filepath.Join(t.TempDir(), "db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ctx := t.Context()
	const large, small = 1, 2
	put := func(tx *store.Tx, table int64, n int) {
		tx.Put(table, store.Row{Key: store.Key{Part: uint32(n), PK: fmt.Append(nil, n)}, Item: make([]byte, 800)}, 800, 0)
	}
	for from := 0; from < 20_000; from += 1000 { // 18 MB
		err := s.Write(ctx, func(tx *store.Tx) error {
			for n := range 1000 {
				put(tx, large, from+n)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for range 8 {
		err := s.Read(ctx, func(tx *store.Tx) error {
			tx.Scan(large, 0, 1<<32-1, nil, func(store.Row) bool { return true })
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	// Caches are trimmed now and then, so not the first round counts but the best.
	const writes, enough = 3000, 2 * 3000
	best := 1 << 30
	for round := 0; round < 20 && best > enough; round++ {
		before := reads(t)
		for n := range writes {
			if err := s.Write(ctx, func(tx *store.Tx) error { put(tx, small, n); return nil }); err != nil {
				t.Fatal(err)
			}
		}
		best = min(best, reads(t)-before)
	}
	if best > enough {
		t.Errorf("%d writes made %d reads from files, want at most two a write", writes, best)
	}
}

// reads is how many reads the process has made.
func reads(t *testing.T) (n int) {
	t.Helper()
	io, err := os.ReadFile("/proc/self/io")
	if err != nil {
		t.Fatal(err)
	}
	var read, written int
	if _, err := fmt.Sscanf(string(io), "rchar: %d\nwchar: %d\nsyscr: %d", &read, &written, &n); err != nil {
		t.Fatal(err)
	}
	return n
}
