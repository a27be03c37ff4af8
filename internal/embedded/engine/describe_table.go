package engine

import (
	"context"
	"slices"
	"time"

	"dynamostreamer/internal/embedded/store"
)

// TableInput is the request of DescribeTable, DeleteTable and DescribeTimeToLive.
type TableInput struct {
	TableName *string `api:",parameter,name,1..255"`
}

// DescribeTable tells what a table is. Its counts are exact; the service's are
// up to six hours old.
func (e *Engine) DescribeTable(ctx context.Context, in *TableInput) (*TableDescription, error) {
	return read(ctx, e, func(tx *store.Tx, c *catalog) (*TableDescription, error) {
		t, err := c.named(*in.TableName)
		if err != nil {
			return nil, err
		}
		return e.describe(tx, t, "ACTIVE"), nil
	})
}

func (e *Engine) describe(tx *store.Tx, t *table, status string) *TableDescription {
	items, bytes := tx.Counts(t.id)
	d := &TableDescription{
		AttributeDefinitions:  t.Attributes,
		TableName:             t.name,
		KeySchema:             t.Key,
		TableStatus:           status,
		CreationDateTime:      sometime(t.Created),
		ProvisionedThroughput: t.provisioned.describe(),
		TableSizeBytes:        bytes,
		ItemCount:             items,
		TableArn:              e.tableARN(t.name),
		TableId:               t.ID,
		LatestStreamLabel:     t.StreamLabel,
		LatestStreamArn:       t.StreamARN,
	}
	if !t.OnDemand.IsZero() {
		d.BillingModeSummary = &BillingModeSummary{BillingMode: t.BillingMode, LastUpdateToPayPerRequestDateTime: sometime(t.OnDemand)}
	}
	if t.stream != nil {
		on, view := true, t.stream.View
		d.StreamSpecification = &StreamSpecification{StreamEnabled: &on, StreamViewType: &view}
	}
	e.describeSettings(d, t)
	for i := range t.Indexes {
		e.describeIndex(tx, d, t.BillingMode, &t.Indexes[i])
	}
	return d
}

// describeIndex adds an index to its table's description.
func (e *Engine) describeIndex(tx *store.Tx, d *TableDescription, mode string, ix *indexDefinition) {
	items, bytes := tx.Counts(ix.ID)
	local := IndexDescription{
		IndexName: ix.Name, KeySchema: ix.Key, Projection: ix.Projection,
		IndexSizeBytes: bytes, ItemCount: items, IndexArn: d.TableArn + "/index/" + ix.Name,
	}
	if !ix.Global {
		d.LocalSecondaryIndexes = append(d.LocalSecondaryIndexes, local)
		return
	}
	g := GlobalIndexDescription{IndexDescription: local, IndexStatus: "CREATING",
		ProvisionedThroughput: ix.provisioned.describe(), OnDemandThroughput: ix.OnDemand}
	if ix.Filling != nil {
		g.Backfilling = new(true)
	} else if d.TableStatus != "CREATING" {
		g.IndexStatus = "ACTIVE"
		g.WarmThroughput = &WarmThroughputDescription{ix.warm(mode, ix.Throughput), "ACTIVE"}
	}
	d.GlobalSecondaryIndexes = append(d.GlobalSecondaryIndexes, g)
}

func sometime(t time.Time) *Seconds {
	if t.IsZero() {
		return nil
	}
	s := Seconds(t)
	return &s
}

// ListTablesInput is the request of ListTables.
type ListTablesInput struct {
	ExclusiveStartTableName *string `api:",name,3..255"`
	Limit                   *int64  `api:",1..100"`
}

// ListTablesOutput is the answer of ListTables.
type ListTablesOutput struct {
	TableNames             []string
	LastEvaluatedTableName string
}

// ListTables lists names of tables in their order, a page at a time.
func (e *Engine) ListTables(ctx context.Context, in *ListTablesInput) (*ListTablesOutput, error) {
	return read(ctx, e, func(_ *store.Tx, c *catalog) (*ListTablesOutput, error) {
		out := &ListTablesOutput{}
		limit := orElse(in.Limit, 100)
		from := 0
		if after := text(in.ExclusiveStartTableName); after != "" {
			i, found := slices.BinarySearch(c.names, after)
			if from = i; found {
				from++
			}
		}
		names := c.names[from:]
		if len(names) > limit {
			names = names[:limit]
			out.LastEvaluatedTableName = names[limit-1]
		}
		out.TableNames = append([]string{}, names...)
		return out, nil
	})
}
