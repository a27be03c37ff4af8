package stream

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	streamtypes "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
)

// TestTheDefaultPaceIsAllowed: a service that takes 5 calls a second and shard
// throttles none of a busy shard's.
func TestTheDefaultPaceIsAllowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(&fakeShard{id: "s"})
		var mu sync.Mutex
		var allowed []time.Time
		f.onCall = func(_ context.Context, operation, _ string) error {
			time.Sleep(8 * time.Millisecond)
			mu.Lock()
			defer mu.Unlock()
			n := len(allowed)
			switch {
			case operation != "GetRecords":
			case n >= 5 && time.Since(allowed[n-5]) < time.Second:
				return &streamtypes.LimitExceededException{}
			default:
				allowed = append(allowed, time.Now())
			}
			return nil
		}
		r := mustOpen(t, f, quiet(Options{}))
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			for range 60 * 200 {
				f.put(f.shards[0], "x")
				time.Sleep(5 * time.Millisecond)
			}
			cancel()
		}()
		began := time.Now()
		r.Run(ctx, func(context.Context, Event) error { return nil })
		s := r.Stats().Shards[0]
		if rate := float64(s.Calls) / time.Since(began).Seconds(); rate > 4.1 || s.Throttles > 0 || s.Records < 11_900 {
			t.Errorf("%.2f calls a second, %d throttles, %d records; want 4, 0 and 12,000", rate, s.Throttles, s.Records)
		}
	})
}

// TestEmptyPagesOfAClosedShard cost no wait but Pace's.
func TestEmptyPagesOfAClosedShard(t *testing.T) {
	for pace, want := range map[float64]time.Duration{Unbounded: 0, 0: 1000 * time.Second / 4} {
		for _, poll := range []time.Duration{0, time.Minute} {
			synctest.Test(t, func(t *testing.T) {
				s := &fakeShard{id: "s", closed: true, empties: 1000}
				f := newFakeStream(s, &fakeShard{id: "c", parent: "s"})
				f.put(s, "1")
				began := time.Now()
				for e, err := range mustOpen(t, f, quiet(Options{Pace: pace, Poll: poll})).Events(t.Context()) {
					if err != nil {
						t.Fatal(err)
					}
					check(t, "event", name(e), "s/1")
					check(t, fmt.Sprint("time at pace ", pace, ", poll ", poll), time.Since(began).Round(time.Second), want)
					break
				}
			})
		}
	}
}

// TestEmptyPagesOfAnOpenShard: the waits grow to a second, stay there for 60
// answers, and only then grow to Poll.
func TestEmptyPagesOfAnOpenShard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(&fakeShard{id: "s"})
		var asked []time.Time
		f.onCall = func(_ context.Context, operation, _ string) error {
			if operation == "GetRecords" {
				asked = append(asked, time.Now())
			}
			return nil
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		mustOpen(t, f, quiet(Options{Poll: time.Minute, Pace: Unbounded})).Run(ctx, func(context.Context, Event) error { return nil })
		for i := range len(asked) - 1 {
			wait := asked[i+1].Sub(asked[i])
			least, most := 25*time.Millisecond, time.Second
			switch {
			case i >= 80:
				least, most = 59*time.Second, time.Minute
			case i >= 65:
				most = time.Minute
			case i > 5:
				least = 990 * time.Millisecond
			}
			if wait < least || wait > most {
				t.Errorf("the wait after empty answer %d is %v, want %v to %v", i+1, wait, least, most)
			}
		}
	})
}

// TestPollsSpread in time, where all shards begin at the same moment.
func TestPollsSpread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const shards = 50
		f := newFakeStream()
		for i := range shards {
			f.shards = append(f.shards, &fakeShard{id: fmt.Sprint("s", i)})
		}
		var mu sync.Mutex
		at := make(map[int]int) // calls by the twentieth of the last second
		began := time.Now()
		f.onCall = func(_ context.Context, operation, _ string) error {
			mu.Lock()
			defer mu.Unlock()
			if since := time.Since(began); operation == "GetRecords" && since > 20*time.Second {
				at[int(since/(50*time.Millisecond))]++
			}
			return nil
		}
		ctx, cancel := context.WithTimeout(t.Context(), 21*time.Second)
		defer cancel()
		mustOpen(t, f, quiet(Options{})).Run(ctx, func(context.Context, Event) error { return nil })
		for when, n := range at {
			if n > shards/3 {
				t.Errorf("%d of %d polls fall into the same 50 ms (%d)", n, shards, when)
			}
		}
	})
}

// TestRunPagesSavesNowAndThen: its own writes obey CheckpointEvery, and none
// falls into the time in which a handler has a page of the shard.
func TestRunPagesSavesNowAndThen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(&fakeShard{id: "s"})
		saves := &countedSaves{t: t}
		r := mustOpen(t, f, quiet(Options{Pace: Unbounded, Checkpoints: saves, CheckpointEvery: 5 * time.Second}))
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			for range 60 * 200 {
				f.put(f.shards[0], "x")
				time.Sleep(5 * time.Millisecond)
			}
			cancel()
		}()
		n := 0
		r.RunPages(ctx, func(_ context.Context, p *Page) error {
			saves.handing(true)
			defer saves.handing(false)
			time.Sleep(7 * time.Millisecond)
			n += len(p.Events)
			return nil
		})
		if saves.items < 10 || saves.items > 16 || n < 11_900 {
			t.Errorf("%d checkpoints were written in a minute, of %d events; want one in 5 seconds", saves.items, n)
		}
	})
}

