package engine

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"dynamostreamer/internal/embedded/store"
)

// A catalog holds all tables and the enabled streams at one version. Goroutines share it,
// and it never changes. The disabled streams are not in it, since tests that make and
// delete tables leave thousands of them: streamByARN finds each when it is asked for.
type catalog struct {
	version int64
	region  string   // of the engine, in ARNs
	names   []string // of the tables, sorted
	tables  map[string]*table
	streams []*stream // the enabled ones, oldest first
	byARN   map[string]*stream
}

// A definition is the part of a table that is stored as JSON.
type definition struct {
	Attributes  []AttributeDefinition
	Key         []KeySchemaElement
	ID          string
	Created     time.Time
	BillingMode string
	provisionedDefinition
	LastPayPerRequest time.Time         `json:"OnDemand"` // the last change to PAY_PER_REQUEST; zero: never
	Indexes           []indexDefinition `json:",omitempty"`
	TTL               ttlDefinition
	Settings          settingsDefinition `json:"Kept,omitzero"`
	StreamLabel       string             // of the latest stream, even if it is disabled
	StreamARN         string
}

// A ttlDefinition is the part of a table's definition that holds its Time to Live.
type ttlDefinition struct {
	Attribute string // empty while disabled
	Modified  time.Time
	// Filling is the key up to which, in scan order, items have their expiry times
	// from this attribute. It is nil once all items have.
	Filling *store.Key `json:",omitempty"`
}

// A table is a table in the catalog.
type table struct {
	definition
	id      int64
	name    string
	asked   string // the name or the ARN in the request, for the answer
	keys    schema
	names   []string // of the key's attributes, sorted
	own     *index   // the table as an index
	indexes []*index // by name
	stream  *stream  // nil unless enabled
}

// A streamDefinition is the part of a stream that is stored as JSON.
type streamDefinition struct {
	Table   string
	Label   string
	View    string
	Created time.Time
	Key     []KeySchemaElement
}

// A stream is a stream in the catalog. Its table may have been deleted.
type stream struct {
	streamDefinition
	id     int64
	arn    string
	names  []string      // of its table's key
	ended  int64         // milliseconds, 0 while it is enabled
	shards []store.Shard // the open ones, if it is enabled
}

// catalogOf returns the catalog that tx sees. It reads the catalog again only after a
// change. If tx has failed, the result is meaningless.
func (e *Engine) catalogOf(tx *store.Tx) *catalog {
	if c := e.catalog.Load(); c != nil && c.version == tx.CatalogVersion() && !tx.CatalogChanged() {
		return c
	}
	c := loadCatalog(tx, e.options.Region)
	if !tx.CatalogChanged() && tx.Err() == nil { // otherwise it is not committed
		e.catalog.Store(c)
	}
	return c
}

func loadCatalog(tx *store.Tx, region string) *catalog {
	c := &catalog{version: tx.CatalogVersion(), region: region, tables: map[string]*table{}, byARN: map[string]*stream{}}
	for _, row := range tx.Tables() {
		t := &table{id: row.ID, name: row.Name, asked: row.Name}
		tx.Fail(json.Unmarshal(row.Definition, &t.definition))
		t.resolve()
		if row, found := tx.Stream(t.StreamARN); found && row.Ended == 0 {
			t.stream = newStream(tx, row)
			t.stream.shards = tx.OpenShards(row.ID)
			c.streams = append(c.streams, t.stream)
			c.byARN[row.ARN] = t.stream
		}
		c.names = append(c.names, t.name)
		c.tables[t.name] = t
	}
	slices.SortFunc(c.streams, func(a, b *stream) int { return cmp.Compare(a.id, b.id) })
	return c
}

// newStream makes a stream without shards.
func newStream(tx *store.Tx, row store.StreamRow) *stream {
	s := &stream{id: row.ID, arn: row.ARN, ended: row.Ended}
	tx.Fail(json.Unmarshal(row.Definition, &s.streamDefinition))
	s.names = names(s.Key)
	return s
}

// findStream finds a stream by its ARN, nil if there is none.
func (c *catalog) findStream(tx *store.Tx, arn string) *stream {
	if s := c.byARN[arn]; s != nil {
		return s
	}
	if row, found := tx.Stream(arn); found {
		return newStream(tx, row)
	}
	return nil
}

// resolve derives the keys and the indexes from the definition.
func (t *table) resolve() {
	t.keys, t.names, t.indexes = newSchema(t.Key, t.Attributes), names(t.Key), nil
	t.own = ownIndex(t)
	for i := range t.Indexes {
		t.indexes = append(t.indexes, newIndex(t, &t.Indexes[i]))
	}
	slices.SortFunc(t.indexes, func(a, b *index) int { return strings.Compare(a.Name, b.Name) })
}

// nameOf returns the name of the table that a request names by its name or its ARN. What
// is neither, which only callers in Go and the lab can ask for, is the name of no table. The
// messages are ack-api-quirks' (DDB-TABLE-011).
func (c *catalog) nameOf(asked string) (string, error) {
	parts := strings.SplitN(asked, ":", 6) // arn:aws:dynamodb:REGION:ACCOUNT:table/NAME
	if parts[0] != "arn" || len(parts) < 6 {
		return asked, nil
	}
	switch region, account := parts[3], parts[4]; {
	case region != c.region:
		return "", invalid("1 validation error detected: Invalid AWS region in '%s'", asked)
	case account != Account:
		return "", fail(AccessDeniedException, "Access is denied")
	}
	return strings.TrimPrefix(parts[5], "table/"), nil
}

// find finds the table that a request names by its name or its ARN, nil if there is none.
func (c *catalog) find(asked string) (t *table, name string, err error) {
	if name, err = c.nameOf(asked); err != nil {
		return nil, "", err
	}
	if t = c.tables[name]; t != nil && asked != name {
		named := *t
		named.asked = asked
		t = &named
	}
	return t, name, nil
}

// table finds a table for an operation on items.
func (c *catalog) table(asked string) (*table, error) {
	t, _, err := c.find(asked)
	if t == nil && err == nil {
		err = fail(ResourceNotFoundException, "Requested resource not found")
	}
	return t, err
}

// named finds a table for an operation on tables. Its error names the table.
func (c *catalog) named(asked string) (*table, error) {
	t, name, err := c.find(asked)
	if t == nil && err == nil {
		err = fail(ResourceNotFoundException, "Requested resource not found: Table: %s not found", name)
	}
	return t, err
}

func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // a definition contains nothing that JSON can't encode
	}
	return b
}
