package stream_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"

	"dynamostreamer/internal/embedded"
	"dynamostreamer/internal/stream"
)

func putN(t testing.TB, db *dynamodb.Client, table, id string, n int) {
	t.Helper()
	_, err := db.PutItem(context.Background(), &dynamodb.PutItemInput{
		TableName: &table, Item: map[string]types.AttributeValue{
			"id": &types.AttributeValueMemberS{Value: id}, "n": &types.AttributeValueMemberN{Value: fmt.Sprint(n)},
		},
	})
	if err != nil {
		t.Error(err)
	}
}

// TestOnTheEmbeddedEngine writes while shards roll and split, iterators
// expire and calls fail, and reads beside it with readers that end and go
// on from their checkpoint. Each change comes once, an item's in order.
func TestOnTheEmbeddedEngine(t *testing.T) {
	e, db, streams := openEmbedded(t)
	const table, items, rounds = "changes", 7, 60
	arn := fillEmbedded(t, e, db, streams, table, 0, 1)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	faults := []embedded.Fault{
		embedded.Throttle, embedded.LimitExceeded, embedded.ServerError, embedded.LostAnswer,
		embedded.EmptyPage, embedded.HiddenChildren,
	}
	var writing sync.WaitGroup
	writing.Go(func() {
		for n := range rounds {
			for item := range items {
				putN(t, db, table, fmt.Sprint(item), n)
			}
			switch {
			case n%10 == 3:
				e.ExpireIterators()
			case n%10 == 5:
				if err := e.RollShards(ctx, table); err != nil {
					t.Error(err)
				}
			case n == 17 || n == 38:
				d, err := streams.DescribeStream(ctx, &dynamodbstreams.DescribeStreamInput{StreamArn: &arn})
				if err != nil {
					continue // a fault that was meant for the reader
				}
				for _, s := range d.StreamDescription.Shards {
					if s.SequenceNumberRange.EndingSequenceNumber == nil {
						if err := e.SplitShard(ctx, table, *s.ShardId); err != nil {
							t.Error(err)
						}
						break
					}
				}
			default:
				operation := []string{"GetRecords", "GetShardIterator", "DescribeStream"}[n%3]
				e.Inject(operation, 5, faults[n%len(faults)])
			}
			time.Sleep(20 * time.Millisecond)
		}
	})
	var mu sync.Mutex
	next := make([]int, items)
	seen := 0
	handle := func(_ context.Context, event stream.Event) error {
		var now struct {
			ID int `dynamodbav:"id,string"`
			N  int `dynamodbav:"n"`
		}
		if err := event.New.Decode(&now); err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		if now.N != next[now.ID] {
			t.Errorf("item %d: change %d came, want %d", now.ID, now.N, next[now.ID])
		}
		next[now.ID] = now.N + 1
		if seen++; seen%50 == 0 || seen == items*rounds {
			return context.Canceled // ends this reader
		}
		return nil
	}
	path := filepath.Join(t.TempDir(), "checkpoint")
	for readers := 0; ; readers++ {
		r, err := stream.Open(ctx, streams, arn, stream.Options{
			Checkpoints: stream.FileCheckpoints(path), Retry: stream.Retry{Attempts: 1}, Logger: slog.New(slog.DiscardHandler),
		})
		if err != nil {
			t.Fatal(err)
		}
		reading, end := context.WithCancel(ctx)
		err = r.Run(reading, func(ctx context.Context, e stream.Event) error {
			err := handle(ctx, e)
			if errors.Is(err, context.Canceled) {
				end() // and this event is handled
				return nil
			}
			return err
		})
		end()
		if err := errors.Join(r.Close()); err != nil {
			t.Fatal(err)
		}
		mu.Lock()
		done := seen >= items*rounds
		mu.Unlock()
		if done {
			break
		}
		if !errors.Is(err, context.Canceled) || ctx.Err() != nil {
			t.Fatalf("reader %d ended with %v after %d of %d events", readers, err, seen, items*rounds)
		}
	}
	writing.Wait()
	for item, n := range next {
		if n != rounds {
			t.Errorf("item %d: %d changes came, want %d", item, n, rounds)
		}
	}
}

