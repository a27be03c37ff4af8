package store_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dynamostreamer/internal/embedded/expr"
	"dynamostreamer/internal/embedded/store"
)

func forBoth(t *testing.T, test func(*testing.T, *store.Store)) {
	t.Run("file", func(t *testing.T) {
		s, err := store.Open(filepath.Join(t.TempDir(), "db"))
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		test(t, s)
	})
	t.Run("memory", func(t *testing.T) {
		s, err := store.OpenMemory()
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		test(t, s)
	})
}

func row(id string) store.Row {
	return store.Row{Key: store.Key{PK: []byte(id)}, Item: []byte("item of " + id)}
}

func put(s *store.Store, id string) error {
	return s.Write(context.Background(), func(tx *store.Tx) error { tx.Put(1, row(id), 10, 0); return nil })
}

func count(t *testing.T, s *store.Store) (rows int, counted int64) {
	t.Helper()
	err := s.Read(context.Background(), func(tx *store.Tx) error {
		rows = 0
		tx.Scan(1, 0, 1<<32-1, nil, func(store.Row) bool { rows++; return true })
		counted, _ = tx.Counts(1)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return rows, counted
}

// TestSharedTransaction: writes that wait for each other are all done, and one
// that fails after it began to write undoes only its own changes.
func TestSharedTransaction(t *testing.T) {
	forBoth(t, func(t *testing.T, s *store.Store) {
		entered, release := make(chan struct{}), make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() {
			first := true
			err := s.Write(context.Background(), func(tx *store.Tx) error {
				if first { // it runs again if its transaction is rolled back
					first = false
					close(entered)
					<-release
				}
				tx.Put(1, row("first"), 10, 0)
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
		<-entered
		failure := errors.New("it failed")
		for i := range 20 {
			wg.Go(func() {
				err := s.Write(context.Background(), func(tx *store.Tx) error {
					tx.Put(1, row(fmt.Sprint(i)), 10, 0)
					switch i {
					case 5:
						return failure
					case 6:
						panic("it panicked")
					}
					return nil
				})
				if failed := err != nil; failed != (i == 5 || i == 6) || i == 5 && !errors.Is(err, failure) {
					t.Errorf("write %d: %v", i, err)
				}
			})
		}
		time.Sleep(20 * time.Millisecond) // let them queue up
		close(release)
		wg.Wait()
		if rows, counted := count(t, s); rows != 19 || counted != 19 {
			t.Errorf("%d rows, counted as %d, want 19", rows, counted)
		}
	})
}

// TestFirstErrorStays: a transaction that has failed does nothing more, and is taken
// back whatever its function makes of that; those that share it are not.
func TestFirstErrorStays(t *testing.T) {
	forBoth(t, func(t *testing.T, s *store.Store) {
		failure := errors.New("it failed")
		err := s.Write(context.Background(), func(tx *store.Tx) error {
			tx.Put(1, row("before"), 10, 0)
			tx.Fail(failure)
			tx.Fail(errors.New("another"))
			tx.Put(1, row("after"), 10, 0)
			if tx.Get(1, row("before").Key) != nil {
				t.Error("a transaction that has failed still reads")
			}
			return nil
		})
		if !errors.Is(err, failure) {
			t.Errorf("Write = %v, want the first error", err)
		}
		err = s.Read(context.Background(), func(tx *store.Tx) error { tx.Fail(failure); return nil })
		if !errors.Is(err, failure) {
			t.Errorf("Read = %v, want the first error", err)
		}
		if err := put(s, "next"); err != nil {
			t.Error(err)
		}
		if rows, counted := count(t, s); rows != 1 || counted != 1 {
			t.Errorf("%d rows, counted as %d, want 1", rows, counted)
		}
	})
}

// TestCancelledWrite: a write that gives up while it waits does not happen.
func TestCancelledWrite(t *testing.T) {
	forBoth(t, func(t *testing.T, s *store.Store) {
		entered, release := make(chan struct{}), make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() {
			_ = s.Write(context.Background(), func(tx *store.Tx) error { close(entered); <-release; return nil })
		})
		<-entered
		ctx, cancel := context.WithCancel(context.Background())
		wg.Go(func() {
			err := s.Write(ctx, func(tx *store.Tx) error { tx.Put(1, row("cancelled"), 10, 0); return nil })
			if !errors.Is(err, context.Canceled) {
				t.Errorf("a cancelled write: %v", err)
			}
		})
		time.Sleep(10 * time.Millisecond) // let it queue up
		cancel()
		time.Sleep(10 * time.Millisecond)
		close(release)
		wg.Wait()
		if rows, _ := count(t, s); rows != 0 {
			t.Errorf("%d rows, want none", rows)
		}
	})
}

// TestReadersSeeSnapshots: a reader sees nothing of what is not committed, and
// nothing of what is committed while it reads.
func TestReadersSeeSnapshots(t *testing.T) {
	s, err := store.Open(filepath.Join(t.TempDir(), "db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := put(s, "a"); err != nil {
		t.Fatal(err)
	}
	err = s.Read(context.Background(), func(tx *store.Tx) error {
		before := tx.LastSequence()
		if err := put(s, "b"); err != nil {
			return err
		}
		rows := 0
		tx.Scan(1, 0, 1<<32-1, nil, func(store.Row) bool { rows++; return true })
		if rows != 1 || tx.LastSequence() != before {
			t.Errorf("the reader sees %d rows, want its snapshot's one", rows)
		}
		tx.Put(1, row("c"), 10, 0)
		return nil
	})
	if err == nil {
		t.Error("a reader could write")
	}
	if rows, _ := count(t, s); rows != 2 {
		t.Errorf("%d rows, want 2", rows)
	}
}

func TestClosedStore(t *testing.T) {
	forBoth(t, func(t *testing.T, s *store.Store) {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if err := put(s, "a"); !errors.Is(err, store.ErrClosed) {
			t.Errorf("a write after Close: %v", err)
		}
		if err := s.Read(context.Background(), func(*store.Tx) error { return nil }); !errors.Is(err, store.ErrClosed) {
			t.Errorf("a read after Close: %v", err)
		}
		if err := s.Close(); err != nil {
			t.Errorf("a second Close: %v", err)
		}
	})
}

// TestFirstSince checks the binary search with all times around the records'.
func TestFirstSince(t *testing.T) {
	forBoth(t, func(t *testing.T, s *store.Store) {
		times := []int64{10, 10, 20, 20, 20, 30, 45}
		var seqs []int64
		err := s.Write(context.Background(), func(tx *store.Tx) error {
			seqs = nil
			for _, at := range times {
				for range 3 { // other shards take numbers between
					tx.Append(9, store.Record{At: at})
				}
				tx.Append(1, store.Record{At: at})
				seqs = append(seqs, tx.LastSequence())
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for at := int64(0); at <= 50; at++ {
			want, exists := int64(0), false
			for i, made := range times {
				if made >= at {
					want, exists = seqs[i], true
					break
				}
			}
			err := s.Read(context.Background(), func(tx *store.Tx) error {
				got, found := tx.FirstSince(1, at)
				if got != want || found != exists {
					t.Errorf("FirstSince(%d) = %d, %v, want %d, %v", at, got, found, want, exists)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestQueryRanges(t *testing.T) {
	s, err := store.OpenMemory()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	err = s.Write(context.Background(), func(tx *store.Tx) error {
		for _, sk := range []string{"", "a", "b", "b\x00", "c"} {
			tx.Put(1, store.Row{Key: store.Key{PK: []byte("p"), SK: []byte(sk)}, Item: []byte{1}}, 1, 0)
		}
		tx.Put(1, store.Row{Key: store.Key{PK: []byte("p2"), SK: []byte("b")}, Item: []byte{1}}, 1, 0)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		r    expr.Bounds
		desc bool
		want []string
	}{
		{"everything", expr.Bounds{}, false, []string{"", "a", "b", "b\x00", "c"}},
		{"backward", expr.Bounds{}, true, []string{"c", "b\x00", "b", "a", ""}},
		{"from", expr.Bounds{Low: []byte("b")}, false, []string{"b", "b\x00", "c"}},
		{"above", expr.Bounds{Low: expr.After([]byte("b"))}, false, []string{"b\x00", "c"}},
		{"up to", expr.Bounds{High: expr.After([]byte("b"))}, false, []string{"", "a", "b"}},
		{"below", expr.Bounds{High: []byte("b")}, true, []string{"a", ""}},
		{"just one", expr.Bounds{Low: []byte("b"), High: expr.After([]byte("b"))}, false, []string{"b"}},
		{"none", expr.Bounds{Low: []byte("c"), High: []byte("a")}, false, nil},
	}
	for _, test := range tests {
		var got []string
		err := s.Read(context.Background(), func(tx *store.Tx) error {
			tx.Query(1, 0, []byte("p"), test.r, test.desc, func(r store.Row) bool {
				got = append(got, string(r.SK))
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}
