package stream

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
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

// TestViewTypes: what an event tells where the stream leaves out images.
func TestViewTypes(t *testing.T) {
	for _, view := range types.StreamViewType("").Values() {
		t.Run(string(view), func(t *testing.T) {
			e := must(embedded.OpenMemory(embedded.Options{SweepInterval: time.Hour}))
			defer e.Close()
			db, streams := clientsOf(e)
			out := must(db.CreateTable(t.Context(), &dynamodb.CreateTableInput{
				TableName: aws.String("tab"), BillingMode: types.BillingModePayPerRequest,
				AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: types.ScalarAttributeTypeS}},
				KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: types.KeyTypeHash}},
				StreamSpecification:  &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: view},
			}))
			put := func(id, v string) {
				must(db.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String("tab"), Item: map[string]types.AttributeValue{
					"id": &types.AttributeValueMemberS{Value: id}, "v": &types.AttributeValueMemberS{Value: v},
					"ttl": &types.AttributeValueMemberN{Value: fmt.Sprint(time.Now().Add(-time.Hour).Unix())},
				}}))
			}
			put("a", "1")
			put("a", "2")
			must(db.DeleteItem(t.Context(), &dynamodb.DeleteItemInput{TableName: aws.String("tab"), Key: map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: "a"}}}))
			put("b", "1")
			// Only now, since the engine sweeps by itself from then on.
			must(db.UpdateTimeToLive(t.Context(), &dynamodb.UpdateTimeToLiveInput{TableName: aws.String("tab"),
				TimeToLiveSpecification: &types.TimeToLiveSpecification{AttributeName: aws.String("ttl"), Enabled: aws.Bool(true)}}))
			if err := e.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
			r := must(Open(t.Context(), streams, *out.TableDescription.LatestStreamArn, quiet(Options{Idle: 200 * time.Millisecond, Pace: Unbounded})))
			check(t, "ViewType", string(r.ViewType()), string(view))
			hasOld := view == types.StreamViewTypeOldImage || view == types.StreamViewTypeNewAndOldImages
			hasNew := view == types.StreamViewTypeNewImage || view == types.StreamViewTypeNewAndOldImages
			var kinds []Kind
			for e, err := range r.Events(t.Context()) {
				if err != nil {
					t.Fatal(err)
				}
				kinds = append(kinds, e.Kind)
				removed := e.Kind == Deleted || e.Kind == Expired
				what := func(s string) string { return fmt.Sprint(e.Kind, ": ", s) }
				check(t, what("images"), []bool{e.Old != nil, e.New != nil}, []bool{hasOld && e.Kind != Inserted, hasNew && !removed})
				late, ok := e.Overdue("ttl")
				check(t, what("overdue"), []any{ok, late.Round(time.Minute)}, []any{removed && hasOld, map[bool]time.Duration{true: time.Hour}[removed && hasOld]})
				check(t, what("expired elsewhere"), e.ExpiredElsewhere("ttl"), e.Kind == Deleted && hasOld)
				if e.Kind == Modified {
					check(t, what("differences"), len(e.Differences()), map[bool]int{true: 1}[hasOld && hasNew])
				}
				if e.Image()["id"] == nil {
					t.Errorf("%s: the image has no key", e.Kind)
				}
			}
			check(t, "kinds", kinds, []Kind{Inserted, Modified, Deleted, Inserted, Expired})
		})
	}
}

// TestBareValuesOfDynamoDBLocal: a {} without a type is an empty map, and not
// the value of the attribute before it. Elsewhere nothing is touched.
func TestBareValuesOfDynamoDBLocal(t *testing.T) {
	const body = `{"NextShardIterator":null,"Records":[{"awsRegion":"ddblocal","eventName":"INSERT","dynamodb":{"ApproximateCreationDateTime":1795508718,` +
		`"SequenceNumber":"1","Keys":{"id":{"S":"a"}},"NewImage":{"id":{"S":"a"},"bare":{},"n":{"N":"` + digits + `"},` +
		`"m":{"M":{"bare":{},"s":{"S":"{}"},"m":{"M":{}}}},"l":{"L":[{},{"S":"x"},{"L":[{}]}]}}}}]}`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		switch target := r.Header.Get("X-Amz-Target"); {
		case strings.HasSuffix(target, "DescribeStream"):
			fmt.Fprintf(w, `{"StreamDescription":{"StreamStatus":"ENABLED","CreationRequestDateTime":%d,"Shards":[{"ShardId":"s","SequenceNumberRange":{}}]}}`, time.Now().Unix())
		case strings.HasSuffix(target, "GetShardIterator"):
			fmt.Fprint(w, `{"ShardIterator":"any"}`)
		default:
			fmt.Fprint(w, body)
		}
	}))
	defer server.Close()
	streams := dynamodbstreams.New(dynamodbstreams.Options{
		Region: "us-east-1", BaseEndpoint: &server.URL, HTTPClient: server.Client(),
		Credentials: credentials.NewStaticCredentialsProvider("any", "any", ""),
	})
	var log bytes.Buffer
	r := must(Open(t.Context(), streams, strings.Replace(arn, "eu-west-1", "ddblocal", 1), Options{Logger: slog.New(slog.NewTextHandler(&log, nil))}))
	m := func(i Image) streamtypes.AttributeValue { return &streamtypes.AttributeValueMemberM{Value: i} }
	l := func(of ...streamtypes.AttributeValue) streamtypes.AttributeValue {
		return &streamtypes.AttributeValueMemberL{Value: of}
	}
	want := Image{
		"id": s("a"), "bare": m(Image{}), "n": n(digits),
		"m": m(Image{"bare": m(Image{}), "s": s("{}"), "m": m(Image{})}),
		"l": l(m(Image{}), s("x"), l(m(Image{}))),
	}
	for e, err := range r.Events(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if diffs := (Event{Old: want, New: e.New}).Differences(); len(diffs) > 0 {
			t.Errorf("the image differs from what is meant: %v", diffs)
		}
		break
	}
	if n := strings.Count(log.String(), "empty maps and lists"); n != 1 {
		t.Errorf("%d warnings, want one: %s", n, log.String())
	}
	check(t, "calls that are touched elsewhere", len(callOptions(arn, slog.Default())), 1)
	if mended := mendBareValues([]byte(`{"Records":[{"dynamodb":{"NewImage":{"m":{"M":{}}}}}]}`)); mended != nil {
		t.Errorf("a typed empty map was touched: %s", mended)
	}
}
