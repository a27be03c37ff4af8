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
	DeletionProtection *bool `api:"DeletionProtectionEnabled"`
	TableClass         *string
	SSE                *SSESpecification `api:"SSESpecification"`
	Rates
}

// An SSESpecification says how a table is encrypted at rest.
type SSESpecification struct {
	Enabled *bool
	Type    *string `api:"SSEType,one of AES256 KMS"`
	Key     *string `api:"KMSMasterKeyId"`
}

// kept is what of the settings a table's definition holds.
type kept struct {
	DeletionProtection bool      `json:",omitempty"`
	TableClass         string    `json:",omitempty"`
	ClassSince         time.Time `json:",omitzero"`
	SSEKey             string    `json:",omitempty"` // empty: AWS's own key
	rates
	Tags []Tag `json:",omitempty"` // by key
}

// The parts of a TableDescription that tell of settings.
type (
	TableClassSummary struct {
		TableClass         string
		LastUpdateDateTime *Seconds
	}
	SSEDescription struct {
		Status          string
		SSEType         string
		KMSMasterKeyArn string
	}
)

func (s *Settings) given() bool { return *s != Settings{} }

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
	k.rates.keep(s.Rates)
}

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
	d.WarmThroughput = &WarmThroughputDescription{t.Kept.warm(t.BillingMode, t.Throughput), "ACTIVE"}
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

// LimitsDescription is the answer of DescribeLimits: the service's first limits.
type LimitsDescription struct {
	AccountMaxReadCapacityUnits, AccountMaxWriteCapacityUnits int64
	TableMaxReadCapacityUnits, TableMaxWriteCapacityUnits     int64
}

// DescribeLimits tells the limits of a new account. None is held here.
func (e *Engine) DescribeLimits(context.Context, *struct{}) (*LimitsDescription, error) {
	return &LimitsDescription{80_000, 80_000, 40_000, 40_000}, nil
}
