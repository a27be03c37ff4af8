package engine

import (
	"slices"

	"dynamostreamer/internal/embedded/attr"
)

// ConsumedCapacity is the capacity that an operation consumed of a table and its
// indexes, by the documented arithmetic ("Read/write capacity": 1 KB per write unit,
// 4 KB per read unit, half for an eventually consistent read, double in a transaction).
type ConsumedCapacity struct {
	TableName              string
	Capacity                               // of the table and its indexes
	Table                  *Capacity       // nil: the request asks only for the sum
	LocalSecondaryIndexes  []IndexCapacity `api:",map"`
	GlobalSecondaryIndexes []IndexCapacity `api:",map"`
}

// Capacity is the capacity that an operation consumed of a table or an index. Only a
// transaction sets one of the pointers: it either reads or writes.
type Capacity struct {
	CapacityUnits      float64
	ReadCapacityUnits  *float64
	WriteCapacityUnits *float64
}

// IndexCapacity is the capacity that an operation consumed of an index.
type IndexCapacity struct {
	Name string
	Capacity
}

// A tally adds up the capacity that a request consumes. It is nil, and adds nothing,
// unless the request asks for it.
type tally struct {
	detailed    bool
	transaction bool
	tables      []*ConsumedCapacity // in the order of their first use, and by their first names
	ids         []int64             // of the tables
}

// newTally makes the tally that ReturnConsumedCapacity asks for, nil for none.
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

// result returns the capacity of all tables.
func (t *tally) result() []*ConsumedCapacity {
	if t == nil {
		return nil
	}
	return t.tables
}

// one returns the capacity of the request's only table.
func (t *tally) one() *ConsumedCapacity {
	if t == nil {
		return nil
	}
	return t.tables[0]
}

// add adds units that were read from or written to a table or one of its indexes. In a
// transaction they count twice.
func (t *tally) add(tbl *table, ix *index, units float64, reads bool) {
	if t == nil {
		return
	}
	if t.transaction {
		units *= 2
	}
	var c *ConsumedCapacity
	if at := slices.Index(t.ids, tbl.id); at >= 0 {
		c = t.tables[at]
	}
	if c == nil {
		c = &ConsumedCapacity{TableName: tbl.asked}
		if t.detailed {
			c.Table = &Capacity{}
		}
		t.tables, t.ids = append(t.tables, c), append(t.ids, tbl.id)
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

// write adds a write to a table or an index. The larger of both items counts.
func (t *tally) write(tbl *table, ix *index, old, new attr.Item) {
	if t != nil {
		t.add(tbl, ix, float64(max(1, (max(old.Size(), new.Size())+1023)/1024)), false)
	}
}

// read adds a read of this many bytes.
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
