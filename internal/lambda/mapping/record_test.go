package mapping

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
	"github.com/google/go-cmp/cmp"

	"dynamostreamer/internal/stream"
)

// parse reads JSON. A number is a json.Number, as it is written.
func parse(t *testing.T, text string) (value any) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&value); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return value
}

// TestPayload compares an event with what Lambda sends: all members, and numbers
// as they are written.
func TestPayload(t *testing.T) {
	item := stream.Image{
		"binary":   &types.AttributeValueMemberB{Value: []byte{0, 1, 255}},
		"binaries": &types.AttributeValueMemberBS{Value: [][]byte{{1}, {2}}},
		"bool":     &types.AttributeValueMemberBOOL{Value: false},
		"digits":   &types.AttributeValueMemberN{Value: "-12345678901234567890123456789012345678"},
		"empty":    &types.AttributeValueMemberM{Value: map[string]types.AttributeValue{}},
		"list": &types.AttributeValueMemberL{Value: []types.AttributeValue{
			&types.AttributeValueMemberS{Value: "<a & \"b\">"}, &types.AttributeValueMemberL{},
		}},
		"null":    &types.AttributeValueMemberNULL{Value: true},
		"numbers": &types.AttributeValueMemberNS{Value: []string{"1", "2.5"}},
		"strings": &types.AttributeValueMemberSS{Value: []string{"é", "\n"}},
	}
	keys := stream.Image{"id": &types.AttributeValueMemberS{Value: "item-1"}, "email": &types.AttributeValueMemberS{Value: "a@b"}}
	at := time.Unix(1678831218, 0).UTC()
	const arn = fakeARN
	raw := func(identity *types.Identity) *types.Record {
		return &types.Record{
			EventID: aws.String("c4ca4238a0b923820dcc509a6f75849b"), EventVersion: aws.String("1.1"), EventSource: aws.String("aws:dynamodb"),
			AwsRegion: aws.String("us-east-2"), UserIdentity: identity,
			Dynamodb: &types.StreamRecord{SizeBytes: aws.Int64(59), StreamViewType: types.StreamViewTypeNewAndOldImages},
		}
	}
	for _, c := range []struct {
		name  string
		event stream.Event
		raw   *types.Record
		want  string
	}{
		{"all types", stream.Event{Kind: stream.Inserted, Keys: keys, New: item, Sequence: "111", At: at, Stream: arn}, raw(nil), `{
			"eventID": "c4ca4238a0b923820dcc509a6f75849b", "eventName": "INSERT", "eventVersion": "1.1",
			"eventSource": "aws:dynamodb", "awsRegion": "us-east-2",
			"dynamodb": {
				"ApproximateCreationDateTime": 1678831218,
				"Keys": {"email": {"S": "a@b"}, "id": {"S": "item-1"}},
				"NewImage": {
					"binaries": {"BS": ["AQ==", "Ag=="]}, "binary": {"B": "AAH/"}, "bool": {"BOOL": false},
					"digits": {"N": "-12345678901234567890123456789012345678"}, "empty": {"M": {}},
					"list": {"L": [{"S": "<a & \"b\">"}, {"L": []}]}, "null": {"NULL": true},
					"numbers": {"NS": ["1", "2.5"]}, "strings": {"SS": ["é", "\n"]}
				},
				"SequenceNumber": "111", "SizeBytes": 59, "StreamViewType": "NEW_AND_OLD_IMAGES"
			},
			"eventSourceARN": "` + arn + `"
		}`},
		{"keys alone, and a fraction of a second", stream.Event{Kind: stream.Modified, Keys: keys, Sequence: "222", At: at.Add(250 * time.Millisecond), Stream: arn}, raw(nil), `{
			"eventID": "c4ca4238a0b923820dcc509a6f75849b", "eventName": "MODIFY", "eventVersion": "1.1",
			"eventSource": "aws:dynamodb", "awsRegion": "us-east-2",
			"dynamodb": {
				"ApproximateCreationDateTime": 1678831218.25, "Keys": {"email": {"S": "a@b"}, "id": {"S": "item-1"}},
				"SequenceNumber": "222", "SizeBytes": 59, "StreamViewType": "NEW_AND_OLD_IMAGES"
			},
			"eventSourceARN": "` + arn + `"
		}`},
		{"removed by TTL, as DynamoDB Local tells it", stream.Event{Kind: stream.Expired, Keys: keys, Old: keys, Sequence: "333", At: at, Stream: arn}, raw(nil), `{
			"eventID": "c4ca4238a0b923820dcc509a6f75849b", "eventName": "REMOVE", "eventVersion": "1.1",
			"eventSource": "aws:dynamodb", "awsRegion": "us-east-2",
			"dynamodb": {
				"ApproximateCreationDateTime": 1678831218, "Keys": {"email": {"S": "a@b"}, "id": {"S": "item-1"}},
				"OldImage": {"email": {"S": "a@b"}, "id": {"S": "item-1"}},
				"SequenceNumber": "333", "SizeBytes": 59, "StreamViewType": "NEW_AND_OLD_IMAGES"
			},
			"userIdentity": {"type": "Service", "principalId": "dynamodb.amazonaws.com"},
			"eventSourceARN": "` + arn + `"
		}`},
		{"removed by another service", stream.Event{Kind: stream.Deleted, Keys: keys, Sequence: "444", At: at, Stream: arn},
			raw(&types.Identity{Type: aws.String("Service"), PrincipalId: aws.String("replication.dynamodb.amazonaws.com")}), `{
			"eventID": "c4ca4238a0b923820dcc509a6f75849b", "eventName": "REMOVE", "eventVersion": "1.1",
			"eventSource": "aws:dynamodb", "awsRegion": "us-east-2",
			"dynamodb": {
				"ApproximateCreationDateTime": 1678831218, "Keys": {"email": {"S": "a@b"}, "id": {"S": "item-1"}},
				"SequenceNumber": "444", "SizeBytes": 59, "StreamViewType": "NEW_AND_OLD_IMAGES"
			},
			"userIdentity": {"type": "Service", "principalId": "replication.dynamodb.amazonaws.com"},
			"eventSourceARN": "` + arn + `"
		}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := recordJSON(c.event, c.raw)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(parse(t, c.want), parse(t, string(got))); diff != "" {
				t.Error(diff)
			}
			if bytes.ContainsAny(got, "\n\t") || bytes.Contains(got, []byte(`\u003c`)) {
				t.Errorf("%s has more bytes than Lambda's", got)
			}
			two := payload([]record{{json: got}, {json: got}})
			if want := `{"Records":[` + string(got) + "," + string(got) + "]}"; string(two) != want {
				t.Errorf("payload = %s, want %s", two, want)
			}
		})
	}
}

// TestFailureRecord compares the on-failure record with the guide's example.
func TestFailureRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &Mapping{}
		at := time.Date(2019, 11, 14, 0, 13, 19, 500_000_000, time.UTC)
		records := []record{
			{stream: fakeARN, shard: "shardId-00000001573689847184-864758bb", sequence: "800000000003126276362", at: at},
			{stream: fakeARN, shard: "shardId-00000001573689847184-864758bb", sequence: "800000000003126276370", at: at.Add(time.Second)},
		}
		given := at.Add(30*time.Second + 217*time.Millisecond).In(time.FixedZone("", 3600))
		for _, c := range []struct {
			name, arn, response string
			part                part
			want                string
		}{
			{"the function's error", "", `"responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},`,
				part{requestID: "c9b8fa9f", invocations: 3, err: &FunctionError{Type: "Error"}}, "arn:aws:lambda:us-east-2:123456789012:function:local"},
			{"reported in the answer", "arn:aws:lambda:us-east-2:123456789012:function:myfunction", `"responseContext": {"statusCode": 200, "executedVersion": "$LATEST"},`,
				part{requestID: "c9b8fa9f", invocations: 3, err: &ItemFailure{Sequence: "1"}}, "arn:aws:lambda:us-east-2:123456789012:function:myfunction"},
		} {
			m.options.FunctionARN = c.arn
			got, err := json.Marshal(m.failureRecord(&c.part, records, RetryAttemptsExhausted, given))
			if err != nil {
				t.Fatal(err)
			}
			var want bytes.Buffer
			if err := json.Compact(&want, []byte(`{
				"requestContext": {
					"requestId": "c9b8fa9f", "functionArn": "`+c.want+`",
					"condition": "RetryAttemptsExhausted", "approximateInvokeCount": 3
				},
				`+c.response+`
				"version": "1.0", "timestamp": "2019-11-14T00:13:49.717Z",
				"DDBStreamBatchInfo": {
					"shardId": "shardId-00000001573689847184-864758bb",
					"startSequenceNumber": "800000000003126276362", "endSequenceNumber": "800000000003126276370",
					"approximateArrivalOfFirstRecord": "2019-11-14T00:13:19Z", "approximateArrivalOfLastRecord": "2019-11-14T00:13:20Z",
					"batchSize": 2, "streamArn": "`+fakeARN+`"
				}
			}`)); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want.String(), string(got)); diff != "" {
				t.Errorf("%s: %s", c.name, diff)
			}
		}
	})
}
