// Package store keeps tables, items and stream records in one SQLite database.
// It is the only package that knows SQL. It moves bytes: its caller decides what
// an item's blob means, which shard a record belongs to and what a time is for.
//
// A database is a file that several processes may open at the same time, or it is
// in memory and belongs to this process. Everything happens in transactions: Read
// sees one snapshot, Write is atomic. Writers of one process that wait for each
// other share a transaction. So a Write's function may run more than once, and all
// of its effects must go through its Tx.
//
// A committed write survives the end of the process, however it ends. The file is
// in WAL mode with synchronous=NORMAL: a power cut can undo the last commits, but
// only whole ones, newest first, and never damages the file.
package store
