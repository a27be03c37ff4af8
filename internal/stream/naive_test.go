package stream_test

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	streamtypes "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"dynamostreamer/internal/embedded"
)

// This copy is wrong on purpose: TUTORIAL.md shows what it loses. The readers of a stream
// that are wrong are in package naive.

func Example_wrongCopy() {
	s := openNaive()
	defer s.db.Close()
	s.put("ada")
	s.put("grace")
	somebody := func() { s.delete("ada") }
	//weave:copy
	copied := s.scan()
	somebody() // deletes ada
	// Wrong: the position is taken after the scan.
	page := s.records(s.latest(s.shards()[0]))
	for _, r := range page.Records {
		copied = change(copied, r)
	}
	fmt.Println("the copy: ", copied)
	fmt.Println("the table:", s.scan())
	//weave:end
	//weave:copy-output
	// Output:
	// the copy:  [ada grace]
	// the table: [grace]
	//weave:end
}

// A naive is a table and its stream, for a copy that can do without errors.
type naive struct {
	db      *embedded.DB
	tables  *dynamodb.Client
	streams *dynamodbstreams.Client
	arn     *string
}

func openNaive() naive {
	db := must(embedded.OpenMemory(embedded.Options{}))
	cfg := aws.Config{
		Region: db.Region(), HTTPClient: db.HTTPClient(), BaseEndpoint: aws.String(embedded.BaseEndpoint),
		Credentials: credentials.NewStaticCredentialsProvider("any", "any", ""),
	}
	s := naive{db: db, tables: dynamodb.NewFromConfig(cfg), streams: dynamodbstreams.NewFromConfig(cfg)}
	s.arn = must(s.tables.CreateTable(context.Background(), &dynamodb.CreateTableInput{
		TableName: aws.String("users"), BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("name"), AttributeType: types.ScalarAttributeTypeS}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("name"), KeyType: types.KeyTypeHash}},
		StreamSpecification:  &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewTypeKeysOnly},
	})).TableDescription.LatestStreamArn
	return s
}

func key(name string) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{"name": &types.AttributeValueMemberS{Value: name}}
}

func (s naive) put(name string) {
	must(s.tables.PutItem(context.Background(), &dynamodb.PutItemInput{TableName: aws.String("users"), Item: key(name)}))
}

func (s naive) delete(name string) {
	must(s.tables.DeleteItem(context.Background(), &dynamodb.DeleteItemInput{TableName: aws.String("users"), Key: key(name)}))
}

func (s naive) shards() []streamtypes.Shard {
	return must(s.streams.DescribeStream(context.Background(),
		&dynamodbstreams.DescribeStreamInput{StreamArn: s.arn})).StreamDescription.Shards
}

func (s naive) latest(shard streamtypes.Shard) *string {
	return must(s.streams.GetShardIterator(context.Background(), &dynamodbstreams.GetShardIteratorInput{
		StreamArn: s.arn, ShardId: shard.ShardId, ShardIteratorType: streamtypes.ShardIteratorTypeLatest,
	})).ShardIterator
}

// scan lists the names in the table.
func (s naive) scan() (names []string) {
	for _, item := range must(s.tables.Scan(context.Background(), &dynamodb.ScanInput{TableName: aws.String("users")})).Items {
		names = append(names, item["name"].(*types.AttributeValueMemberS).Value)
	}
	slices.Sort(names)
	return names
}

// change makes the change of a record to some names.
func change(names []string, r streamtypes.Record) []string {
	name := r.Dynamodb.Keys["name"].(*streamtypes.AttributeValueMemberS).Value
	if r.EventName == streamtypes.OperationTypeRemove {
		return slices.DeleteFunc(names, func(n string) bool { return n == name })
	}
	return append(names, name)
}

// records gets two records at most.
func (s naive) records(iterator *string) *dynamodbstreams.GetRecordsOutput {
	return must(s.streams.GetRecords(context.Background(),
		&dynamodbstreams.GetRecordsInput{ShardIterator: iterator, Limit: aws.Int32(2)}))
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
