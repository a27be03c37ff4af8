package engine

import (
	"context"
	"math"
	"strconv"
	"time"

	"dynamostreamer/internal/embedded/attr"
	"dynamostreamer/internal/embedded/store"
)

// tooLongAgo is the age from which TTL no longer removes an item, so that a mistaken
// value does not empty a table ("Time to Live": five years).
const tooLongAgo = 5 * 365 * 24 * time.Hour

// ttlChangeInterval is the time after a change of a table's TTL in which it can't be
// changed again. In the service, a change takes up to that long.
const ttlChangeInterval = time.Hour

// expiry returns when the item expires, in milliseconds, 0 for never. Only a top-level
// Number counts.
func (t *ttlDefinition) expiry(item attr.Item) int64 {
	if t.Attribute == "" {
		return 0
	}
	v, ok := item.Get(t.Attribute)
	if !ok || v.Type() != attr.N {
		return 0
	}
	seconds, err := strconv.ParseFloat(v.Text(), 64)
	if err != nil || seconds <= 0 || seconds > 1e12 {
		return 0 // far too long ago, or too far ahead to matter
	}
	return int64(math.Ceil(seconds * 1000))
}

// A TimeToLiveSpecification turns a table's TTL on or off.
type TimeToLiveSpecification struct {
	Enabled       *bool   `api:",required"`
	AttributeName *string `api:",required,1..255"`
}

// UpdateTimeToLiveInput is the request of UpdateTimeToLive.
type UpdateTimeToLiveInput struct {
	TableName               *string                  `api:",parameter,name,arn,1..255"`
	TimeToLiveSpecification *TimeToLiveSpecification `api:",required"`
}

// UpdateTimeToLive turns a table's TTL on or off. It takes effect immediately, or on a
// large table within seconds. The service takes up to an hour. As in the service,
// another change is refused for an hour.
func (e *Engine) UpdateTimeToLive(ctx context.Context, in *UpdateTimeToLiveInput) (*TimeToLiveSpecification, error) {
	return write(ctx, e, func(tx *store.Tx, c *catalog) (*TimeToLiveSpecification, error) {
		t, err := c.named(*in.TableName)
		if err != nil {
			return nil, err
		}
		return in.TimeToLiveSpecification, e.setTTL(tx, t, *in.TimeToLiveSpecification.AttributeName, *in.TimeToLiveSpecification.Enabled)
	})
}

func (e *Engine) setTTL(tx *store.Tx, t *table, attribute string, enable bool) error {
	active, now := t.TTL.Attribute, e.clock.Now()
	switch {
	case active != "" && active != attribute:
		return invalid("TimeToLive is active on a different AttributeName: current AttributeName is %s", active)
	case active != "" && enable:
		return invalid("TimeToLive is already enabled")
	case active == "" && !enable:
		return invalid("TimeToLive is already disabled")
	case !t.TTL.Modified.IsZero() && now.Sub(t.TTL.Modified) < ttlChangeInterval:
		return invalid("Time to live has been modified multiple times within a fixed interval")
	}
	def := t.definition
	def.TTL = ttlDefinition{Modified: now}
	if enable {
		def.TTL = ttlDefinition{attribute, now, &store.Key{}}
		if def.TTL.fill(tx, t.id); def.TTL.Filling != nil {
			e.wakeSweeper()
		}
	}
	tx.UpdateTable(t.id, encode(def))
	return nil
}

// fill sets the expiry times of the next items, see backfill. No item expires until
// every item has its time, since some may still have one from another attribute.
func (t *ttlDefinition) fill(tx *store.Tx, table int64) {
	rows, more := tx.Next(table, t.Filling)
	for _, row := range rows {
		if at := t.expiry(readItem(tx, row.Item)); at != row.Expires {
			tx.SetExpiry(table, row.Key, at)
		}
		t.Filling = &row.Key
	}
	if !more {
		t.Filling = nil
	}
}

// TimeToLiveDescription is the answer of DescribeTimeToLive.
type TimeToLiveDescription struct{ TimeToLiveStatus, AttributeName string }

// DescribeTimeToLive describes a table's TTL.
func (e *Engine) DescribeTimeToLive(ctx context.Context, in *TableInput) (*TimeToLiveDescription, error) {
	return read(ctx, e, func(_ *store.Tx, c *catalog) (*TimeToLiveDescription, error) {
		t, err := c.named(*in.TableName)
		if err != nil {
			return nil, err
		}
		switch {
		case t.TTL.Attribute == "":
			return &TimeToLiveDescription{TimeToLiveStatus: "DISABLED"}, nil
		case t.TTL.Filling != nil:
			return &TimeToLiveDescription{"ENABLING", t.TTL.Attribute}, nil
		}
		return &TimeToLiveDescription{"ENABLED", t.TTL.Attribute}, nil
	})
}
