package stream_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"

	"dynamostreamer/internal/embedded"
	"dynamostreamer/internal/stream"
)

// exampleClients are clients of a DynamoDB in memory. A service makes its
// own from its configuration:
//
//	cfg, err := config.LoadDefaultConfig(ctx)
//	db, streams := dynamodb.NewFromConfig(cfg), dynamodbstreams.NewFromConfig(cfg)
func exampleClients() (db *dynamodb.Client, streams *dynamodbstreams.Client, end func() error) {
	e, err := embedded.OpenMemory(embedded.Options{})
	if err != nil {
		log.Fatal(err)
	}
	cfg := aws.Config{
		Region: e.Region(), HTTPClient: e.HTTPClient(), BaseEndpoint: aws.String(embedded.BaseEndpoint),
		Credentials: credentials.NewStaticCredentialsProvider("any", "any", ""),
	}
	return dynamodb.NewFromConfig(cfg), dynamodbstreams.NewFromConfig(cfg), e.Close
}

// orders makes a table with a stream, whose ARN it returns.
func orders(ctx context.Context, db *dynamodb.Client) (arn string) {
	out, err := db.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName: aws.String("orders"), BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: types.ScalarAttributeTypeS}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: types.KeyTypeHash}},
		StreamSpecification:  &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewTypeNewAndOldImages},
	})
	if err != nil {
		log.Fatal(err)
	}
	return *out.TableDescription.LatestStreamArn
}

// order writes one order.
func order(ctx context.Context, db *dynamodb.Client, id, state string) {
	_, err := db.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String("orders"), Item: map[string]types.AttributeValue{
		"id":    &types.AttributeValueMemberS{Value: id},
		"state": &types.AttributeValueMemberS{Value: state},
	}})
	if err != nil {
		log.Fatal(err)
	}
}

// Order is a row as the service knows it.
type Order struct {
	ID    string `dynamodbav:"id"`
	State string `dynamodbav:"state"`
}

// briefly lets reading end soon after the last change; a service leaves
// Idle out and goes on.
const briefly = 200 * time.Millisecond

// The simplest form is a loop. Asking for the next event says that this one
// is handled.
func ExampleReader_Events() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	db, streams, end := exampleClients()
	defer end()
	arn := orders(ctx, db)
	order(ctx, db, "7", "placed")
	order(ctx, db, "7", "paid")

	reader, err := stream.Open(ctx, streams, arn, stream.Options{Idle: briefly})
	if err != nil {
		log.Fatal(err)
	}
	var failed error
	for event, err := range reader.Events(ctx) {
		var row Order
		if err == nil {
			err = event.Image().Decode(&row)
		}
		if err != nil {
			failed = err
			break
		}
		fmt.Println(event.Kind, row)
	}
	if errors.Is(failed, context.Canceled) {
		failed = nil // Ctrl-C
	}
	// Close saves what was handled last: call it whatever failed.
	if err := errors.Join(failed, reader.Close()); err != nil {
		log.Fatal(err)
	}
	// Output:
	// inserted {7 placed}
	// modified {7 paid}
}

