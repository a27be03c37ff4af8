package stream

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const lambdaARN = "arn:aws:dynamodb:us-east-1:123456789012:table/t/stream/2026-11-28T00:00:00.000"

// lambdaText is a record of a Lambda event; rest are further members.
func lambdaText(name, change, rest string) string {
	return fmt.Sprintf(`{"eventID":"1","eventName":%q,"eventVersion":"1.1","eventSource":"aws:dynamodb","awsRegion":"us-east-1",
		"dynamodb":{"ApproximateCreationDateTime":1480642020,"SequenceNumber":"1405400000000002063282832","SizeBytes":54,%s},
		"eventSourceARN":%q%s}`, name, change, lambdaARN, rest)
}

func TestLambdaEvent(t *testing.T) {
	const keys = `"Keys":{"id":{"S":"a"}}`
	at := time.Unix(1480642020, 0).UTC()
	id := Image{"id": &types.AttributeValueMemberS{Value: "a"}}
	event := func(kind Kind, before, after Image) Event {
		return Event{Kind: kind, Keys: id, Old: before, New: after, Stream: lambdaARN, Sequence: "1405400000000002063282832", At: at}
	}
	exact := "1234567890123456789012345678901234567.8"
	for _, test := range []struct {
		name, text string
		want       Event
		why        string
	}{
		{"insert", lambdaText("INSERT", keys+`,"NewImage":{"id":{"S":"a"},"n":{"N":"`+exact+`"}}`, ""),
			event(Inserted, nil, Image{"id": id["id"], "n": &types.AttributeValueMemberN{Value: exact}}), "38 digits are kept"},
		{"types", lambdaText("MODIFY", keys+`,"OldImage":{"b":{"B":"AAEqQQ=="},"bs":{"BS":["AQ=="]},"m":{"M":{}},"l":{"L":[{"NULL":true},{"BOOL":false}]}},
			"NewImage":{"ns":{"NS":["1","0.10"]},"ss":{"SS":["x"]}}`, ""),
			event(Modified, Image{
				"b": &types.AttributeValueMemberB{Value: []byte{0, 1, 42, 65}}, "bs": &types.AttributeValueMemberBS{Value: [][]byte{{1}}},
				"m": &types.AttributeValueMemberM{Value: map[string]types.AttributeValue{}},
				"l": &types.AttributeValueMemberL{Value: []types.AttributeValue{&types.AttributeValueMemberNULL{Value: true}, &types.AttributeValueMemberBOOL{}}},
			}, Image{"ns": &types.AttributeValueMemberNS{Value: []string{"1", "0.10"}}, "ss": &types.AttributeValueMemberSS{Value: []string{"x"}}}),
			"binary, sets, an empty map and constants keep their types"},
		{"delete", lambdaText("REMOVE", keys, ""), event(Deleted, nil, nil), "KEYS_ONLY has no images, and nobody is named"},
		{"expired", lambdaText("REMOVE", keys, `,"userIdentity":{"type":"Service","principalId":"dynamodb.amazonaws.com"}`),
			event(Expired, nil, nil), "Lambda's spelling"},
		{"expired, as the Streams API has it", lambdaText("REMOVE", keys, `,"userIdentity":{"Type":"Service","PrincipalId":"dynamodb.amazonaws.com"}`),
			event(Expired, nil, nil), "the other spelling"},
		{"deleted by another service", lambdaText("REMOVE", keys, `,"userIdentity":{"type":"Service","principalId":"backup.amazonaws.com"}`),
			event(Deleted, nil, nil), "the principal must match too"},
		{"time in another form", strings.Replace(lambdaText("REMOVE", keys, ""), "1480642020", "1.48064202E9", 1), event(Deleted, nil, nil), "Java's numbers"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := LambdaEvent([]byte(test.text))
			if err != nil {
				t.Fatalf("LambdaEvent(%s) = %v: %s", test.text, err, test.why)
			}
			if diff := cmp.Diff(test.want, got, cmpopts.IgnoreUnexported(
				types.AttributeValueMemberS{}, types.AttributeValueMemberN{}, types.AttributeValueMemberB{}, types.AttributeValueMemberBS{}, types.AttributeValueMemberM{},
				types.AttributeValueMemberL{}, types.AttributeValueMemberNULL{}, types.AttributeValueMemberBOOL{}, types.AttributeValueMemberNS{}, types.AttributeValueMemberSS{},
			)); diff != "" {
				t.Errorf("LambdaEvent(%s): %s; -want +got:\n%s", test.text, test.why, diff)
			}
		})
	}
}

func TestLambdaEventRefuses(t *testing.T) {
	for _, test := range []struct{ name, text, want, sequence string }{
		{"not JSON", `{`, "unexpected end", ""},
		{"SQS", `{"eventSource":"aws:sqs","body":"x"}`, "not DynamoDB's", ""},
		{"no sequence number", `{"eventName":"INSERT","dynamodb":{}}`, "no sequence number", ""},
		{"unknown event name", lambdaText("RENAME", `"Keys":{}`, ""), `"RENAME"`, "1405400000000002063282832"},
		{"a value without a type", lambdaText("REMOVE", `"Keys":{"id":{}}`, ""), "Keys that can't be read: attribute id", "1405400000000002063282832"},
		{"a number that is not a string", lambdaText("INSERT", `"NewImage":{"n":{"N":1}}`, ""), "NewImage that can't be read", "1405400000000002063282832"},
	} {
		e, err := LambdaEvent([]byte(test.text))
		if err == nil || !strings.Contains(err.Error(), test.want) || e.Sequence != test.sequence {
			t.Errorf("%s: LambdaEvent(%s) = %q, %v; want %q and an error with %q", test.name, test.text, e.Sequence, err, test.sequence, test.want)
		}
	}
}
