package engine

import (
	"cmp"
	"slices"

	"dynamostreamer/internal/embedded/store"
)

// A GlobalSecondaryIndexUpdate adds, changes or deletes an index: exactly one of its
// fields is set.
type GlobalSecondaryIndexUpdate struct {
	Create *IndexInput `api:",class CreateGlobalSecondaryIndexAction"`
	Update *IndexInput `api:",class UpdateGlobalSecondaryIndexAction,without KeySchema Projection"`
	Delete *IndexInput `api:",class DeleteGlobalSecondaryIndexAction,without KeySchema Projection ProvisionedThroughput OnDemandThroughput WarmThroughput"`
}

// actions returns the fields that are set.
func (u *GlobalSecondaryIndexUpdate) actions() []*IndexInput {
	return slices.DeleteFunc([]*IndexInput{u.Create, u.Update, u.Delete}, func(in *IndexInput) bool { return in == nil })
}

// checkIndexes checks what does not depend on the table: that each index changes once,
// and that at most one index is added or deleted.
func (in *UpdateTableInput) checkIndexes() error {
	var seen []string
	online := 0
	for _, u := range in.GlobalSecondaryIndexUpdates {
		actions := u.actions()
		switch {
		case len(actions) == 0:
			return invalid(badValues + "One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, GlobalSecondaryIndexUpdate.Delete must not be null")
		case len(actions) > 1:
			return invalid(badValues + "Only one global secondary index action is allowed per GlobalSecondaryIndexUpdate object")
		case slices.Contains(seen, *actions[0].IndexName):
			return invalid(badValues+"Only one global secondary index update per index is allowed simultaneously. Index: %s", *actions[0].IndexName)
		case u.Update != nil && u.Update.WarmThroughput != nil && *u.Update.WarmThroughput == (WarmThroughput{}):
			return invalid(badValues+"WarmThroughput must have at least one of ReadUnitsPerSecond or WriteUnitsPerSecond specified for index: %s", *u.Update.IndexName)
		}
		seen = append(seen, *actions[0].IndexName)
		if u.Update == nil {
			online++
		}
	}
	switch {
	case in.GlobalSecondaryIndexUpdates != nil && len(in.GlobalSecondaryIndexUpdates) == 0:
		return invalid(badValues + "List of GlobalSecondaryIndexUpdates is empty")
	case online > 0 && in.ProvisionedThroughput != nil && in.BillingMode == nil:
		return invalid(badValues + "You cannot create or delete index while updating table IOPS")
	case online > 0 && in.StreamSpecification != nil:
		return invalid(badValues + "You cannot create or delete index while changing stream status")
	case online > 1:
		return errOneIndex
	}
	return nil
}

// updateIndexes changes the table's global indexes. A new index gets its first rows in
// the same transaction, so that the index of a small table can be read immediately. See
// backfill for the others.
func (e *Engine) updateIndexes(tx *store.Tx, t *table, in *UpdateTableInput) error {
	for _, u := range in.GlobalSecondaryIndexUpdates {
		var err error
		switch filling := t.filling(); {
		case filling != "" && u.Update == nil && (u.Delete == nil || *u.Delete.IndexName != filling):
			err = errOneIndex
		case u.Create != nil:
			err = e.createIndex(tx, t, in, u.Create)
		case u.Update != nil:
			err = e.updateIndex(t, u.Update)
		default:
			err = e.deleteIndex(tx, t, *u.Delete.IndexName)
		}
		if err != nil {
			return err
		}
	}
	for _, ix := range t.Indexes {
		if t.BillingMode == "PROVISIONED" && ix.Global && ix.Throughput == (Throughput{}) {
			return invalid(badValues+"ProvisionedThroughput must be specified for index: %s", ix.Name)
		}
	}
	t.dropUnused()
	return nil
}

var errOneIndex = fail(LimitExceededException, "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table")

// filling returns the name of the index that is being backfilled, empty for none.
func (t *table) filling() string {
	for _, ix := range t.Indexes {
		if ix.Filling != nil {
			return ix.Name
		}
	}
	return ""
}

// find returns the position of a global index in t.Indexes. The error of a local index
// says that a request can't verb it.
func (t *table) find(name, verb string) (int, error) {
	at := slices.IndexFunc(t.Indexes, func(d indexDefinition) bool { return d.Name == name })
	if at < 0 {
		return at, fail(ResourceNotFoundException, "Requested resource not found: Index %s for table %s", name, t.name)
	}
	if !t.Indexes[at].Global {
		return at, invalid("Cannot %s an index that is not a GlobalSecondaryIndex: %s", verb, name)
	}
	return at, nil
}

