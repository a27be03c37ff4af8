package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// busyTimeout is how long a process waits while others write. Their
// transactions take milliseconds, so one that waits this long is stuck. Tests change it.
var busyTimeout = 20 * time.Second

// patience is how long the connection that writes waits at a time, before it looks
// whether its caller still waits.
const patience = 20 * time.Millisecond

// maxReaders bounds the connections that read; each has a page cache.
const maxReaders = 4

// ErrClosed is what every call on a closed Store answers.
var ErrClosed = errors.New("the database is closed")

// A Store is an open database. Its methods may be called from any goroutine.
type Store struct {
	path    string      // empty: in memory
	file    os.FileInfo // of the path, when it was opened
	writer  *sqlite.Conn
	queue   queue
	reading chan struct{}     // holds a token for each connection that reads
	idle    chan *sqlite.Conn // those that have read
	closing chan struct{}     // closed by Close
	checkpointer
}

// Open opens the database in the file, and makes it if it does not exist. The
// file's folder must exist. The errors that a user can do something about are
// *OpenError.
func Open(path string) (*Store, error) {
	s := &Store{path: path, queue: newQueue(), closing: make(chan struct{}),
		reading: make(chan struct{}, maxReaders), idle: make(chan *sqlite.Conn, maxReaders)}
	switch err := s.explain(s.open()).(type) {
	case nil:
		return s, nil
	case *OpenError:
		return nil, err
	default:
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
}

// OpenMemory makes an empty database that is gone when it is closed.
func OpenMemory() (*Store, error) {
	conn, err := sqlite.OpenConn(":memory:", sqlite.OpenReadWrite|sqlite.OpenCreate)
	if err != nil {
		return nil, fmt.Errorf("open a database in memory: %w", err)
	}
	if err := cmp.Or(execute(conn, giveBack), create(conn)); err != nil {
		conn.Close()
		return nil, fmt.Errorf("make a database in memory: %w", err)
	}
	return &Store{writer: conn, queue: newQueue(), closing: make(chan struct{})}, nil
}

func (s *Store) open() error {
	if err := probe(s.path); err != nil {
		return err
	}
	conn, err := sqlite.OpenConn(s.path, sqlite.OpenReadWrite|sqlite.OpenCreate)
	if err != nil {
		return err
	}
	conn.SetBusyTimeout(busyTimeout)
	if err := s.prepare(conn); err != nil {
		conn.Close()
		return err
	}
	folding, err := sqlite.OpenConn(s.path, sqlite.OpenReadWrite)
	if err != nil {
		conn.Close()
		return err
	}
	if s.file, err = os.Stat(s.path); err != nil {
		return errors.Join(err, folding.Close(), conn.Close())
	}
	conn.SetBusyTimeout(patience)
	s.writer = conn
	s.stopped.Go(func() { s.checkpoints(folding) })
	return nil
}

// inPlace fails if the file is no longer where it was. What is written to a file
// that was removed is lost, and SQLite would not notice.
func (s *Store) inPlace() error {
	if s.path == "" {
		return nil
	}
	now, err := os.Stat(s.path)
	if err == nil && os.SameFile(now, s.file) {
		return nil
	}
	return &OpenError{Path: s.path, Problem: "was removed, moved or replaced while it was in use: stop what uses it before that, and start it again now", Err: err}
}

// probe finds out whether the file's folder can be written, which SQLite would
// tell only with the first write and in general terms.
func probe(path string) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".probe-*")
	if err != nil {
		return err
	}
	f.Close()
	return os.Remove(f.Name())
}

// prepare brings conn to a database of this format, making it if the file is
// empty. Several processes may do so at the same time.
func (s *Store) prepare(conn *sqlite.Conn) error {
	f, err := formatOf(conn)
	if err == nil && f == (format{}) {
		if err = enterWAL(conn); err == nil {
			err = create(conn)
		}
		if err == nil {
			f, err = formatOf(conn)
		}
	}
	switch {
	case err != nil:
		return err
	case f.application != applicationID:
		return &OpenError{Path: s.path, Problem: "is an SQLite database of another program: name another folder"}
	case f.version != formatVersion:
		return &OpenError{Path: s.path, Problem: fmt.Sprintf("has format version %d and this program reads version %d: "+
			"remove the folder, name another, or use the program that made it", f.version, formatVersion)}
	}
	// Checkpoints are left to a connection of their own; see checkpoints.
	return execute(conn, "PRAGMA synchronous=NORMAL", "PRAGMA wal_autocheckpoint=0", "PRAGMA cache_size=-8000",
		fmt.Sprintf("PRAGMA journal_size_limit=%d", maxWALBytes))
}

// giveBack has GiveBack find something to do. It needs an empty file.
const giveBack = "PRAGMA auto_vacuum=INCREMENTAL"

// enterWAL sets an empty file up. The change to WAL needs the file for itself for
// a moment, and SQLite does not wait for that.
func enterWAL(conn *sqlite.Conn) error {
	for deadline := time.Now().Add(busyTimeout); ; time.Sleep(5 * time.Millisecond) {
		err := execute(conn, giveBack, "PRAGMA journal_mode=WAL")
		if sqlite.ErrCode(err).ToPrimary() != sqlite.ResultBusy || time.Now().After(deadline) {
			return err
		}
	}
}

