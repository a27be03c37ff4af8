package stream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	tt "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
)

const arn2 = "arn:aws:dynamodb:eu-west-1:123456789012:table/t/stream/2026-11-25T00:00:00.000"
const arn3 = "arn:aws:dynamodb:eu-west-1:123456789012:table/t/stream/2026-11-26T00:00:00.000"

var hush = slog.New(slog.DiscardHandler)

type multi struct {
	m    map[string]*fakeStream
	list []string
}

func (m *multi) DescribeStream(ctx context.Context, in *dynamodbstreams.DescribeStreamInput, o ...func(*dynamodbstreams.Options)) (*dynamodbstreams.DescribeStreamOutput, error) {
	f := m.m[*in.StreamArn]
	if f == nil {
		return nil, &types.ResourceNotFoundException{}
	}
	return f.DescribeStream(ctx, in, o...)
}
func (m *multi) ListStreams(context.Context, *dynamodbstreams.ListStreamsInput, ...func(*dynamodbstreams.Options)) (*dynamodbstreams.ListStreamsOutput, error) {
	out := &dynamodbstreams.ListStreamsOutput{ResultMetadata: m.m[arn].metadata()}
	for _, a := range m.list {
		out.Streams = append(out.Streams, types.Stream{StreamArn: aws.String(a)})
	}
	return out, nil
}
func (m *multi) GetShardIterator(ctx context.Context, in *dynamodbstreams.GetShardIteratorInput, o ...func(*dynamodbstreams.Options)) (*dynamodbstreams.GetShardIteratorOutput, error) {
	return m.m[*in.StreamArn].GetShardIterator(ctx, in, o...)
}
func (m *multi) GetRecords(ctx context.Context, in *dynamodbstreams.GetRecordsInput, o ...func(*dynamodbstreams.Options)) (*dynamodbstreams.GetRecordsOutput, error) {
	for _, f := range m.m {
		if f.shard(strings.Split(*in.ShardIterator, "|")[0]) != nil {
			return f.GetRecords(ctx, in, o...)
		}
	}
	return nil, &types.ResourceNotFoundException{}
}

// a child's page is committed while its parent's checkpoint is not saved; after a crash the parent's come again, after the child's.
func TestCommitOfChildBeforeParent(t *testing.T) {
	db, _ := inMemory(t)
	f := newFakeStream(&fakeShard{id: "p", closed: true}, &fakeShard{id: "c", parent: "p"})
	f.put(f.shards[0], "x1")
	f.put(f.shards[1], "x2")
	var got []string
	run := func(commit bool) {
		places := TableCheckpoints(db, "places", "r")
		r := must(Open(t.Context(), f, arn, Options{Checkpoints: places, CheckpointEvery: time.Minute, Logger: hush, Pace: Unbounded}))
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		done := make(chan bool)
		go func() {
			defer close(done)
			r.RunPages(ctx, func(_ context.Context, p *Page) error {
				if ctx.Err() != nil {
					return ctx.Err()
				}
				for _, e := range p.Events {
					got = append(got, name(e))
				}
				if p.Shard == "c" {
					_, err := db.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: []tt.TransactWriteItem{places.TransactItem(p)}})
					if err != nil {
						t.Error(err)
					}
					if commit { // crash: nothing more is saved
						places.db = deadTable{}
						cancel()
					}
				}
				return nil
			})
		}()
		<-done
	}
	run(true)
	run(false)
	// x1 then x2 handled and committed; then x1 again and x2 never
	if len(got) > 2 && got[len(got)-1] == "p/x1" {
		t.Errorf("events %v: the item's old change is handled last", got)
	}
	t.Log(got)
}

type deadTable struct{ TableAPI }

func (deadTable) PutItem(context.Context, *dynamodb.PutItemInput, ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	return nil, errors.New("crashed")
}
func (deadTable) TransactWriteItems(context.Context, *dynamodb.TransactWriteItemsInput, ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	return nil, errors.New("crashed")
}
func (deadTable) Query(context.Context, *dynamodb.QueryInput, ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	return nil, errors.New("crashed")
}

