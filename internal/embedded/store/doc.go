// Package store keeps tables, items and stream records in one SQLite database.
// It is the only package that knows SQL. It moves bytes: what an item's blob
// means, which shard a record belongs to and what a time stands for are its
// caller's business.
//
// A database is a file that several processes may have open at once, or it is
// in memory and belongs to this process. Everything happens in transactions:
// Read sees one snapshot, Write is atomic. Writers of one process that wait for
// each other share a transaction, so a Write's function may run more than once
// and must do all it does through its Tx.
//
// A committed write outlives the process, however that ends. The file is in WAL
// mode with synchronous=NORMAL: a power cut may take back the last commits, but
// always whole ones, newest first, and never damages the file.
package store
