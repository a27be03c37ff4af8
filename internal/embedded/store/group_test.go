package store

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// TestFailedCommit: what was decided on a neighbour's change that could not be
// committed is decided again. A violated deferred key makes COMMIT itself fail.
func TestFailedCommit(t *testing.T) {
	s := openedInMemory(t)
	if err := execute(s.writer, "PRAGMA foreign_keys=ON",
		"CREATE TABLE strict (x INTEGER REFERENCES tables (id) DEFERRABLE INITIALLY DEFERRED)"); err != nil {
		t.Fatal(err)
	}
	entered, release := make(chan struct{}), make(chan struct{})
	key := Key{PK: []byte("k")}
	var once sync.Once
	var wg sync.WaitGroup
	wg.Go(func() {
		err := s.Write(context.Background(), func(tx *Tx) error {
			once.Do(func() { close(entered); <-release })
			tx.Put(1, Row{Key: key, Item: []byte{1}}, 1, 0)
			tx.do("INSERT INTO strict VALUES (99)")
			return nil
		})
		if err == nil {
			t.Error("the write that can't be committed succeeded")
		}
	})
	<-entered
	taken := errors.New("the key is taken")
	wg.Go(func() {
		err := s.Write(context.Background(), func(tx *Tx) error {
			if tx.Get(1, key) != nil {
				return taken
			}
			tx.Put(1, Row{Key: key, Item: []byte{2}}, 1, 0)
			return nil
		})
		if err != nil {
			t.Errorf("the conditional write behind one that was not committed: %v", err)
		}
	})
	time.Sleep(20 * time.Millisecond) // let it queue up
	close(release)
	wg.Wait()
}

// TestWriteUndoneBySQLite: where SQLite ends the transaction by itself, as it may when a
// disk is full, even while a write only reads, the writes behind are done once.
func TestWriteUndoneBySQLite(t *testing.T) {
	s := opened(t, filepath.Join(t.TempDir(), "db"))
	full := errors.New("the disk is full")
	release := held(t, s)
	var wg sync.WaitGroup
	for i, fn := range []func(*Tx) error{
		func(tx *Tx) error { tx.run("ROLLBACK"); return full },
		func(tx *Tx) error { tx.Append(1, Record{}); return nil },
	} {
		wg.Go(func() {
			if err := s.Write(t.Context(), fn); (err != nil) != (i == 0) {
				t.Errorf("write %d: %v", i, err)
			}
		})
		time.Sleep(10 * time.Millisecond) // let it queue up
	}
	release()
	wg.Wait()
	records := 0
	err := s.Read(t.Context(), func(tx *Tx) error {
		tx.Records(1, 0, func(Record) bool { records++; return true })
		return nil
	})
	if err != nil || records != 1 {
		t.Errorf("%d records of one write (%v)", records, err)
	}
}

// TestLockedByAnother: what waits for another process gives up when its context ends,
// then and only then, and all together when they have waited too long.
func TestLockedByAnother(t *testing.T) {
	defer func(was time.Duration) { busyTimeout = was }(busyTimeout)
	path := filepath.Join(t.TempDir(), "db")
	s := opened(t, path)
	release := locked(t, path)
	ends, cancel := context.WithCancel(t.Context())
	var cancelled, others sync.WaitGroup
	for i := range 8 {
		wg, ctx, want := &others, t.Context(), error(nil)
		if i%2 == 0 {
			wg, ctx, want = &cancelled, ends, context.Canceled
		}
		wg.Go(func() {
			err := s.Write(ctx, func(tx *Tx) error { tx.Append(1, Record{}); return nil })
			if !errors.Is(err, want) {
				t.Errorf("write %d: %v, want %v", i, err, want)
			}
		})
		time.Sleep(5 * time.Millisecond) // the first leads
	}
	start := time.Now()
	cancel()
	cancelled.Wait()
	if waited := time.Since(start); waited > 2*time.Second {
		t.Errorf("writes waited %v after they were cancelled", waited)
	}
	release()
	others.Wait()
	err := s.Read(t.Context(), func(tx *Tx) error {
		if n := tx.LastSequence(); n != 4 {
			t.Errorf("%d writes were done, want the 4 that were not cancelled", n)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}

	busyTimeout = 300 * time.Millisecond
	defer locked(t, path)()
	start = time.Now()
	for i := range 8 {
		others.Go(func() {
			var known *OpenError
			err := s.Write(t.Context(), func(*Tx) error { return nil })
			if waited := time.Since(start); !errors.As(err, &known) || waited > 5*busyTimeout {
				t.Errorf("write %d of several: %v after %v, want an OpenError after %v", i, err, waited, busyTimeout)
			}
		})
	}
	others.Wait()
}

// TestRemovedWhileLocked: a write that waited while the file was removed does not
// report success.
func TestRemovedWhileLocked(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "db")
	s := opened(t, path)
	release := locked(t, path)
	done := make(chan error, 1)
	go func() { done <- s.Write(context.Background(), func(*Tx) error { return nil }) }()
	time.Sleep(20 * time.Millisecond) // it waits
	if err := os.Rename(path, path+"-moved"); err != nil {
		t.Skipf("not tested: a file in use can't be moved here: %v", err)
	}
	release()
	var known *OpenError
	if err := <-done; !errors.As(err, &known) {
		t.Errorf("the write to a file that was removed: %v, want an OpenError", err)
	}
}

// TestPanicBetweenRows: a function that panics while it reads rows leaves no snapshot
// behind: what comes later reads what others wrote meanwhile, and writes.
func TestPanicBetweenRows(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	s, other := opened(t, path), opened(t, path)
	write := func(s *Store) {
		t.Helper()
		if err := s.Write(t.Context(), func(tx *Tx) error { tx.Append(1, Record{}); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	write(s)
	panics := func(tx *Tx) error {
		tx.Records(1, 0, func(Record) bool { panic("it panicked") })
		return nil
	}
	if err := s.Write(t.Context(), panics); err == nil {
		t.Error("a write that panicked succeeded")
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("a reader's panic was lost")
			}
		}()
		_ = s.Read(t.Context(), panics)
	}()
	write(other)
	write(s)
	err := s.Read(t.Context(), func(tx *Tx) error {
		if n := tx.LastSequence(); n != 3 {
			t.Errorf("after the panic the last sequence number reads %d, want 3", n)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
