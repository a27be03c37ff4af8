package engine

import (
	"cmp"
	"strings"
	"time"
)

// Throughput is the provisioned capacity of a table or a global index.
type Throughput struct{ ReadCapacityUnits, WriteCapacityUnits int64 }

// A ProvisionedThroughput is the provisioned capacity that a request asks for.
type ProvisionedThroughput struct {
	WriteCapacityUnits *int64 `api:",class Long,required,1.."`
	ReadCapacityUnits  *int64 `api:",class Long,required,1.."`
}

// units returns the requested capacity, zero for a nil p.
func (p *ProvisionedThroughput) units() Throughput {
	if p == nil {
		return Throughput{}
	}
	return Throughput{*p.ReadCapacityUnits, *p.WriteCapacityUnits}
}

// maxUnits is more than any table can have.
const maxUnits = 1_000_000_000_000

// check refuses a capacity above maxUnits.
func (p *ProvisionedThroughput) check() error {
	switch units := p.units(); {
	case units.ReadCapacityUnits > maxUnits:
		return invalid("Given value %d for ReadCapacityUnits is out of bounds", units.ReadCapacityUnits)
	case units.WriteCapacityUnits > maxUnits:
		return invalid("Given value %d for WriteCapacityUnits is out of bounds", units.WriteCapacityUnits)
	}
	return nil
}

// A ThroughputDescription describes provisioned capacity in an answer.
type ThroughputDescription struct {
	LastIncreaseDateTime, LastDecreaseDateTime *Seconds
	NumberOfDecreasesToday                     int64
	Throughput
}

// A provisionedDefinition is the part of a table's or an index's definition that
// holds its provisioned capacity.
type provisionedDefinition struct {
	Throughput Throughput
	Increased  time.Time `json:",omitzero"` // the last increase; zero: never
	Decreased  time.Time `json:",omitzero"`
}

func (p *provisionedDefinition) describe() ThroughputDescription {
	return ThroughputDescription{
		LastIncreaseDateTime: sometime(p.Increased),
		LastDecreaseDateTime: sometime(p.Decreased),
		Throughput:           p.Throughput,
	}
}

