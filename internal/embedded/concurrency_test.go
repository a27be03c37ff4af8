package embedded_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"

	"dynamostreamer/internal/embedded"
)

// TestConcurrentCreateTable: of several openers that make the same table one succeeds,
// the others find it in use, and it has one stream with one shard.
func TestConcurrentCreateTable(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	var clients []*dynamodb.Client
	first := open(t, dir, embedded.Options{SweepInterval: -1})
	_, streams := clientsOf(first)
	for range 3 {
		c, _ := clientsOf(open(t, dir, embedded.Options{SweepInterval: -1}))
		clients = append(clients, c)
	}
	for round := range 10 {
		name := fmt.Sprintf("table-%d", round)
		var made atomic.Pointer[string]
		var wg sync.WaitGroup
		for _, c := range clients {
			wg.Go(func() {
				out, err := c.CreateTable(ctx, tableInput(name))
				var taken *types.ResourceInUseException
				switch {
				case err == nil && made.Swap(out.TableDescription.LatestStreamArn) != nil:
					t.Errorf("%s was made twice", name)
				case err != nil && !errors.As(err, &taken):
					t.Errorf("%s: %v, want ResourceInUseException", name, err)
				}
			})
		}
		wg.Wait()
		for i, c := range clients {
			putID(t, c, name, fmt.Sprint(i))
		}
		if n := len(readStream(t, streams, *made.Load())); n != len(clients) {
			t.Errorf("%s: the stream has %d records, want %d", name, n, len(clients))
		}
	}
}

