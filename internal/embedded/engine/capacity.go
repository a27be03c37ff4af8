package engine

import "dynamostreamer/internal/embedded/attr"

// ConsumedCapacity is what an operation used of a table and its indexes, by the
// documented arithmetic ("Read/write capacity": 1 KB a write unit, 4 KB a read
// unit, half for an eventually consistent read, double in a transaction).
type ConsumedCapacity struct {
	TableName string
	Units     float64 // of the table and its indexes
	Detailed  bool    // INDEXES: the others are wanted too
	Table     float64
	Local     []IndexCapacity
	Global    []IndexCapacity
}

// IndexCapacity is what an operation used of an index.
type IndexCapacity struct {
	Name  string
	Units float64
}

// A tally adds up what a request uses, if the request asks for it. A nil tally is
// nobody's.
type tally struct {
	detailed bool
	factor   float64
	tables   []*ConsumedCapacity // in the order of their first use
}

// newTally makes a tally of ReturnConsumedCapacity, nil for none. In a transaction
// all counts twice.
func newTally(wanted *string, transaction bool) *tally {
	t := &tally{factor: 1}
	if transaction {
		t.factor = 2
	}
	switch text(wanted) {
	case "INDEXES":
		t.detailed = true
	case "TOTAL":
	default:
		return nil
	}
	return t
}

// result is the capacity of all tables, nil where none is wanted.
func (t *tally) result() []*ConsumedCapacity {
	if t == nil {
		return nil
	}
	return t.tables
}

// one is the capacity of the request's only table.
func (t *tally) one() *ConsumedCapacity {
	if t == nil {
		return nil
	}
	return t.tables[0]
}

// add counts units of a table, or of its index ix if that is not nil.
func (t *tally) add(tbl *table, ix *index, units float64) {
	if t == nil {
		return
	}
	units *= t.factor
	var c *ConsumedCapacity
	for _, known := range t.tables {
		if known.TableName == tbl.name {
			c = known
		}
	}
	if c == nil {
		c = &ConsumedCapacity{TableName: tbl.name, Detailed: t.detailed}
		t.tables = append(t.tables, c)
	}
	c.Units += units
	switch {
	case ix == nil:
		c.Table += units
	case ix.Global:
		c.Global = addIndex(c.Global, ix.Name, units)
	default:
		c.Local = addIndex(c.Local, ix.Name, units)
	}
}

func addIndex(all []IndexCapacity, name string, units float64) []IndexCapacity {
	for i := range all {
		if all[i].Name == name {
			all[i].Units += units
			return all
		}
	}
	return append(all, IndexCapacity{name, units})
}

// write counts a write of a table or an index by the larger of both items.
func (t *tally) write(tbl *table, ix *index, old, new attr.Item) {
	if t != nil {
		t.add(tbl, ix, float64(max(1, (max(old.Size(), new.Size())+1023)/1024)))
	}
}

// read counts a read of so many bytes.
func (t *tally) read(tbl *table, ix *index, bytes int, consistent bool) {
	t.add(tbl, ix, readUnits(bytes, consistent))
}

func readUnits(bytes int, consistent bool) float64 {
	units := float64(max(1, (bytes+4095)/4096))
	if !consistent {
		units /= 2
	}
	return units
}
