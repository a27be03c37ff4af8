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
// transactions take milliseconds, so one that waits this long is stuck.
const busyTimeout = 20 * time.Second

// maxReaders bounds the connections that read; each has a page cache.
const maxReaders = 4

// ErrClosed is what every call on a closed Store answers.
var ErrClosed = errors.New("the database is closed")

// A Store is an open database. Its methods may be called from any goroutine.
type Store struct {
	path    string // empty: in memory
	writer  *sqlite.Conn
	queue   queue
	readers chan *sqlite.Conn // that are open and idle; nil in memory
	unused  chan struct{}     // one for each reader that may still be opened
	closing chan struct{}     // closed by Close
	checkpointer
}

// Open opens the database in the file, and makes it if it does not exist. The
// file's folder must exist. The errors that a user can do something about are
// *OpenError.
func Open(path string) (*Store, error) {
	s := &Store{path: path, queue: newQueue(), closing: make(chan struct{}),
		readers: make(chan *sqlite.Conn, maxReaders), unused: make(chan struct{}, maxReaders)}
	if err := s.open(); err != nil {
		return nil, explainOpen(path, err)
	}
	for range maxReaders {
		s.unused <- struct{}{}
	}
	return s, nil
}

// OpenMemory makes an empty database that is gone when it is closed.
func OpenMemory() (*Store, error) {
	conn, err := sqlite.OpenConn(":memory:", sqlite.OpenReadWrite|sqlite.OpenCreate)
	if err != nil {
		return nil, fmt.Errorf("open a database in memory: %w", err)
	}
	if err := create(conn); err != nil {
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
	if err := prepare(conn); err != nil {
		conn.Close()
		return err
	}
	folding, err := sqlite.OpenConn(s.path, sqlite.OpenReadWrite)
	if err != nil {
		conn.Close()
		return err
	}
	s.writer = conn
	s.stopped.Go(func() { s.checkpoints(folding) })
	return nil
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
func prepare(conn *sqlite.Conn) error {
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
		return &OpenError{Problem: "is an SQLite database of another program: name another folder"}
	case f.version == formatVersion-1:
		if err := execute(conn, fmt.Sprintf("PRAGMA user_version=%d", formatVersion)); err != nil {
			return err
		}
	case f.version != formatVersion:
		return &OpenError{Problem: fmt.Sprintf("has format version %d and this program reads version %d: "+
			"remove the folder, name another, or use the program that made it", f.version, formatVersion)}
	}
	// Checkpoints are left to a connection of their own; see checkpoints.
	return execute(conn, "PRAGMA synchronous=NORMAL", "PRAGMA wal_autocheckpoint=0", "PRAGMA cache_size=-8000",
		"PRAGMA journal_size_limit=33554432")
}

// enterWAL sets an empty file up. The change to WAL needs the file for itself for
// a moment, and SQLite does not wait for that.
func enterWAL(conn *sqlite.Conn) error {
	for deadline := time.Now().Add(busyTimeout); ; time.Sleep(5 * time.Millisecond) {
		err := execute(conn, "PRAGMA auto_vacuum=INCREMENTAL", "PRAGMA journal_mode=WAL")
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
	defer sqlitex.Save(conn)(&err)
	for query, to := range map[string]*int64{
		"PRAGMA application_id": &f.application, "PRAGMA user_version": &f.version, "SELECT count(*) FROM sqlite_schema": &f.objects,
	} {
		stmt, _, err := conn.PrepareTransient(query)
		if err != nil {
			return f, err
		}
		*to, err = sqlitex.ResultInt64(stmt)
		stmt.Finalize()
		if err != nil {
			return f, err
		}
	}
	return f, nil
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
	for s.share() {
	}
	var errs []error
	if s.readers != nil {
		s.stopped.Wait()
		for range maxReaders {
			select {
			case conn := <-s.readers:
				errs = append(errs, conn.Close())
			case <-s.unused:
			}
		}
		// The last process to close leaves no WAL behind: SQLite folds it in.
	}
	errs = append(errs, s.writer.Close())
	return errors.Join(errs...)
}

// Read runs fn on a snapshot of the database. fn must not write. In memory it may
// run more than once, as a Write's does.
func (s *Store) Read(ctx context.Context, fn func(*Tx) error) error {
	if s.readers == nil {
		// In memory there is but one connection.
		return s.Write(ctx, fn)
	}
	conn, err := s.reader(ctx)
	if err != nil {
		return err
	}
	defer func() { s.readers <- conn }()
	return s.explain(read(conn, fn))
}

// reader takes a connection that is idle, whose pages are still at hand, and opens
// another only if there is none.
func (s *Store) reader(ctx context.Context) (conn *sqlite.Conn, err error) {
	select {
	case <-s.closing:
		return nil, ErrClosed
	default:
	}
	select {
	case conn = <-s.readers:
		return conn, nil
	default:
	}
	select {
	case conn = <-s.readers:
		return conn, nil
	case <-s.unused:
	case <-s.closing:
		return nil, ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if conn, err = sqlite.OpenConn(s.path, sqlite.OpenReadWrite); err == nil {
		conn.SetBusyTimeout(busyTimeout)
		if err = execute(conn, "PRAGMA query_only=1", "PRAGMA cache_size=-2000"); err == nil {
			return conn, nil
		}
		conn.Close()
	}
	s.unused <- struct{}{}
	return nil, fmt.Errorf("open another connection to %s: %w", s.path, err)
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

func explainOpen(path string, err error) error {
	var known *OpenError
	problem := ""
	switch {
	case errors.As(err, &known):
		known.Path = path
		return known
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		problem = fmt.Sprintf("can't be used, its folder is read-only (%v): make the folder writable or name another", err)
	case errors.Is(err, syscall.ENOSPC):
		problem = "can't be used, its disk is full: free some space or name another folder"
	default:
		problem = explainResult(sqlite.ErrCode(err))
	}
	if problem == "" {
		return fmt.Errorf("open %s: %w", path, err)
	}
	return &OpenError{Path: path, Problem: problem, Err: err}
}

// explain turns the results of SQLite that a user can do something about into
// an *OpenError and leaves every other error alone.
func (s *Store) explain(err error) error {
	if problem := explainResult(sqlite.ErrCode(err)); problem != "" && s.path != "" {
		return &OpenError{Path: s.path, Problem: problem, Err: err}
	}
	return err
}

// explainResult is empty for what no user can do something about.
func explainResult(code sqlite.ResultCode) string {
	switch code.ToPrimary() {
	case sqlite.ResultNotADB:
		return "is no database: move it away or name another folder"
	case sqlite.ResultCorrupt:
		return "is damaged: move it away, and the engine makes a new one"
	case sqlite.ResultReadOnly, sqlite.ResultCantOpen, sqlite.ResultPerm:
		return "can't be written: make it and its folder writable or name another folder"
	case sqlite.ResultFull:
		return "can't grow, its disk is full: free some space"
	case sqlite.ResultBusy:
		return fmt.Sprintf("was locked by another process for %v", busyTimeout)
	}
	return ""
}
