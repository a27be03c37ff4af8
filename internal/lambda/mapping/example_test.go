package mapping_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"

	"dynamostreamer/internal/embedded"
	"dynamostreamer/internal/lambda/mapping"
	"dynamostreamer/internal/stream"
)

// A batch with a row that the function can't handle is halved until that row is
// alone, and is given up after its retries.
func Example() {
	ctx := context.Background()
	streams, arn, done := tableWithRows("ada", "bob", "eve", "joe")
	defer done()

	options := mapping.Defaults()
	options.MaximumRetryAttempts = 1
	options.BisectBatchOnFunctionError = true
	options.Trace = func(i mapping.Invocation) {
		fmt.Printf("%*s%d of %d records handled, error: %v\n", 2*i.Depth, "", i.Handled, i.Size, i.Err)
	}
	options.OnFailure = func(_ context.Context, f *mapping.FailureRecord) error {
		fmt.Println("given up:", f.Batch.BatchSize, "record,", f.RequestContext.Condition)
		return nil
	}
	function := func(_ context.Context, payload []byte) (answer []byte, err error) {
		if bytes.Contains(payload, []byte(`"eve"`)) {
			return nil, &mapping.FunctionError{Type: "Error", Message: "eve is unknown"}
		}
		return json.Marshal("done")
	}

	m, err := mapping.New(options, function)
	if err != nil {
		log.Fatal(err)
	}
	reader, err := stream.Open(ctx, streams, arn, stream.Options{Idle: 500 * time.Millisecond})
	if err != nil {
		log.Fatal(err)
	}
	defer reader.Close()
	if err := m.Run(ctx, reader); err != nil {
		log.Fatal(err)
	}
	t := m.Totals()
	fmt.Println(t.Delivered, "delivered,", t.GivenUp, "given up")
	// Output:
	// 0 of 4 records handled, error: Error: eve is unknown
	//   2 of 2 records handled, error: <nil>
	//   0 of 2 records handled, error: Error: eve is unknown
	//     0 of 1 records handled, error: Error: eve is unknown
	//     0 of 1 records handled, error: Error: eve is unknown
	// given up: 1 record, RetryAttemptsExhausted
	//     1 of 1 records handled, error: <nil>
	// 3 delivered, 1 given up
}

// tableWithRows makes a table with a stream in the engine, and writes rows to it.
func tableWithRows(ids ...string) (streams *dynamodbstreams.Client, arn string, done func()) {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "mapping")
	if err != nil {
		log.Fatal(err)
	}
	e, err := embedded.Open(dir, embedded.Options{})
	if err != nil {
		log.Fatal(err)
	}
	cfg := configOf(e)
	db := dynamodb.NewFromConfig(cfg)
	out, err := db.CreateTable(ctx, rows)
	if err != nil {
		log.Fatal(err)
	}
	for _, id := range ids {
		item := map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: id}}
		if _, err := db.PutItem(ctx, &dynamodb.PutItemInput{TableName: rows.TableName, Item: item}); err != nil {
			log.Fatal(err)
		}
	}
	return dynamodbstreams.NewFromConfig(cfg), *out.TableDescription.LatestStreamArn, func() {
		e.Close()
		os.RemoveAll(dir)
	}
}

func configOf(e *embedded.DB) aws.Config {
	return aws.Config{
		Region: e.Region(), HTTPClient: e.HTTPClient(), BaseEndpoint: aws.String(embedded.BaseEndpoint),
		Credentials: credentials.NewStaticCredentialsProvider("any", "any", ""),
	}
}

// rows is a table with a stream.
var rows = &dynamodb.CreateTableInput{
	TableName: aws.String("rows"), BillingMode: types.BillingModePayPerRequest,
	AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: types.ScalarAttributeTypeS}},
	KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: types.KeyTypeHash}},
	StreamSpecification:  &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewTypeNewAndOldImages},
}
