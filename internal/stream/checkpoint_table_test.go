package stream

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"

	"dynamostreamer/internal/embedded"
	"dynamostreamer/internal/localtest"
)

// onBoth runs a test on the embedded engine and on DynamoDB Local.
func onBoth(t *testing.T, test func(*testing.T, *dynamodb.Client, *dynamodbstreams.Client)) {
	t.Run("embedded", func(t *testing.T) {
		db, streams := inMemory(t)
		test(t, db, streams)
	})
	t.Run("local", func(t *testing.T) {
		db, streams := localClients(t, localtest.URL)
		test(t, db, streams)
	})
}

// inMemory are clients of an empty embedded engine.
func inMemory(t *testing.T) (*dynamodb.Client, *dynamodbstreams.Client) {
	db := must(embedded.OpenMemory(embedded.Options{}))
	t.Cleanup(func() { db.Close() })
	return clientsOf(db)
}

func TestTableCheckpoints(t *testing.T) {
	onBoth(t, testTableCheckpoints)
}

func testTableCheckpoints(t *testing.T, db *dynamodb.Client, _ *dynamodbstreams.Client) {
	name := fmt.Sprintf("stream-test-%d", time.Now().UnixNano())
	t.Cleanup(func() { dropTable(db, name) })
	testCheckpoints(t, func() Checkpoints { return TableCheckpoints(db, name, "a reader") })
	testCheckpoints(t, func() Checkpoints { return TableCheckpoints(db, name, "another") })
}

// TestEffectsInATransaction: a count of events is written with the
// checkpoint. Two readers at once, one of which takes over from the other,
// still count each event once.
func TestEffectsInATransaction(t *testing.T) {
	onBoth(t, testEffectsInATransaction)
}

func testEffectsInATransaction(t *testing.T, db *dynamodb.Client, streams *dynamodbstreams.Client) {
	table, arn := localTable(t, db)
	effects := table + "-effects"
	t.Cleanup(func() { dropTable(db, effects) })
	const n = 60
	for i := range n {
		putItem(t, db, table, fmt.Sprint(i))
	}
	counter := map[string]types.AttributeValue{
		attrReader: &types.AttributeValueMemberS{Value: "count"},
		attrPlace:  &types.AttributeValueMemberS{Value: "all"},
	}
	read := func(ctx context.Context, seizes bool, begun func()) error {
		places := TableCheckpoints(db, effects, "r")
		var kept Checkpoints = places
		if seizes {
			kept = seizing{places}
		}
		r, err := Open(ctx, streams, arn, Options{
			Checkpoints: kept, PageSize: 7, Idle: 300 * time.Millisecond, Logger: slog.New(slog.DiscardHandler),
		})
		if err != nil {
			return err
		}
		err = r.RunPages(ctx, func(ctx context.Context, p *Page) error {
			_, err := db.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
				places.TransactItem(p),
				{Update: &types.Update{
					TableName: &effects, Key: counter, UpdateExpression: aws.String("ADD n :n"),
					ExpressionAttributeValues: map[string]types.AttributeValue{
						":n": &types.AttributeValueMemberN{Value: fmt.Sprint(len(p.Events))},
					},
				}},
			}})
			begun()
			time.Sleep(20 * time.Millisecond)
			return err
		})
		return errors.Join(err, r.Close())
	}
	var older error
	var running sync.WaitGroup
	begun := make(chan struct{})
	running.Go(func() { older = read(t.Context(), false, sync.OnceFunc(func() { close(begun) })) })
	<-begun
	if err := read(t.Context(), true, func() {}); err != nil {
		t.Errorf("the newer reader: %v", err)
	}
	running.Wait()
	var taken *FencedError
	if !errors.As(older, &taken) {
		t.Errorf("the older reader ended with %v, want a *FencedError", older)
	}
	out, err := db.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: &effects, Key: counter, ConsistentRead: aws.Bool(true)})
	if err != nil {
		t.Fatal(err)
	}
	count, ok := out.Item["n"].(*types.AttributeValueMemberN)
	if !ok || count.Value != fmt.Sprint(n) {
		t.Errorf("the count is %v, want %d", out.Item["n"], n)
	}
}

