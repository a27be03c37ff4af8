package store

import "zombiezen.com/go/sqlite"

// keptPages is how many free pages the file may keep for new rows: 8 MB.
const keptPages = 2000

// GiveBack returns some of the file's unused space to the file system, where
// there is much of it. It says whether there may be more.
func (tx *Tx) GiveBack() (more bool) {
	tx.row(func(stmt *sqlite.Stmt) { more = stmt.ColumnInt64(0) > keptPages }, "PRAGMA freelist_count")
	if more {
		tx.do("PRAGMA incremental_vacuum(1000)")
	}
	return more
}
