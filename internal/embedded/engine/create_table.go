package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"dynamostreamer/internal/embedded/store"
)

// CreateTableInput is the request of CreateTable.
type CreateTableInput struct {
	TableName            *string
	AttributeDefinitions []AttributeDefinition // nil: absent
	KeySchema            []KeyElement          // nil: absent
	LocalIndexes         []IndexInput          // nil: absent
	GlobalIndexes        []IndexInput          // nil: absent
	BillingMode          *string
	Throughput           *Throughput
	Stream               *StreamSpecification
	Settings             Settings
	Tags                 []Tag
}

// CreateTable makes a table. The answer shows it CREATING, as the service's
// does; it is ACTIVE at once.
func (e *Engine) CreateTable(ctx context.Context, in *CreateTableInput) (*TableDescription, error) {
	if in.TableName == nil {
		return nil, invalid("The parameter 'TableName' is required but was not present in the request")
	}
	if err := in.check(); err != nil {
		return nil, err
	}
	if err := in.checkSchema(); err != nil {
		return nil, err
	}
	if err := in.checkCapacity(); err != nil {
		return nil, err
	}
	if err := in.checkIndexes(); err != nil {
		return nil, err
	}
	if err := in.checkUsed(); err != nil {
		return nil, err
	}
	if err := checkStream(in.Stream); err != nil {
		return nil, err
	}
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	return write(ctx, e, func(tx *store.Tx, c *catalog) (*TableDescription, error) {
		if c.tables[*in.TableName] != nil {
			return nil, fail(ResourceInUseException, "Table already exists: %s", *in.TableName)
		}
		t, err := e.makeTable(tx, c, in)
		if err != nil {
			return nil, err
		}
		return e.describe(tx, t, "CREATING")
	})
}

func (e *Engine) makeTable(tx *store.Tx, c *catalog, in *CreateTableInput) (*table, error) {
	now := e.clock.Now()
	t := &table{name: *in.TableName, definition: definition{
		Attributes:  in.AttributeDefinitions,
		Key:         in.KeySchema,
		ID:          newUUID(),
		Created:     now,
		BillingMode: "PROVISIONED",
	}}
	if in.Throughput != nil {
		t.Throughput = *in.Throughput
	}
	if text(in.BillingMode) == "PAY_PER_REQUEST" {
		t.BillingMode, t.OnDemand = "PAY_PER_REQUEST", now
	}
	for i := range in.LocalIndexes {
		t.Indexes = append(t.Indexes, in.LocalIndexes[i].define(-tx.NextSequence(), false))
	}
	for i := range in.GlobalIndexes {
		t.Indexes = append(t.Indexes, in.GlobalIndexes[i].define(-tx.NextSequence(), true))
	}
	t.dropUnused()
	e.keep(&t.Kept, &in.Settings)
	t.Kept.Tags = withTags(nil, in.Tags)
	var err error
	if t.id, err = tx.InsertTable(t.name, encode(t.definition)); err != nil {
		return nil, err
	}
	if in.Stream != nil && *in.Stream.StreamEnabled {
		view := *in.Stream.StreamViewType
		if err := e.openStream(tx, c, t.id, t.name, &t.definition, view); err != nil {
			return nil, err
		}
		t.stream = &stream{streamDefinition: streamDefinition{View: view}}
		err = tx.UpdateTable(t.id, encode(t.definition))
	}
	return t, err
}

func (in *CreateTableInput) check() error {
	var c checks
	c.named(in.TableName, "tableName", 3)
	c.required(in.AttributeDefinitions != nil, "attributeDefinitions")
	c.required(in.KeySchema != nil, "keySchema")
	c.oneOf(in.BillingMode, "billingMode", "PROVISIONED", "PAY_PER_REQUEST")
	c.keySchema(in.KeySchema, "keySchema")
	for i, d := range in.AttributeDefinitions {
		at := fmt.Sprintf("attributeDefinitions.%d.member.", i+1)
		c.length(&d.AttributeName, at+"attributeName", 1, 255)
		c.oneOf(&d.AttributeType, at+"attributeType", "B", "N", "S")
	}
	for i := range in.LocalIndexes {
		c.index(&in.LocalIndexes[i], fmt.Sprintf("localSecondaryIndexes.%d.member.", i+1))
	}
	for i := range in.GlobalIndexes {
		c.index(&in.GlobalIndexes[i], fmt.Sprintf("globalSecondaryIndexes.%d.member.", i+1))
	}
	c.throughput(in.Throughput, "")
	c.stream(in.Stream)
	c.settings(&in.Settings)
	return c.err()
}

