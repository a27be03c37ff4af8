package store

import "zombiezen.com/go/sqlite"

// A Shard is the stored form of a stream's shard. Times are in milliseconds.
type Shard struct {
	ID, Stream       int64
	Name, Parent     string // Parent is empty for none
	Low, High        int64  // for the partition hashes Low <= hash < High
	Starting, Ending int64  // sequence numbers; Ending is 0 while it is open
	Opened, Closed   int64
	Trimmed          int64 // the sequence number of the last record that was trimmed
}

const shardColumns = "id, stream, name, parent, low, high, starting, ending, opened, closed, trimmed"

func readShard(stmt *sqlite.Stmt) Shard {
	return Shard{
		ID: stmt.ColumnInt64(0), Stream: stmt.ColumnInt64(1), Name: stmt.ColumnText(2), Parent: stmt.ColumnText(3),
		Low: stmt.ColumnInt64(4), High: stmt.ColumnInt64(5), Starting: stmt.ColumnInt64(6), Ending: stmt.ColumnInt64(7),
		Opened: stmt.ColumnInt64(8), Closed: stmt.ColumnInt64(9), Trimmed: stmt.ColumnInt64(10),
	}
}

func (tx *Tx) shards(where string, args ...any) (shards []Shard) {
	tx.rows(func(stmt *sqlite.Stmt) bool {
		shards = append(shards, readShard(stmt))
		return true
	}, "SELECT "+shardColumns+" FROM shards WHERE "+where, args...)
	return shards
}

// OpenShards lists the open shards of a stream, oldest first.
func (tx *Tx) OpenShards(stream int64) []Shard {
	return tx.shards("stream = ? AND ending IS NULL ORDER BY id", stream)
}

// Shards lists up to limit shards of a stream in the order of their names, starting after
// the name after. If parent is not empty, it lists only the children of that shard.
func (tx *Tx) Shards(stream int64, parent, after string, limit int) []Shard {
	return tx.shards("stream = ? AND name > ? AND ? IN ('', parent) ORDER BY name LIMIT ?", stream, after, parent, int64(limit))
}

// Shard finds a shard by its name.
func (tx *Tx) Shard(stream int64, name string) (sh Shard, found bool) {
	return first(tx.shards("stream = ? AND name = ?", stream, name))
}

// ShardByID finds a shard by its id.
func (tx *Tx) ShardByID(id int64) (sh Shard, found bool) {
	return first(tx.shards("id = ?", id))
}

func first[T any](rows []T) (row T, found bool) {
	if len(rows) == 0 {
		return row, false
	}
	return rows[0], true
}

// InsertShard adds an open shard that starts at the next sequence number.
func (tx *Tx) InsertShard(sh Shard) Shard {
	tx.changeCatalog()
	sh.Starting = tx.NextSequence()
	tx.do("INSERT INTO shards (stream, name, parent, low, high, starting, opened) VALUES (?, ?, ?, ?, ?, ?, ?)",
		sh.Stream, sh.Name, sh.Parent, sh.Low, sh.High, sh.Starting, sh.Opened)
	sh.ID = tx.conn.LastInsertRowID()
	return sh
}

// CloseShard ends a shard at the next sequence number. The shard's closing time is not
// before the time of its last record.
func (tx *Tx) CloseShard(id, at int64) {
	tx.changeCatalog()
	last, _ := tx.counter(counterShard, id)
	tx.do("UPDATE shards SET ending = ?, closed = ? WHERE id = ?", tx.NextSequence(), max(at, last), id)
}

// DeleteShard removes a shard. It must have no more records.
func (tx *Tx) DeleteShard(id int64) {
	tx.changeCatalog()
	tx.forget(counterShard, id)
	tx.do("DELETE FROM shards WHERE id = ?", id)
}

// A Record is the stored form of a stream record. Each of its blobs may be nil.
type Record struct {
	Sequence       int64
	At             int64 // milliseconds
	Kind           int64
	Keys, New, Old []byte
}

