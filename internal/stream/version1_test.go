package stream

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/google/go-cmp/cmp"
)

// TestCheckpointsOfVersion1: what the version before wrote is read, in files
// and in tables, and written anew as version 2. The test data was made by that
// version.
func TestCheckpointsOfVersion1(t *testing.T) {
	at := time.Unix(1795508718, 0).UTC()
	want := []Checkpoint{
		{Stream: arn, Shard: "after-a-number", Position: Position{Above: "12", NotBefore: at.Add(5)}},
		{Stream: arn, Shard: "at-a-record", Position: Position{Sequence: f21(7), NotBefore: at}},
		{Stream: arn, Shard: "at-a-time", Parent: "at-a-record", Position: Position{Since: at.Add(-6 * time.Minute), NotBefore: at}},
		{Stream: arn, Shard: "ended", Position: Position{Sequence: f21(9), NotBefore: at}, State: Consumed},
		{Stream: arn, Shard: "gone", Parent: "ended", Position: Position{NotBefore: at}, State: Vanished},
		{Stream: arn, Shard: "last", Parent: "ended", Position: Position{Sequence: f21(11), NotBefore: at}, State: Final},
		{Stream: strings.Replace(arn, "-24T", "-25T", 1), Shard: "new"},
	}
	text := must(os.ReadFile("testdata/checkpoints-v1.json"))
	path := filepath.Join(t.TempDir(), "checkpoint")
	if err := os.WriteFile(path, text, 0o666); err != nil {
		t.Fatal(err)
	}
	db, _ := inMemory(t)
	must(TableCheckpoints(db, "places", "other").Load(t.Context())) // makes the table
	var items []map[string]map[string]any
	if err := json.Unmarshal(must(os.ReadFile("testdata/checkpoints-v1-table.json")), &items); err != nil {
		t.Fatal(err)
	}
	for _, item := range items {
		put := make(map[string]types.AttributeValue)
		for name, value := range item {
			switch {
			case value["S"] != nil:
				put[name] = &types.AttributeValueMemberS{Value: value["S"].(string)}
			case value["N"] != nil:
				put[name] = &types.AttributeValueMemberN{Value: value["N"].(string)}
			default:
				put[name] = &types.AttributeValueMemberBOOL{Value: value["BOOL"].(bool)}
			}
		}
		must(db.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String("places"), Item: put}))
	}
	for where, open := range map[string]func() Checkpoints{
		"file":  func() Checkpoints { return FileCheckpoints(path) },
		"table": func() Checkpoints { return TableCheckpoints(db, "places", "r") },
	} {
		inOrder := cmpopts.SortSlices(func(a, b Checkpoint) bool { return a.place() < b.place() })
		check := func(what string, got, want []Checkpoint) {
			t.Helper()
			if diff := cmp.Diff(want, got, inOrder); diff != "" {
				t.Errorf("%s: %s (-want +got):\n%s", where, what, diff)
			}
		}
		c := open()
		check("peeked", must(c.(Peeker).Peek(t.Context())), want)
		check("loaded", must(c.Load(t.Context())), want)
		moved := want[1]
		moved.Sequence = f21(8)
		if err := c.Save(t.Context(), []Checkpoint{moved}, want[6:]); err != nil {
			t.Fatal(err)
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		again := append([]Checkpoint{moved}, want[0])
		check("loaded again", must(open().Load(t.Context())), append(again, want[2:6]...))
	}
	if text := string(must(os.ReadFile(path))); !strings.Contains(text, `"version": 2`) || strings.Contains(text, "floor") {
		t.Errorf("the file is not of version 2:\n%s", text)
	}
}
