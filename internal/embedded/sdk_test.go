package embedded_test

import (
	"context"
	"io"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"dynamostreamer/internal/embedded"
)

// ignoreUnexported lets go-cmp compare the SDK's structures.
var ignoreUnexported = cmp.FilterPath(func(p cmp.Path) bool {
	sf, ok := p.Last().(cmp.StructField)
	return ok && sf.Name() == "noSmithyDocumentSerde"
}, cmp.Ignore())

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