// twoTables are an older and a newer reader's hold of the same checkpoints,
// of which the older one has saved some.
func twoTables(t *testing.T, saved ...Checkpoint) (db *dynamodb.Client, older, newer *Table) {
	t.Helper()
	db, _ = inMemory(t)
	older, newer = TableCheckpoints(db, "places", "r"), TableCheckpoints(db, "places", "r")
	must(older.Load(t.Context()))
	if err := older.Save(t.Context(), saved, nil); err != nil {
		t.Fatal(err)
	}
	return db, older, newer
}

// TestAnOlderReaderAddsNothing: what a reader has not written before it
// can't write once another has taken over, whether the other one has it or
// not, or has removed it.
func TestAnOlderReaderAddsNothing(t *testing.T) {
	parent := Checkpoint{Stream: arn, Shard: "p", Position: Position{Sequence: f21(5)}, State: Consumed}
	child := Checkpoint{Stream: arn, Shard: "c", Parent: "p", Position: Position{Sequence: f21(9)}}
	_, older, newer := twoTables(t, parent)
	ctx := t.Context()
	check(t, "loaded", must(seize(t, newer).Load(ctx)), []Checkpoint{parent})
	refused := func(when string, c Checkpoint) {
		t.Helper()
		if err := older.Save(ctx, []Checkpoint{c}, nil); !errors.As(err, new(*FencedError)) {
			t.Errorf("%s: Save of the older reader = %v, want a *FencedError", when, err)
		}
	}
	refused("a new shard", child)
	if err := newer.Save(ctx, []Checkpoint{child}, []Checkpoint{parent}); err != nil {
		t.Fatal(err)
	}
	refused("a shard that the newer one has", child)
	refused("one that it removed", parent)
}

// TestLoadBesideARemoval: what the older reader removes while the newer one
// loads is gone, and no reason for either to fail.
func TestLoadBesideARemoval(t *testing.T) {
	parent := Checkpoint{Stream: arn, Shard: "p", State: Consumed}
	child := Checkpoint{Stream: arn, Shard: "c", Parent: "p"}
	db, older, newer := twoTables(t, parent, child)
	newer.db = removing{db, func() {
		if err := older.Save(t.Context(), nil, []Checkpoint{parent}); err != nil {
			t.Error(err)
		}
	}}
	got, err := seize(t, newer).Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	check(t, "loaded", got, []Checkpoint{child})
}

// removing does something after each Query.
type removing struct {
	*dynamodb.Client
	remove func()
}

func (r removing) Query(ctx context.Context, in *dynamodb.QueryInput, o ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	out, err := r.Client.Query(ctx, in, o...)
	r.remove()
	return out, err
}

// TestALateWriteDoesNoHarm: a write that was given up arrives, before the
// next one or after it, and is not taken for an edit.
func TestALateWriteDoesNoHarm(t *testing.T) {
	at := func(n string) Checkpoint { return Checkpoint{Stream: arn, Shard: "s", Position: Position{Sequence: n}} }
	for name, test := range map[string]struct {
		saved  []Checkpoint
		before bool
	}{
		"moved, before the next": {[]Checkpoint{at("9")}, true},
		"moved, after it":        {[]Checkpoint{at("9")}, false},
		"added, before the next": {nil, true},
		"added, after it":        {nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			db, _, _ := twoTables(t)
			late := &lateWrites{Client: db}
			table := TableCheckpoints(late, "places", "s")
			must(table.Load(t.Context()))
			if err := table.Save(t.Context(), test.saved, nil); err != nil {
				t.Fatal(err)
			}
			late.lose = true
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			if err := table.Save(ctx, []Checkpoint{at("100")}, nil); err == nil {
				t.Fatal("Save = nil, want it given up")
			}
			late.lose = false
			if test.before {
				late.arrive()
			}
			if err := table.Save(t.Context(), []Checkpoint{at("101")}, nil); err != nil {
				t.Errorf("Save = %v", err)
			}
			late.arrive()
			if err := table.Save(t.Context(), []Checkpoint{at("102")}, nil); err != nil {
				t.Errorf("Save after it = %v", err)
			}
			newer := TableCheckpoints(db, "places", "s")
			check(t, "loaded", must(seize(t, newer).Load(t.Context())), []Checkpoint{at("102")})
		})
	}
}

