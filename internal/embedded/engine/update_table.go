package engine

import (
	"context"
	"slices"

	"dynamostreamer/internal/embedded/store"
)

// UpdateTableInput is the request of UpdateTable.
type UpdateTableInput struct {
	TableName                   *string               `api:",parameter,name,arn,1..255"`
	AttributeDefinitions        []AttributeDefinition // of a new index; others are ignored
	BillingMode                 *string               `api:",one of PROVISIONED PAY_PER_REQUEST"`
	ProvisionedThroughput       *ProvisionedThroughput
	GlobalSecondaryIndexUpdates []GlobalSecondaryIndexUpdate
	StreamSpecification         *StreamSpecification
	SettingsInput
}

// UpdateTable changes a table's stream, its indexes, its capacity or its settings. The
// answer shows the status UPDATING, but the change is already in force.
//
// Disabling a stream closes its shards. They stay readable under the old ARN until
// their records are trimmed. Enabling the stream again makes a new one with a new ARN.
func (e *Engine) UpdateTable(ctx context.Context, in *UpdateTableInput) (*TableDescription, error) {
	if err := firstOf(in.checkAny, in.ProvisionedThroughput.check, in.checkAlone, in.SettingsInput.check, in.checkStream, in.checkIndexes); err != nil {
		return nil, err
	}
	return write(ctx, e, func(tx *store.Tx, c *catalog) (*TableDescription, error) {
		old, err := c.named(*in.TableName)
		if err != nil {
			return nil, err
		}
		t := *old
		t.Indexes = slices.Clone(t.Indexes)
		for i := range t.Indexes {
			t.Indexes[i].Warm = t.Indexes[i].currentWarm(t.BillingMode, t.Indexes[i].Throughput)
		}
		t.Settings.Warm = t.Settings.currentWarm(t.BillingMode, t.Throughput)
		err = firstOf(
			func() error { return e.updateCapacity(&t, in) },
			func() error { return e.updateStream(tx, &t, in.StreamSpecification) },
			func() error { return e.updateIndexes(tx, &t, in) },
			func() error { return e.checkSettings(&t, &in.SettingsInput) },
		)
		if err != nil {
			return nil, err
		}
		e.applySettings(&t.Settings, &in.SettingsInput)
		d := e.describe(tx, &t, "UPDATING")
		for i := range d.GlobalSecondaryIndexes {
			if ix := &d.GlobalSecondaryIndexes[i]; old.index(ix.IndexName) == nil {
				ix.IndexStatus = "CREATING"
			}
		}
		t.Settings.dropRemovedLimits()
		for i := range t.Indexes {
			t.Indexes[i].dropRemovedLimits()
		}
		tx.UpdateTable(t.id, encode(t.definition))
		return d, nil
	})
}

// checkAny refuses a request that changes nothing.
func (in *UpdateTableInput) checkAny() error {
	if in.BillingMode != nil || in.ProvisionedThroughput != nil || in.StreamSpecification != nil ||
		len(in.GlobalSecondaryIndexUpdates) > 0 || in.SettingsInput.given() {
		return nil
	}
	return invalid("At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates, SSESpecification, " +
		"ReplicaUpdates, MultiAccountReplicaReady, ReplicaTransitRoleArn, MultiRegionConsistency, DeletionProtectionEnabled, " +
		"OnDemandThroughput, WarmThroughput or TableClass is required")
}

func (in *UpdateTableInput) checkStream() error {
	return in.StreamSpecification.check("If stream is being enabled then UpdateViewType is required",
		"If stream is being disabled, then UpdateViewType must not be specified")
}

func (e *Engine) updateCapacity(t *table, in *UpdateTableInput) error {
	now := e.clock.Now()
	mode := t.BillingMode
	if in.BillingMode != nil {
		mode = *in.BillingMode
	}
	switch {
	case mode == "PAY_PER_REQUEST" && in.ProvisionedThroughput != nil:
		return invalid(badValues + "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST")
	case in.BillingMode != nil && mode == "PROVISIONED" && in.ProvisionedThroughput == nil:
		return invalid(badValues + "ProvisionedThroughput must be specified when BillingMode is PROVISIONED")
	}
	if t.BillingMode != mode {
		t.Settings.OnDemandThroughput = nil
		for i := range t.Indexes {
			t.Indexes[i].Throughput, t.Indexes[i].OnDemandThroughput = Throughput{}, nil
		}
		if t.Throughput = (Throughput{}); mode == "PAY_PER_REQUEST" {
			t.LastPayPerRequest = now
		}
	}
	t.BillingMode = mode
	if in.ProvisionedThroughput == nil {
		return nil
	}
	return t.provision(in.ProvisionedThroughput.units(), now, "table", "table")
}

func (e *Engine) updateStream(tx *store.Tx, t *table, spec *StreamSpecification) error {
	switch {
	case spec == nil:
		return nil
	case *spec.StreamEnabled && t.stream != nil:
		return invalid("Table already has an enabled stream: TableName: %s", t.name)
	case !*spec.StreamEnabled && t.stream == nil:
		return invalid("Table has no stream to disable: TableName: %s", t.name)
	case !*spec.StreamEnabled:
		e.closeStream(tx, t.stream)
		t.stream = nil
		return nil
	}
	e.openStream(tx, t, *spec.StreamViewType)
	return nil
}

// checkAlone refuses combinations of changes that the service makes one at a time.
func (in *UpdateTableInput) checkAlone() error {
	s := &in.SettingsInput
	others := 0
	for _, given := range []bool{s.SSE != nil, s.DeletionProtection != nil, s.TableClass != nil, s.WarmThroughput != nil, s.OnDemandThroughput != nil,
		in.BillingMode != nil, in.ProvisionedThroughput != nil, in.StreamSpecification != nil, in.GlobalSecondaryIndexUpdates != nil} {
		if given {
			others++
		}
	}
	others-- // beside the one that a case is about
	switch {
	case others < 1:
		return nil
	case s.SSE != nil:
		return invalid(badValues + "Server-Side Encryption modification must be the only operation in the request")
	case s.DeletionProtection != nil:
		return invalid(badValues + "DeletionProtection modification must be the only operation in the request")
	case s.TableClass != nil:
		return invalid(badValues + "TableClass modification must be the only operation in the request")
	case s.WarmThroughput != nil && slices.ContainsFunc(in.GlobalSecondaryIndexUpdates, func(u GlobalSecondaryIndexUpdate) bool { return u.Create != nil }):
		return invalid(badValues + "Create global secondary index cannot be specified when updating WarmThroughput")
	case s.WarmThroughput != nil && s.OnDemandThroughput == nil:
		return invalid(badValues + "WarmThroughput must be the only operation in the request")
	case s.OnDemandThroughput != nil && (others > 1 || in.BillingMode == nil):
		return invalid(badValues + "OnDemandThroughput can only be combined with BillingMode in an UpdateTable request")
	case in.ProvisionedThroughput != nil && in.StreamSpecification != nil:
		return invalid(badValues + "You cannot modify stream status while updating table IOPS")
	}
	return nil
}
