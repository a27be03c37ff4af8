package stream_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	streamtypes "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"dynamostreamer/internal/stream"
)

const (
	local   = "127.0.0.1:8000"
	records = 100_000
)

// BenchmarkReader reads back a stream of 100,000 records from DynamoDB
// Local, up to the last one, by turns through a Reader and through a bare
// loop over GetRecords, and prints how much longer the Reader takes.
//
//	go test -run '^$' -bench Reader -benchtime 5x ./internal/stream
func BenchmarkReader(b *testing.B) {
	if conn, err := net.Dial("tcp", local); err != nil {
		if os.Getenv("CI") == "true" {
			b.Fatal(err)
		}
		b.Skipf("nothing answers at %s: run docker compose up -d", local)
	} else {
		conn.Close()
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	b.Cleanup(transport.CloseIdleConnections)
	cfg := aws.Config{
		Region: "us-east-1", BaseEndpoint: aws.String("http://" + local),
		HTTPClient:  &http.Client{Transport: transport},
		Credentials: credentials.NewStaticCredentialsProvider("local", "local", ""),
	}
	db, streams := dynamodb.NewFromConfig(cfg), dynamodbstreams.NewFromConfig(cfg)
	arn := fill(b, db)

	var bare, reader []time.Duration
	for b.Loop() {
		bare = append(bare, timed(func() int { return readBare(b, streams, arn) }, b))
		reader = append(reader, timed(func() int { return readEvents(b, streams, arn) }, b))
	}
	slices.Sort(bare)
	slices.Sort(reader)
	mid := len(bare) / 2
	b.ReportMetric(reader[mid].Seconds()/bare[mid].Seconds(), "reader/bare")
	b.ReportMetric(records/reader[mid].Seconds(), "records/s")
	b.ReportMetric(0, "ns/op")
}

func timed(read func() int, b *testing.B) time.Duration {
	began := time.Now()
	if n := read(); n != records {
		b.Fatalf("%d records were read, want %d", n, records)
	}
	return time.Since(began)
}

// fill makes a table whose stream holds the records. A few keys written
// over and over do as well as many, and DynamoDB Local stays fast.
func fill(b *testing.B, db *dynamodb.Client) (arn string) {
	ctx := context.Background()
	name := aws.String(fmt.Sprintf("bench-%d", time.Now().UnixNano()))
	out, err := db.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName:            name,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: types.ScalarAttributeTypeS}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: types.KeyTypeHash}},
		BillingMode:          types.BillingModePayPerRequest,
		StreamSpecification:  &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewTypeNewAndOldImages},
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: name}) })
	for i := 0; i < records; i += 25 {
		batch := make([]types.WriteRequest, 25)
		for j := range batch {
			batch[j].PutRequest = &types.PutRequest{Item: map[string]types.AttributeValue{
				"id":  &types.AttributeValueMemberS{Value: fmt.Sprint(j)},
				"n":   &types.AttributeValueMemberN{Value: fmt.Sprint(i + j)},
				"ttl": &types.AttributeValueMemberN{Value: "4000000000"},
			}}
		}
		_, err := db.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{*name: batch}})
		if err != nil {
			b.Fatal(err)
		}
	}
	return *out.TableDescription.LatestStreamArn
}

func readEvents(b *testing.B, api stream.API, arn string) (n int) {
	r, err := stream.Open(context.Background(), api, arn, stream.Options{Pace: stream.Unbounded})
	if err != nil {
		b.Fatal(err)
	}
	for _, err := range r.Events(context.Background()) {
		if err != nil {
			b.Fatal(err)
		}
		if n++; n == records {
			break
		}
	}
	return n
}

// readBare is the least that reads the only shard of DynamoDB Local.
func readBare(b *testing.B, api stream.API, arn string) (n int) {
	ctx := context.Background()
	d, err := api.DescribeStream(ctx, &dynamodbstreams.DescribeStreamInput{StreamArn: &arn})
	if err != nil {
		b.Fatal(err)
	}
	it, err := api.GetShardIterator(ctx, &dynamodbstreams.GetShardIteratorInput{
		StreamArn: &arn, ShardId: d.StreamDescription.Shards[0].ShardId,
		ShardIteratorType: streamtypes.ShardIteratorTypeTrimHorizon,
	})
	if err != nil {
		b.Fatal(err)
	}
	for next := it.ShardIterator; n < records; {
		page, err := api.GetRecords(ctx, &dynamodbstreams.GetRecordsInput{ShardIterator: next})
		if err != nil {
			b.Fatal(err)
		}
		n += len(page.Records)
		next = page.NextShardIterator
	}
	return n
}
