package engine

import (
	"context"
	"time"

	"dynamostreamer/internal/embedded/store"
)

// TableInput is the request of DescribeTable, DeleteTable and DescribeTimeToLive.
type TableInput struct {
	TableName *string `api:",parameter,name,arn,1..255"`
}

// DescribeTable describes a table. Its counts are exact. The service's are up to six
// hours old.
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
		ProvisionedThroughput: t.provisionedDefinition.describe(),
		TableSizeBytes:        bytes,
		ItemCount:             items,
		TableArn:              e.tableARN(t.name),
		TableId:               t.ID,
		LatestStreamLabel:     t.StreamLabel,
		LatestStreamArn:       t.StreamARN,

		DeletionProtectionEnabled: t.Settings.DeletionProtection,
		OnDemandThroughput:        t.Settings.OnDemandThroughput,
		WarmThroughput:            t.Settings.describeWarm(t.BillingMode, t.Throughput),
	}
	if t.Settings.TableClass != "" {
		d.TableClassSummary = &TableClassSummary{t.Settings.TableClass, sometime(t.Settings.ClassSince)}
	}
	if t.Settings.SSEKey != "" {
		d.SSEDescription = &SSEDescription{"ENABLED", "KMS", e.keyARN(t.Settings.SSEKey)}
	}
	if !t.LastPayPerRequest.IsZero() {
		d.BillingModeSummary = &BillingModeSummary{BillingMode: t.BillingMode, LastUpdateToPayPerRequestDateTime: sometime(t.LastPayPerRequest)}
	}
	if t.stream != nil {
		on, view := true, t.stream.View
		d.StreamSpecification = &StreamSpecification{StreamEnabled: &on, StreamViewType: &view}
	}
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
		ProvisionedThroughput: ix.provisionedDefinition.describe(), OnDemandThroughput: ix.OnDemandThroughput}
	if ix.Filling != nil {
		g.Backfilling = new(true)
	} else if d.TableStatus != "CREATING" {
		g.IndexStatus = "ACTIVE"
		g.WarmThroughput = ix.describeWarm(mode, ix.Throughput)
	}
	d.GlobalSecondaryIndexes = append(d.GlobalSecondaryIndexes, g)
}

// sometime returns t for an answer, nil if t is zero.
func sometime(t time.Time) *Seconds {
	if t.IsZero() {
		return nil
	}
	s := Seconds(t)
	return &s
}

// A TableDescription describes a table in an answer.
type TableDescription struct {
	AttributeDefinitions      []AttributeDefinition
	TableName                 string
	KeySchema                 []KeySchemaElement
	TableStatus               string
	CreationDateTime          *Seconds
	ProvisionedThroughput     ThroughputDescription
	TableSizeBytes            int64
	ItemCount                 int64
	TableArn                  string
	TableId                   string
	BillingModeSummary        *BillingModeSummary
	LocalSecondaryIndexes     []IndexDescription
	GlobalSecondaryIndexes    []GlobalIndexDescription
	StreamSpecification       *StreamSpecification
	LatestStreamLabel         string
	LatestStreamArn           string
	DeletionProtectionEnabled bool
	TableClassSummary         *TableClassSummary
	SSEDescription            *SSEDescription
	OnDemandThroughput        *OnDemandThroughput
	WarmThroughput            *WarmThroughputDescription
}

// A BillingModeSummary says that a table is, or was, billed per request.
type BillingModeSummary struct {
	BillingMode                       string
	LastUpdateToPayPerRequestDateTime *Seconds
}

// An IndexDescription describes a local index in an answer.
type IndexDescription struct {
	IndexName      string
	KeySchema      []KeySchemaElement
	Projection     Projection
	IndexSizeBytes int64
	ItemCount      int64
	IndexArn       string
}

// A GlobalIndexDescription describes a global index in an answer.
type GlobalIndexDescription struct {
	IndexDescription
	IndexStatus           string
	Backfilling           *bool
	ProvisionedThroughput ThroughputDescription
	OnDemandThroughput    *OnDemandThroughput
	WarmThroughput        *WarmThroughputDescription
}

// Seconds is a time that the API shows as Unix seconds with three decimals.
type Seconds time.Time

// A TableClassSummary describes a table's class and its last change.
type TableClassSummary struct {
	TableClass         string
	LastUpdateDateTime *Seconds
}

// An SSEDescription describes the key that encrypts a table.
type SSEDescription struct{ Status, SSEType, KMSMasterKeyArn string }