func (e *Engine) createIndex(tx *store.Tx, t *table, in *UpdateTableInput, ix *IndexInput) error {
	global, nonKey := 0, len(ix.Projection.NonKeyAttributes)
	for _, d := range t.Indexes {
		if d.Name == *ix.IndexName {
			return invalid("Attempting to create an index which already exists")
		}
		if d.Global {
			global++
		}
		nonKey += len(d.Projection.NonKeyAttributes)
	}
	onDemand := t.BillingMode == "PAY_PER_REQUEST"
	switch {
	case in.AttributeDefinitions == nil:
		return invalid(badValues+"AttributeDefinitions is not specified for index: %s", *ix.IndexName)
	case onDemand && ix.ProvisionedThroughput != nil:
		return invalid(badValues+"Neither ReadCapacityUnits nor WriteCapacityUnits can be specified for index: %s when BillingMode is PAY_PER_REQUEST", *ix.IndexName)
	case !onDemand && ix.ProvisionedThroughput == nil:
		return invalid(badValues+"Both ReadCapacityUnits and WriteCapacityUnits must be specified for index: %s", *ix.IndexName)
	case global == maxGlobalIndexes:
		return fail(LimitExceededException, "GlobalSecondaryIndex count exceeds the per-table limit of %d", maxGlobalIndexes)
	}
	if err := ix.check(in.AttributeDefinitions); err != nil {
		return err
	}
	if err := cmp.Or(checkNonKey(nonKey), ix.ThroughputInput.check(nil, t.BillingMode, ix.ProvisionedThroughput.units(), *ix.IndexName)); err != nil {
		return err
	}
	for _, k := range ix.KeySchema {
		now := attributeType(in.AttributeDefinitions, k.AttributeName)
		switch old := attributeType(t.Attributes, k.AttributeName); old {
		case now:
		case "":
			t.Attributes = append(slices.Clone(t.Attributes), AttributeDefinition{k.AttributeName, now})
		default:
			return invalid(badValues+"Attributes cannot be redefined. Please check that your attribute has the same type as previously defined. "+
				"Existing schema: Schema:[SchemaElement: key{%s:%s}] New schema: Schema:[SchemaElement: key{%s:%s:%s}]",
				k.AttributeName, old, k.AttributeName, now, k.KeyType)
		}
	}
	def := ix.define(-tx.NextSequence(), true)
	def.Filling = &store.Key{}
	fill(tx, t, &def)
	t.Indexes = append(t.Indexes, def)
	if def.Filling != nil {
		e.wakeSweeper()
	}
	return nil
}

func (e *Engine) updateIndex(t *table, in *IndexInput) error {
	at, err := t.find(*in.IndexName, "update")
	if err != nil {
		return err
	}
	ix := &t.Indexes[at]
	none := !in.OnDemandThroughput.given() && in.WarmThroughput == nil
	switch onDemand := t.BillingMode == "PAY_PER_REQUEST"; {
	case onDemand && (none || in.ProvisionedThroughput != nil):
		return invalid(badValues+"The only Updates for index: %s when TableThroughputMode is PAY_PER_REQUEST can be to OnDemandThroughput, WarmThroughput", ix.Name)
	case none && in.ProvisionedThroughput == nil:
		return invalid(badValues+"Both ReadCapacityUnits and WriteCapacityUnits must be specified for index: %s", ix.Name)
	}
	if err := in.ThroughputInput.check(&ix.throughputDefinition, t.BillingMode, ix.Throughput, ix.Name); err != nil {
		return err
	}
	ix.applyThroughput(in.ThroughputInput)
	if in.ProvisionedThroughput == nil {
		return nil
	}
	return ix.provision(in.ProvisionedThroughput.units(), e.clock.Now(), "index "+ix.Name, "index")
}

func (e *Engine) deleteIndex(tx *store.Tx, t *table, name string) error {
	at, err := t.find(name, "delete")
	if err != nil {
		return err
	}
	tx.Empty(t.Indexes[at].ID)
	t.Indexes = slices.Delete(t.Indexes, at, at+1)
	return nil
}

// dropUnused drops the definitions of attributes that no key uses.
func (t *table) dropUnused() {
	keys := slices.Clone(t.Key)
	for _, ix := range t.Indexes {
		keys = append(keys, ix.Key...)
	}
	defs := t.Attributes
	t.Attributes = nil
	for _, name := range names(keys) {
		t.Attributes = append(t.Attributes, AttributeDefinition{name, attributeType(defs, name)})
	}
}
