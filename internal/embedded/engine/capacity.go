package engine

import "dynamostreamer/internal/embedded/attr"

// ConsumedCapacity is what an operation used of a table and its indexes, by the
// documented arithmetic ("Read/write capacity": 1 KB a write unit, 4 KB a read
// unit, half for an eventually consistent read, double in a transaction).
type ConsumedCapacity struct {
	TableName              string
	CapacityUnits          float64         // of the table and its indexes
	Table                  *Capacity       // nil: only the sum is wanted
	LocalSecondaryIndexes  []IndexCapacity `api:",map"`
	GlobalSecondaryIndexes []IndexCapacity `api:",map"`
}

// Capacity is what an operation used of a table or an index.
type Capacity struct{ CapacityUnits float64 }

// IndexCapacity is what an operation used of an index.
type IndexCapacity struct {
	Name string
	Capacity
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

// add counts units of a table or of one of its indexes.
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
		c = &ConsumedCapacity{TableName: tbl.name}
		if t.detailed {
			c.Table = &Capacity{}
		}
		t.tables = append(t.tables, c)
	}
	c.CapacityUnits += units
	switch {
	case !t.detailed:
	case ix.own:
		c.Table.CapacityUnits += units
	case ix.Global:
		c.GlobalSecondaryIndexes = addIndex(c.GlobalSecondaryIndexes, ix.Name, units)
	default:
		c.LocalSecondaryIndexes = addIndex(c.LocalSecondaryIndexes, ix.Name, units)
	}
}

func addIndex(all []IndexCapacity, name string, units float64) []IndexCapacity {
	for i := range all {
		if all[i].Name == name {
			all[i].CapacityUnits += units
			return all
		}
	}
	return append(all, IndexCapacity{name, Capacity{units}})
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