// Run handles shards and items side by side, repeats what fails and, with a
// DeadLetter, puts aside what fails for good.
func ExampleReader_Run() {
	ctx := context.Background()
	db, streams, end := exampleClients()
	defer end()
	arn := orders(ctx, db)
	order(ctx, db, "7", "placed")
	order(ctx, db, "8", "?")
	order(ctx, db, "9", "placed")

	reader, err := stream.Open(ctx, streams, arn, stream.Options{
		Idle:     briefly,
		Parallel: 4, // items of each shard at a time
		Retry:    stream.Retry{Attempts: 2},
		DeadLetter: func(ctx context.Context, f stream.Failure) error {
			fmt.Printf("put aside after %d attempts: %v\n", f.Attempts, f.Err)
			return nil // it counts as handled
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	err = reader.Run(ctx, func(ctx context.Context, event stream.Event) error {
		if event.Kind == stream.Deleted || event.Kind == stream.Expired {
			return nil
		}
		var row Order
		if err := event.New.Decode(&row); err != nil {
			return err
		}
		if row.State == "?" {
			return errors.New("order " + row.ID + " is in no state that we know")
		}
		fmt.Println("handled:", row)
		return nil
	})
	if err := errors.Join(err, reader.Close()); err != nil {
		log.Fatal(err)
	}
	// Unordered output:
	// handled: {7 placed}
	// put aside after 2 attempts: order 8 is in no state that we know
	// handled: {9 placed}
}

// With checkpoints in a file, a reader goes on where the last one ended.
func ExampleFileCheckpoints() {
	ctx := context.Background()
	db, streams, end := exampleClients()
	defer end()
	arn := orders(ctx, db)
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	read := func() {
		reader, err := stream.Open(ctx, streams, arn, stream.Options{
			Checkpoints: stream.FileCheckpoints(filepath.Join(dir, "checkpoint")),
			Idle:        briefly,
		})
		if err != nil {
			log.Fatal(err) // a *FencedError if another reader has the file
		}
		fmt.Println("resumes from a checkpoint:", reader.Resumed())
		for event, err := range reader.Events(ctx) {
			if err != nil {
				log.Fatal(err)
			}
			var row Order
			if err := event.Image().Decode(&row); err != nil {
				log.Fatal(err)
			}
			fmt.Println(event.Kind, row)
		}
		if err := reader.Close(); err != nil { // saves what was handled last
			log.Fatal(err)
		}
	}
	order(ctx, db, "7", "placed")
	read()
	order(ctx, db, "7", "paid")
	read()
	// Output:
	// resumes from a checkpoint: false
	// inserted {7 placed}
	// resumes from a checkpoint: true
	// modified {7 paid}
}

// Where effects go to DynamoDB too, write them with the checkpoint in one
// transaction: then each event takes effect once, whatever crashes.
func ExampleTableCheckpoints() {
	ctx := context.Background()
	db, streams, end := exampleClients()
	defer end()
	arn := orders(ctx, db)
	order(ctx, db, "7", "placed")
	order(ctx, db, "8", "placed")

	// The checkpoints' table has room for the count as well.
	checkpoints := stream.TableCheckpoints(db, "order-reader", "counter")
	count := map[string]types.AttributeValue{
		"reader": &types.AttributeValueMemberS{Value: "totals"},
		"place":  &types.AttributeValueMemberS{Value: "orders"},
	}
	reader, err := stream.Open(ctx, streams, arn, stream.Options{
		Checkpoints: checkpoints, PageSize: 25, Idle: briefly,
	})
	if err != nil {
		log.Fatal(err)
	}
	err = reader.RunPages(ctx, func(ctx context.Context, page *stream.Page) error {
		_, err := db.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
			checkpoints.TransactItem(page),
			{Update: &types.Update{
				TableName: aws.String("order-reader"), Key: count,
				UpdateExpression: aws.String("ADD seen :n"),
				ExpressionAttributeValues: map[string]types.AttributeValue{
					":n": &types.AttributeValueMemberN{Value: fmt.Sprint(len(page.Events))},
				},
			}},
		}})
		return err // as it is: the reader looks into it
	})
	if err := errors.Join(err, reader.Close()); err != nil {
		log.Fatal(err)
	}
	out, err := db.GetItem(ctx, &dynamodb.GetItemInput{TableName: aws.String("order-reader"), Key: count})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("events counted:", out.Item["seen"].(*types.AttributeValueMemberN).Value)
	// Output:
	// events counted: 2
}

// A handler that writes to DynamoDB on its own keeps the generation of its
// checkpoints' owner in an item, and checks it in the transaction of the effect:
// what a frozen process writes late is refused.
func ExampleEvent_generation() {
	ctx := context.Background()
	db, _, end := exampleClients()
	defer end()
	orders(ctx, db)
	text := func(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }
	handle := func(ctx context.Context, e stream.Event, effect types.TransactWriteItem) error {
		_, err := db.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
			{Update: &types.Update{
				TableName: aws.String("orders"), Key: map[string]types.AttributeValue{"id": text("reader my-service")},
				UpdateExpression:    aws.String("SET generation = :mine"),
				ConditionExpression: aws.String("attribute_not_exists(generation) OR generation <= :mine"),
				ExpressionAttributeValues: map[string]types.AttributeValue{
					":mine": &types.AttributeValueMemberN{Value: fmt.Sprint(e.Generation)},
				},
			}},
			effect,
		}})
		if canceled := (*types.TransactionCanceledException)(nil); errors.As(err, &canceled) &&
			aws.ToString(canceled.CancellationReasons[0].Code) == "ConditionalCheckFailed" {
			return &stream.FencedError{Name: "my-service", Err: err} // which ends the reading
		}
		return err
	}

	key := map[string]types.AttributeValue{"id": text("copy of 7")}
	next := handle(ctx, stream.Event{Kind: stream.Deleted, Generation: 2},
		types.TransactWriteItem{Delete: &types.Delete{TableName: aws.String("orders"), Key: key}})
	fmt.Println("the next owner deletes:", next)
	late := handle(ctx, stream.Event{Kind: stream.Inserted, Generation: 1},
		types.TransactWriteItem{Put: &types.Put{TableName: aws.String("orders"), Item: key}})
	fmt.Println("the frozen one inserts:", late)
	// Output:
	// the next owner deletes: <nil>
	// the frozen one inserts: checkpoint my-service is in use by another reader: stop that one, or give this one another name
}

// A dead letter is stored as a line of JSON, and handled later.
func ExampleFailure() {
	var letters bytes.Buffer // a file, a queue or a table
	options := stream.Options{
		DeadLetter: func(_ context.Context, f stream.Failure) error {
			return json.NewEncoder(&letters).Encode(f)
		},
	}
	given := stream.Event{Kind: stream.Inserted, Sequence: "7", New: stream.Image{}}
	if err := options.DeadLetter(context.Background(), stream.Failure{Event: given, Err: errors.New("refused"), Attempts: 9}); err != nil {
		log.Fatal(err)
	}

	for lines := json.NewDecoder(&letters); ; {
		var f stream.Failure
		err := lines.Decode(&f)
		if err == io.EOF {
			break
		}
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("handled later: %s %s, after %d attempts: %v\n", f.Event.Kind, f.Event.Sequence, f.Attempts, f.Err)
	}
	// Output:
	// handled later: inserted 7, after 9 attempts: refused
}
