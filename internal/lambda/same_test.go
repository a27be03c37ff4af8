package lambda_test

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dynamostreamer/internal/endpoint"
	"dynamostreamer/internal/lambda"
	"dynamostreamer/internal/lambda/mapping"
	"dynamostreamer/internal/stream"
)

// TestTheSameEvents: a function gets the events that a reader's handler gets, but
// for what a Lambda event does not tell, whatever the view type.
func TestTheSameEvents(t *testing.T) {
	e, err := endpoint.Resolve("embedded:"+t.TempDir(), func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	db, streams, err := e.Clients(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	for _, view := range types.StreamViewType("").Values() {
		t.Run(string(view), func(t *testing.T) {
			arn := changes(t, db, "table-"+string(view), view)
			var want, got []stream.Event
			opened := func() *stream.Reader {
				reader, err := stream.Open(t.Context(), streams, arn, stream.Options{Idle: 100 * time.Millisecond})
				if err != nil {
					t.Fatal(err)
				}
				return reader
			}
			handler := func(events *[]stream.Event) func(context.Context, stream.Event) error {
				return func(_ context.Context, e stream.Event) error {
					if e.Seen.IsZero() {
						t.Errorf("event %s was not seen at a time", e.Sequence)
					}
					e.Seen, e.Shard = time.Time{}, ""
					*events = append(*events, e)
					return nil
				}
			}
			reader := opened()
			if err := errors.Join(reader.Run(t.Context(), handler(&want)), reader.Close()); err != nil {
				t.Fatal(err)
			}
			mapped, err := mapping.New(mapping.Defaults(), lambda.Handler(handler(&got)).Invoke)
			if err != nil {
				t.Fatal(err)
			}
			reader = opened()
			if err := errors.Join(mapped.Run(t.Context(), reader), reader.Close()); err != nil {
				t.Fatal(err)
			}
			if len(want) != 3 || len(got) != 3 {
				t.Fatalf("the reader gave %d events and the mapping %d, want 3", len(want), len(got))
			}
			for i := range want {
				if !reflect.DeepEqual(got[i], want[i]) {
					t.Errorf("the function's event is\n%#v\nwant the reader's\n%#v", got[i], want[i])
				}
			}
		})
	}
}

// changes makes a table, and inserts, changes and deletes an item with values of
// all types. It returns the table's stream.
func changes(t *testing.T, db *dynamodb.Client, name string, view types.StreamViewType) (arn string) {
	t.Helper()
	made, err := db.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: &name, BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String("n"), AttributeType: types.ScalarAttributeTypeN}, {AttributeName: aws.String("b"), AttributeType: types.ScalarAttributeTypeB},
		},
		KeySchema:           []types.KeySchemaElement{{AttributeName: aws.String("n"), KeyType: types.KeyTypeHash}, {AttributeName: aws.String("b"), KeyType: types.KeyTypeRange}},
		StreamSpecification: &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: view},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := dynamodb.NewTableExistsWaiter(db).Wait(t.Context(), &dynamodb.DescribeTableInput{TableName: &name}, time.Minute); err != nil {
		t.Fatal(err)
	}
	key := map[string]types.AttributeValue{
		"n": &types.AttributeValueMemberN{Value: "1234567890123456789012345678901234567.8"},
		"b": &types.AttributeValueMemberB{Value: []byte{0, 255, 10}},
	}
	item := map[string]types.AttributeValue{
		"n": key["n"], "b": key["b"],
		"s":        &types.AttributeValueMemberS{Value: "<a & \u2028 \"ü\">"},
		"empty":    &types.AttributeValueMemberS{Value: ""},
		"null":     &types.AttributeValueMemberNULL{Value: true},
		"bool":     &types.AttributeValueMemberBOOL{},
		"map":      &types.AttributeValueMemberM{Value: map[string]types.AttributeValue{}},
		"list":     &types.AttributeValueMemberL{Value: []types.AttributeValue{}},
		"deep":     &types.AttributeValueMemberM{Value: map[string]types.AttributeValue{"l": &types.AttributeValueMemberL{Value: []types.AttributeValue{key["n"], key["b"]}}}},
		"strings":  &types.AttributeValueMemberSS{Value: []string{"x", "y"}},
		"numbers":  &types.AttributeValueMemberNS{Value: []string{"1", "0.00000000000000000000000000000000000001"}},
		"binaries": &types.AttributeValueMemberBS{Value: [][]byte{{1}, {2, 3}}},
	}
	_, inserted := db.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &name, Item: item})
	_, modified := db.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{TableName: &name, Key: key, UpdateExpression: aws.String("REMOVE deep")})
	_, deleted := db.DeleteItem(t.Context(), &dynamodb.DeleteItemInput{TableName: &name, Key: key})
	if err := errors.Join(inserted, modified, deleted); err != nil {
		t.Fatal(err)
	}
	return *made.TableDescription.LatestStreamArn
}
