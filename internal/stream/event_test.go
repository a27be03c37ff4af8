package stream

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
)

func TestKind(t *testing.T) {
	ttl := &types.Identity{Type: aws.String("Service"), PrincipalId: aws.String("dynamodb.amazonaws.com")}
	tests := map[string]struct {
		why      string
		name     types.OperationType
		identity *types.Identity
		region   string
		want     Kind // empty: an error
	}{
		"insert":        {"", types.OperationTypeInsert, nil, "eu-west-1", Inserted},
		"modify":        {"", types.OperationTypeModify, nil, "eu-west-1", Modified},
		"remove":        {"nobody's identity is somebody", types.OperationTypeRemove, nil, "eu-west-1", Deleted},
		"remove by TTL": {"the identity of DynamoDB", types.OperationTypeRemove, ttl, "eu-west-1", Expired},
		"by another service": {"a service is not yet DynamoDB", types.OperationTypeRemove,
			&types.Identity{Type: aws.String("Service"), PrincipalId: aws.String("backup.amazonaws.com")}, "eu-west-1", Deleted},
		"by a user of that name": {"a name is not yet a service", types.OperationTypeRemove,
			&types.Identity{Type: aws.String("User"), PrincipalId: aws.String("dynamodb.amazonaws.com")}, "eu-west-1", Deleted},
		"empty identity":        {"fields may be absent", types.OperationTypeRemove, &types.Identity{}, "eu-west-1", Deleted},
		"DynamoDB Local's TTL":  {"it can't name it", localExpiry, nil, "ddblocal", Expired},
		"unknown to the reader": {"a guess would be a lie", localExpiry, nil, "eu-west-1", ""},
		"another name":          {"a guess would be a lie", "ARCHIVE", nil, "ddblocal", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := types.Record{
				EventName: test.name, UserIdentity: test.identity, AwsRegion: &test.region,
				Dynamodb: &types.StreamRecord{SequenceNumber: aws.String("100000000003498069978")},
			}
			e, err := newEvent("s", r)
			if (err != nil) != (test.want == "") || e.Kind != test.want {
				t.Errorf("newEvent(%s) = %q, %v; want %q: %s", test.name, e.Kind, err, test.want, test.why)
			}
			if e.Expired() != (test.want == Expired) {
				t.Errorf("Expired() = %v of a %q", e.Expired(), e.Kind)
			}
		})
	}
}

func TestARecordWithoutSequenceNumber(t *testing.T) {
	for _, r := range []types.Record{{}, {Dynamodb: &types.StreamRecord{}}} {
		r.EventName = types.OperationTypeInsert
		if e, err := newEvent("s", r); err == nil {
			t.Errorf("newEvent(%v) = %v, want an error", r, e)
		}
	}
}

var (
	s = func(v string) types.AttributeValue { return &types.AttributeValueMemberS{Value: v} }
	n = func(v string) types.AttributeValue { return &types.AttributeValueMemberN{Value: v} }
)

const digits = "12345678901234567890123456789012345678"

func TestImageKeepsDigits(t *testing.T) {
	image := Image{"n": n(digits), "m": &types.AttributeValueMemberM{Value: Image{"n": n("0.1")}}}
	var loose map[string]any
	if err := image.Decode(&loose); err != nil {
		t.Fatal(err)
	}
	check(t, "in an any", loose["n"], any(attributevalue.Number(digits)))

	var strict struct {
		N string `dynamodbav:"n"`
		T int64  `dynamodbav:"t"`
	}
	image["t"] = n("1795508718")
	delete(image, "n")
	if err := image.Decode(&strict); err != nil {
		t.Fatal(err)
	}
	check(t, "an int64", strict.T, int64(1795508718))

	image["t"] = s("1795508718")
	if err := image.Decode(&strict); err == nil {
		t.Errorf("Decode = %+v of a String into an int64, want an error: S is not N", strict)
	}
}