// Lost is told again and again in one reader's life.
func TestGapToldAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, m := gapStream(t)
		f.shards[0].trimmed = 5
		time.Sleep(25 * time.Hour)
		r := mustOpen(t, f, Options{Checkpoints: m.grip(), OnGap: SkipGaps})
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Hour)
		defer cancel()
		lost := 0
		r.Run(ctx, func(_ context.Context, e Event) error {
			if e.Kind == Lost {
				lost++
				time.Sleep(20 * time.Minute) // copies the table anew
			}
			return nil
		})
		check(t, "gaps told", lost, 1)
	})
}

// At(time.Now()...) and a condition of the handler's own.
func TestAtLocalTime(t *testing.T) {
	db, _ := inMemory(t)
	f := newFakeStream(&fakeShard{id: "s"})
	f.put(f.shards[0], "1")
	places := TableCheckpoints(db, "places", "r")
	r := must(Open(t.Context(), f, arn, Options{Start: At(time.Now().Add(-time.Hour)), Checkpoints: places, Logger: hush, Attempts: 1}))
	err := r.RunPages(t.Context(), func(ctx context.Context, p *Page) error {
		_, err := db.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: []tt.TransactWriteItem{places.TransactItem(p), ownCondition()}})
		return err
	})
	if errors.As(err, new(*AlteredError)) {
		t.Errorf("RunPages = %v, want the handler's own", err)
	}
	r.Close()
}

func ownCondition() tt.TransactWriteItem {
	return tt.TransactWriteItem{Put: &tt.Put{TableName: aws.String("places"), Item: map[string]tt.AttributeValue{
		attrReader: &tt.AttributeValueMemberS{Value: "effects"}, attrPlace: &tt.AttributeValueMemberS{Value: "x"}},
		ConditionExpression: aws.String("attribute_exists(nope)")}}
}

// the handler's own condition fails beside a page of a Gap alone.
func TestOwnConditionOfGapPage(t *testing.T) {
	db, _ := inMemory(t)
	f := newFakeStream(&fakeShard{id: "s"})
	f.put(f.shards[0], "1", "2", "3")
	open := func() (*Table, *Reader) {
		places := TableCheckpoints(db, "places", "r")
		return places, must(Open(t.Context(), f, arn, Options{OnGap: SkipGaps, Checkpoints: places, Logger: hush, Attempts: 1, PageSize: 1, Pace: Unbounded}))
	}
	_, r := open()
	ctx, cancel := context.WithCancel(t.Context())
	r.Run(ctx, func(_ context.Context, e Event) error { cancel(); return nil })
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	f.set(func() { f.shards[0].trimmed = 2 })
	places, r := open()
	ctx, cancel = context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	var after []string
	err := r.RunPages(ctx, func(ctx context.Context, p *Page) error {
		if p.Events[0].Kind != Lost {
			after = append(after, name(p.Events[0]))
			cancel()
			return nil
		}
		_, err := db.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: []tt.TransactWriteItem{places.TransactItem(p), ownCondition()}})
		if err == nil {
			t.Error("the transaction succeeded")
		}
		return err
	})
	if len(after) > 0 {
		t.Errorf("RunPages = %v after %v: the Gap's transaction failed for the handler's own condition, and counts as handled", err, after)
	}
}

// the first attempt to write the marker of a pending switch arrives late.
func TestLateMarker(t *testing.T) {
	db, _ := inMemory(t)
	old := newFakeStream(&fakeShard{id: "o", closed: true})
	old.status = types.StreamStatusDisabled
	next := newFakeStream(&fakeShard{id: "n"})
	next.put(next.shards[0], "1")
	m := &multi{m: map[string]*fakeStream{arn: old, arn2: next}, list: []string{arn, arn2}}
	late := &lateMarker{Client: db}
	places := TableCheckpoints(late, "places", "r")
	o := Options{OnGap: SkipGaps, Checkpoints: places, Logger: hush, Pace: Unbounded, rhythm: usual}
	r := must(Open(t.Context(), m, arn, o))
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	late.on = true
	var got []string
	r.RunPages(ctx, func(_ context.Context, p *Page) error {
		got = append(got, name(p.Events[0]))
		if p.Shard == "n" {
			cancel()
		}
		return nil
	})
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if late.first == nil {
		t.Fatal("no marker")
	}
	late.first() // arrives now
	next.put(next.shards[0], "2")
	o.Checkpoints = TableCheckpoints(db, "places", "r")
	r = must(Open(t.Context(), m, arn, o))
	ctx, cancel2 := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel2()
	n := 0
	r.Run(ctx, func(context.Context, Event) error { n++; cancel2(); return nil })
	if n == 0 {
		t.Errorf("after %v nothing is read within 10 s: %v %+v", got, r.Stream(), r.Stats().Shards)
	}
}

