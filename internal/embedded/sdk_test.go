package embedded_test

import (
	"context"
	"io"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	streamtypes "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
	"github.com/google/go-cmp/cmp"

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

func unix(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }

// ignoreUnexported lets go-cmp compare the SDK's structures.
var ignoreUnexported = cmp.FilterPath(func(p cmp.Path) bool {
	sf, ok := p.Last().(cmp.StructField)
	return ok && sf.Name() == "noSmithyDocumentSerde"
}, cmp.Ignore())

func str(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }
func num(s string) types.AttributeValue { return &types.AttributeValueMemberN{Value: s} }

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

func TestSDK(t *testing.T) {
	db, clock := openMemory(t)
	c, s := clientsOf(db)
	ctx := context.Background()
	arn := createTable(t, c, "users")
	if err := dynamodb.NewTableExistsWaiter(c).Wait(ctx, &dynamodb.DescribeTableInput{TableName: aws.String("users")}, time.Second); err != nil {
		t.Fatal(err)
	}
	_, err := c.UpdateTimeToLive(ctx, &dynamodb.UpdateTimeToLiveInput{
		TableName:               aws.String("users"),
		TimeToLiveSpecification: &types.TimeToLiveSpecification{AttributeName: aws.String("ttl"), Enabled: aws.Bool(true)},
	})
	if err != nil {
		t.Fatal(err)
	}
	item := map[string]types.AttributeValue{
		"id": str("1"), "email": str("a@b"), "n": num("1e2"), "ttl": num(unix(clock.Now().Add(time.Hour))),
	}
	if _, err := c.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String("users"), Item: item}); err != nil {
		t.Fatal(err)
	}
	key := map[string]types.AttributeValue{"id": str("1"), "email": str("a@b")}
	_, err = c.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: aws.String("users"), Key: key, UpdateExpression: aws.String("SET n = n + :one"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":one": num("1")},
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.GetItem(ctx, &dynamodb.GetItemInput{TableName: aws.String("users"), Key: key})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(num("101"), got.Item["n"], ignoreUnexported); diff != "" {
		t.Errorf("n after the update (-want +got):\n%s", diff)
	}
	clock.Advance(time.Hour + time.Second)
	if err := db.Sweep(ctx); err != nil {
		t.Fatal(err)
	}
	var events []string
	for _, r := range readStream(t, s, arn) {
		event := string(r.EventName)
		if r.UserIdentity != nil {
			event += " by " + *r.UserIdentity.Type + " " + *r.UserIdentity.PrincipalId
		}
		events = append(events, event)
	}
	if diff := cmp.Diff([]string{"INSERT", "MODIFY", "REMOVE by Service dynamodb.amazonaws.com"}, events); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

// Where the SDK's client names the host in the URL only, a server would still be
// told it.
func TestTransportTellsTheHost(t *testing.T) {
	db, _ := openMemory(t)
	c, _ := clientsOf(db)
	out, err := c.DescribeEndpoints(t.Context(), &dynamodb.DescribeEndpointsInput{})
	if err != nil {
		t.Fatal(err)
	}
	if got := aws.ToString(out.Endpoints[0].Address); got != "embedded.invalid" {
		t.Errorf("DescribeEndpoints names %q, want the host that was asked", got)
	}
	answer, err := db.HTTPClient().Get(embedded.BaseEndpoint)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if body, err := io.ReadAll(answer.Body); string(body) != "healthy: embedded.invalid " || err != nil {
		t.Errorf("GET of the endpoint: %s %q, %v, want it healthy", answer.Status, body, err)
	}
}