// create makes the schema unless another process was faster.
func create(conn *sqlite.Conn) (err error) {
	end, err := sqlitex.ImmediateTransaction(conn)
	if err != nil {
		return err
	}
	defer end(&err)
	if f, err := formatOf(conn); err != nil || f != (format{}) {
		return err
	}
	return sqlitex.ExecuteScript(conn,
		schema+fmt.Sprintf("PRAGMA application_id=%d; PRAGMA user_version=%d;", applicationID, formatVersion), nil)
}

// format is what tells whose file it is; that of an empty file is zero.
type format struct{ application, version, objects int64 }

// formatOf reads all of it at one instant: another process may be about to write
// it. Reading is also what finds a file that is no database.
func formatOf(conn *sqlite.Conn) (f format, err error) {
	err = sqlitex.ExecuteTransient(conn, `SELECT application_id, user_version, (SELECT count(*) FROM sqlite_schema)
		FROM pragma_application_id, pragma_user_version`, &sqlitex.ExecOptions{ResultFunc: func(stmt *sqlite.Stmt) error {
		f = format{stmt.ColumnInt64(0), stmt.ColumnInt64(1), stmt.ColumnInt64(2)}
		return nil
	}})
	return f, err
}

func execute(conn *sqlite.Conn, queries ...string) error {
	for _, query := range queries {
		if err := sqlitex.ExecuteTransient(conn, query, nil); err != nil {
			return err
		}
	}
	return nil
}

// Close waits for the transactions under way and closes the database. What
// comes after answers ErrClosed.
func (s *Store) Close() error {
	if !s.queue.close() {
		return nil
	}
	close(s.closing)
	s.queue.lead <- struct{}{} // and never given back
	for s.share(context.Background()) {
	}
	s.stopped.Wait()
	for range cap(s.reading) {
		s.reading <- struct{}{} // and never given back
	}
	var errs []error
	for range len(s.idle) {
		errs = append(errs, (<-s.idle).Close())
	}
	// The last process to close leaves no WAL behind: SQLite folds it in.
	return errors.Join(append(errs, s.writer.Close())...)
}

// Read runs fn on a snapshot of the database. fn must not write. In memory it may
// run more than once, as a Write's does.
func (s *Store) Read(ctx context.Context, fn func(*Tx) error) error {
	if s.path == "" { // there is but one connection
		return s.Write(ctx, fn)
	}
	select {
	case s.reading <- struct{}{}:
	case <-s.closing:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-s.reading }()
	if err := s.inPlace(); err != nil {
		return err
	}
	conn, err := s.reader()
	if err != nil {
		return fmt.Errorf("open another connection to %s: %w", s.path, err)
	}
	defer func() { s.idle <- conn }()
	return s.explain(read(conn, fn))
}

// reader takes a connection that is idle, whose pages are still at hand, and opens
// another only if there is none.
func (s *Store) reader() (*sqlite.Conn, error) {
	select {
	case conn := <-s.idle:
		return conn, nil
	default:
	}
	conn, err := sqlite.OpenConn(s.path, sqlite.OpenReadWrite)
	if err != nil {
		return nil, err
	}
	conn.SetBusyTimeout(busyTimeout)
	if err := execute(conn, "PRAGMA query_only=1", "PRAGMA cache_size=-2000"); err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

func read(conn *sqlite.Conn, fn func(*Tx) error) error {
	tx := &Tx{conn: conn}
	if tx.run("BEGIN"); tx.err != nil {
		return tx.err
	}
	defer tx.rollback() // there is nothing to commit
	if tx.loadMeta(); tx.err != nil {
		return tx.err
	}
	err := fn(tx)
	return cmp.Or(tx.err, err)
}

// An OpenError says why a file can't be used and what to do about it.
type OpenError struct {
	Path    string
	Problem string
	Err     error // nil where there is no other
}

func (e *OpenError) Error() string { return e.Path + " " + e.Problem }
func (e *OpenError) Unwrap() error { return e.Err }

// explain makes an *OpenError of what a user can do something about and leaves
// every other error alone.
func (s *Store) explain(err error) error {
	if err == nil || s.path == "" {
		return err
	}
	problem := ""
	switch code := sqlite.ErrCode(err).ToPrimary(); {
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		problem = fmt.Sprintf("can't be used, its folder is read-only (%v): make the folder writable or name another", err)
	case errors.Is(err, syscall.ENOSPC):
		problem = "can't be used, its disk is full: free some space or name another folder"
	case code == sqlite.ResultNotADB:
		problem = "is no database: move it away or name another folder"
	case code == sqlite.ResultCorrupt:
		problem = "is damaged: move it away, and the engine makes a new one"
	case code == sqlite.ResultReadOnly, code == sqlite.ResultCantOpen, code == sqlite.ResultPerm:
		problem = "can't be written: make it and its folder writable or name another folder"
	case code == sqlite.ResultFull, sqlite.ErrCode(err) == sqlite.ResultIOErrSHMSize: // of the WAL's index
		problem = "can't grow, its disk is full: free some space"
	case code == sqlite.ResultBusy:
		problem = fmt.Sprintf("was locked by another process for %v", busyTimeout)
	default:
		return err
	}
	return &OpenError{Path: s.path, Problem: problem, Err: err}
}
