package store

import "zombiezen.com/go/sqlite"

// keptPages is how many free pages the file keeps for new rows: 8 MB.
const keptPages = 2000

// givenPages bounds what one transaction gives back.
const givenPages = 2000

// HasFreePages says whether the file holds so much unused space that GiveBack
// would return some.
func (tx *Tx) HasFreePages() (bool, error) {
	free, err := tx.freePages()
	return free > keptPages, err
}

func (tx *Tx) freePages() (free int64, err error) {
	err = tx.rows(func(stmt *sqlite.Stmt) bool {
		free = stmt.ColumnInt64(0)
		return false
	}, "PRAGMA freelist_count")
	return free, err
}

// GiveBack returns unused space to the file system, some of it if it is much.
func (tx *Tx) GiveBack() error {
	free, err := tx.freePages()
	if err != nil || free <= keptPages {
		return err
	}
	tx.dirty = true
	query := "PRAGMA incremental_vacuum(2000)"
	if free-keptPages < givenPages {
		query = "PRAGMA incremental_vacuum(200)"
	}
	return tx.rows(func(*sqlite.Stmt) bool { return true }, query)
}