// keySchema checks the shape of a key that is there.
func (c *checks) keySchema(key []KeyElement, at string) {
	if key != nil && len(key) == 0 {
		c.broke("[]", at, "Member must have length greater than or equal to 1")
	}
	if len(key) > 2 {
		shown := make([]string, len(key))
		for i, k := range key {
			shown[i] = fmt.Sprintf("KeySchemaElement(attributeName=%s, keyType=%s)", k.AttributeName, k.KeyType)
		}
		c.broke("["+strings.Join(shown, ", ")+"]", at, "Member must have length less than or equal to 2")
	}
	for i, k := range key {
		c.length(&k.AttributeName, fmt.Sprintf("%s.%d.member.attributeName", at, i+1), 1, 255)
		c.oneOf(&k.KeyType, fmt.Sprintf("%s.%d.member.keyType", at, i+1), "HASH", "RANGE")
	}
}

func (c *checks) throughput(t *Throughput, at string) {
	if t != nil {
		c.atLeast(&t.ReadCapacityUnits, at+"provisionedThroughput.readCapacityUnits", 1)
		c.atLeast(&t.WriteCapacityUnits, at+"provisionedThroughput.writeCapacityUnits", 1)
	}
}

func (c *checks) stream(s *StreamSpecification) {
	if s != nil {
		c.required(s.StreamEnabled != nil, "streamSpecification.streamEnabled")
		c.oneOf(s.StreamViewType, "streamSpecification.streamViewType",
			"NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES", "KEYS_ONLY")
	}
}

// checkSchema holds keys and definitions against each other.
func (in *CreateTableInput) checkSchema() error {
	for i, d := range in.AttributeDefinitions {
		if attributeType(in.AttributeDefinitions[:i], d.AttributeName) != "" {
			return invalid(badValues+"Duplicate AttributeName in AttributeDefinitions: %s", d.AttributeName)
		}
	}
	if err := checkKey(in.KeySchema, in.AttributeDefinitions); err != nil {
		return err
	}
	if in.LocalIndexes == nil && in.GlobalIndexes == nil && len(in.AttributeDefinitions) > len(in.KeySchema) {
		return invalid(badValues + "Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions")
	}
	return nil
}

// checkUsed refuses definitions of attributes that are no keys.
func (in *CreateTableInput) checkUsed() error {
	keys := [][]KeyElement{in.KeySchema}
	for _, ix := range slices.Concat(in.LocalIndexes, in.GlobalIndexes) {
		keys = append(keys, ix.Key)
	}
	if used := names(keys...); len(used) < len(in.AttributeDefinitions) {
		return invalid(badValues+"Some AttributeDefinitions are not used. AttributeDefinitions: %s, keys used: [%s]",
			definedNames(in.AttributeDefinitions), strings.Join(used, ", "))
	}
	return nil
}

func keyNames(key []KeyElement) string {
	names := make([]string, len(key))
	for i, k := range key {
		names[i] = k.AttributeName
	}
	return "[" + strings.Join(names, ", ") + "]"
}

func definedNames(defs []AttributeDefinition) string {
	names := make([]string, len(defs))
	for i, d := range defs {
		names[i] = d.AttributeName
	}
	return "[" + strings.Join(names, ", ") + "]"
}

func (in *CreateTableInput) checkCapacity() error {
	onDemand := text(in.BillingMode) == "PAY_PER_REQUEST"
	switch {
	case onDemand && in.Throughput != nil:
		return invalid(badValues + "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST")
	case !onDemand && in.Throughput == nil:
		return invalid(badValues + "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED")
	}
	return nil
}

// checkStream holds the two parts of a stream's specification against each
// other.
func checkStream(s *StreamSpecification) error {
	switch {
	case s == nil:
		return nil
	case *s.StreamEnabled && s.StreamViewType == nil:
		return invalid(badValues + "StreamViewType is required when StreamEnabled is set to true")
	case !*s.StreamEnabled && s.StreamViewType != nil:
		return invalid(badValues + "StreamViewType is not allowed when StreamEnabled is set to false")
	}
	return nil
}
