package engine

import "dynamostreamer/internal/embedded/attr"

// ConsumedCapacity is what an operation used of a table and its indexes, by the
// documented arithmetic ("Read/write capacity": 1 KB a write unit, 4 KB a read
// unit, half for an eventually consistent read, double in a transaction).
type ConsumedCapacity struct {
	TableName              string
	Capacity                               // of the table and its indexes
	Table                  *Capacity       // nil: only the sum is wanted
	LocalSecondaryIndexes  []IndexCapacity `api:",map"`
	GlobalSecondaryIndexes []IndexCapacity `api:",map"`
}

// Capacity is what an operation used of a table or an index. A transaction, which
// reads or writes and never both, says so by one of the pointers.
type Capacity struct {
	CapacityUnits      float64
	ReadCapacityUnits  *float64
	WriteCapacityUnits *float64
}

// IndexCapacity is what an operation used of an index.
type IndexCapacity struct {
	Name string
	Capacity
}

// A tally adds up what a request uses, if the request asks for it. A nil tally is
// nobody's.
type tally struct {
	detailed    bool
	transaction bool
	tables      []*ConsumedCapacity // in the order of their first use
}

// newTally makes a tally of ReturnConsumedCapacity, nil for none.
func newTally(wanted *string, transaction bool) *tally {
	t := &tally{transaction: transaction}
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

// add counts units of a table or of one of its indexes, read or written. In a
// transaction all counts twice.
func (t *tally) add(tbl *table, ix *index, units float64, reads bool) {
	if t == nil {
		return
	}
	if t.transaction {
		units *= 2
	}
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
	count := func(part *Capacity) {
		part.CapacityUnits += units
		switch sum := part.CapacityUnits; {
		case !t.transaction:
		case reads:
			part.ReadCapacityUnits = &sum
		default:
			part.WriteCapacityUnits = &sum
		}
	}
	count(&c.Capacity)
	switch {
	case !t.detailed:
	case ix.own:
		count(c.Table)
	case ix.Global:
		count(ofIndex(&c.GlobalSecondaryIndexes, ix.Name))
	default:
		count(ofIndex(&c.LocalSecondaryIndexes, ix.Name))
	}
}

func ofIndex(all *[]IndexCapacity, name string) *Capacity {
	for i := range *all {
		if ix := &(*all)[i]; ix.Name == name {
			return &ix.Capacity
		}
	}
	*all = append(*all, IndexCapacity{Name: name})
	return &(*all)[len(*all)-1].Capacity
}

// write counts a write of a table or an index by the larger of both items.
func (t *tally) write(tbl *table, ix *index, old, new attr.Item) {
	if t != nil {
		t.add(tbl, ix, float64(max(1, (max(old.Size(), new.Size())+1023)/1024)), false)
	}
}

// read counts a read of so many bytes.
func (t *tally) read(tbl *table, ix *index, bytes int, consistent bool) {
	t.add(tbl, ix, readUnits(bytes, consistent), true)
}

func readUnits(bytes int, consistent bool) float64 {
	units := float64(max(1, (bytes+4095)/4096))
	if !consistent {
		units /= 2
	}
	return units
}
