package embedded_test

import (
	"context"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	streamtypes "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"dynamostreamer/internal/embedded"
)

// anybody are the credentials of the tests: the engine takes any.
var anybody = credentials.NewStaticCredentialsProvider("anybody", "anything", "")

func clientsOf(db *embedded.DB) (*dynamodb.Client, *dynamodbstreams.Client) {
	return dynamodb.New(dynamodb.Options{
			Region: db.Region(), Credentials: anybody, HTTPClient: db.HTTPClient(), BaseEndpoint: aws.String(embedded.BaseEndpoint),
		}), dynamodbstreams.New(dynamodbstreams.Options{
			Region: db.Region(), Credentials: anybody, HTTPClient: db.HTTPClient(), BaseEndpoint: aws.String(embedded.BaseEndpoint),
		})
}

// openMemory opens a database whose clock stands still and that sweeps only when
// told to.
func openMemory(t *testing.T) (*embedded.DB, *embedded.ManualClock) {
	t.Helper()
	clock := embedded.NewManualClock(time.Now().Truncate(time.Second))
	db, err := embedded.OpenMemory(embedded.Options{Clock: clock, SweepInterval: -1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db, clock
}

// open opens a database in a folder, and closes it after the test.
func open(t testing.TB, dir string, o embedded.Options) *embedded.DB {
	t.Helper()
	db, err := embedded.Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func sharedDB(t *testing.T, dir string) (*embedded.DB, string) {
	t.Helper()
	db := open(t, dir, embedded.Options{SweepInterval: -1})
	c, _ := clientsOf(db)
	arn := createTable(t, c, sharedTable)
	enableTTL(t, c, sharedTable)
	return db, arn
}

// enableTTL enables TTL on the attribute ttl.
func enableTTL(t *testing.T, c *dynamodb.Client, table string) {
	t.Helper()
	_, err := c.UpdateTimeToLive(context.Background(), &dynamodb.UpdateTimeToLiveInput{
		TableName:               &table,
		TimeToLiveSpecification: &types.TimeToLiveSpecification{AttributeName: aws.String("ttl"), Enabled: aws.Bool(true)},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// tableInput describes the tutorial's table under another name.
func tableInput(name string) *dynamodb.CreateTableInput {
	return &dynamodb.CreateTableInput{
		TableName: &name,
		KeySchema: []types.KeySchemaElement{
			{AttributeName: aws.String("id"), KeyType: types.KeyTypeHash},
			{AttributeName: aws.String("email"), KeyType: types.KeyTypeRange},
		},
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String("id"), AttributeType: types.ScalarAttributeTypeS},
			{AttributeName: aws.String("email"), AttributeType: types.ScalarAttributeTypeS},
		},
		ProvisionedThroughput: &types.ProvisionedThroughput{ReadCapacityUnits: aws.Int64(1), WriteCapacityUnits: aws.Int64(1)},
		StreamSpecification:   &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewTypeNewAndOldImages},
	}
}

func createTable(t *testing.T, c *dynamodb.Client, name string) (streamARN string) {
	t.Helper()
	out, err := c.CreateTable(context.Background(), tableInput(name))
	if err != nil {
		t.Fatal(err)
	}
	return *out.TableDescription.LatestStreamArn
}

func putID(t *testing.T, c *dynamodb.Client, table, id string) {
	t.Helper()
	_, err := c.PutItem(context.Background(), &dynamodb.PutItemInput{TableName: &table, Item: map[string]types.AttributeValue{"id": str(id), "email": str("e")}})
	if err != nil {
		t.Fatal(err)
	}
}

func unix(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }

func str(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func num(s string) types.AttributeValue { return &types.AttributeValueMemberN{Value: s} }

func activity(id string, n int64) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{
		"id": str(id), "email": str("someone@example.com"), "ttl": num("4000000000"),
		"activity": &types.AttributeValueMemberM{Value: map[string]types.AttributeValue{
			"page": str("/checkout/cart"), "task": str("buying"), "n": num(fmt.Sprint(n)),
		}},
	}
}

func textOfValue(t *testing.T, v any) string {
	t.Helper()
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		return v.Value
	case *types.AttributeValueMemberN:
		return v.Value
	case *streamtypes.AttributeValueMemberS:
		return v.Value
	case *streamtypes.AttributeValueMemberN:
		return v.Value
	}
	t.Fatalf("no S and no N: %#v", v)
	return ""
}

// readShard reads a shard from its beginning to where no more is there.
func readShard(t *testing.T, c *dynamodbstreams.Client, arn, shard string) []streamtypes.Record {
	t.Helper()
	ctx := context.Background()
	it, err := c.GetShardIterator(ctx, &dynamodbstreams.GetShardIteratorInput{
		StreamArn: &arn, ShardId: &shard, ShardIteratorType: streamtypes.ShardIteratorTypeTrimHorizon,
	})
	if err != nil {
		t.Fatal(err)
	}
	var records []streamtypes.Record
	for next := it.ShardIterator; next != nil; {
		out, err := c.GetRecords(ctx, &dynamodbstreams.GetRecordsInput{ShardIterator: next})
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, out.Records...)
		if len(out.Records) == 0 {
			break
		}
		next = out.NextShardIterator
	}
	return records
}

// readStream reads all shards of a stream, parents first.
func readStream(t *testing.T, c *dynamodbstreams.Client, arn string) []streamtypes.Record {
	t.Helper()
	var records []streamtypes.Record
	var after *string
	for {
		out, err := c.DescribeStream(context.Background(), &dynamodbstreams.DescribeStreamInput{StreamArn: &arn, ExclusiveStartShardId: after})
		if err != nil {
			t.Fatal(err)
		}
		for _, sh := range out.StreamDescription.Shards {
			records = append(records, readShard(t, c, arn, *sh.ShardId)...)
		}
		if after = out.StreamDescription.LastEvaluatedShardId; after == nil {
			return records
		}
	}
}
