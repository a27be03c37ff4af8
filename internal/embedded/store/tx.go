package store

import (
	"fmt"
	"slices"

	"zombiezen.com/go/sqlite"
)

// A Tx is a transaction. It is valid only inside the function it is given to,
// and only on that function's goroutine.
type Tx struct {
	conn     *sqlite.Conn
	writable bool
	dirty    bool // the current write has changed something

	meta
	stored meta // as the database has it
	counts []count
}

// meta is what every transaction reads first.
type meta struct {
	version  int64 // the catalog's
	sequence int64 // the last sequence number given out
}

// A count is what this transaction adds to a counter.
type count struct{ kind, id, a, b int64 }

// CatalogVersion changes whenever a table, a stream or the set of open shards
// changes, in whichever process.
func (tx *Tx) CatalogVersion() int64 { return tx.version }

// CatalogChanged says whether this transaction has changed the catalog. What is
// read of it then is not committed, so it must not be kept.
func (tx *Tx) CatalogChanged() bool { return tx.version != tx.stored.version }

func (tx *Tx) changeCatalog() { tx.version = tx.stored.version + 1 }

// LastSequence is the last sequence number that a record or a shard's end took.
func (tx *Tx) LastSequence() int64 { return tx.sequence }

// NextSequence takes a new sequence number. Sequence numbers grow in the order
// of commits, over all streams.
func (tx *Tx) NextSequence() int64 {
	tx.dirty = true
	tx.sequence++
	return tx.sequence
}

func (tx *Tx) loadMeta() error {
	stmt, err := tx.conn.Prepare("SELECT a, b FROM counters WHERE kind = 0 AND id = 0")
	if err != nil {
		return err
	}
	defer stmt.Reset()
	if more, err := stmt.Step(); err != nil {
		return err
	} else if !more {
		return fmt.Errorf("store: the database has lost its counters")
	}
	tx.meta = meta{stmt.ColumnInt64(0), stmt.ColumnInt64(1)}
	tx.stored = tx.meta
	return nil
}

// commit writes the counters and commits; a transaction that wrote nothing
// leaves no trace.
func (tx *Tx) commit() error {
	for _, c := range tx.counts {
		if err := tx.do("INSERT INTO counters VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET a = a + excluded.a, b = b + excluded.b",
			c.kind, c.id, c.a, c.b); err != nil {
			return err
		}
	}
	if tx.meta != tx.stored {
		if err := tx.do("UPDATE counters SET a = ?, b = ? WHERE kind = 0 AND id = 0", tx.version, tx.sequence); err != nil {
			return err
		}
	}
	return tx.exec("COMMIT")
}

// rollback ends the transaction. SQLite may have ended it already, after a full
// disk for one.
func (tx *Tx) rollback() {
	if !tx.conn.AutocommitEnabled() {
		_ = tx.exec("ROLLBACK")
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

// counter is the counter's value with what this transaction adds to it.
func (tx *Tx) counter(kind, id int64) (a, b int64, err error) {
	stmt, err := tx.bind("SELECT a, b FROM counters WHERE kind = ? AND id = ?", kind, id)
	if err != nil {
		return 0, 0, err
	}
	defer stmt.Reset()
	if more, err := stmt.Step(); err != nil {
		return 0, 0, err
	} else if more {
		a, b = stmt.ColumnInt64(0), stmt.ColumnInt64(1)
	}
	for _, c := range tx.counts {
		if c.kind == kind && c.id == id {
			a, b = a+c.a, b+c.b
		}
	}
	return a, b, nil
}

// forget drops a counter.
func (tx *Tx) forget(kind, id int64) error {
	tx.counts = slices.DeleteFunc(tx.counts, func(c count) bool { return c.kind == kind && c.id == id })
	return tx.do("DELETE FROM counters WHERE kind = ? AND id = ?", kind, id)
}

// exec runs a statement that has neither parameters nor rows and is no change.
func (tx *Tx) exec(query string) error {
	stmt, err := tx.conn.Prepare(query)
	if err != nil {
		return err
	}
	_, err = stmt.Step()
	stmt.Reset()
	return err
}

// null is the argument that binds NULL.
type null struct{}

// bind prepares query, which is kept for the next use, and binds args to it.
// The caller resets the statement.
func (tx *Tx) bind(query string, args ...any) (*sqlite.Stmt, error) {
	stmt, err := tx.conn.Prepare(query)
	if err != nil {
		return nil, err
	}
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
		case null:
			stmt.BindNull(i + 1)
		default:
			return nil, fmt.Errorf("store: no way to bind a %T", arg)
		}
	}
	return stmt, nil
}

// do makes a change.
func (tx *Tx) do(query string, args ...any) error {
	if !tx.writable {
		return errReadTransaction
	}
	tx.dirty = true
	stmt, err := tx.bind(query, args...)
	if err != nil {
		return err
	}
	_, err = stmt.Step()
	if rerr := stmt.Reset(); err == nil {
		err = rerr
	}
	return err
}

// rows calls fn for each row of query until it returns false.
func (tx *Tx) rows(fn func(*sqlite.Stmt) bool, query string, args ...any) error {
	stmt, err := tx.bind(query, args...)
	if err != nil {
		return err
	}
	defer stmt.Reset()
	for {
		more, err := stmt.Step()
		if err != nil || !more || !fn(stmt) {
			return err
		}
	}
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
		return null{}
	}
	return ms
}

func bytesOrNull(b []byte) any {
	if b == nil {
		return null{}
	}
	return b
}