func TestImageAsJSON(t *testing.T) {
	image := Image{
		"s": s("5"), "n": n(digits), "t": &types.AttributeValueMemberBOOL{Value: true},
		"null": &types.AttributeValueMemberNULL{Value: true},
		"b":    &types.AttributeValueMemberB{Value: []byte{1, 2}},
		"m":    &types.AttributeValueMemberM{Value: Image{"n": n("5")}},
		"l":    &types.AttributeValueMemberL{Value: []types.AttributeValue{s("a"), n("1e2")}},
		"ss":   &types.AttributeValueMemberSS{Value: []string{"a", "b"}},
		"ns":   &types.AttributeValueMemberNS{Value: []string{"1", digits}},
		"bs":   &types.AttributeValueMemberBS{Value: [][]byte{{1}}},
	}
	got, err := json.Marshal(image)
	if err != nil {
		t.Fatal(err)
	}
	check(t, "JSON", string(got), `{"b":"AQI=","bs":["AQ=="],"l":["a",1e2],"m":{"n":5},"n":`+digits+
		`,"ns":[1,`+digits+`],"null":null,"s":"5","ss":["a","b"],"t":true}`)
	got, err = json.Marshal(Image(nil))
	if err != nil {
		t.Fatal(err)
	}
	check(t, "no image", string(got), "null")
}

func TestDifferences(t *testing.T) {
	m := func(i Image) types.AttributeValue { return &types.AttributeValueMemberM{Value: i} }
	set := func(of ...string) types.AttributeValue { return &types.AttributeValueMemberSS{Value: of} }
	tests := map[string]struct {
		before, after Image
		want          string
	}{
		"nothing":      {Image{"a": s("1")}, Image{"a": s("1")}, ""},
		"a value":      {Image{"a": s("1"), "b": n("1")}, Image{"a": s("2"), "b": n("1")}, "a: 1 -> 2"},
		"nested":       {Image{"a": m(Image{"x": s("1"), "y": s("1")})}, Image{"a": m(Image{"x": s("2"), "y": s("1")})}, "a.x: 1 -> 2"},
		"added":        {Image{}, Image{"a": n("1")}, "a: (none) -> 1"},
		"removed":      {Image{"a": n("1")}, Image{}, "a: 1 -> (none)"},
		"another type": {Image{"a": n("1")}, Image{"a": s("1")}, "a: 1 -> 1"},
		"map to text":  {Image{"a": m(Image{"x": s("1")})}, Image{"a": s("1")}, `a: {"x":"1"} -> 1`},
		"in order":     {Image{"b": n("1"), "c": n("1")}, Image{"a": n("1")}, "a: (none) -> 1, b: 1 -> (none), c: 1 -> (none)"},
		"a set":        {Image{"a": set("1", "2"), "b": set("1")}, Image{"a": set("2", "1"), "b": set("2")}, `b: ["1"] -> ["2"]`},
		"a set's type": {Image{"a": set("1")}, Image{"a": &types.AttributeValueMemberNS{Value: []string{"1"}}}, `a: ["1"] -> [1]`},
		"a list":       {Image{"a": &types.AttributeValueMemberL{Value: []types.AttributeValue{n("1")}}}, Image{"a": &types.AttributeValueMemberL{}}, "a: [1] -> []"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, d := range (Event{Old: test.before, New: test.after}).Differences() {
				got = append(got, d.String())
			}
			check(t, "Differences", strings.Join(got, ", "), test.want)
		})
	}
}

func TestEventImage(t *testing.T) {
	keys, before, after := Image{"id": s("keys")}, Image{"id": s("old")}, Image{"id": s("new")}
	tests := map[string]struct {
		event Event
		want  Image
	}{
		"after a change":   {Event{Keys: keys, Old: before, New: after}, after},
		"after a removal":  {Event{Keys: keys, Old: before}, before},
		"without an image": {Event{Keys: keys}, keys},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := json.Marshal(test.event.Image())
			if err != nil {
				t.Fatal(err)
			}
			want, _ := json.Marshal(test.want)
			check(t, "Image", string(got), string(want))
		})
	}
}

// TestOrder sorts as text what compareSequence sorts as numbers, and a later
// stream's events after all of an earlier one's.
func TestOrder(t *testing.T) {
	next := strings.Replace(arn, "/stream/", "/stream/9", 1)
	events := []Event{
		{Stream: arn}, {Stream: arn, Sequence: "99"}, {Stream: arn, Sequence: "100"}, {Stream: arn, Sequence: "4000000000000000000007"},
		{Stream: arn, Sequence: strings.Repeat("9", 40)}, {Stream: next, Sequence: "1"},
	}
	for i, e := range events[1:] {
		if before := events[i].Order(); before >= e.Order() {
			t.Errorf("%s is not before %s", before, e.Order())
		}
	}
	if !strings.HasSuffix(events[1].Order(), "/"+strings.Repeat("0", 38)+"99") {
		t.Errorf("Order() = %s", events[1].Order())
	}
}
