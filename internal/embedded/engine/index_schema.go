package engine

import "slices"

// Limits on indexes ("Service, account, and table quotas").
const (
	maxLocalIndexes  = 5
	maxGlobalIndexes = 20
	maxNonKey        = 100 // attributes named in the projections of all of a table's indexes
)

// An IndexInput is a global index in a request, or a local one.
type IndexInput struct {
	IndexName             *string            `api:",required,name,3..255"`
	KeySchema             []KeySchemaElement `api:",required,1.."`
	Projection            *Projection        `api:",required"`
	ProvisionedThroughput *ProvisionedThroughput
	ThroughputInput
}

// A LocalIndexInput is a local index in a request. Its key has at most two attributes.
type LocalIndexInput struct {
	IndexName  *string            `api:",required,name,3..255"`
	KeySchema  []KeySchemaElement `api:",required,1..2"`
	Projection *Projection        `api:",required"`
}

// check checks a global index's key and projection.
func (in *IndexInput) check(defs []AttributeDefinition) error {
	if err := checkGlobalKey(in.KeySchema, defs); err != nil {
		return err
	}
	return in.Projection.check()
}

// check checks a local index's key and projection.
func (in *LocalIndexInput) check(defs []AttributeDefinition) error {
	if err := checkKey(in.KeySchema, defs, false); err != nil {
		return err
	}
	return in.Projection.check()
}

func (p *Projection) check() error {
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

// checkIndexes checks the indexes of a new table.
func (in *CreateTableInput) checkIndexes() error {
	names, nonKey := map[string]bool{}, 0
	switch {
	case in.LocalSecondaryIndexes != nil && len(in.LocalSecondaryIndexes) == 0:
		return invalid(badValues + "List of LocalSecondaryIndexes is empty")
	case in.GlobalSecondaryIndexes != nil && len(in.GlobalSecondaryIndexes) == 0:
		return invalid(badValues + "List of GlobalSecondaryIndexes is empty")
	case in.LocalSecondaryIndexes != nil && len(in.KeySchema) == 1:
		return invalid(badValues + "Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex")
	}
	onDemand := text(in.BillingMode) == "PAY_PER_REQUEST"
	for i, ix := range in.indexes() {
		var err error
		if i < len(in.LocalSecondaryIndexes) {
			err = in.LocalSecondaryIndexes[i].check(in.AttributeDefinitions)
		} else {
			err = ix.check(in.AttributeDefinitions)
		}
		switch {
		case err != nil:
			return err
		case i < len(in.LocalSecondaryIndexes):
			err = in.checkLocal(&ix)
		case onDemand && ix.ProvisionedThroughput != nil:
			err = invalid(badValues+"ProvisionedThroughput should not be specified for index: %s when BillingMode is PAY_PER_REQUEST", *ix.IndexName)
		case !onDemand && ix.ProvisionedThroughput == nil:
			err = invalid(badValues+"ProvisionedThroughput is not specified for index: %s", *ix.IndexName)
		default:
			err = ix.ThroughputInput.check(nil, text(in.BillingMode), ix.ProvisionedThroughput.units(), *ix.IndexName)
		}
		if err != nil {
			return err
		}
		if names[*ix.IndexName] {
			return invalid(badValues+"Duplicate index name: %s", *ix.IndexName)
		}
		names[*ix.IndexName] = true
		nonKey += len(ix.Projection.NonKeyAttributes)
	}
	switch {
	case len(in.LocalSecondaryIndexes) > maxLocalIndexes:
		return invalid(badValues+"Number of LocalSecondaryIndexes exceeds per-table limit of %d", maxLocalIndexes)
	case len(in.GlobalSecondaryIndexes) > maxGlobalIndexes:
		return invalid(badValues+"GlobalSecondaryIndex count exceeds the per-table limit of %d", maxGlobalIndexes)
	}
	return checkNonKey(nonKey)
}

func checkNonKey(n int) error {
	if n > maxNonKey {
		// No capture of the service's message is known.
		return invalid(badValues+"Number of NonKeyAttributes in all indexes exceeds the per-table limit of %d", maxNonKey)
	}
	return nil
}

func (in *CreateTableInput) checkLocal(ix *IndexInput) error {
	if len(ix.KeySchema) != 2 {
		return invalid(badValues+"Index KeySchema does not have a range key for index: %s", *ix.IndexName)
	}
	if hash, own := in.KeySchema[0].AttributeName, ix.KeySchema[0].AttributeName; hash != own {
		return invalid(badValues+"Index KeySchema does not have the same leading hash key as table KeySchema for index: %s. "+
			"index hash key: %s, table hash key: %s", *ix.IndexName, own, hash)
	}
	return nil
}

// define returns the definition to store.
func (in *IndexInput) define(id int64, global bool) indexDefinition {
	def := indexDefinition{ID: id, Global: global, Name: *in.IndexName, Key: in.KeySchema, Projection: *in.Projection}
	def.Throughput = in.ProvisionedThroughput.units()
	def.applyThroughput(in.ThroughputInput)
	slices.Sort(def.Projection.NonKeyAttributes)
	return def
}
