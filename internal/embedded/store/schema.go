package store

// formatVersion is the version of the schema below and of what its blobs hold,
// kept in user_version. Files of other versions are refused.
const formatVersion = 3

// applicationID marks a file as this engine's ("DyGo"), so that another
// program's SQLite file is never written to.
const applicationID = 0x4479476f

// The tables are kept in the order in which Query, Scan and GetRecords read them.
//
// To find a row by a key of several columns, SQLite reads the rows on its way from
// beginning to end, also what did not fit beside the key. So a large item is kept
// apart, and a record is found by one number.
const schema = `
CREATE TABLE tables (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	name TEXT NOT NULL UNIQUE,
	definition BLOB NOT NULL
);
CREATE TABLE items (
	tbl INTEGER NOT NULL,
	part INTEGER NOT NULL,   -- hash of the partition key: a scan's order
	pk BLOB NOT NULL,
	sk BLOB NOT NULL,        -- empty in a table without a sort key
	expires INTEGER,         -- milliseconds; NULL: never
	item BLOB,               -- NULL: it is in large
	apart INTEGER,           -- its id there
	PRIMARY KEY (tbl, part, pk, sk)
) WITHOUT ROWID;
CREATE TABLE large (
	id INTEGER PRIMARY KEY,
	item BLOB NOT NULL
);
CREATE INDEX expiring ON items (tbl, expires) WHERE expires IS NOT NULL;
CREATE TABLE streams (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	tbl INTEGER NOT NULL,
	arn TEXT NOT NULL UNIQUE,
	ended INTEGER,           -- milliseconds; NULL: still written
	definition BLOB NOT NULL
);
CREATE TABLE shards (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	stream INTEGER NOT NULL,
	name TEXT NOT NULL,
	parent TEXT NOT NULL,    -- empty: none
	low INTEGER NOT NULL,    -- the partition hashes it takes: low <= hash < high
	high INTEGER NOT NULL,
	starting INTEGER NOT NULL,
	ending INTEGER,          -- NULL: open
	opened INTEGER NOT NULL, -- milliseconds
	closed INTEGER,
	trimmed INTEGER NOT NULL DEFAULT 0, -- the last sequence number that is gone
	UNIQUE (stream, name)
);
CREATE TABLE records (
	id INTEGER PRIMARY KEY,  -- of shard and sequence number, see recordID
	at INTEGER NOT NULL,     -- milliseconds
	kind INTEGER NOT NULL,
	keys BLOB,               -- where neither image holds them
	new BLOB,
	old BLOB
);
CREATE TABLE tokens (
	token TEXT PRIMARY KEY,
	digest BLOB NOT NULL,
	at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX aging ON tokens (at);
CREATE TABLE counters (
	kind INTEGER NOT NULL,
	id INTEGER NOT NULL,
	a INTEGER NOT NULL,
	b INTEGER NOT NULL,
	PRIMARY KEY (kind, id)
) WITHOUT ROWID;
INSERT INTO counters VALUES (0, 0, 1, 0);
`

// The kinds of counters. They share one page, since most commits touch several.
const (
	counterMeta  = 0 // id 0: a is the catalog's version, b the last sequence number
	counterTable = 1 // id is the table's: a counts items, b their bytes
	counterShard = 2 // id is the shard's: a is the last record's time, b counts their bytes
)
