package stream

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
)

// TestAlteredCheckpoints: an item that an operator deleted or edited is an
// error of its own, and not another reader.
func TestAlteredCheckpoints(t *testing.T) {
	at := func(n string) Checkpoint { return Checkpoint{Stream: arn, Shard: "s", Position: Position{Sequence: n}} }
	tests := map[string]struct {
		alter func(*testing.T, *dynamodb.Client, map[string]types.AttributeValue)
		want  string
	}{
		"deleted": {func(t *testing.T, db *dynamodb.Client, key map[string]types.AttributeValue) {
			must(db.DeleteItem(t.Context(), &dynamodb.DeleteItemInput{TableName: aws.String("places"), Key: key}))
		}, "was deleted"},
		"edited": {func(t *testing.T, db *dynamodb.Client, key map[string]types.AttributeValue) {
			must(db.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{
				TableName: aws.String("places"), Key: key, UpdateExpression: aws.String("SET #s = :s"),
				ExpressionAttributeNames:  map[string]string{"#s": attrSequence},
				ExpressionAttributeValues: map[string]types.AttributeValue{":s": &types.AttributeValueMemberS{Value: "3"}},
			}))
		}, "was edited"},
	}
	for name, test := range tests {
		db, _ := inMemory(t)
		table := TableCheckpoints(db, "places", "r")
		must(table.Load(t.Context()))
		if err := table.Save(t.Context(), []Checkpoint{at("5")}, nil); err != nil {
			t.Fatal(err)
		}
		test.alter(t, db, table.key(at("5").place()))
		err := table.Save(t.Context(), []Checkpoint{at("7")}, nil)
		if !errors.As(err, new(*AlteredError)) || !strings.Contains(err.Error(), test.want) || errors.As(err, new(*FencedError)) {
			t.Errorf("%s: Save = %v, want an *AlteredError that says it %s", name, err, test.want)
		}
	}
}

// TestARefusedOpenTakesNothing from a reader of the same name.
func TestARefusedOpenTakesNothing(t *testing.T) {
	db, _ := inMemory(t)
	f := newFakeStream(&fakeShard{id: "s"})
	f.put(f.shards[0], "1")
	o := quiet(Options{Checkpoints: TableCheckpoints(db, "places", "r"), Idle: 300 * time.Millisecond, Pace: Unbounded})
	r := must(Open(t.Context(), f, arn, o))
	mustRead(t, r)
	other := strings.Replace(arn, "table/t/", "table/other/", 1)
	if _, err := Open(t.Context(), f, other, quiet(Options{Checkpoints: TableCheckpoints(db, "places", "r")})); err == nil {
		t.Error("Open with another table's checkpoints = nil")
	}
	f.put(f.shards[0], "2")
	check(t, "events", mustRead(t, r), []string{"s/2"})
	if err := r.Close(); err != nil {
		t.Errorf("Close = %v", err)
	}
}

// TestAGenerationIsTakenOnce: an attempt to take it that arrives late, after
// its repetition, ends nobody.
func TestAGenerationIsTakenOnce(t *testing.T) {
	db, _ := inMemory(t)
	must(TableCheckpoints(db, "places", "r").Load(t.Context()))
	late := &lateGeneration{Client: db}
	table := seize(t, TableCheckpoints(late, "places", "r"))
	must(table.Load(t.Context()))
	if late.first == nil {
		t.Fatal("no attempt was lost")
	}
	late.first()
	if err := table.Save(t.Context(), []Checkpoint{{Stream: arn, Shard: "new"}}, nil); err != nil {
		t.Errorf("Save = %v, where there is one reader", err)
	}
	check(t, "generation", table.generation, int64(2))
}

// lateGeneration loses the first update.
type lateGeneration struct {
	*dynamodb.Client
	first func()
}

func (l *lateGeneration) UpdateItem(ctx context.Context, in *dynamodb.UpdateItemInput, o ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error) {
	if l.first == nil {
		l.first = func() { l.Client.UpdateItem(context.Background(), in) }
		return nil, noAnswer{}
	}
	return l.Client.UpdateItem(ctx, in, o...)
}

// TestATableOfALaterVersion is refused, with advice that is good for it, and
// stays as it is.
func TestATableOfALaterVersion(t *testing.T) {
	db, _ := inMemory(t)
	table := TableCheckpoints(db, "places", "r")
	must(table.Load(t.Context()))
	must(0, table.Save(t.Context(), []Checkpoint{{Stream: arn, Shard: "s"}}, nil))
	item := table.item(Checkpoint{Stream: arn, Shard: "s"})
	item["version"] = number(copyVersion + 1)
	must(db.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String("places"), Item: item}))
	must(0, table.Close())
	for name, refuse := range map[string]func(context.Context) ([]Checkpoint, error){
		"Peek": TableCheckpoints(db, "places", "r").Peek, "Load": TableCheckpoints(db, "places", "r").Load,
	} {
		_, err := refuse(t.Context())
		if err == nil || errors.As(err, new(*AlteredError)) || !strings.Contains(err.Error(), "has version 4") {
			t.Errorf("%s = %v, want a refusal of version 4", name, err)
		}
	}
	kept := must(db.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: aws.String("places"), Key: table.key(Checkpoint{Stream: arn, Shard: "s"}.place())}))
	check(t, "version", must(numberOf(kept.Item["version"])), int64(copyVersion+1))
}

// TestOneValueIsOneReaders: a second Load of a Table is refused until Close.
func TestOneValueIsOneReaders(t *testing.T) {
	db, _ := inMemory(t)
	table := TableCheckpoints(db, "places", "r")
	must(table.Load(t.Context()))
	if _, err := table.Load(t.Context()); !errors.As(err, new(*FencedError)) {
		t.Errorf("a second Load = %v, want a *FencedError", err)
	}
	if err := table.Close(); err != nil {
		t.Fatal(err)
	}
	must(table.Load(t.Context()))
}

// TestOpenInAPart: a shard that one page lists as open may have a child on
// another, so that the page tells nothing of when it was open.
func TestOpenInAPart(t *testing.T) {
	l := newLineage()
	l.insert("s", "")
	at := time.Unix(1795508718, 0)
	listed := must(newFakeStream(&fakeShard{id: "s"}).DescribeStream(t.Context(), &dynamodbstreams.DescribeStreamInput{StreamArn: aws.String(arn)})).StreamDescription.Shards
	l.learn(description{shards: listed, at: at})
	check(t, "open, by a part", l.byID["s"].openAt, time.Time{})
	l.learn(description{shards: listed, at: at, whole: true})
	check(t, "open, by the whole", l.byID["s"].openAt, at)
}
