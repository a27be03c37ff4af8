package store

import "zombiezen.com/go/sqlite"

// A TableRow is a table as it is kept. Definition is the caller's.
type TableRow struct {
	ID         int64
	Name       string
	Definition []byte
}

// Tables lists all tables by name.
func (tx *Tx) Tables() (tables []TableRow, err error) {
	err = tx.rows(func(stmt *sqlite.Stmt) bool {
		tables = append(tables, TableRow{stmt.ColumnInt64(0), stmt.ColumnText(1), column(stmt, 2)})
		return true
	}, "SELECT id, name, definition FROM tables ORDER BY name")
	return tables, err
}

// InsertTable makes a table, whose name must be free. Its id was never another
// table's.
func (tx *Tx) InsertTable(name string, definition []byte) (id int64, err error) {
	tx.changeCatalog()
	err = tx.do("INSERT INTO tables (name, definition) VALUES (?, ?)", name, definition)
	return tx.conn.LastInsertRowID(), err
}

// UpdateTable replaces a table's definition.
func (tx *Tx) UpdateTable(id int64, definition []byte) error {
	tx.changeCatalog()
	return tx.do("UPDATE tables SET definition = ? WHERE id = ?", definition, id)
}

// DeleteTable removes a table and its items; its streams stay.
func (tx *Tx) DeleteTable(id int64) error {
	tx.changeCatalog()
	if err := tx.Empty(id); err != nil {
		return err
	}
	return tx.do("DELETE FROM tables WHERE id = ?", id)
}

// A StreamRow is a stream as it is kept. Definition is the caller's.
type StreamRow struct {
	ID         int64
	Table      int64
	ARN        string
	Ended      int64 // milliseconds; 0: still written
	Definition []byte
}

// Streams lists all streams in the order in which they were made.
func (tx *Tx) Streams() (streams []StreamRow, err error) {
	err = tx.rows(func(stmt *sqlite.Stmt) bool {
		streams = append(streams, StreamRow{stmt.ColumnInt64(0), stmt.ColumnInt64(1), stmt.ColumnText(2), stmt.ColumnInt64(3), column(stmt, 4)})
		return true
	}, "SELECT id, tbl, arn, ended, definition FROM streams ORDER BY id")
	return streams, err
}

// InsertStream makes a stream, without shards.
func (tx *Tx) InsertStream(row StreamRow) (id int64, err error) {
	tx.changeCatalog()
	err = tx.do("INSERT INTO streams (tbl, arn, ended, definition) VALUES (?, ?, NULL, ?)", row.Table, row.ARN, row.Definition)
	return tx.conn.LastInsertRowID(), err
}

// EndStream marks a stream as no longer written.
func (tx *Tx) EndStream(id, at int64) error {
	tx.changeCatalog()
	return tx.do("UPDATE streams SET ended = ? WHERE id = ?", at, id)
}

// DeleteStream removes a stream that has no shards any more.
func (tx *Tx) DeleteStream(id int64) error {
	tx.changeCatalog()
	return tx.do("DELETE FROM streams WHERE id = ?", id)
}

// Token finds what was kept under an idempotency token.
func (tx *Tx) Token(token string) (digest []byte, at int64, err error) {
	err = tx.rows(func(stmt *sqlite.Stmt) bool {
		digest, at = column(stmt, 0), stmt.ColumnInt64(1)
		return false
	}, "SELECT digest, at FROM tokens WHERE token = ?", token)
	return digest, at, err
}

// KeepToken keeps a digest under an idempotency token.
func (tx *Tx) KeepToken(token string, digest []byte, at int64) error {
	return tx.do("INSERT OR REPLACE INTO tokens VALUES (?, ?, ?)", token, digest, at)
}

// ForgetTokens drops the tokens kept before the time.
func (tx *Tx) ForgetTokens(before int64) error {
	return tx.do("DELETE FROM tokens WHERE at < ?", before)
}
