package store

import (
	"bytes"
	"cmp"

	"zombiezen.com/go/sqlite"

	"dynamostreamer/internal/embedded/expr"
)

// A Key identifies a row of a table: PK is its partition key and SK its sort key, empty in
// a table without one. Their bytes sort like the values. To the store, an index is a table
// like any other, with a different id.
type Key struct {
	Part   uint32 // the hash of PK
	PK, SK []byte
}

// Compare compares keys in Scan's order.
func (k Key) Compare(other Key) int {
	return cmp.Or(cmp.Compare(k.Part, other.Part), bytes.Compare(k.PK, other.PK), bytes.Compare(k.SK, other.SK))
}

// A Row is the stored form of an item.
type Row struct {
	Key
	Expires int64 // milliseconds; 0: never
	Item    []byte
}

// apart reports whether an item of this size is stored in the table large, see schema.
// SQLite stores about 1,000 bytes of a row beside its key.
func apart(size int64) bool { return size > 800 }

// wholeItem selects a row's item from the row or from the table large.
const wholeItem = "iif(apart IS NULL, item, (SELECT l.item FROM large l WHERE l.id = apart))"

// Get reads the item at key, nil if there is none.
func (tx *Tx) Get(table int64, key Key) (item []byte) {
	tx.row(func(stmt *sqlite.Stmt) { item = column(stmt, 0) },
		"SELECT "+wholeItem+" FROM items WHERE tbl = ? AND part = ? AND pk = ? AND sk = ?", table, int64(key.Part), key.PK, key.SK)
	return item
}

// Put writes an item. size is the number of bytes by which it counts in the table. was is
// that of the item that it replaces, 0 if there is none.
func (tx *Tx) Put(table int64, row Row, size, was int64) {
	tx.uncount(table, row.Key, was)
	tx.add(counterTable, table, 1, size)
	var item, id any = row.Item, nil
	if apart(size) {
		tx.do("INSERT INTO large (item) VALUES (?)", row.Item)
		item, id = nil, tx.conn.LastInsertRowID()
	}
	tx.do(`INSERT INTO items VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET expires = excluded.expires, item = excluded.item, apart = excluded.apart`,
		table, int64(row.Part), row.PK, row.SK, orNull(row.Expires), item, id)
}

// Delete removes the item at key. size is the size with which it was put.
func (tx *Tx) Delete(table int64, key Key, size int64) {
	tx.uncount(table, key, size)
	tx.do("DELETE FROM items WHERE tbl = ? AND part = ? AND pk = ? AND sk = ?", table, int64(key.Part), key.PK, key.SK)
}

// uncount undoes what Put did beside writing the row, if there is one.
func (tx *Tx) uncount(table int64, key Key, size int64) {
	if size > 0 {
		tx.add(counterTable, table, -1, -size)
	}
	if apart(size) {
		tx.do("DELETE FROM large WHERE id = (SELECT apart FROM items WHERE tbl = ? AND part = ? AND pk = ? AND sk = ?)",
			table, int64(key.Part), key.PK, key.SK)
	}
}

// Query calls fn for the rows of a partition whose sort keys are within the bounds, in
// ascending or descending order, until fn returns false. fn may keep the row's bytes.
func (tx *Tx) Query(table int64, part uint32, pk []byte, bounds expr.Bounds, descending bool, fn func(Row) bool) {
	query := "SELECT sk, expires, " + wholeItem + " FROM items WHERE tbl = ? AND part = ? AND pk = ?"
	args := []any{table, int64(part), pk}
	if bounds.Low != nil {
		query += " AND sk >= ?"
		args = append(args, bounds.Low)
	}
	if bounds.High != nil {
		query += " AND sk < ?"
		args = append(args, bounds.High)
	}
	query += " ORDER BY sk"
	if descending {
		query += " DESC"
	}
	tx.rows(func(stmt *sqlite.Stmt) bool {
		return fn(Row{Key: Key{part, pk, column(stmt, 0)}, Expires: stmt.ColumnInt64(1), Item: column(stmt, 2)})
	}, query, args...)
}

// Scan calls fn for the rows with partition hashes low <= hash <= high, in the order of
// the hashes, until fn returns false. It starts after the key after, which need not exist,
// or at the beginning if after is nil.
func (tx *Tx) Scan(table int64, low, high uint32, after *Key, fn func(Row) bool) {
	query := "SELECT part, pk, sk, expires, " + wholeItem + " FROM items WHERE tbl = ? AND part <= ?"
	args := []any{table, int64(high)}
	if after != nil {
		query += " AND (part, pk, sk) > (?, ?, ?)"
		args = append(args, int64(after.Part), after.PK, after.SK)
	} else {
		query += " AND part >= ?"
		args = append(args, int64(low))
	}
	tx.rows(func(stmt *sqlite.Stmt) bool { return fn(scanned(stmt)) }, query+" ORDER BY part, pk, sk", args...)
}

// Expired lists up to limit rows of a table with low <= Expires < high, in that order.
func (tx *Tx) Expired(table, low, high int64, limit int) (rows []Row) {
	tx.rows(func(stmt *sqlite.Stmt) bool {
		rows = append(rows, scanned(stmt))
		return true
	}, `SELECT part, pk, sk, expires, `+wholeItem+` FROM items INDEXED BY expiring
		WHERE tbl = ? AND expires >= ? AND expires < ? ORDER BY expires LIMIT ?`, table, low, high, int64(limit))
	return rows
}

// scanned reads a row with the columns part, pk, sk, expires, item.
func scanned(stmt *sqlite.Stmt) Row {
	return Row{Key{uint32(stmt.ColumnInt64(0)), column(stmt, 1), column(stmt, 2)}, stmt.ColumnInt64(3), column(stmt, 4)}
}

// SetExpiry changes the time at which an item expires. 0 means never.
func (tx *Tx) SetExpiry(table int64, key Key, expires int64) {
	tx.do("UPDATE items SET expires = ? WHERE tbl = ? AND part = ? AND pk = ? AND sk = ?",
		orNull(expires), table, int64(key.Part), key.PK, key.SK)
}

// Next reads the rows after a key in Scan's order, up to a thousand or 4 MB, and reports
// whether there are more.
func (tx *Tx) Next(table int64, after *Key) (rows []Row, more bool) {
	size := 0
	tx.Scan(table, 0, 1<<32-1, after, func(row Row) bool {
		if more = len(rows) == 1000 || size >= 4<<20; more {
			return false
		}
		rows = append(rows, row)
		size += len(row.Item)
		return true
	})
	return rows, more
}

// PartitionBytes returns the total size of the items of a partition.
func (tx *Tx) PartitionBytes(table int64, key Key) (bytes int64) {
	tx.row(func(stmt *sqlite.Stmt) { bytes = stmt.ColumnInt64(0) },
		"SELECT total(length("+wholeItem+")) FROM items WHERE tbl = ? AND part = ? AND pk = ?", table, int64(key.Part), key.PK)
	return bytes
}

// Empty removes all rows of a table and its counts.
func (tx *Tx) Empty(table int64) {
	tx.do("DELETE FROM large WHERE id IN (SELECT apart FROM items WHERE tbl = ? AND apart IS NOT NULL)", table)
	tx.do("DELETE FROM items WHERE tbl = ?", table)
	tx.forget(counterTable, table)
}

// Counts returns the number of items in the table and the total of their sizes.
func (tx *Tx) Counts(table int64) (items, bytes int64) { return tx.counter(counterTable, table) }
