package store

import "zombiezen.com/go/sqlite"

// A TableRow is a table as it is kept. Definition is the caller's.
type TableRow struct {
	ID         int64
	Name       string
	Definition []byte
}

// Tables lists all tables by name.
func (tx *Tx) Tables() (tables []TableRow) {
	tx.rows(func(stmt *sqlite.Stmt) bool {
		tables = append(tables, TableRow{stmt.ColumnInt64(0), stmt.ColumnText(1), column(stmt, 2)})
		return true
	}, "SELECT id, name, definition FROM tables ORDER BY name")
	return tables
}

// InsertTable makes a table, whose name must be free. Its id was never another
// table's.
func (tx *Tx) InsertTable(name string, definition []byte) (id int64) {
	tx.changeCatalog()
	tx.do("INSERT INTO tables (name, definition) VALUES (?, ?)", name, definition)
	return tx.conn.LastInsertRowID()
}

// UpdateTable replaces a table's definition.
func (tx *Tx) UpdateTable(id int64, definition []byte) {
	tx.changeCatalog()
	tx.do("UPDATE tables SET definition = ? WHERE id = ?", definition, id)
}

// DeleteTable removes a table and its items; its streams stay.
func (tx *Tx) DeleteTable(id int64) {
	tx.changeCatalog()
	tx.Empty(id)
	tx.do("DELETE FROM tables WHERE id = ?", id)
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
func (tx *Tx) Streams() (streams []StreamRow) {
	tx.rows(func(stmt *sqlite.Stmt) bool {
		streams = append(streams, StreamRow{stmt.ColumnInt64(0), stmt.ColumnInt64(1), stmt.ColumnText(2), stmt.ColumnInt64(3), column(stmt, 4)})
		return true
	}, "SELECT id, tbl, arn, ended, definition FROM streams ORDER BY id")
	return streams
}

// InsertStream makes a stream, without shards.
func (tx *Tx) InsertStream(row StreamRow) (id int64) {
	tx.changeCatalog()
	tx.do("INSERT INTO streams (tbl, arn, ended, definition) VALUES (?, ?, NULL, ?)", row.Table, row.ARN, row.Definition)
	return tx.conn.LastInsertRowID()
}

// EndStream marks a stream as no longer written.
func (tx *Tx) EndStream(id, at int64) {
	tx.changeCatalog()
	tx.do("UPDATE streams SET ended = ? WHERE id = ?", at, id)
}

// DeleteStream removes a stream that has no shards any more.
func (tx *Tx) DeleteStream(id int64) {
	tx.changeCatalog()
	tx.do("DELETE FROM streams WHERE id = ?", id)
}

// Token finds what was kept under an idempotency token.
func (tx *Tx) Token(token string) (digest []byte, at int64) {
	tx.row(func(stmt *sqlite.Stmt) { digest, at = column(stmt, 0), stmt.ColumnInt64(1) },
		"SELECT digest, at FROM tokens WHERE token = ?", token)
	return digest, at
}

// KeepToken keeps a digest under an idempotency token.
func (tx *Tx) KeepToken(token string, digest []byte, at int64) {
	tx.do("INSERT OR REPLACE INTO tokens VALUES (?, ?, ?)", token, digest, at)
}

// ForgetTokens drops the tokens kept before the time.
func (tx *Tx) ForgetTokens(before int64) {
	tx.do("DELETE FROM tokens WHERE at < ?", before)
}
