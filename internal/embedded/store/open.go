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

// busyTimeout is the time for which a process waits for others to write. Transactions take
// milliseconds, so a process that waits this long is stuck. Tests change it.
var busyTimeout = 20 * time.Second

// busyPoll is the time for which the connection that writes waits before it checks
// whether its caller still waits.
const busyPoll = 20 * time.Millisecond

// maxReaders is the maximum number of connections that read. Each has a page cache.
const maxReaders = 4

// ErrClosed is the error of every call on a closed Store.
var ErrClosed = errors.New("the database is closed")

// A Store is an open database. Its methods may be called from any goroutine.
type Store struct {
	path    string      // empty: in memory
	file    os.FileInfo // of the path at the time of Open
	writer  *sqlite.Conn
	queue   queue
	reading chan struct{}     // has an element for each connection that is reading
	idle    chan *sqlite.Conn // the connections that have finished reading
	closing chan struct{}     // closed by Close
	checkpointer
}

// Open opens the database in a file, and creates the file if it does not exist. The file's
// folder must exist. An error that the user can fix is an *OpenError.
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

// OpenMemory makes an empty database in memory. Closing it discards it.
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
	conn.SetBusyTimeout(busyPoll)
	s.writer = conn
	s.stopped.Go(func() { s.checkpoints(folding) })
	return nil
}

// InPlace fails if the file is no longer at its path. SQLite does not notice that a file
// was removed, and what it writes to such a file is lost.
func (s *Store) InPlace() error {
	if s.path == "" {
		return nil
	}
	now, err := os.Stat(s.path)
	if err == nil && os.SameFile(now, s.file) {
		return nil
	}
	return &OpenError{Path: s.path, Problem: "was removed, moved or replaced while it was in use: restart the programs that use it", Err: err}
}

// probe checks that the file's folder is writable. SQLite would report that only at the
// first write, and in general terms.
func probe(path string) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".probe-*")
	if err != nil {
		return err
	}
	f.Close()
	return os.Remove(f.Name())
}

// prepare checks the database's format, and creates the database if the file is empty.
// Several processes may do so at the same time.
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
		return &OpenError{Path: s.path, Problem: "is the SQLite database of another program: name another folder"}
	case f.version != formatVersion:
		return &OpenError{Path: s.path, Problem: fmt.Sprintf("has format version %d and this program reads version %d: "+
			"remove the folder, name another, or use the program that created it", f.version, formatVersion)}
	}
	// A separate connection makes the checkpoints, see checkpoints.
	return execute(conn, "PRAGMA synchronous=NORMAL", "PRAGMA wal_autocheckpoint=0", "PRAGMA cache_size=-8000",
		fmt.Sprintf("PRAGMA journal_size_limit=%d", maxWALBytes))
}

// giveBack makes GiveBack possible. It has an effect only on an empty file.
const giveBack = "PRAGMA auto_vacuum=INCREMENTAL"

// enterWAL sets up an empty file. The change to WAL needs exclusive access for a moment,
// and SQLite does not wait for that.
func enterWAL(conn *sqlite.Conn) error {
	for deadline := time.Now().Add(busyTimeout); ; time.Sleep(5 * time.Millisecond) {
		err := execute(conn, giveBack, "PRAGMA journal_mode=WAL")
		if sqlite.ErrCode(err).ToPrimary() != sqlite.ResultBusy || time.Now().After(deadline) {
			return err
		}
	}
}

// create creates the schema unless another process was faster.
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

// format says which program a file belongs to. It is zero for an empty file.
type format struct{ application, version, objects int64 }

// formatOf reads the format in one statement, since another process may be writing it. It
// also detects a file that is not a database.
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

// Close waits for the transactions in progress and closes the database. Later calls
// return ErrClosed.
func (s *Store) Close() error {
	if !s.queue.close() {
		return nil
	}
	close(s.closing)
	s.queue.lead <- struct{}{} // never received: nobody else leads
	for s.share(context.Background()) {
	}
	s.stopped.Wait()
	for range cap(s.reading) {
		s.reading <- struct{}{} // never received: nobody else reads
	}
	var errs []error
	for range len(s.idle) {
		errs = append(errs, (<-s.idle).Close())
	}
	// When the last process closes the file, SQLite removes the WAL.
	return errors.Join(append(errs, s.writer.Close())...)
}

// Read runs fn on a snapshot of the database. fn must not write. For a database in memory
// it may run more than once, as in Write.
func (s *Store) Read(ctx context.Context, fn func(*Tx) error) error {
	if s.path == "" { // there is only one connection
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
	if err := s.InPlace(); err != nil {
		return err
	}
	conn, err := s.reader()
	if err != nil {
		return fmt.Errorf("open another connection to %s: %w", s.path, err)
	}
	defer func() { s.idle <- conn }()
	return s.explain(read(conn, fn))
}

// reader takes an idle connection, which has pages in its cache, and opens another one
// only if there is none.
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
	Err     error // the cause, may be nil
}

func (e *OpenError) Error() string { return e.Path + " " + e.Problem }
func (e *OpenError) Unwrap() error { return e.Err }

// explain converts an error that the user can fix into an *OpenError, and returns other
// errors unchanged.
func (s *Store) explain(err error) error {
	if err == nil || s.path == "" {
		return err
	}
	problem := ""
	switch code := sqlite.ErrCode(err).ToPrimary(); {
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		problem = fmt.Sprintf("can't be used because its folder is read-only (%v): make the folder writable or name another", err)
	case errors.Is(err, syscall.ENOSPC):
		problem = "can't be used because its disk is full: free some space or name another folder"
	case code == sqlite.ResultNotADB:
		problem = "is not a database: move it away or name another folder"
	case code == sqlite.ResultCorrupt:
		problem = "is damaged: move it away, and the engine creates a new one"
	case code == sqlite.ResultReadOnly, code == sqlite.ResultCantOpen, code == sqlite.ResultPerm:
		problem = "can't be written: make it and its folder writable or name another folder"
	case code == sqlite.ResultFull, sqlite.ErrCode(err) == sqlite.ResultIOErrSHMSize: // of the WAL's index
		problem = "can't grow because its disk is full: free some space"
	case code == sqlite.ResultBusy:
		problem = fmt.Sprintf("was locked by another process for %v: stop that process or wait for it", busyTimeout)
	default:
		return err
	}
	return &OpenError{Path: s.path, Problem: problem, Err: err}
}