// lateWrites are answered by nobody while they are lost, and arrive later.
type lateWrites struct {
	*dynamodb.Client
	lose  bool
	later []func()
}

func (l *lateWrites) arrive() {
	for _, write := range l.later {
		write()
	}
}

func (l *lateWrites) PutItem(ctx context.Context, in *dynamodb.PutItemInput, o ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	if l.lose {
		l.later = append(l.later, func() { l.Client.PutItem(context.Background(), in) })
		return nil, noAnswer{}
	}
	return l.Client.PutItem(ctx, in, o...)
}

func (l *lateWrites) TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput, o ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	if l.lose {
		l.later = append(l.later, func() { l.Client.TransactWriteItems(context.Background(), in) })
		return nil, noAnswer{}
	}
	return l.Client.TransactWriteItems(ctx, in, o...)
}

// TestATakeoverBetweenShards: a reader takes over from one that has ended a
// shard whose child is not listed yet. Each finds the child by itself; only
// the newer one reads it.
func TestATakeoverBetweenShards(t *testing.T) {
	db, _ := inMemory(t)
	f := newFakeStream(&fakeShard{id: "p", closed: true}, &fakeShard{id: "c", parent: "p", hidden: true})
	f.put(f.shards[0], "1")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second) // where it would hang
	defer cancel()
	effects := make(chan string, 10)
	effect := func() string {
		select {
		case e := <-effects:
			return e
		case <-ctx.Done():
			return "none"
		}
	}
	open := func(who string, seizes bool) (run func() error, ended func() bool) {
		places := TableCheckpoints(db, "places", "r")
		var kept Checkpoints = places
		if seizes {
			kept = seizing{places}
		}
		r := must(Open(ctx, f, arn, Options{
			Checkpoints: kept, CheckpointEvery: 10 * time.Millisecond, Logger: slog.New(slog.DiscardHandler),
		}))
		t.Cleanup(func() { r.Close() })
		run = func() error {
			return r.RunPages(ctx, func(ctx context.Context, p *Page) error {
				_, err := db.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{
					TransactItems: []types.TransactWriteItem{places.TransactItem(p)},
				})
				for _, e := range p.Events {
					if err == nil {
						effects <- who + " " + name(e)
					}
				}
				return err
			})
		}
		ended = func() bool {
			s := r.Stats()
			return s.Shards[0].State == Expecting && s.LastSaved.After(s.Shards[0].Since)
		}
		return run, ended
	}
	older, ended := open("older", false)
	failed := make(chan error)
	go func() { failed <- older() }()
	check(t, "effect", effect(), "older p/1")
	for !ended() && ctx.Err() == nil {
		time.Sleep(time.Millisecond)
	}
	newer, _ := open("newer", true)
	f.put(f.shards[1], "2")
	f.set(func() { f.shards[1].hidden = false })
	if err := <-failed; !errors.As(err, new(*FencedError)) {
		t.Errorf("the older reader ended with %v, want a *FencedError", err)
	}
	go func() { failed <- newer() }()
	check(t, "effect", effect(), "newer c/2")
	cancel()
	<-failed
}

// A slowTable has any number of checkpoints' items and takes its time.
type slowTable struct {
	TableAPI
	fails error
	mu    sync.Mutex
	kept  map[string]string // the sequence numbers by place
}

func (s *slowTable) UpdateItem(context.Context, *dynamodb.UpdateItemInput, ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error) {
	return &dynamodb.UpdateItemOutput{Attributes: map[string]types.AttributeValue{attrGeneration: &types.AttributeValueMemberN{Value: "1"}}}, nil
}

func (s *slowTable) Query(context.Context, *dynamodb.QueryInput, ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	return &dynamodb.QueryOutput{}, nil
}

func (s *slowTable) PutItem(ctx context.Context, in *dynamodb.PutItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	return nil, s.write(ctx, in.Item)
}