// TestExtendedWhileSwept: items expire, have their time extended and are put again while two
// openers sweep. Whoever is told that an item lives for an hour more finds it,
// and the stream tells the same story as the table.
func TestExtendedWhileSwept(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	db, arn := sharedDB(t, dir)
	c, streams := clientsOf(db)
	stop := make(chan struct{})
	var sweepers, writers sync.WaitGroup
	for range 2 {
		other := open(t, dir, embedded.Options{SweepInterval: -1})
		sweepers.Go(func() {
			for {
				select {
				case <-stop:
					return
				case <-time.After(time.Millisecond):
					if err := other.Sweep(ctx); err != nil {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	past, future := num(unix(time.Now().Add(-time.Minute))), num(unix(time.Now().Add(time.Hour)))
	const items = 40
	for i := range items {
		writers.Go(func() {
			key := map[string]types.AttributeValue{"id": str(fmt.Sprint(i)), "email": str("e")}
			for range 10 {
				_, err := c.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String(sharedTable), Item: map[string]types.AttributeValue{
					"id": key["id"], "email": key["email"], "ttl": past,
				}})
				if err == nil {
					_, err = c.UpdateItem(ctx, &dynamodb.UpdateItemInput{
						TableName: aws.String(sharedTable), Key: key, UpdateExpression: aws.String("SET #t = :t"),
						ExpressionAttributeNames:  map[string]string{"#t": "ttl"},
						ExpressionAttributeValues: map[string]types.AttributeValue{":t": future},
					})
				}
				if err != nil {
					t.Error(err)
					return
				}
				out, err := c.GetItem(ctx, &dynamodb.GetItemInput{TableName: aws.String(sharedTable), Key: key})
				if err != nil || out.Item == nil {
					t.Errorf("item %d is gone although it was prolonged (%v)", i, err)
				}
			}
		})
	}
	writers.Wait()
	close(stop)
	sweepers.Wait()
	exists, swept := map[string]bool{}, 0
	for _, r := range readStream(t, streams, arn) {
		id := textOfValue(t, r.Dynamodb.Keys["id"])
		if was := r.EventName != "INSERT"; was != exists[id] {
			t.Fatalf("%s of %s, which exists: %v", r.EventName, id, exists[id])
		}
		exists[id] = r.EventName != "REMOVE"
		if r.UserIdentity != nil {
			swept++
			if old := textOfValue(t, r.Dynamodb.OldImage["ttl"]); old != past.(*types.AttributeValueMemberN).Value {
				t.Errorf("%s was swept although it expires at %s", id, old)
			}
		}
	}
	for id, there := range exists {
		if !there {
			t.Errorf("the stream ends with the removal of %s", id)
		}
	}
	if len(exists) != items {
		t.Errorf("the stream tells of %d items, want %d", len(exists), items)
	}
	t.Logf("%d of %d expirations were swept", swept, 10*items)
}

// TestShardsRolledWhileWritten: two openers write while a third rolls and splits the
// shards. Read parents first, each item's changes come once and in their order.
func TestShardsRolledWhileWritten(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	roller := open(t, dir, embedded.Options{SweepInterval: -1})
	c, streams := clientsOf(roller)
	arn := createTable(t, c, "rolled")
	var writers sync.WaitGroup
	const items, changes = 12, 40
	for range 2 {
		c, _ := clientsOf(open(t, dir, embedded.Options{SweepInterval: -1}))
		for i := range items {
			writers.Go(func() {
				for range changes {
					_, err := c.UpdateItem(ctx, &dynamodb.UpdateItemInput{
						TableName: aws.String("rolled"), Key: map[string]types.AttributeValue{"id": str(fmt.Sprint(i)), "email": str("e")},
						UpdateExpression: aws.String("ADD n :one"), ExpressionAttributeValues: map[string]types.AttributeValue{":one": num("1")},
					})
					if err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
	}
	done := make(chan struct{})
	go func() { writers.Wait(); close(done) }()
	for round := 0; ; round++ {
		select {
		case <-done:
		case <-time.After(5 * time.Millisecond):
			if err := roller.RollShards(ctx, "rolled"); err != nil {
				t.Fatal(err)
			}
			d, err := streams.DescribeStream(ctx, &dynamodbstreams.DescribeStreamInput{StreamArn: &arn})
			if err != nil {
				t.Fatal(err)
			}
			for _, sh := range d.StreamDescription.Shards {
				if sh.SequenceNumberRange.EndingSequenceNumber == nil && round < 3 {
					if err := roller.SplitShard(ctx, "rolled", *sh.ShardId); err != nil {
						t.Fatal(err)
					}
				}
			}
			continue
		}
		break
	}
	counts := map[string]int{}
	for _, r := range readStream(t, streams, arn) {
		id := textOfValue(t, r.Dynamodb.Keys["id"])
		counts[id]++
		if n := textOfValue(t, r.Dynamodb.NewImage["n"]); n != fmt.Sprint(counts[id]) {
			t.Fatalf("change %s of item %s comes as its %d.", n, id, counts[id])
		}
	}
	for i := range items {
		if n := counts[fmt.Sprint(i)]; n != 2*changes {
			t.Errorf("the stream has %d changes of item %d, want %d", n, i, 2*changes)
		}
	}
}

// TestCancelledRequests: a request that is cancelled while it shares a
// transaction reports its context's error and nothing else, and holds up no other.
// One that reports success is done. Without a network between, one that reports
// that it was cancelled is not.
func TestCancelledRequests(t *testing.T) {
	db := open(t, t.TempDir(), embedded.Options{SweepInterval: -1})
	c, streams := clientsOf(db)
	arn := createTable(t, c, "count")
	var acked, cancelled atomic.Int64
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			for j := range 40 {
				ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
				if (i+j)%2 == 0 {
					time.AfterFunc(time.Duration(50*(i+j))*time.Microsecond, cancel)
				}
				_, err := c.UpdateItem(ctx, &dynamodb.UpdateItemInput{
					TableName: aws.String("count"), Key: map[string]types.AttributeValue{"id": str("x"), "email": str("e")},
					UpdateExpression: aws.String("ADD n :one"), ExpressionAttributeValues: map[string]types.AttributeValue{":one": num("1")},
				})
				cancel()
				switch {
				case err == nil:
					acked.Add(1)
				case errors.Is(err, context.Canceled):
					cancelled.Add(1)
				default:
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	n := int64(len(readStream(t, streams, arn)))
	if n != acked.Load() {
		t.Errorf("%d changes of %d acknowledged and %d cancelled requests", n, acked.Load(), cancelled.Load())
	}
	t.Logf("%d acknowledged, %d cancelled", acked.Load(), cancelled.Load())
}

// TestCloseEndsGoroutines: Close ends all that a database has started, also while
// requests come in; those are answered or refused.
func TestCloseEndsGoroutines(t *testing.T) {
	for where, opened := range map[string]func(embedded.Options) (*embedded.DB, error){
		"file":   func(o embedded.Options) (*embedded.DB, error) { return embedded.Open(t.TempDir(), o) },
		"memory": embedded.OpenMemory,
	} {
		t.Run(where, func(t *testing.T) {
			db, err := opened(embedded.Options{SweepInterval: time.Millisecond})
			if err != nil {
				t.Fatal(err)
			}
			c, _ := clientsOf(db)
			createTable(t, c, "busy")
			var wg sync.WaitGroup
			for i := range 8 {
				wg.Go(func() {
					for j := 0; ; j++ {
						_, err := c.PutItem(context.Background(), &dynamodb.PutItemInput{
							TableName: aws.String("busy"), Item: map[string]types.AttributeValue{"id": str(fmt.Sprint(i, j)), "email": str("e")},
						}, func(o *dynamodb.Options) { o.Retryer = aws.NopRetryer{} })
						if err == nil {
							continue
						}
						if !strings.Contains(err.Error(), "the database is closed") {
							t.Error(err)
						}
						return
					}
				})
			}
			time.Sleep(30 * time.Millisecond)
			if err := db.Close(); err != nil {
				t.Error(err)
			}
			wg.Wait()
			for range 100 {
				if !strings.Contains(allStacks(), "embedded/engine.") && !strings.Contains(allStacks(), "embedded/store.") {
					return
				}
				time.Sleep(10 * time.Millisecond)
			}
			t.Errorf("a second after Close there still run:\n%s", allStacks())
		})
	}
}

func allStacks() string {
	b := make([]byte, 1<<20)
	return string(b[:runtime.Stack(b, true)])
}

// TestSharedCatalog: what one opener does to tables and shards, another sees with
// its next request.
func TestSharedCatalog(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	one, two := open(t, dir, embedded.Options{}), open(t, dir, embedded.Options{})
	c1, s1 := clientsOf(one)
	c2, _ := clientsOf(two)
	arn := createTable(t, c1, "both")
	putID(t, c2, "both", "a")
	if err := one.RollShards(ctx, "both"); err != nil {
		t.Fatal(err)
	}
	putID(t, c2, "both", "b")
	records := readStream(t, s1, arn)
	if len(records) != 2 || *records[0].Dynamodb.SequenceNumber >= *records[1].Dynamodb.SequenceNumber {
		t.Errorf("%d records after the other opener rolled the shard, want 2 in the order of their sequence numbers", len(records))
	}
	if _, err := c1.DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: aws.String("both")}); err != nil {
		t.Fatal(err)
	}
	if again := createTable(t, c1, "both"); again == arn {
		t.Error("the new table has the old stream")
	}
	out, err := c2.Scan(ctx, &dynamodb.ScanInput{TableName: aws.String("both")})
	if err != nil || out.Count != 0 {
		t.Errorf("the other opener finds %d items in the new table (%v)", out.Count, err)
	}
}