type lateMarker struct {
	*dynamodb.Client
	on    bool
	first func()
}

func (l *lateMarker) TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput, o ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	if l.on && l.first == nil {
		l.first = func() {
			l.Client.TransactWriteItems(context.Background(), in)
		}
		return nil, noAnswer{}
	}
	return l.Client.TransactWriteItems(ctx, in, o...)
}

// After() while the horizon passes what is being passed over.
func TestAfterStartTrimmed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(&fakeShard{id: "s"})
		f.retains = true
		f.recordsAPage = 1
		for i := range 40 {
			f.put(f.shards[0], fmt.Sprint(i+1))
			time.Sleep(time.Second)
		}
		time.Sleep(retention - 40*time.Second)
		f.put(f.shards[0], "new")
		// throttled for ten seconds after the first page
		begun := time.Now()
		n := 0
		f.onCall = func(_ context.Context, op, _ string) error {
			if op == "GetRecords" {
				if n++; n > 1 && time.Since(begun) < 10*time.Second {
					return throttleError
				}
			}
			return nil
		}
		r := mustOpen(t, f, Options{Idle: 3 * time.Second, Start: After(f21(40)), OnGap: SkipGaps})
		check(t, "events", mustRead(t, r), []string{"s/new"})
	})
}

// a forgotten shard is listed again by a list that is stale.
func TestForgottenListedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(&fakeShard{id: "p", closed: true}, &fakeShard{id: "c", parent: "p"})
		f.put(f.shards[0], "1")
		f.put(f.shards[1], "2")
		r := mustOpen(t, f, Options{OnGap: SkipGaps})
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Hour)
		defer cancel()
		time.AfterFunc(25*time.Hour, func() { f.set(func() { f.shards[0].gone = true }) })
		time.AfterFunc(25*time.Hour+time.Minute, func() { f.set(func() { f.shards[0].staleUntil = f.now().Add(time.Minute) }) })
		var got []string
		for e, err := range r.Events(ctx) {
			if err == nil {
				got = append(got, name(e))
			}
		}
		check(t, "events", got, []string{"p/1", "c/2"})
	})
}

// the next stream that is listed has vanished, a third one is there.
func TestThirdStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		old := newFakeStream(&fakeShard{id: "o", closed: true})
		old.status = types.StreamStatusDisabled
		third := newFakeStream(&fakeShard{id: "n"})
		third.put(third.shards[0], "1")
		m := &multi{m: map[string]*fakeStream{arn: old, arn3: third}, list: []string{arn, arn2, arn3}}
		r := must(Open(t.Context(), m, arn, Options{OnGap: SkipGaps, Logger: hush, Idle: time.Minute}))
		check(t, "events", mustRead(t, r), []string{"/lost", "n/1"})
	})
}

// TestStatsErrAfterPanic: a panic is an end too.
func TestStatsErrAfterPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(&fakeShard{id: "s"})
		f.put(f.shards[0], "1")
		r := mustOpen(t, f, Options{})
		func() {
			defer func() { recover() }()
			r.Run(t.Context(), func(context.Context, Event) error { panic("x") })
		}()
		if r.Stats().Err == nil {
			t.Error("Stats.Err is nil after a panic: none ended, or Idle ended it")
		}
	})
}

// Idle where nothing was answered.
func TestIdleThrottled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(&fakeShard{id: "s"})
		begun := time.Now()
		n := 0
		f.onCall = func(_ context.Context, op, _ string) error {
			since := time.Since(begun)
			if op == "GetRecords" && n > 0 && since < 60*time.Minute {
				if since > 16*time.Minute && since < 16*time.Minute+6*time.Second {
					return nil // the iterator has expired
				}
				return throttleError
			}
			if op == "GetRecords" {
				n++
			}
			return nil
		}
		time.AfterFunc(2*time.Second, func() { f.put(f.shards[0], "1") })
		r := mustOpen(t, f, Options{Idle: 3 * time.Second})
		got := mustRead(t, r)
		check(t, "events", got, []string{"s/1"})
	})
}