// provision changes the capacity of a table or an index. Messages call it what at
// its first mention and kind after that.
func (p *provisionedDefinition) provision(to Throughput, now time.Time, what, kind string) error {
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

// A ThroughputInput is the on-demand and the warm throughput that a request asks for,
// of a table or a global index. The engine stores and describes both, but enforces
// neither.
type ThroughputInput struct {
	OnDemandThroughput *OnDemandThroughput
	WarmThroughput     *WarmThroughput
}

// An OnDemandThroughput limits a table or an index that is billed per request. In a
// request, -1 removes a limit.
type OnDemandThroughput struct {
	MaxReadRequestUnits  *int64 `json:",omitempty"`
	MaxWriteRequestUnits *int64 `json:",omitempty"`
}

// given reports whether a request sets a limit.
func (o *OnDemandThroughput) given() bool { return o != nil && *o != OnDemandThroughput{} }

// A WarmThroughput is the warm throughput that a request asks for.
type WarmThroughput struct{ ReadUnitsPerSecond, WriteUnitsPerSecond *int64 }

// WarmUnits is the throughput that a table or an index can serve instantly. It never
// decreases.
type WarmUnits struct{ ReadUnitsPerSecond, WriteUnitsPerSecond int64 }

// A WarmThroughputDescription describes warm throughput in an answer.
type WarmThroughputDescription struct {
	WarmUnits
	Status string
}

// A throughputDefinition is the part of a table's or an index's definition that holds
// its on-demand and warm throughput. Warm does not include the effect of the latest
// change of capacity or billing mode: currentWarm does.
type throughputDefinition struct {
	OnDemandThroughput *OnDemandThroughput `json:"OnDemand,omitempty"`
	Warm               WarmUnits           `json:",omitzero"`
}

// currentWarm returns the present warm throughput: at least the provisioned capacity
// or, in on-demand mode, what every table has from the start ("Understanding DynamoDB
// warm throughput in different scenarios" in the Developer Guide).
func (d *throughputDefinition) currentWarm(mode string, provisioned Throughput) WarmUnits {
	reads, writes := provisioned.ReadCapacityUnits, provisioned.WriteCapacityUnits
	if mode == "PAY_PER_REQUEST" {
		reads, writes = 12_000, 4_000
	}
	return WarmUnits{max(reads, d.Warm.ReadUnitsPerSecond), max(writes, d.Warm.WriteUnitsPerSecond)}
}

// describeWarm returns what the API tells of the warm throughput.
func (d *throughputDefinition) describeWarm(mode string, provided Throughput) *WarmThroughputDescription {
	return &WarmThroughputDescription{d.currentWarm(mode, provided), "ACTIVE"}
}

// applyThroughput changes what the request asks to change.
func (d *throughputDefinition) applyThroughput(in ThroughputInput) {
	if o := in.OnDemandThroughput; o.given() {
		merged := *o
		if old := d.OnDemandThroughput; old != nil {
			merged.MaxReadRequestUnits = cmp.Or(o.MaxReadRequestUnits, old.MaxReadRequestUnits)
			merged.MaxWriteRequestUnits = cmp.Or(o.MaxWriteRequestUnits, old.MaxWriteRequestUnits)
		}
		d.OnDemandThroughput = &merged
	}
	if w := in.WarmThroughput; w != nil {
		d.Warm.ReadUnitsPerSecond = max(d.Warm.ReadUnitsPerSecond, int64(orElse(w.ReadUnitsPerSecond, 0)))
		d.Warm.WriteUnitsPerSecond = max(d.Warm.WriteUnitsPerSecond, int64(orElse(w.WriteUnitsPerSecond, 0)))
	}
}

// dropRemovedLimits drops the on-demand limits of -1. Only the answer to UpdateTable
// shows them.
func (d *throughputDefinition) dropRemovedLimits() {
	if d.OnDemandThroughput == nil {
		return
	}
	left := *d.OnDemandThroughput
	for _, limit := range []**int64{&left.MaxReadRequestUnits, &left.MaxWriteRequestUnits} {
		if orElse(*limit, 0) < 0 {
			*limit = nil
		}
	}
	if d.OnDemandThroughput = nil; left.given() {
		d.OnDemandThroughput = &left
	}
}

// check compares a request with the stored definition, nil for a new table or index.
// An empty index means the table itself. The messages are from ack-api-quirks.
func (in *ThroughputInput) check(stored *throughputDefinition, mode string, provisioned Throughput, index string) error {
	const initial = "initial throughput for OnDemand. See: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html#on-demand-capacity-mode-initial"
	of, at, limited := "table", "", "table"
	if index != "" {
		of, at, limited = "index "+index, " for index : "+index, "index : "+index
	}
	least, reads := int64(-1), "current WarmThroughput, decreasing WarmThroughput is not supported"
	writes := reads
	if stored == nil {
		stored, least, at = &throughputDefinition{}, 1, strings.Replace(at, " :", ":", 1)
		reads, writes = "ReadCapacityUnits of ProvisionedThroughput", "WriteCapacityUnits of ProvisionedThroughput"
		if mode == "PAY_PER_REQUEST" {
			reads, writes = initial, initial
		}
	}
	if err := in.OnDemandThroughput.check(mode, least, at, limited); err != nil {
		return err
	}
	return in.WarmThroughput.check(stored.currentWarm(mode, provisioned), of, reads, writes)
}

func (o *OnDemandThroughput) check(mode string, least int64, at, of string) error {
	limit := func(name string, units *int64) error {
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
	return cmp.Or(limit("MaxReadRequestUnits", o.MaxReadRequestUnits), limit("MaxWriteRequestUnits", o.MaxWriteRequestUnits))
}

func (w *WarmThroughput) check(now WarmUnits, of, reads, writes string) error {
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
