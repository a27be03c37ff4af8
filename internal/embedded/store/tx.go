package store

import (
	"fmt"
	"slices"

	"zombiezen.com/go/sqlite"
)

// A Tx is a transaction. It is valid only inside the function that it is passed to, and
// only on that function's goroutine.
//
// A Tx keeps its first error. After that its methods do nothing and find nothing, and the
// transaction is undone and ends with that error, whatever its function returns. So the
// function needs to check Err only before it has effects outside of the transaction.
type Tx struct {
	conn  *sqlite.Conn
	dirty bool // the current write has changed something
	err   error

	meta
	stored meta // in the database
	counts []count
}

// meta is read at the start of every transaction.
type meta struct {
	version  int64 // of the catalog
	sequence int64 // the last sequence number that was used
}

// A count is what this transaction adds to a counter.
type count struct{ kind, id, a, b int64 }

// Err returns the transaction's first error, nil if there is none.
func (tx *Tx) Err() error { return tx.err }

// Fail makes err the transaction's error, unless err is nil or the Tx already has one.
func (tx *Tx) Fail(err error) {
	if tx.err == nil {
		tx.err = err
	}
}

// CatalogVersion returns a version that changes whenever a table, a stream or the set of
// open shards changes in any process.
func (tx *Tx) CatalogVersion() int64 { return tx.version }

// CatalogChanged reports whether this transaction has changed the catalog. If so, what it
// reads of the catalog is not committed and must not be cached.
func (tx *Tx) CatalogChanged() bool { return tx.version != tx.stored.version }

func (tx *Tx) changeCatalog() { tx.version = tx.stored.version + 1 }

// LastSequence returns the last sequence number that was used, in any stream.
func (tx *Tx) LastSequence() int64 { return tx.sequence }

// NextSequence returns a new sequence number. Sequence numbers increase in the order of
// commits, across all streams.
func (tx *Tx) NextSequence() int64 {
	tx.dirty = true
	tx.sequence++
	return tx.sequence
}

func (tx *Tx) loadMeta() {
	tx.row(func(stmt *sqlite.Stmt) { tx.meta = meta{stmt.ColumnInt64(0), stmt.ColumnInt64(1)} },
		"SELECT a, b FROM counters WHERE kind = 0 AND id = 0")
	tx.stored = tx.meta
}

// commit writes the counters and commits. A transaction that wrote nothing changes nothing
// in the database.
func (tx *Tx) commit() {
	for _, c := range tx.counts {
		tx.do("INSERT INTO counters VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET a = a + excluded.a, b = b + excluded.b",
			c.kind, c.id, c.a, c.b)
	}
	if tx.meta != tx.stored {
		tx.do("UPDATE counters SET a = ?, b = ? WHERE kind = 0 AND id = 0", tx.version, tx.sequence)
	}
	tx.run("COMMIT")
}

// rollback ends the transaction. SQLite may have ended it already, for example because the
// disk is full.
func (tx *Tx) rollback() {
	if !tx.conn.AutocommitEnabled() {
		failed := Tx{conn: tx.conn}
		failed.run("ROLLBACK")
	}
}

func (tx *Tx) add(kind, id, a, b int64) {
	for i := range tx.counts {
		if c := &tx.counts[i]; c.kind == kind && c.id == id {
			c.a, c.b = c.a+a, c.b+b
			return
		}
	}
	tx.counts = append(tx.counts, count{kind, id, a, b})
}

// counter returns the counter's value, including what this transaction adds to it.
func (tx *Tx) counter(kind, id int64) (a, b int64) {
	tx.row(func(stmt *sqlite.Stmt) { a, b = stmt.ColumnInt64(0), stmt.ColumnInt64(1) },
		"SELECT a, b FROM counters WHERE kind = ? AND id = ?", kind, id)
	for _, c := range tx.counts {
		if c.kind == kind && c.id == id {
			a, b = a+c.a, b+c.b
		}
	}
	return a, b
}

// forget removes a counter.
func (tx *Tx) forget(kind, id int64) {
	tx.counts = slices.DeleteFunc(tx.counts, func(c count) bool { return c.kind == kind && c.id == id })
	tx.do("DELETE FROM counters WHERE kind = ? AND id = ?", kind, id)
}

// do runs a statement that changes the database.
func (tx *Tx) do(query string, args ...any) {
	tx.dirty = true
	tx.run(query, args...)
}

// run runs a statement that returns no rows.
func (tx *Tx) run(query string, args ...any) {
	tx.rows(func(*sqlite.Stmt) bool { return true }, query, args...)
}

// row calls fn for the only row of query, and reports whether there is one.
func (tx *Tx) row(fn func(*sqlite.Stmt), query string, args ...any) (found bool) {
	tx.rows(func(stmt *sqlite.Stmt) bool {
		found = true
		fn(stmt)
		return false
	}, query, args...)
	return found
}

// rows calls fn for each row of query until fn returns false. The connection caches the
// statement. A nil argument binds NULL.
func (tx *Tx) rows(fn func(*sqlite.Stmt) bool, query string, args ...any) {
	if tx.err != nil {
		return
	}
	stmt, err := tx.conn.Prepare(query)
	if err != nil {
		tx.Fail(err)
		return
	}
	// Even if fn panics: an unfinished statement would hold its snapshot.
	defer func() { tx.Fail(stmt.Reset()) }()
	for i, arg := range args {
		switch arg := arg.(type) {
		case int64:
			stmt.BindInt64(i+1, arg)
		case string:
			stmt.BindText(i+1, arg)
		case []byte:
			if arg == nil {
				arg = []byte{}
			}
			stmt.BindBytes(i+1, arg)
		case nil:
			stmt.BindNull(i + 1)
		default:
			panic(fmt.Sprintf("store: can't bind a %T", arg))
		}
	}
	more, err := stmt.Step()
	for more && err == nil && fn(stmt) && tx.err == nil {
		more, err = stmt.Step()
	}
	tx.Fail(err)
}

// column copies a blob.
func column(stmt *sqlite.Stmt, col int) []byte {
	if stmt.ColumnIsNull(col) {
		return nil
	}
	buf := make([]byte, stmt.ColumnLen(col))
	stmt.ColumnBytes(col, buf)
	return buf
}

func orNull(ms int64) any {
	if ms == 0 {
		return nil
	}
	return ms
}

func bytesOrNull(b []byte) any {
	if b == nil {
		return nil
	}
	return b
}
