package engine

import (
	"cmp"
	"context"
	"strings"
	"time"
)

// Settings are what a request says of a table beside keys, indexes, capacity and
// stream. Except for DeletionProtection they change nothing here: the engine
// keeps them and shows them. Nil is absent.
type Settings struct {
	DeletionProtection *bool
	TableClass         *string
	SSE                *SSESpecification
	OnDemand           *OnDemandThroughput
	Warm               *WarmThroughput
}

// An SSESpecification says how a table is encrypted at rest.
type SSESpecification struct {
	Enabled *bool
	Type    *string
	Key     *string
}

// An OnDemandThroughput bounds a table that is billed by request; -1 is no bound.
type OnDemandThroughput struct {
	MaxReadRequestUnits  *int64 `json:",omitempty"`
	MaxWriteRequestUnits *int64 `json:",omitempty"`
}

// A WarmThroughput is what a table can serve at once.
type WarmThroughput struct {
	ReadUnitsPerSecond  *int64
	WriteUnitsPerSecond *int64
}

// kept is what of the settings a table's definition holds.
type kept struct {
	DeletionProtection bool                `json:",omitempty"`
	TableClass         string              `json:",omitempty"`
	ClassSince         time.Time           `json:",omitzero"`
	SSEKey             string              `json:",omitempty"` // empty: AWS's own key
	OnDemand           *OnDemandThroughput `json:",omitempty"`
	Warm               WarmThroughput      `json:",omitzero"`
	Tags               []Tag               `json:",omitempty"` // by key
}

// The parts of a TableDescription that tell of settings.
type (
	TableClassSummary struct {
		TableClass         string
		LastUpdateDateTime *Seconds `json:",omitempty"`
	}
	SSEDescription struct {
		Status          string
		SSEType         string
		KMSMasterKeyArn string
	}
	WarmThroughputDescription struct {
		ReadUnitsPerSecond  int64
		WriteUnitsPerSecond int64
		Status              string
	}
)

func (s *Settings) given() bool { return *s != Settings{} }

func (c *checks) settings(s *Settings) {
	if s.SSE != nil {
		c.oneOf(s.SSE.Type, "sSESpecification.sSEType", "AES256", "KMS")
	}
}

// keep takes in what a request says.
func (e *Engine) keep(k *kept, s *Settings) {
	if s.DeletionProtection != nil {
		k.DeletionProtection = *s.DeletionProtection
	}
	if s.TableClass != nil {
		if cmp.Or(k.TableClass, "STANDARD") != *s.TableClass {
			k.ClassSince = e.clock.Now()
		}
		k.TableClass = *s.TableClass
	}
	if s.SSE != nil {
		k.SSEKey = ""
		if s.SSE.on() {
			k.SSEKey = cmp.Or(text(s.SSE.Key), "alias/aws/dynamodb")
		}
	}
	if o := s.OnDemand; o != nil && *o != (OnDemandThroughput{}) {
		var merged OnDemandThroughput
		if k.OnDemand != nil {
			merged = *k.OnDemand
		}
		merged.MaxReadRequestUnits = cmp.Or(o.MaxReadRequestUnits, merged.MaxReadRequestUnits)
		merged.MaxWriteRequestUnits = cmp.Or(o.MaxWriteRequestUnits, merged.MaxWriteRequestUnits)
		k.OnDemand = &merged
	}
	if s.Warm != nil {
		k.Warm.ReadUnitsPerSecond = cmp.Or(s.Warm.ReadUnitsPerSecond, k.Warm.ReadUnitsPerSecond)
		k.Warm.WriteUnitsPerSecond = cmp.Or(s.Warm.WriteUnitsPerSecond, k.Warm.WriteUnitsPerSecond)
	}
}

// What a new table that is billed by request can serve at once ("Understanding
// DynamoDB warm throughput in different scenarios" in the Developer Guide). A
// provisioned one can serve what it provides.
const warmReads, warmWrites = 12_000, 4_000

// describeSettings adds the settings to a description.
func (e *Engine) describeSettings(d *TableDescription, t *table) {
	d.DeletionProtectionEnabled = t.Kept.DeletionProtection
	d.OnDemandThroughput = t.Kept.OnDemand
	if t.Kept.TableClass != "" {
		d.TableClassSummary = &TableClassSummary{t.Kept.TableClass, sometime(t.Kept.ClassSince)}
	}
	if t.Kept.SSEKey != "" {
		d.SSEDescription = &SSEDescription{"ENABLED", "KMS", e.keyARN(t.Kept.SSEKey)}
	}
	warm := t.warm()
	d.WarmThroughput = &warm
}

// keyARN is the ARN of a key that a request names by ARN, alias or id.
func (e *Engine) keyARN(key string) string {
	switch {
	case strings.HasPrefix(key, "arn:"):
		return key
	case !strings.HasPrefix(key, "alias/"):
		key = "key/" + key
	}
	return "arn:aws:kms:" + e.options.Region + ":" + Account + ":" + key
}

// warm is what a table can serve at once.
func (d *definition) warm() WarmThroughputDescription {
	reads, writes := d.Throughput.ReadCapacityUnits, d.Throughput.WriteCapacityUnits
	if d.BillingMode == "PAY_PER_REQUEST" {
		reads, writes = warmReads, warmWrites
	}
	return WarmThroughputDescription{
		ReadUnitsPerSecond:  max(reads, int64(orElse(d.Kept.Warm.ReadUnitsPerSecond, 0))),
		WriteUnitsPerSecond: max(writes, int64(orElse(d.Kept.Warm.WriteUnitsPerSecond, 0))),
		Status:              "ACTIVE",
	}
}

// LimitsDescription is the answer of DescribeLimits: the service's first limits.
type LimitsDescription struct {
	AccountMaxReadCapacityUnits, AccountMaxWriteCapacityUnits int64
	TableMaxReadCapacityUnits, TableMaxWriteCapacityUnits     int64
}

// DescribeLimits tells the limits of a new account. None is held here.
func (e *Engine) DescribeLimits(context.Context, *struct{}) (LimitsDescription, error) {
	return LimitsDescription{80_000, 80_000, 40_000, 40_000}, nil
}
