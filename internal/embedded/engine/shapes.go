package engine

import (
	"strconv"
	"time"
)

// These are the structures of the API that describe tables. Requests and answers
// share them, and so do the definitions in the store.

// A KeyElement is an attribute of a table's key: KeyType is HASH or RANGE.
type KeyElement struct {
	AttributeName string
	KeyType       string
}

// An AttributeDefinition gives a key attribute its type: S, N or B.
type AttributeDefinition struct {
	AttributeName string
	AttributeType string
}

// A Throughput is a table's provisioned capacity.
type Throughput struct {
	ReadCapacityUnits  int64
	WriteCapacityUnits int64
}

// A StreamSpecification turns a table's stream on or off.
type StreamSpecification struct {
	StreamEnabled  *bool   `json:",omitempty"`
	StreamViewType *string `json:",omitempty"`
}

// Seconds is a time as the API has it: Unix seconds with milliseconds behind the
// point.
type Seconds time.Time

// MarshalJSON writes the number of seconds.
func (s Seconds) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, float64(time.Time(s).UnixMilli())/1000, 'f', 3, 64), nil
}

// A TableDescription is what the API tells of a table.
type TableDescription struct {
	AttributeDefinitions      []AttributeDefinition
	TableName                 string
	KeySchema                 []KeyElement
	TableStatus               string
	CreationDateTime          Seconds
	ProvisionedThroughput     ThroughputDescription
	TableSizeBytes            int64
	ItemCount                 int64
	TableArn                  string
	TableId                   string
	BillingModeSummary        *BillingModeSummary      `json:",omitempty"`
	LocalSecondaryIndexes     []IndexDescription       `json:",omitempty"`
	GlobalSecondaryIndexes    []GlobalIndexDescription `json:",omitempty"`
	StreamSpecification       *StreamSpecification     `json:",omitempty"`
	LatestStreamLabel         string                   `json:",omitempty"`
	LatestStreamArn           string                   `json:",omitempty"`
	DeletionProtectionEnabled bool
	TableClassSummary         *TableClassSummary         `json:",omitempty"`
	SSEDescription            *SSEDescription            `json:",omitempty"`
	OnDemandThroughput        *OnDemandThroughput        `json:",omitempty"`
	WarmThroughput            *WarmThroughputDescription `json:",omitempty"`
}

// An IndexDescription is what the API tells of a local index.
type IndexDescription struct {
	IndexName      string
	KeySchema      []KeyElement
	Projection     Projection
	IndexSizeBytes int64
	ItemCount      int64
	IndexArn       string
}

// A GlobalIndexDescription is what the API tells of a global index.
type GlobalIndexDescription struct {
	IndexDescription
	IndexStatus           string
	ProvisionedThroughput ThroughputDescription
}

// A ThroughputDescription is what the API tells of a table's capacity.
type ThroughputDescription struct {
	LastIncreaseDateTime   *Seconds `json:",omitempty"`
	LastDecreaseDateTime   *Seconds `json:",omitempty"`
	NumberOfDecreasesToday int64
	ReadCapacityUnits      int64
	WriteCapacityUnits     int64
}

// A BillingModeSummary says that a table is, or was, billed by request.
type BillingModeSummary struct {
	BillingMode                       string
	LastUpdateToPayPerRequestDateTime *Seconds `json:",omitempty"`
}
