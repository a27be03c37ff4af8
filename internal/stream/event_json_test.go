package stream

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

var sameEvent = cmpopts.IgnoreUnexported(types.AttributeValueMemberS{}, types.AttributeValueMemberN{}, types.AttributeValueMemberB{},
	types.AttributeValueMemberBOOL{}, types.AttributeValueMemberNULL{}, types.AttributeValueMemberSS{},
	types.AttributeValueMemberNS{}, types.AttributeValueMemberBS{}, types.AttributeValueMemberM{}, types.AttributeValueMemberL{})

// drawValue draws a value of any type, nested up to a depth.
func drawValue(t *rapid.T, depth int) types.AttributeValue {
	text, number := rapid.String(), rapid.SampledFrom([]string{"0", "-1.5", "12345678901234567890123456789012345678", "1E+10"})
	bytes := rapid.SliceOf(rapid.Byte())
	kinds := 10
	if depth == 0 {
		kinds = 8
	}
	switch rapid.IntRange(0, kinds-1).Draw(t, "type") {
	case 0:
		return &types.AttributeValueMemberS{Value: text.Draw(t, "S")}
	case 1:
		return &types.AttributeValueMemberN{Value: number.Draw(t, "N")}
	case 2:
		return &types.AttributeValueMemberB{Value: bytes.Draw(t, "B")}
	case 3:
		return &types.AttributeValueMemberBOOL{Value: rapid.Bool().Draw(t, "BOOL")}
	case 4:
		return &types.AttributeValueMemberNULL{Value: true}
	case 5:
		return &types.AttributeValueMemberSS{Value: rapid.SliceOfN(text, 1, 3).Draw(t, "SS")}
	case 6:
		return &types.AttributeValueMemberNS{Value: rapid.SliceOfN(number, 1, 3).Draw(t, "NS")}
	case 7:
		return &types.AttributeValueMemberBS{Value: rapid.SliceOfN(bytes, 1, 3).Draw(t, "BS")}
	case 8:
		list := make([]types.AttributeValue, rapid.IntRange(0, 3).Draw(t, "L"))
		for i := range list {
			list[i] = drawValue(t, depth-1)
		}
		return &types.AttributeValueMemberL{Value: list}
	}
	return &types.AttributeValueMemberM{Value: drawImage(t, depth-1)}
}

func drawImage(t *rapid.T, depth int) Image {
	image := make(Image)
	for range rapid.IntRange(0, 3).Draw(t, "attributes") {
		image[rapid.String().Draw(t, "name")] = drawValue(t, depth)
	}
	return image
}

// TestEventsAsJSON: an event that is stored comes back unchanged.
func TestEventsAsJSON(t *testing.T) {
	there := func(t *rapid.T, e Event) {
		text, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		var back Event
		if err := json.Unmarshal(text, &back); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if g := e.Gap; g != nil { // its error comes back as its text
			if back.Gap == nil || back.Gap.Err.Error() != g.Err.Error() {
				t.Fatalf("%s comes back with gap %v", text, back.Gap)
			}
			g.Err, back.Gap.Err = nil, nil
		}
		if (e.Old == nil) != (back.Old == nil) {
			t.Fatalf("%s comes back with the old image %v, want %v", text, back.Old, e.Old)
		}
		if diff := cmp.Diff(e, back, sameEvent, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("%s comes back different (-want +got):\n%s", text, diff)
		}
	}
	at := time.Date(2026, 11, 28, 8, 19, 57, 123456789, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		e := Event{
			Kind: rapid.SampledFrom(Kinds).Draw(t, "kind"), Stream: arn, Shard: "s", Sequence: f21(7), At: at.Truncate(time.Second), Seen: at,
			Keys: drawImage(t, 0), Old: drawImage(t, 2), New: drawImage(t, 2),
		}
		if rapid.Bool().Draw(t, "no old image") {
			e.Old = nil
		}
		there(t, e)
		there(t, Event{Kind: Lost, Stream: nextARN, Seen: at, Gap: &Gap{
			Stream: arn, Next: nextARN, Shard: "s", Last: "1", Oldest: "7",
			Certain: rapid.Bool().Draw(t, "certain"), Err: errors.New("trimmed"),
		}})
	})
}

func TestEventsFromBadJSON(t *testing.T) {
	for text, want := range map[string]string{
		`{"kind":"inserted","sequence":"7","new":{"a":{"X":"1"}}}`: "reading event 7 from JSON",
		`[]`: "cannot unmarshal",
	} {
		var e Event
		if err := json.Unmarshal([]byte(text), &e); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Unmarshal(%s) = %v, want an error with %q", text, err, want)
		}
	}
}

// TestAFailureAsJSON keeps all but its error's type.
func TestAFailureAsJSON(t *testing.T) {
	given := Failure{Event: Event{Kind: Inserted, Stream: arn, Sequence: "7"}, Err: errors.New("refused"), Attempts: 9, First: time.Unix(1795508718, 5).UTC()}
	var got Failure
	if err := json.Unmarshal(must(json.Marshal(given)), &got); err != nil {
		t.Fatal(err)
	}
	check(t, "event, error, attempts, first", []any{got.Event.Sequence, got.Err.Error(), got.Attempts, got.First}, []any{"7", "refused", 9, given.First})
	check(t, "table", got.Event.Table(), "t")
	if err := json.Unmarshal([]byte(`{"event": 1}`), &got); err == nil {
		t.Error("a number for an event is accepted")
	}
}
