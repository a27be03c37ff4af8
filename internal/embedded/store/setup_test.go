package store

import (
	"context"
	"sync"
	"testing"

	"zombiezen.com/go/sqlite"
)

// opened opens a database, and closes it after the test.
func opened(t *testing.T, path string) *Store {
	t.Helper()
	s, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// held begins a write that does not end before release, so that others queue up.
func held(t *testing.T, s *Store) (release func()) {
	t.Helper()
	entered, released := make(chan struct{}), make(chan struct{})
	var once sync.Once
	done := make(chan error, 1)
	go func() {
		done <- s.Write(context.Background(), func(*Tx) error { once.Do(func() { close(entered); <-released }); return nil })
	}()
	<-entered
	return func() {
		close(released)
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// locked takes the database for writing, as another process would.
func locked(t *testing.T, path string) (release func()) {
	t.Helper()
	other, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err == nil {
		err = execute(other, "BEGIN IMMEDIATE")
	}
	if err != nil {
		t.Fatal(err)
	}
	return func() { other.Close() }
}

// openedInMemory opens a database in memory, and closes it after the test.
func openedInMemory(t *testing.T) *Store {
	t.Helper()
	s, err := OpenMemory()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}
