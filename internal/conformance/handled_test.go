package conformance

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseLine(t *testing.T) {
	for _, c := range []struct {
		name, line string
		want       event
		why        string // of an error
	}{
		{"least", `{"id":"ada","sequence":"1"}`, event{ID: "ada", Sequence: "1"}, ""},
		{"all", ` {"id":"ada","sequence":"1","kind":"deleted","new":null,"old":{"id":{"S":"ada"}}}` + "\r\n",
			event{ID: "ada", Sequence: "1", Kind: "deleted", Old: json.RawMessage(`{"id":{"S":"ada"}}`)}, ""},
		{"an empty image", `{"id":"ada","sequence":"1","new":{"id":{"S":"ada"}},"old":{}}`, event{ID: "ada", Sequence: "1", New: json.RawMessage(`{"id":{"S":"ada"}}`)}, ""},
		{"a loss", `{"lost":{"shard":"x"}}`, event{lost: true}, ""},
		{"a loss in words", `{"kind":"lost","lost":"after 7"}`, event{lost: true}, ""},
		{"no loss", `{"id":"ada","sequence":"1","lost":false}`, event{ID: "ada", Sequence: "1"}, ""},
		{"no loss in words", `{"id":"ada","sequence":"1","lost":""}`, event{ID: "ada", Sequence: "1"}, ""},
		{"a log", `reading shard x`, event{}, "is not a JSON object"},
		{"a log in JSON", `{"level":"info","msg":"reading"}`, event{}, "has no id or no sequence"},
		{"no sequence", `{"id":"ada"}`, event{}, "has no id or no sequence"},
		{"a list", `[{"id":"ada","sequence":"1"}]`, event{}, "is not a JSON object"},
		{"a number in place of an id", `{"id":7}`, event{}, "has an id, a sequence or a kind that is not a string"},
		{"a number in place of a sequence", `{"id":"ada","sequence":7}`, event{}, "has an id, a sequence or a kind that is not a string"},
		{"half a line", `{"id":"ada","seq`, event{}, "is not a JSON object"},
	} {
		got, err := parseLine([]byte(c.line))
		why := ""
		if err != nil {
			got, why = event{}, err.Error()
		}
		if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(event{})); diff != "" || why != c.why {
			t.Errorf("%s: parseLine(%s): error %q, want %q (-want +got):\n%s", c.name, c.line, why, c.why, diff)
		}
	}
}

// TestCouldNotRead: a verdict says which lines of stdout are not events.
func TestCouldNotRead(t *testing.T) {
	s := newSink(func(event) {})
	for _, line := range []string{`{"id":"ada","sequence":"1"}`, "", "reading shard x", `{"id":7}`} {
		s.line([]byte(line + "\n"))
	}
	want := "; 2 lines on stdout could not be read: reading shard x is not a JSON object"
	if got := s.couldNotRead(); got != want {
		t.Errorf("couldNotRead() = %q, want %q", got, want)
	}
}

// TestBatchesStop: a sink that stops after some events stops in a batch that has more.
func TestBatchesStop(t *testing.T) {
	s := newSink(func(event) {})
	s.stopAfter(3)
	for range 2 {
		if s.hasStopped() {
			t.Fatal("the sink stopped too early")
		}
		s.put(t.Context(), make([]item, 2))()
	}
	if !s.hasStopped() {
		t.Error("the sink takes more than 4 events, and should stop after 3")
	}
}

func TestPuts(t *testing.T) {
	for _, c := range []struct {
		name, body string
		want       []string // ids
	}{
		{"PutItem", `{"TableName":"handled","Item":{"id":{"S":"ada"}}}`, []string{"ada"}},
		{"by the ARN", `{"TableName":"arn:aws:dynamodb:us-east-1:000000000000:table/handled","Item":{"id":{"S":"ada"}}}`, []string{"ada"}},
		{"another table", `{"TableName":"unhandled","Item":{"id":{"S":"ada"}}}`, nil},
		{"DeleteItem", `{"TableName":"handled","Key":{"id":{"S":"ada"}}}`, nil},
		{"BatchWriteItem", `{"RequestItems":{"handled":[{"PutRequest":{"Item":{"id":{"S":"ada"}}}},{"DeleteRequest":{"Key":{}}},{"PutRequest":{"Item":{"id":{"S":"grace"}}}}],"x":[{"PutRequest":{"Item":{"id":{"S":"x"}}}}]}}`, []string{"ada", "grace"}},
		{"TransactWriteItems", `{"TransactItems":[{"Put":{"TableName":"handled","Item":{"id":{"S":"ada"}}}},{"Update":{"TableName":"x"}}]}`, []string{"ada"}},
	} {
		var in request
		if err := json.Unmarshal([]byte(c.body), &in); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, i := range in.puts() {
			got = append(got, parseItem(i).ID)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: ids of the puts (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestParseItem(t *testing.T) {
	var i item
	text := `{"id":{"S":"ada"},"sequence":{"N":"12"},"kind":{"S":"inserted"},"new":{"M":{"n":{"N":"1"}}}}`
	if err := json.Unmarshal([]byte(text), &i); err != nil {
		t.Fatal(err)
	}
	want := event{ID: "ada", Sequence: "12", Kind: "inserted", New: json.RawMessage(`{"n":{"N":"1"}}`)}
	if diff := cmp.Diff(want, parseItem(i), cmp.AllowUnexported(event{})); diff != "" {
		t.Errorf("parseItem(%s) (-want +got):\n%s", text, diff)
	}
	for lost, want := range map[string]bool{`{"BOOL":true}`: true, `{"S":"after 7"}`: true, `{"M":{}}`: true, `{"BOOL":false}`: false, `{"S":""}`: false, `{"NULL":true}`: false} {
		if e := parseItem(item{"lost": json.RawMessage(lost)}); e.lost != want {
			t.Errorf("an item with lost %s is a loss: %v, want %v", lost, e.lost, want)
		}
	}
	if e := parseItem(item{"id": json.RawMessage(`{"S":"ada#7"}`)}); e.ID != "ada" {
		t.Errorf("the item ada#7 is of the row %q, want ada", e.ID)
	}
}
