package engine

import (
	"cmp"
	"strings"
	"time"
)

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

// Rates are what a request says of how much a table or a global index may serve,
// and can serve at once, beside its provisioned capacity. They change nothing here:
// the engine keeps them and shows them.
type Rates struct {
	OnDemand *OnDemandThroughput `api:"OnDemandThroughput"`
	Warm     *WarmThroughput     `api:"WarmThroughput"`
}

// An OnDemandThroughput bounds what is billed by request. In a request, -1 takes a
// bound away.
type OnDemandThroughput struct {
	MaxReadRequestUnits  *int64 `json:",omitempty"`
	MaxWriteRequestUnits *int64 `json:",omitempty"`
}

func (o *OnDemandThroughput) given() bool { return o != nil && *o != OnDemandThroughput{} }

// A WarmThroughput is a Warmth as a request has it.
type WarmThroughput struct {
	ReadUnitsPerSecond  *int64
	WriteUnitsPerSecond *int64
}

// A Warmth is what can be served at once. It never sinks.
type Warmth struct {
	ReadUnitsPerSecond  int64
	WriteUnitsPerSecond int64
}

// A WarmThroughputDescription is what the API tells of a Warmth.
type WarmThroughputDescription struct {
	Warmth
	Status string
}

// rates is what is kept of Rates. Warm lacks what the last change of capacity or of
// the billing mode brought: see warm.
type rates struct {
	OnDemand *OnDemandThroughput `json:",omitempty"`
	Warm     Warmth              `json:",omitzero"`
}

// warm is what can be served: at least what is provided or, billed by request, what
// is so from the start ("Understanding DynamoDB warm throughput in different
// scenarios" in the Developer Guide).
func (r *rates) warm(mode string, provided Throughput) Warmth {
	reads, writes := provided.ReadCapacityUnits, provided.WriteCapacityUnits
	if mode == "PAY_PER_REQUEST" {
		reads, writes = 12_000, 4_000
	}
	return Warmth{max(reads, r.Warm.ReadUnitsPerSecond), max(writes, r.Warm.WriteUnitsPerSecond)}
}

// keep takes in what a request says.
func (r *rates) keep(in Rates) {
	if o := in.OnDemand; o.given() {
		merged := *o
		if old := r.OnDemand; old != nil {
			merged.MaxReadRequestUnits = cmp.Or(o.MaxReadRequestUnits, old.MaxReadRequestUnits)
			merged.MaxWriteRequestUnits = cmp.Or(o.MaxWriteRequestUnits, old.MaxWriteRequestUnits)
		}
		r.OnDemand = &merged
	}
	if w := in.Warm; w != nil {
		r.Warm.ReadUnitsPerSecond = max(r.Warm.ReadUnitsPerSecond, int64(orElse(w.ReadUnitsPerSecond, 0)))
		r.Warm.WriteUnitsPerSecond = max(r.Warm.WriteUnitsPerSecond, int64(orElse(w.WriteUnitsPerSecond, 0)))
	}
}

// settle drops bounds of -1, which only the answer of UpdateTable shows.
func (r *rates) settle() {
	if r.OnDemand == nil {
		return
	}
	left := *r.OnDemand
	for _, bound := range []**int64{&left.MaxReadRequestUnits, &left.MaxWriteRequestUnits} {
		if orElse(*bound, 0) < 0 {
			*bound = nil
		}
	}
	if r.OnDemand = nil; left.given() {
		r.OnDemand = &left
	}
}

// check holds what a request says against what is kept, which is nil for a new table
// or index. An empty index is the table. The messages are from ack-api-quirks.
func (in *Rates) check(kept *rates, mode string, provided Throughput, index string) error {
	const initial = "initial throughput for OnDemand. See: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html#on-demand-capacity-mode-initial"
	of, at, bounded := "table", "", "table"
	if index != "" {
		of, at, bounded = "index "+index, " for index : "+index, "index : "+index
	}
	least, reads := int64(-1), "current WarmThroughput, decreasing WarmThroughput is not supported"
	writes := reads
	if kept == nil {
		kept, least, at = &rates{}, 1, strings.Replace(at, " :", ":", 1)
		reads, writes = "ReadCapacityUnits of ProvisionedThroughput", "WriteCapacityUnits of ProvisionedThroughput"
		if mode == "PAY_PER_REQUEST" {
			reads, writes = initial, initial
		}
	}
	if err := in.OnDemand.check(mode, least, at, bounded); err != nil {
		return err
	}
	return in.Warm.check(kept.warm(mode, provided), of, reads, writes)
}

func (o *OnDemandThroughput) check(mode string, least int64, at, of string) error {
	bound := func(name string, units *int64) error {
		switch {
		case units == nil:
		case mode != "PAY_PER_REQUEST":
			return invalid(badValues+"%s for OnDemandThroughput%s cannot be specified when the table BillingMode is PROVISIONED", name, at)
		case *units == 0 || *units < least:
			return invalid(badValues+"Requested %s for OnDemandThroughput for %s is outside of valid range", name, of)
		}
		return nil
	}
	if o == nil {
		return nil
	}
	return cmp.Or(bound("MaxReadRequestUnits", o.MaxReadRequestUnits), bound("MaxWriteRequestUnits", o.MaxWriteRequestUnits))
}

func (w *WarmThroughput) check(now Warmth, of, reads, writes string) error {
	warm := func(name string, units *int64, now int64, what string) error {
		if units == nil || *units >= now {
			return nil
		}
		return invalid(badValues+"Requested %s for WarmThroughput for %s is lower than %s", name, of, what)
	}
	if w == nil {
		return nil
	}
	return cmp.Or(warm("ReadUnitsPerSecond", w.ReadUnitsPerSecond, now.ReadUnitsPerSecond, reads),
		warm("WriteUnitsPerSecond", w.WriteUnitsPerSecond, now.WriteUnitsPerSecond, writes))
}
