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
	BillingMode          *string
	Throughput           *Throughput
	Stream               *StreamSpecification
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
	if err := checkStream(in.Stream); err != nil {
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
	if in.KeySchema != nil && len(in.KeySchema) == 0 {
		c.broke("[]", "keySchema", "Member must have length greater than or equal to 1")
	}
	if len(in.KeySchema) > 2 {
		shown := make([]string, len(in.KeySchema))
		for i, k := range in.KeySchema {
			shown[i] = fmt.Sprintf("KeySchemaElement(attributeName=%s, keyType=%s)", k.AttributeName, k.KeyType)
		}
		c.broke("["+strings.Join(shown, ", ")+"]", "keySchema", "Member must have length less than or equal to 2")
	}
	for i, d := range in.AttributeDefinitions {
		at := fmt.Sprintf("attributeDefinitions.%d.member.", i+1)
		c.length(&d.AttributeName, at+"attributeName", 1, 255)
		c.oneOf(&d.AttributeType, at+"attributeType", "B", "N", "S")
	}
	for i, k := range in.KeySchema {
		at := fmt.Sprintf("keySchema.%d.member.", i+1)
		c.length(&k.AttributeName, at+"attributeName", 1, 255)
		c.oneOf(&k.KeyType, at+"keyType", "HASH", "RANGE")
	}
	c.throughput(in.Throughput)
	c.stream(in.Stream)
	return c.err()
}

func (c *checks) throughput(t *Throughput) {
	if t != nil {
		c.atLeast(&t.ReadCapacityUnits, "provisionedThroughput.readCapacityUnits", 1)
		c.atLeast(&t.WriteCapacityUnits, "provisionedThroughput.writeCapacityUnits", 1)
	}
}

func (c *checks) stream(s *StreamSpecification) {
	if s != nil {
		c.required(s.StreamEnabled != nil, "streamSpecification.streamEnabled")
		c.oneOf(s.StreamViewType, "streamSpecification.streamViewType",
			"NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES", "KEYS_ONLY")
	}
}

// checkSchema holds key and definitions against each other.
func (in *CreateTableInput) checkSchema() error {
	defined := func(name string) bool {
		return slices.ContainsFunc(in.AttributeDefinitions, func(d AttributeDefinition) bool { return d.AttributeName == name })
	}
	for i, d := range in.AttributeDefinitions {
		if slices.ContainsFunc(in.AttributeDefinitions[:i], func(o AttributeDefinition) bool { return o.AttributeName == d.AttributeName }) {
			return invalid(badValues+"Duplicate AttributeName in AttributeDefinitions: %s", d.AttributeName)
		}
	}
	if in.KeySchema[0].KeyType != "HASH" {
		return invalid("Invalid KeySchema: The first KeySchemaElement is not a HASH key type")
	}
	if len(in.KeySchema) == 2 {
		if in.KeySchema[1].KeyType != "RANGE" {
			return invalid("Invalid KeySchema: The second KeySchemaElement is not a RANGE key type")
		}
		if in.KeySchema[0].AttributeName == in.KeySchema[1].AttributeName {
			// The service's words are these, though what it means is the duplicate.
			return invalid("Invalid KeySchema: Some index key attribute have no definition")
		}
	}
	for _, k := range in.KeySchema {
		if !defined(k.AttributeName) {
			return invalid(badValues+"Some index key attributes are not defined in AttributeDefinitions. Keys: %s, AttributeDefinitions: %s",
				keyNames(in.KeySchema), definedNames(in.AttributeDefinitions))
		}
	}
	if len(in.AttributeDefinitions) > len(in.KeySchema) {
		return invalid(badValues + "Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions")
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
