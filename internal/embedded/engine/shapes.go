package engine

import "time"

// These are the structures of the API that describe tables. Requests and answers
// share them, and so do the definitions in the store. The tags of these and of all
// inputs say what a request must look like: package wire, which explains them, has
// held it against them before an operation gets it. In an answer, what is nil or an
// empty text is left out.

// A KeySchemaElement is an attribute of a table's key: KeyType is HASH or RANGE.
type KeySchemaElement struct {
	AttributeName string `api:",required,1..255"`
	KeyType       string `api:",required,one of HASH RANGE"`
}

// An AttributeDefinition gives a key attribute its type: S, N or B.
type AttributeDefinition struct {
	AttributeName string `api:",required,1..255"`
	AttributeType string `api:",required,one of B N S"`
}

// A StreamSpecification turns a table's stream on or off.
type StreamSpecification struct {
	StreamEnabled  *bool   `api:",required"`
	StreamViewType *string `api:",one of NEW_IMAGE OLD_IMAGE NEW_AND_OLD_IMAGES KEYS_ONLY"`
}

// Seconds is a time that the API shows as Unix seconds, with milliseconds behind the
// point.
type Seconds time.Time

// A TableDescription is what the API tells of a table.
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

// An IndexDescription is what the API tells of a local index.
type IndexDescription struct {
	IndexName      string
	KeySchema      []KeySchemaElement
	Projection     Projection
	IndexSizeBytes int64
	ItemCount      int64
	IndexArn       string
}

// A GlobalIndexDescription is what the API tells of a global index.
type GlobalIndexDescription struct {
	IndexDescription
	IndexStatus           string
	Backfilling           *bool
	ProvisionedThroughput ThroughputDescription
	OnDemandThroughput    *OnDemandThroughput
	WarmThroughput        *WarmThroughputDescription
}

// A BillingModeSummary says that a table is, or was, billed by request.
type BillingModeSummary struct {
	BillingMode                       string
	LastUpdateToPayPerRequestDateTime *Seconds
}

// orElse is the number that a request gives, or what stands for none.
func orElse(n *int64, otherwise int) int {
	if n == nil {
		return otherwise
	}
	return int(*n)
}

func text(p *string) string {
	if p == nil {
		return ""
	}
	return *p
}
