package activity

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dynamostreamer/internal/table"
)

// fakeDynamoDB answers a Writer's calls with what it is told to and keeps
// what it was asked. It is the Writer's Journal too, so that one trace
// holds both: "intent inserted a b", "put a b", "done inserted a b".
type fakeDynamoDB struct {
	answers []answer // of the next calls; after them all is written
	takes   time.Duration
	trace   []string
	times   []time.Time // of the calls

	batches []*dynamodb.BatchWriteItemInput
	updates []*dynamodb.UpdateItemInput
	deletes []*dynamodb.DeleteItemInput

	failIntent, failDone error // of the journal
	onIntent             func()
}

// An answer is an error, or the ids that a batch gives back unprocessed.
type answer struct {
	err         error
	unprocessed []string
}

// call answers one call. Like the SDK it gives up when its context ends.
func (f *fakeDynamoDB) call(ctx context.Context, what string) (answer, error) {
	f.trace = append(f.trace, what)
	f.times = append(f.times, time.Now())
	select {
	case <-time.After(f.takes):
	case <-ctx.Done():
		return answer{}, ctx.Err()
	}
	if len(f.answers) == 0 {
		return answer{}, nil
	}
	next := f.answers[0]
	f.answers = f.answers[1:]
	return next, next.err
}

func (f *fakeDynamoDB) BatchWriteItem(ctx context.Context, in *dynamodb.BatchWriteItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.BatchWriteItemOutput, error) {
	f.batches = append(f.batches, in)
	what := "put"
	for _, requests := range in.RequestItems {
		for _, r := range requests {
			what += " " + idOf(r.PutRequest.Item)
		}
	}
	a, err := f.call(ctx, what)
	if err != nil {
		return nil, err
	}
	out := &dynamodb.BatchWriteItemOutput{UnprocessedItems: map[string][]types.WriteRequest{}}
	for name, requests := range in.RequestItems {
		for _, r := range requests {
			if slices.Contains(a.unprocessed, idOf(r.PutRequest.Item)) {
				out.UnprocessedItems[name] = append(out.UnprocessedItems[name], r)
			}
		}
	}
	return out, nil
}

func (f *fakeDynamoDB) UpdateItem(ctx context.Context, in *dynamodb.UpdateItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error) {
	f.updates = append(f.updates, in)
	_, err := f.call(ctx, "update "+idOf(in.Key))
	return &dynamodb.UpdateItemOutput{}, err
}

func (f *fakeDynamoDB) DeleteItem(ctx context.Context, in *dynamodb.DeleteItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.DeleteItemOutput, error) {
	f.deletes = append(f.deletes, in)
	_, err := f.call(ctx, "delete "+idOf(in.Key))
	return &dynamodb.DeleteItemOutput{}, err
}

func (f *fakeDynamoDB) Intent(changes []Change) error {
	f.trace = append(f.trace, "intent "+ids(changes))
	if f.onIntent != nil {
		f.onIntent()
	}
	return f.failIntent
}

func (f *fakeDynamoDB) Done(changes []Change) error {
	f.trace = append(f.trace, "done "+ids(changes))
	return f.failDone
}

func idOf(item map[string]types.AttributeValue) string {
	return item[table.PartitionKey].(*types.AttributeValueMemberS).Value
}

// ids names changes of one kind by their rows: "inserted a b".
func ids(changes []Change) string {
	words := []string{string(changes[0].Kind)}
	for _, c := range changes {
		words = append(words, c.Row.ID)
	}
	return strings.Join(words, " ")
}

// rowsOf makes a row for each id.
func rowsOf(ids ...string) []UserActivity {
	var rows []UserActivity
	for i, id := range ids {
		rows = append(rows, UserActivity{
			ID: id, Email: id + "@example.com",
			Activity: Activity{Page: "/cart", Task: "buying"}, TTL: noon.Unix() + int64(i),
		})
	}
	return rows
}

var (
	errThrottled = &types.ProvisionedThroughputExceededException{}
	errGone      = fmt.Errorf("operation error DynamoDB: %w", &types.ConditionalCheckFailedException{})
	errOther     = errors.New("the server is on fire")
)

// wantError checks that an operation ended with the error want, which may
// be wrapped, or with none.
func wantError(t *testing.T, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("error = %v, want %v", got, want)
	}
}
