package store

import "zombiezen.com/go/sqlite"

// A TableRow is the stored form of a table. The caller decides what Definition means.
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

// InsertTable adds a table. Its name must be free. No other table had its id before.
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

// DeleteTable removes a table and its items, but not its streams.
func (tx *Tx) DeleteTable(id int64) {
	tx.changeCatalog()
	tx.Empty(id)
	tx.do("DELETE FROM tables WHERE id = ?", id)
}

// A StreamRow is the stored form of a stream. The caller decides what Definition means.
type StreamRow struct {
	ID         int64
	Table      int64
	ARN        string
	Ended      int64 // milliseconds; 0: enabled
	Definition []byte
}

const streamColumns = "id, tbl, arn, ended, definition"

func (tx *Tx) streams(where string, args ...any) (streams []StreamRow) {
	tx.rows(func(stmt *sqlite.Stmt) bool {
		streams = append(streams, StreamRow{stmt.ColumnInt64(0), stmt.ColumnInt64(1), stmt.ColumnText(2), stmt.ColumnInt64(3), column(stmt, 4)})
		return true
	}, "SELECT "+streamColumns+" FROM streams WHERE "+where, args...)
	return streams
}

// Streams lists up to limit streams whose ARN begins with prefix, oldest first, starting
// after the id after.
func (tx *Tx) Streams(prefix string, after int64, limit int) []StreamRow {
	if prefix == "" {
		return tx.streams("id > ? ORDER BY id LIMIT ?", after, int64(limit))
	}
	// The ids are in the index of ARNs: no other row has to be read.
	return tx.streams("id IN (SELECT id FROM streams WHERE arn >= ? AND arn < ? AND id > ? ORDER BY id LIMIT ?) ORDER BY id",
		prefix, prefix+"\U0010ffff", after, int64(limit))
}

// Stream finds a stream by its ARN.
func (tx *Tx) Stream(arn string) (row StreamRow, found bool) {
	return first(tx.streams("arn = ?", arn))
}

// AllStreams lists all streams, oldest first, with their ids and the times of their ends
// only.
func (tx *Tx) AllStreams() (streams []StreamRow) {
	tx.rows(func(stmt *sqlite.Stmt) bool {
		streams = append(streams, StreamRow{ID: stmt.ColumnInt64(0), Ended: stmt.ColumnInt64(1)})
		return true
	}, "SELECT id, ended FROM streams ORDER BY id")
	return streams
}

// InsertStream adds a stream without shards.
func (tx *Tx) InsertStream(row StreamRow) (id int64) {
	tx.changeCatalog()
	tx.do("INSERT INTO streams (tbl, arn, ended, definition) VALUES (?, ?, NULL, ?)", row.Table, row.ARN, row.Definition)
	return tx.conn.LastInsertRowID()
}

// EndStream marks a stream as disabled.
func (tx *Tx) EndStream(id, at int64) {
	tx.changeCatalog()
	tx.do("UPDATE streams SET ended = ? WHERE id = ?", at, id)
}

// DeleteStream removes a stream. It must have no more shards.
func (tx *Tx) DeleteStream(id int64) {
	tx.changeCatalog()
	tx.do("DELETE FROM streams WHERE id = ?", id)
}

// Token returns the digest that was stored for an idempotency token, nil if there is none,
// and the time at which it was stored.
func (tx *Tx) Token(token string) (digest []byte, at int64) {
	tx.row(func(stmt *sqlite.Stmt) { digest, at = column(stmt, 0), stmt.ColumnInt64(1) },
		"SELECT digest, at FROM tokens WHERE token = ?", token)
	return digest, at
}

// KeepToken stores a digest for an idempotency token.
func (tx *Tx) KeepToken(token string, digest []byte, at int64) {
	tx.do("INSERT OR REPLACE INTO tokens VALUES (?, ?, ?)", token, digest, at)
}

// ForgetTokens removes the tokens that were stored before a time.
func (tx *Tx) ForgetTokens(before int64) {
	tx.do("DELETE FROM tokens WHERE at < ?", before)
}
