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
		ok         bool
	}{
		{"least", `{"id":"ada","sequence":"1"}`, event{ID: "ada", Sequence: "1"}, true},
		{"all", ` {"id":"ada","sequence":"1","kind":"deleted","new":null,"old":{"id":{"S":"ada"}}}` + "\r\n",
			event{ID: "ada", Sequence: "1", Kind: "deleted", Old: json.RawMessage(`{"id":{"S":"ada"}}`)}, true},
		{"a loss", `{"lost":{"shard":"x"}}`, event{lost: true}, true},
		{"a loss in words", `{"kind":"lost","lost":"after 7"}`, event{lost: true}, true},
		{"no loss", `{"id":"ada","lost":false}`, event{ID: "ada"}, true},
		{"a log", `reading shard x`, event{}, false},
		{"a log in JSON", `{"level":"info","msg":"reading"}`, event{}, false},
		{"a number in place of an id", `{"id":7}`, event{}, false},
		{"half a line", `{"id":"ada","seq`, event{}, false},
	} {
		got, ok := parseLine([]byte(c.line))
		if !ok {
			got = event{}
		}
		if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(event{})); diff != "" || ok != c.ok {
			t.Errorf("%s: parseLine(%s) is ok: %v, want %v (-want +got):\n%s", c.name, c.line, ok, c.ok, diff)
		}
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
	if e := parseItem(item{"lost": json.RawMessage(`{"BOOL":true}`)}); !e.lost {
		t.Errorf("an item with lost is %+v, want a loss", e)
	}
}
