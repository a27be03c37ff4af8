package engine

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"dynamostreamer/internal/embedded/store"
)

// CreateTableInput is the request of CreateTable.
type CreateTableInput struct {
	AttributeDefinitions   []AttributeDefinition `api:",required"`
	TableName              *string               `api:",parameter,name,arn,3..255"`
	BillingMode            *string               `api:",one of PROVISIONED PAY_PER_REQUEST"`
	ProvisionedThroughput  *ProvisionedThroughput
	KeySchema              []KeySchemaElement `api:",required,1..2"`
	GlobalSecondaryIndexes []IndexInput       `api:",class GlobalSecondaryIndex"`
	LocalSecondaryIndexes  []LocalIndexInput  `api:",class LocalSecondaryIndex"`
	StreamSpecification    *StreamSpecification
	SettingsInput
	Tags []Tag
}

// CreateTable makes a table. The answer shows the status CREATING, as the service's
// does, but the table is ACTIVE immediately.
func (e *Engine) CreateTable(ctx context.Context, in *CreateTableInput) (*TableDescription, error) {
	err := firstOf(in.checkCapacity, in.checkSchema, in.checkUsed, in.checkIndexes, in.checkStream, in.checkSettings, in.checkTags)
	if err != nil {
		return nil, err
	}
	return write(ctx, e, func(tx *store.Tx, c *catalog) (*TableDescription, error) {
		name, err := c.nameOf(*in.TableName)
		switch {
		case err != nil:
			return nil, err
		case c.tables[name] != nil:
			return nil, fail(ResourceInUseException, "Table already exists: %s", name)
		}
		d := e.describe(tx, e.makeTable(tx, name, in), "CREATING")
		if in.WarmThroughput == nil {
			d.WarmThroughput = nil // DescribeTable tells it, this answer doesn't
		}
		return d, nil
	})
}

func (e *Engine) makeTable(tx *store.Tx, name string, in *CreateTableInput) *table {
	now := e.clock.Now()
	t := &table{name: name, definition: definition{
		Attributes:  in.AttributeDefinitions,
		Key:         in.KeySchema,
		ID:          newUUID(),
		Created:     now,
		BillingMode: "PROVISIONED",
	}}
	t.Throughput = in.ProvisionedThroughput.units()
	if text(in.BillingMode) == "PAY_PER_REQUEST" {
		t.BillingMode, t.LastPayPerRequest = "PAY_PER_REQUEST", now
	}
	for i, ix := range in.indexes() {
		t.Indexes = append(t.Indexes, ix.define(-tx.NextSequence(), i >= len(in.LocalSecondaryIndexes)))
	}
	t.dropUnused()
	e.applySettings(&t.Settings, &in.SettingsInput)
	t.Settings.ClassSince = time.Time{}         // the class has not changed
	t.Settings.Tags, _ = withTags(nil, in.Tags) // checkTags has checked them
	t.id = tx.InsertTable(t.name, encode(t.definition))
	if in.StreamSpecification != nil && *in.StreamSpecification.StreamEnabled {
		e.openStream(tx, t, *in.StreamSpecification.StreamViewType)
		tx.UpdateTable(t.id, encode(t.definition))
	}
	return t
}

// indexes returns the local indexes, then the global ones.
func (in *CreateTableInput) indexes() (all []IndexInput) {
	for _, ix := range in.LocalSecondaryIndexes {
		all = append(all, IndexInput{IndexName: ix.IndexName, KeySchema: ix.KeySchema, Projection: ix.Projection})
	}
	return append(all, in.GlobalSecondaryIndexes...)
}

// checkSchema checks that the key matches the attribute definitions.
func (in *CreateTableInput) checkSchema() error {
	for i, d := range in.AttributeDefinitions {
		if attributeType(in.AttributeDefinitions[:i], d.AttributeName) != "" {
			return invalid("Attribute Name is duplicated: %s", d.AttributeName)
		}
	}
	if err := checkKey(in.KeySchema, in.AttributeDefinitions, true); err != nil {
		return err
	}
	if in.LocalSecondaryIndexes == nil && in.GlobalSecondaryIndexes == nil && len(in.AttributeDefinitions) > len(in.KeySchema) {
		return invalid(badValues + "Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions")
	}
	return nil
}

// checkUsed refuses definitions of attributes that no key uses.
func (in *CreateTableInput) checkUsed() error {
	keys := [][]KeySchemaElement{in.KeySchema}
	for _, ix := range in.indexes() {
		keys = append(keys, ix.KeySchema)
	}
	if used := names(keys...); len(used) < len(in.AttributeDefinitions) {
		return invalid(badValues+"Some AttributeDefinitions are not used. AttributeDefinitions: %s, keys used: [%s]",
			definedNames(in.AttributeDefinitions), strings.Join(used, ", "))
	}
	return nil
}

func (in *CreateTableInput) checkCapacity() error {
	onDemand := text(in.BillingMode) == "PAY_PER_REQUEST"
	switch {
	case onDemand && in.ProvisionedThroughput != nil:
		return invalid(badValues + "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST")
	case !onDemand && in.ProvisionedThroughput == nil:
		return invalid(badValues + "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED")
	}
	return in.ProvisionedThroughput.check()
}

func (in *CreateTableInput) checkStream() error {
	return in.StreamSpecification.check("Table is being created with a stream enabled, UpdateViewType is required",
		"Table is being created with a stream disabled, UpdateViewType should not be specified")
}

func (in *CreateTableInput) checkTags() error {
	_, err := withTags(nil, in.Tags)
	return err
}

// newUUID returns a random identifier in the form of TableId.
func newUUID() string {
	h := fmt.Sprintf("%016x%016x", rand.Uint64(), rand.Uint64())
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