// countedSaves counts what is saved, and when.
type countedSaves struct {
	t     *testing.T
	mu    sync.Mutex
	items int
	has   bool // a handler has a page
}

func (c *countedSaves) handing(has bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.has = has
}

func (c *countedSaves) Load(context.Context) ([]Checkpoint, error) { return nil, nil }
func (c *countedSaves) Close() error                               { return nil }
func (c *countedSaves) Save(_ context.Context, changed, _ []Checkpoint) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.items += len(changed); c.has && len(changed) > 0 {
		c.t.Errorf("%v is saved while a handler has its page", changed)
	}
	return nil
}

// TestPagesThatAreCommittedNowAndThen: the transaction goes by what the table
// holds, so that a crash leaves no effect doubled or lost.
func TestPagesThatAreCommittedNowAndThen(t *testing.T) {
	db, streams := inMemory(t)
	out := must(db.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: aws.String("tab"), BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: types.ScalarAttributeTypeS}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: types.KeyTypeHash}},
		StreamSpecification:  &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewTypeKeysOnly},
	}))
	const events = 60
	for i := range events {
		putItem(t, db, "tab", fmt.Sprint(i))
	}
	total := map[string]types.AttributeValue{
		attrReader: &types.AttributeValueMemberS{Value: "total"}, attrPlace: &types.AttributeValueMemberS{Value: "all"},
	}
	for life := range 20 {
		places := TableCheckpoints(db, "places", "r")
		r := must(Open(t.Context(), streams, *out.TableDescription.LatestStreamArn, quiet(Options{
			Checkpoints: places, PageSize: 2, Idle: 300 * time.Millisecond, Pace: Unbounded, CheckpointEvery: 24 * time.Hour,
		})))
		t.Cleanup(func() { r.Close() })
		ctx, crash := context.WithTimeout(t.Context(), 20*time.Second) // where it would be retried for minutes
		pages, sum := 0, 0
		err := r.RunPages(ctx, func(ctx context.Context, p *Page) error {
			pages++
			sum += len(p.Events)
			if pages%3 != 0 && p.Events[len(p.Events)-1].Keys["id"].(*streamtypes.AttributeValueMemberS).Value != fmt.Sprint(events-1) {
				return nil // it is committed along with a later one
			}
			_, err := db.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
				{Update: &types.Update{
					TableName: aws.String("places"), Key: total, UpdateExpression: aws.String("ADD n :n"),
					ExpressionAttributeValues: map[string]types.AttributeValue{":n": number(int64(sum))},
				}},
				places.TransactItem(p),
			}})
			if err == nil {
				sum = 0
			}
			if pages == 7 {
				crash()
			}
			return err
		})
		crash()
		if err == nil {
			break // all is read; a crashed reader is not closed
		}
		if life == 19 {
			t.Fatal("it never comes to the end")
		}
	}
	item := must(db.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: aws.String("places"), Key: total})).Item
	check(t, "total", item["n"].(*types.AttributeValueMemberN).Value, fmt.Sprint(events))
}

// TestLimit is what GetRecords is asked for.
func TestLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for limit, want := range map[int32]int32{0: 0, 1: 1, 1000: 1000} {
			f := &limited{fakeStream: newFakeStream(&fakeShard{id: "s"})}
			o := quiet(drain)
			o.Limit = limit
			r := must(Open(t.Context(), f, arn, o))
			mustRead(t, r)
			check(t, "Limit", f.limit, want)
		}
	})
}

// A limited stream notes the Limit of GetRecords.
type limited struct {
	*fakeStream
	limit int32
}

func (l *limited) GetRecords(ctx context.Context, in *dynamodbstreams.GetRecordsInput, o ...func(*dynamodbstreams.Options)) (*dynamodbstreams.GetRecordsOutput, error) {
	l.limit = aws.ToInt32(in.Limit)
	return l.fakeStream.GetRecords(ctx, in, o...)
}

// TestIdleNeedsAnswers: a shard that is throttled for an hour, and whose
// iterator expires meanwhile, is not idle. What one empty answer said before
// is no sign of the end.
func TestIdleNeedsAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(&fakeShard{id: "s"})
		began, calls, expired := time.Now(), 0, false
		f.onCall = func(_ context.Context, operation, _ string) error {
			if operation != "GetRecords" {
				return nil
			}
			calls++
			switch since := time.Since(began); {
			case calls == 1:
				return nil
			case since > 16*time.Minute && !expired:
				expired = true
				return &streamtypes.ExpiredIteratorException{}
			case since < time.Hour:
				return throttleError
			}
			return nil
		}
		time.AfterFunc(2*time.Second, func() { f.put(f.shards[0], "1") })
		check(t, "events", mustRead(t, mustOpen(t, f, Options{Idle: 3 * time.Second})), []string{"s/1"})
	})
}