// recordID combines a shard's id and a sequence number into one number, so that the records
// of a shard are together and in order. There is room for eight million shards and a
// trillion sequence numbers.
func recordID(shard, seq int64) int64 { return shard<<sequenceBits | seq }

const (
	sequenceBits = 40
	lastSequence = 1<<sequenceBits - 1
)

// Append adds a record to the end of a shard with the next sequence number. Its time is
// not before that of the previous record, even if the clock was set back: FirstSince and
// Trim rely on that.
func (tx *Tx) Append(shard int64, r Record) {
	last, _ := tx.counter(counterShard, shard)
	r.At = max(r.At, last)
	tx.add(counterShard, shard, r.At-last, int64(len(r.Keys)+len(r.New)+len(r.Old)))
	tx.do("INSERT INTO records VALUES (?, ?, ?, ?, ?, ?)",
		recordID(shard, tx.NextSequence()), r.At, r.Kind, bytesOrNull(r.Keys), bytesOrNull(r.New), bytesOrNull(r.Old))
}

// ShardBytes returns the total size of all records that were ever added to the shard.
func (tx *Tx) ShardBytes(shard int64) int64 {
	_, bytes := tx.counter(counterShard, shard)
	return bytes
}

// Records calls fn for the shard's records from a sequence number on, in their order,
// until fn returns false. fn may keep the record's bytes.
func (tx *Tx) Records(shard, from int64, fn func(Record) bool) {
	tx.rows(func(stmt *sqlite.Stmt) bool {
		return fn(Record{stmt.ColumnInt64(0) & lastSequence, stmt.ColumnInt64(1), stmt.ColumnInt64(2), column(stmt, 3), column(stmt, 4), column(stmt, 5)})
	}, "SELECT id, at, kind, keys, new, old FROM records WHERE id BETWEEN ? AND ? ORDER BY id",
		recordID(shard, from), recordID(shard, lastSequence))
}

// CountRecords returns the number of the shard's records, and the sequence numbers of the
// first and of the last one.
func (tx *Tx) CountRecords(shard int64) (n, first, last int64) {
	tx.row(func(stmt *sqlite.Stmt) {
		n, first, last = stmt.ColumnInt64(0), stmt.ColumnInt64(1)&lastSequence, stmt.ColumnInt64(2)&lastSequence
	}, "SELECT count(*), min(id), max(id) FROM records WHERE id BETWEEN ? AND ?", recordID(shard, 0), recordID(shard, lastSequence))
	return n, first, last
}

// FirstSince finds the shard's first record that was made at a time or later.
func (tx *Tx) FirstSince(shard, at int64) (seq int64, found bool) {
	// The record is the first one from low on, and it is before high.
	low, high := int64(0), tx.sequence+1
	for low < high {
		mid := low + (high-low)/2
		next, made := int64(0), int64(0)
		ok := tx.row(func(stmt *sqlite.Stmt) { next, made = stmt.ColumnInt64(0)&lastSequence, stmt.ColumnInt64(1) },
			"SELECT id, at FROM records WHERE id BETWEEN ? AND ? ORDER BY id LIMIT 1", recordID(shard, mid), recordID(shard, lastSequence))
		switch {
		case !ok:
			high = mid
		case made >= at:
			seq, found = next, true
			high = mid
		default:
			low = next + 1
		}
	}
	return seq, found
}

// Trim removes up to limit of the shard's records that are older than a time, oldest
// first, and returns their number.
func (tx *Tx) Trim(shard, before int64, limit int) (n int) {
	first, last := recordID(shard, 0), int64(0)
	tx.rows(func(stmt *sqlite.Stmt) bool {
		if stmt.ColumnInt64(1) >= before || n == limit {
			return false
		}
		last = stmt.ColumnInt64(0)
		n++
		return true
	}, "SELECT id, at FROM records WHERE id BETWEEN ? AND ? ORDER BY id", first, recordID(shard, lastSequence))
	if n > 0 {
		tx.do("DELETE FROM records WHERE id BETWEEN ? AND ?", first, last)
		tx.do("UPDATE shards SET trimmed = ? WHERE id = ?", last&lastSequence, shard)
	}
	return n
}
