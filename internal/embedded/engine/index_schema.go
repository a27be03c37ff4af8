package engine

import (
	"fmt"
	"slices"
	"strings"
)

// Limits on indexes ("Service, account, and table quotas").
const (
	maxLocalIndexes  = 5
	maxGlobalIndexes = 20
	maxNonKey        = 100 // attributes named in the projections of all of a table's indexes
	maxNonKeyEach    = 20
)

// An IndexInput is an index as a request has it.
type IndexInput struct {
	Name       *string
	Key        []KeyElement // nil: absent
	Projection *Projection
	Throughput *Throughput
}

// index checks the shape of an index that is to be made.
func (c *checks) index(in *IndexInput, at string) {
	c.named(in.Name, at+"indexName", 3)
	c.required(in.Key != nil, at+"keySchema")
	c.keySchema(in.Key, at+"keySchema")
	c.required(in.Projection != nil, at+"projection")
	if p := in.Projection; p != nil {
		if p.ProjectionType != "" {
			c.oneOf(&p.ProjectionType, at+"projection.projectionType", "ALL", "INCLUDE", "KEYS_ONLY")
		}
		if n := len(p.NonKeyAttributes); p.NonKeyAttributes != nil && n == 0 {
			c.broke("[]", at+"projection.nonKeyAttributes", "Member must have length greater than or equal to 1")
		} else if n > maxNonKeyEach {
			c.broke("["+strings.Join(p.NonKeyAttributes, ", ")+"]", at+"projection.nonKeyAttributes",
				fmt.Sprintf("Member must have length less than or equal to %d", maxNonKeyEach))
		}
		for i := range p.NonKeyAttributes {
			c.length(&p.NonKeyAttributes[i], fmt.Sprintf("%sprojection.nonKeyAttributes.%d.member", at, i+1), 1, 255)
		}
	}
	c.throughput(in.Throughput, at)
}

// checkKey holds the key of a table or an index against the definitions.
func checkKey(key []KeyElement, defs []AttributeDefinition) error {
	if key[0].KeyType != "HASH" {
		return invalid("Invalid KeySchema: The first KeySchemaElement is not a HASH key type")
	}
	if len(key) == 2 {
		if key[1].KeyType != "RANGE" {
			return invalid("Invalid KeySchema: The second KeySchemaElement is not a RANGE key type")
		}
		if key[0].AttributeName == key[1].AttributeName {
			// The service's words are these, though what it means is the duplicate.
			return invalid("Invalid KeySchema: Some index key attribute have no definition")
		}
	}
	for _, k := range key {
		if attributeType(defs, k.AttributeName) == "" {
			return invalid(badValues+"Some index key attributes are not defined in AttributeDefinitions. Keys: %s, AttributeDefinitions: %s",
				keyNames(key), definedNames(defs))
		}
	}
	return nil
}

// attributeType is the type that is defined for an attribute, empty for none.
func attributeType(defs []AttributeDefinition, name string) string {
	for _, d := range defs {
		if d.AttributeName == name {
			return d.AttributeType
		}
	}
	return ""
}

// check holds an index's key and projection against the definitions.
func (in *IndexInput) check(defs []AttributeDefinition) error {
	if err := checkKey(in.Key, defs); err != nil {
		return err
	}
	p := in.Projection
	switch {
	case p.ProjectionType == "":
		return invalid(badValues + "Unknown ProjectionType: null")
	case p.ProjectionType == "INCLUDE" && p.NonKeyAttributes == nil:
		return invalid(badValues + "ProjectionType is INCLUDE, but NonKeyAttributes is not specified")
	case p.ProjectionType != "INCLUDE" && p.NonKeyAttributes != nil:
		return invalid(badValues+"ProjectionType is %s, but NonKeyAttributes is specified", p.ProjectionType)
	}
	for i, name := range p.NonKeyAttributes {
		if slices.Contains(p.NonKeyAttributes[:i], name) {
			return invalid(badValues+"Duplicate element in NonKeyAttributes: %s", name)
		}
	}
	return nil
}

// checkIndexes holds the indexes against the table.
func (in *CreateTableInput) checkIndexes() error {
	names, nonKey := map[string]bool{}, 0
	add := func(ix *IndexInput) error {
		if names[*ix.Name] {
			return invalid(badValues+"Duplicate index name: %s", *ix.Name)
		}
		names[*ix.Name] = true
		nonKey += len(ix.Projection.NonKeyAttributes)
		return nil
	}
	switch {
	case in.LocalIndexes != nil && len(in.LocalIndexes) == 0:
		return invalid(badValues + "List of LocalSecondaryIndexes is empty")
	case in.GlobalIndexes != nil && len(in.GlobalIndexes) == 0:
		return invalid(badValues + "List of GlobalSecondaryIndexes is empty")
	case in.LocalIndexes != nil && len(in.KeySchema) == 1:
		return invalid(badValues + "Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex")
	}
	for i := range in.LocalIndexes {
		ix := &in.LocalIndexes[i]
		if err := in.checkLocal(ix); err != nil {
			return err
		}
		if err := add(ix); err != nil {
			return err
		}
	}
	onDemand := text(in.BillingMode) == "PAY_PER_REQUEST"
	for i := range in.GlobalIndexes {
		ix := &in.GlobalIndexes[i]
		if err := ix.check(in.AttributeDefinitions); err != nil {
			return err
		}
		switch {
		case onDemand && ix.Throughput != nil:
			return invalid(badValues+"ProvisionedThroughput should not be specified for index: %s when BillingMode is PAY_PER_REQUEST", *ix.Name)
		case !onDemand && ix.Throughput == nil:
			return invalid(badValues+"ProvisionedThroughput is not specified for index: %s", *ix.Name)
		}
		if err := add(ix); err != nil {
			return err
		}
	}
	switch {
	case len(in.LocalIndexes) > maxLocalIndexes:
		return invalid(badValues+"Number of LocalSecondaryIndexes exceeds per-table limit of %d", maxLocalIndexes)
	case len(in.GlobalIndexes) > maxGlobalIndexes:
		return invalid(badValues+"GlobalSecondaryIndex count exceeds the per-table limit of %d", maxGlobalIndexes)
	}
	return checkNonKey(nonKey)
}

func checkNonKey(n int) error {
	if n > maxNonKey {
		// No capture of the service's words is known.
		return invalid(badValues+"Number of NonKeyAttributes in all indexes exceeds the per-table limit of %d", maxNonKey)
	}
	return nil
}

func (in *CreateTableInput) checkLocal(ix *IndexInput) error {
	if err := ix.check(in.AttributeDefinitions); err != nil {
		return err
	}
	if len(ix.Key) != 2 {
		return invalid(badValues+"Index KeySchema does not have a range key for index: %s", *ix.Name)
	}
	if hash, own := in.KeySchema[0].AttributeName, ix.Key[0].AttributeName; hash != own {
		return invalid(badValues+"Index KeySchema does not have the same leading hash key as table KeySchema for index: %s. "+
			"index hash key: %s, table hash key: %s", *ix.Name, own, hash)
	}
	return nil
}

// define is what is kept of the index.
func (in *IndexInput) define(id int64, global bool) indexDefinition {
	def := indexDefinition{ID: id, Global: global, Name: *in.Name, Key: in.Key, Projection: *in.Projection}
	slices.Sort(def.Projection.NonKeyAttributes)
	if in.Throughput != nil {
		def.Throughput = *in.Throughput
	}
	return def
}
