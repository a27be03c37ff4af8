package store

// formatVersion is the version of the schema below and of the content of its blobs. It
// is stored in user_version. Open refuses files of other versions.
const formatVersion = 3

// applicationID marks a file as this engine's ("DyGo"), so that the engine never writes
// to another program's SQLite file.
const applicationID = 0x4479476f

// schema stores tables in the order in which Query, Scan and GetRecords read them.
//
// To find a row by a key of several columns, SQLite reads all of the rows on its way,
// including what did not fit beside their keys. So a large item is stored separately, and
// a record has a key of one number.
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
	apart INTEGER,           -- the item's id in large
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
	ended INTEGER,           -- milliseconds; NULL: enabled
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
	trimmed INTEGER NOT NULL DEFAULT 0, -- the last sequence number that was trimmed
	UNIQUE (stream, name)
);
CREATE TABLE records (
	id INTEGER PRIMARY KEY,  -- of shard and sequence number, see recordID
	at INTEGER NOT NULL,     -- milliseconds
	kind INTEGER NOT NULL,
	keys BLOB,               -- NULL if an image contains them
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

// These are the kinds of counters. All counters share one page, since most commits change
// several.
const (
	counterMeta  = 0 // id 0: a is the catalog's version, b the last sequence number
	counterTable = 1 // id is the table's: a counts items, b their bytes
	counterShard = 2 // id is the shard's: a is the last record's time, b counts their bytes
)