// TestTrimsOnTheEmbeddedEngine: what was trimmed between two readers is a
// TestATransactionWhoseAnswerIsLost: the handler's transaction is made and
// its answer lost. The table tells that it was made: nothing is redelivered, and
// each event counts once.
func TestATransactionWhoseAnswerIsLost(t *testing.T) {
	e, db, streams := openEmbedded(t)
	const table, places, events = "changes", "places", 10
	arn := fillEmbedded(t, e, db, streams, table, 0, 1)
	for n := range events {
		putN(t, db, table, fmt.Sprint(n), n)
	}
	checkpoints := stream.TableCheckpoints(db, places, "r")
	r, err := stream.Open(t.Context(), streams, arn, stream.Options{
		Checkpoints: checkpoints, PageSize: 3, Idle: 300 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	count := map[string]types.AttributeValue{
		"reader": &types.AttributeValueMemberS{Value: "count"}, "place": &types.AttributeValueMemberS{Value: "all"},
	}
	handed := 0
	err = r.RunPages(t.Context(), func(ctx context.Context, p *stream.Page) error {
		e.Inject("TransactWriteItems", 1, embedded.LostAnswer)
		handed += len(p.Events)
		_, err := db.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
			checkpoints.TransactItem(p),
			{Update: &types.Update{
				TableName: aws.String(places), Key: count, UpdateExpression: aws.String("ADD n :n"),
				ExpressionAttributeValues: map[string]types.AttributeValue{
					":n": &types.AttributeValueMemberN{Value: fmt.Sprint(len(p.Events))},
				},
			}},
		}}, func(o *dynamodb.Options) { o.Retryer = aws.NopRetryer{} })
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	out, err := db.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: aws.String(places), Key: count})
	if err != nil {
		t.Fatal(err)
	}
	n, ok := out.Item["n"].(*types.AttributeValueMemberN)
	if !ok || n.Value != fmt.Sprint(handed) || handed != events {
		t.Errorf("counted %v of %d events that were handed over, want %d", out.Item["n"], handed, events)
	}
}

// gap.
func TestTrimsOnTheEmbeddedEngine(t *testing.T) {
	e, db, streams := openEmbedded(t)
	arn := fillEmbedded(t, e, db, streams, "changes", 0, 1)
	path := filepath.Join(t.TempDir(), "checkpoint")
	putN(t, db, "changes", "a", 0)
	read := func(policy stream.GapPolicy) (n int, err error) {
		r, err := stream.Open(t.Context(), streams, arn, stream.Options{
			Checkpoints: stream.FileCheckpoints(path), Idle: 300 * time.Millisecond, OnGap: policy,
		})
		if err != nil {
			t.Fatal(err)
		}
		for event, failed := range r.Events(t.Context()) {
			if err = failed; err == nil && event.Kind != stream.Lost {
				n++
			}
		}
		return n, errors.Join(err, r.Close())
	}
	if n, err := read(stream.StopAtGap); n != 1 || err != nil {
		t.Fatalf("%d events and %v, want 1", n, err)
	}
	putN(t, db, "changes", "a", 1)
	putN(t, db, "changes", "a", 2)
	time.Sleep(1100 * time.Millisecond) // records' times are whole seconds
	if err := e.TrimTo(t.Context(), "changes", e.Now()); err != nil {
		t.Fatal(err)
	}
	putN(t, db, "changes", "a", 3)
	var gap *stream.Gap
	if _, err := read(stream.StopAtGap); !errors.As(err, &gap) || gap.Last == "" || gap.Oldest == "" {
		t.Errorf("reading on = %v, want a gap with both its ends", err)
	}
	if n, err := read(stream.SkipGaps); n != 1 || err != nil {
		t.Errorf("after the gap %d events and %v, want 1", n, err)
	}
}
