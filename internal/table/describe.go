package table

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// A Description is what DynamoDB says of a table: its DescribeTable and
// DescribeTimeToLive in one.
type Description struct {
	Name     string
	Status   types.TableStatus
	Keys     []string // as "id (S, HASH)", partition key first
	Capacity string

	StreamARN      string // of the current stream; empty without one
	StreamViewType types.StreamViewType

	TTLAttribute string // empty while TTL is disabled
	TTLStatus    types.TimeToLiveStatus
}

// Describe asks for the table called name. A missing one is a
// types.ResourceNotFoundException.
func Describe(ctx context.Context, db *dynamodb.Client, name string) (Description, error) {
	out, err := db.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &name})
	if err != nil {
		return Description{}, fmt.Errorf("describing table %s: %w", name, err)
	}
	ttl, err := db.DescribeTimeToLive(ctx, &dynamodb.DescribeTimeToLiveInput{TableName: &name})
	if err != nil {
		return Description{}, fmt.Errorf("asking for the TTL of table %s: %w", name, err)
	}
	t := out.Table
	d := Description{
		Name:     name,
		Status:   t.TableStatus,
		Keys:     keys(t),
		Capacity: capacity(t),
	}
	if s := t.StreamSpecification; s != nil && aws.ToBool(s.StreamEnabled) {
		d.StreamARN = aws.ToString(t.LatestStreamArn)
		d.StreamViewType = s.StreamViewType
	}
	if t := ttl.TimeToLiveDescription; t != nil {
		d.TTLAttribute, d.TTLStatus = aws.ToString(t.AttributeName), t.TimeToLiveStatus
	}
	return d, nil
}

func keys(t *types.TableDescription) []string {
	typeOf := make(map[string]types.ScalarAttributeType)
	for _, a := range t.AttributeDefinitions {
		typeOf[aws.ToString(a.AttributeName)] = a.AttributeType
	}
	var keys []string
	for _, k := range t.KeySchema {
		name := aws.ToString(k.AttributeName)
		keys = append(keys, fmt.Sprintf("%s (%s, %s)", name, typeOf[name], k.KeyType))
	}
	return keys
}

func capacity(t *types.TableDescription) string {
	if b := t.BillingModeSummary; b != nil && b.BillingMode == types.BillingModePayPerRequest {
		return "on demand"
	}
	p := t.ProvisionedThroughput
	if p == nil {
		return "unknown"
	}
	return fmt.Sprintf("%d read, %d write", aws.ToInt64(p.ReadCapacityUnits), aws.ToInt64(p.WriteCapacityUnits))
}

// TTLEnabled reports whether DynamoDB removes the table's expired rows,
// or is about to.
func (d Description) TTLEnabled() bool {
	return d.TTLStatus == types.TimeToLiveStatusEnabled || d.TTLStatus == types.TimeToLiveStatusEnabling
}

// OtherKeys says in a sentence that the table has other keys than Create
// gives it, or nothing if it has these. It is another program's then.
func (d Description) OtherKeys() string {
	want := []string{PartitionKey + " (S, HASH)", SortKey + " (S, RANGE)"}
	if slices.Equal(d.Keys, want) {
		return ""
	}
	return fmt.Sprintf("its keys are %s, not %s", strings.Join(d.Keys, ", "), strings.Join(want, ", "))
}

// HoldsCheckpoints reports whether the table has the keys of those that
// package stream makes.
func (d Description) HoldsCheckpoints() bool {
	return slices.Equal(d.Keys, []string{"reader (S, HASH)", "place (S, RANGE)"})
}

// Differences says, one sentence each, where the table is another one
// than Create and EnableTTL make. A TTL that is merely disabled is not a
// difference, since EnableTTL mends it; nor is another capacity.
func (d Description) Differences() []string {
	var diffs []string
	if other := d.OtherKeys(); other != "" {
		diffs = append(diffs, other)
	}
	if d.StreamARN == "" {
		diffs = append(diffs, "it has no stream")
	} else if d.StreamViewType != StreamViewType {
		diffs = append(diffs, fmt.Sprintf("its stream shows %s, not %s", d.StreamViewType, StreamViewType))
	}
	if d.TTLAttribute != "" && d.TTLAttribute != TTLAttribute {
		diffs = append(diffs, fmt.Sprintf("its TTL attribute is %s, not %s", d.TTLAttribute, TTLAttribute))
	}
	return diffs
}

// String is the description as an indented block, a line for each fact.
func (d Description) String() string {
	stream := "none"
	if d.StreamARN != "" {
		stream = fmt.Sprintf("%s, %s", d.StreamViewType, d.StreamARN)
	}
	ttl := string(d.TTLStatus)
	if d.TTLAttribute != "" {
		ttl = d.TTLAttribute + ", " + ttl
	}
	return fmt.Sprintf("  status    %s\n  keys      %s\n  capacity  %s\n  stream    %s\n  ttl       %s\n",
		d.Status, strings.Join(d.Keys, ", "), d.Capacity, stream, ttl)
}