func (s *slowTable) TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput, _ ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	var items []map[string]types.AttributeValue
	for _, w := range in.TransactItems[1:] {
		items = append(items, w.Put.Item)
	}
	return nil, s.write(ctx, items...)
}

func (s *slowTable) write(ctx context.Context, items ...map[string]types.AttributeValue) error {
	if err := sleep(ctx, 50*time.Millisecond); err != nil {
		return err
	}
	if s.fails != nil {
		return s.fails
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kept == nil {
		s.kept = make(map[string]string)
	}
	for _, item := range items {
		s.kept[textOf(item[attrPlace])] = textOf(item[attrSequence])
	}
	return nil
}

// TestCheckpointsOfManyShards: each shard of a large table can be saved
// within the seconds that Close has, wherever the end of the reading cuts a
// save short.
func TestCheckpointsOfManyShards(t *testing.T) {
	for _, every := range []time.Duration{time.Hour, time.Second, 900 * time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			f := newFakeStream()
			want := make(map[string]string)
			for i := range 2000 {
				s := &fakeShard{id: fmt.Sprint("s", i)}
				f.shards = append(f.shards, s)
				f.put(s, "1")
				want[Checkpoint{Stream: arn, Shard: s.id}.place()] = f21(i + 1)
			}
			db := &slowTable{}
			began := time.Now()
			r := mustOpen(t, f, Options{Checkpoints: TableCheckpoints(db, "places", "r"), CheckpointEvery: every, Idle: 3 * time.Second})
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("Open took %v", took)
			}
			check(t, "events", len(mustRead(t, r)), len(want))
			if err := r.Close(); err != nil {
				t.Error(err)
			}
			check(t, "checkpoints", db.kept, want)
		})
	}
}

// TestParentsAreSavedFirst: where a save is cut short, no shard's place is
// kept without that of its parent.
func TestParentsAreSavedFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line := func(sequence string) (line []Checkpoint) {
			for i := range 20 { // the child before its parent
				c := Checkpoint{Stream: arn, Shard: fmt.Sprint(20 - i), Position: Position{Sequence: sequence}}
				if i < 19 {
					c.Parent = fmt.Sprint(19 - i)
				}
				line = append(line, c)
			}
			return line
		}
		db := &slowTable{}
		table := TableCheckpoints(db, "places", "r")
		must(table.Load(t.Context()))
		for sequence := range 3 {
			ctx, cancel := context.WithTimeout(t.Context(), 475*time.Millisecond)
			if err := table.Save(ctx, line(fmt.Sprint(sequence)), nil); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("Save = %v, want it cut short", err)
			}
			cancel()
			for _, c := range line("") {
				parent, known := db.kept[Checkpoint{Stream: arn, Shard: c.Parent}.place()]
				if at, ok := db.kept[c.place()]; ok && c.Parent != "" && (!known || parent < at) {
					t.Errorf("shard %s is at %s, its parent at %q", c.Shard, at, parent)
				}
			}
			if err := table.Save(t.Context(), line(fmt.Sprint(sequence)), nil); err != nil {
				t.Error(err)
			}
		}
	})
}

// TestAThrottledCheckpoint is waited for, and warned of.
func TestAThrottledCheckpoint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(&fakeShard{id: "s"})
		db := &slowTable{}
		var log bytes.Buffer
		r := mustOpen(t, f, Options{Checkpoints: TableCheckpoints(db, "places", "r"), Logger: slog.New(slog.NewTextHandler(&log, nil))})
		for _, fails := range []error{
			&types.ProvisionedThroughputExceededException{},
			&types.TransactionCanceledException{CancellationReasons: []types.CancellationReason{{}, {Code: aws.String("ThrottlingError")}}},
		} {
			db.fails = fails
			log.Reset()
			f.put(f.shards[0], "1")
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			err := r.Run(ctx, func(context.Context, Event) error { return nil })
			cancel()
			if !errors.Is(err, context.DeadlineExceeded) || strings.Count(log.String(), "checkpoints can't be loaded or saved") != 1 {
				t.Errorf("Run = %v; the log: %q; want one warning", err, log.String())
			}
		}
		db.fails = nil
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
}
