package engine

import (
	"maps"
	"slices"

	"dynamostreamer/internal/embedded/attr"
)

// ConsumedCapacity is what an operation used of a table, by the documented
// arithmetic ("Read/write capacity": 1 KB a write unit, 4 KB a read unit, half
// for an eventually consistent read, double in a transaction).
type ConsumedCapacity struct {
	TableName     string
	CapacityUnits float64
	Table         bool // repeat the units under Table, as INDEXES asks
}

func capacity(t *table, wanted *string, units float64) *ConsumedCapacity {
	switch text(wanted) {
	case "TOTAL":
		return &ConsumedCapacity{TableName: t.name, CapacityUnits: units}
	case "INDEXES":
		return &ConsumedCapacity{TableName: t.name, CapacityUnits: units, Table: true}
	}
	return nil
}

// capacities is what a request used of several tables.
func capacities(c *catalog, wanted *string, units map[string]float64) (used []*ConsumedCapacity) {
	for _, name := range slices.Sorted(maps.Keys(units)) {
		if one := capacity(c.tables[name], wanted, units[name]); one != nil {
			used = append(used, one)
		}
	}
	return used
}

// writeUnits counts a write by the larger of both items.
func writeUnits(old, new attr.Item) float64 {
	return float64(max(1, (max(old.Size(), new.Size())+1023)/1024))
}

// readUnits counts a read of so many bytes.
func readUnits(size int, consistent bool) float64 {
	units := float64(max(1, (size+4095)/4096))
	if !consistent {
		units /= 2
	}
	return units
}
