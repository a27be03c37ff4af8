package store

import "zombiezen.com/go/sqlite"

// maxFreePages is the number of free pages that the file may keep for new rows: 8 MB.
const maxFreePages = 2000

// GiveBack returns some of the file's free space to the file system if there is much of
// it, and reports whether there may be more.
func (tx *Tx) GiveBack() (more bool) {
	tx.row(func(stmt *sqlite.Stmt) { more = stmt.ColumnInt64(0) > maxFreePages }, "PRAGMA freelist_count")
	if more {
		tx.do("PRAGMA incremental_vacuum(1000)")
	}
	return more
}
