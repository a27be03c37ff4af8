package engine

import "time"

// A Throughput is a table's provisioned capacity.
type Throughput struct {
	ReadCapacityUnits  int64
	WriteCapacityUnits int64
}

// A ProvisionedThroughput is a Throughput as a request has it.
type ProvisionedThroughput struct {
	WriteCapacityUnits *int64 `api:",class Long,required,1.."`
	ReadCapacityUnits  *int64 `api:",class Long,required,1.."`
}

// units is the capacity that a request gives, zero where it gives none.
func (p *ProvisionedThroughput) units() Throughput {
	if p == nil {
		return Throughput{}
	}
	return Throughput{*p.ReadCapacityUnits, *p.WriteCapacityUnits}
}

// maxUnits is more than any table could have.
const maxUnits = 1_000_000_000_000

// check refuses numbers beyond all reason.
func (p *ProvisionedThroughput) check() error {
	switch units := p.units(); {
	case units.ReadCapacityUnits > maxUnits:
		return invalid("Given value %d for ReadCapacityUnits is out of bounds", units.ReadCapacityUnits)
	case units.WriteCapacityUnits > maxUnits:
		return invalid("Given value %d for WriteCapacityUnits is out of bounds", units.WriteCapacityUnits)
	}
	return nil
}

// A ThroughputDescription is what the API tells of a table's capacity.
type ThroughputDescription struct {
	LastIncreaseDateTime   *Seconds
	LastDecreaseDateTime   *Seconds
	NumberOfDecreasesToday int64
	ReadCapacityUnits      int64
	WriteCapacityUnits     int64
}

// provisioned is what is kept of the capacity of a table or a global index.
type provisioned struct {
	Throughput Throughput
	Increased  time.Time `json:",omitzero"` // when it was last raised, zero for never
	Decreased  time.Time `json:",omitzero"`
}

func (p *provisioned) describe() ThroughputDescription {
	return ThroughputDescription{
		LastIncreaseDateTime: sometime(p.Increased),
		LastDecreaseDateTime: sometime(p.Decreased),
		ReadCapacityUnits:    p.Throughput.ReadCapacityUnits,
		WriteCapacityUnits:   p.Throughput.WriteCapacityUnits,
	}
}

// provision changes the capacity of a table or an index, which the message calls
// what, and later kind.
func (p *provisioned) provision(to Throughput, now time.Time, what, kind string) error {
	from := p.Throughput
	if from == to {
		return invalid("The provisioned throughput for the %s will not change. The requested value equals the current value. "+
			"Current ReadCapacityUnits provisioned for the %s: %d. Requested ReadCapacityUnits: %d. "+
			"Current WriteCapacityUnits provisioned for the %s: %d. Requested WriteCapacityUnits: %d. "+
			"Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits.",
			what, kind, from.ReadCapacityUnits, to.ReadCapacityUnits, kind, from.WriteCapacityUnits, to.WriteCapacityUnits)
	}
	if to.ReadCapacityUnits > from.ReadCapacityUnits || to.WriteCapacityUnits > from.WriteCapacityUnits {
		p.Increased = now
	}
	if to.ReadCapacityUnits < from.ReadCapacityUnits || to.WriteCapacityUnits < from.WriteCapacityUnits {
		p.Decreased = now
	}
	p.Throughput = to
	return nil
}
