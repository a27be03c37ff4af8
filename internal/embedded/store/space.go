package store

import "zombiezen.com/go/sqlite"

// keptPages is how many free pages the file may keep for new rows: 8 MB.
const keptPages = 2000

// GiveBack returns some of the file's unused space to the file system, where
// there is much of it. It says whether there may be more.
func (tx *Tx) GiveBack() (more bool, err error) {
	err = tx.rows(func(stmt *sqlite.Stmt) bool {
		more = stmt.ColumnInt64(0) > keptPages
		return false
	}, "PRAGMA freelist_count")
	if err != nil || !more {
		return false, err
	}
	tx.dirty = true
	return true, tx.rows(func(*sqlite.Stmt) bool { return true }, "PRAGMA incremental_vacuum(1000)")
}
