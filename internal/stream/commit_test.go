package stream

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// commit writes a page's checkpoint in a transaction, along with others.
func commit(ctx context.Context, db TableAPI, table *Table, p *Page, more ...dbtypes.TransactWriteItem) error {
	_, err := db.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{
		TransactItems: append([]dbtypes.TransactWriteItem{table.TransactItem(p)}, more...),
	})
	return err
}

// refusedWrite is a write of a handler whose condition fails.
func refusedWrite() dbtypes.TransactWriteItem {
	return dbtypes.TransactWriteItem{Put: &dbtypes.Put{
		TableName: aws.String("places"),
		Item: map[string]dbtypes.AttributeValue{
			attrReader: &dbtypes.AttributeValueMemberS{Value: "effects"}, attrPlace: &dbtypes.AttributeValueMemberS{Value: "x"},
		},
		ConditionExpression: aws.String("attribute_exists(nope)"),
	}}
}

// TestACommitFollowsItsParents: where a child's page is committed and the
// process dies, the parent's checkpoint is there too. Otherwise the parent's
// changes would be redelivered after the child's.
func TestACommitFollowsItsParents(t *testing.T) {
	db, _ := inMemory(t)
	f := newFakeStream(&fakeShard{id: "p", closed: true}, &fakeShard{id: "c", parent: "p"})
	f.put(f.shards[0], "1")
	f.put(f.shards[1], "2")
	table := TableCheckpoints(db, "places", "r")
	r := mustOpen(t, f, Options{Checkpoints: table, CheckpointEvery: time.Minute, Pace: Unbounded})
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	var got []string
	r.RunPages(ctx, func(ctx context.Context, p *Page) error {
		got = append(got, name(p.Events[0]))
		if p.Shard != "c" {
			return nil
		}
		if err := commit(ctx, db, table, p); err != nil {
			t.Error(err)
		}
		table.db = dead{} // the process: nothing more is saved
		cancel()
		return nil
	})
	check(t, "events", got, []string{"p/1", "c/2"})
	states := make(map[string]State)
	for _, c := range must(TableCheckpoints(db, "places", "r").Peek(t.Context())) {
		states[c.Shard+c.Sequence] = c.State
	}
	check(t, "kept", states, map[string]State{"p" + f21(1): Consumed, "c" + f21(2): ""})
}

// dead is the table of a process that has died.
type dead struct{ TableAPI }

func (dead) PutItem(context.Context, *dynamodb.PutItemInput, ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	return nil, errDead
}

func (dead) TransactWriteItems(context.Context, *dynamodb.TransactWriteItemsInput, ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	return nil, errDead
}

func (dead) UpdateItem(context.Context, *dynamodb.UpdateItemInput, ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error) {
	return nil, errDead
}

func (dead) Query(context.Context, *dynamodb.QueryInput, ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	return nil, errDead
}

// TestAHandlersOwnCondition: where it fails, the error is the handler's, and
// its page is not handled. The checkpoint is not to blame, whatever zone its
// times had.
func TestAHandlersOwnCondition(t *testing.T) {
	zone := time.FixedZone("east", 3600)
	for name, start := range map[string]Start{
		"trim-horizon": TrimHorizon, "before the record": At(time.Now().In(zone).Add(-time.Hour)),
	} {
		t.Run(name, func(t *testing.T) {
			db, _ := inMemory(t)
			f := newFakeStream(&fakeShard{id: "s"})
			f.created = time.Now().Add(-2 * time.Hour)
			f.put(f.shards[0], "1")
			table := TableCheckpoints(db, "places", "r")
			r := mustOpen(t, f, Options{Start: start, Checkpoints: table, Retry: Retry{Attempts: 1}})
			var own error
			err := r.RunPages(t.Context(), func(ctx context.Context, p *Page) error {
				own = commit(ctx, db, table, p, refusedWrite())
				return own
			})
			if own == nil || !errors.Is(err, own) || errors.As(err, new(*AlteredError)) {
				t.Errorf("RunPages = %v, want the handler's own %v", err, own)
			}
			if err := r.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestAHandlersOwnConditionAtAGap: its page has no number of its own, and
// yet does not count as handled.
func TestAHandlersOwnConditionAtAGap(t *testing.T) {
	db, _ := inMemory(t)
	f := newFakeStream(&fakeShard{id: "s"})
	f.put(f.shards[0], "1", "2", "3")
	open := func() (*Table, *Reader) {
		table := TableCheckpoints(db, "places", "r")
		return table, mustOpen(t, f, Options{OnGap: SkipGaps, Checkpoints: table, Retry: Retry{Attempts: 1}, PageSize: 1, Pace: Unbounded})
	}
	_, r := open()
	ctx, cancel := context.WithCancel(t.Context())
	r.Run(ctx, func(context.Context, Event) error { cancel(); return nil })
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	f.set(func() { f.shards[0].trimmed = 2 })
	table, r := open()
	var got []string
	err := r.RunPages(t.Context(), func(ctx context.Context, p *Page) error {
		got = append(got, name(p.Events[0]))
		return commit(ctx, db, table, p, refusedWrite())
	})
	if err == nil {
		t.Error("RunPages = nil, want the handler's own error")
	}
	check(t, "events", got, []string{"s/lost"})
}

// TestACommitIsNotWrittenOver by a regular save that was under way.
func TestACommitIsNotWrittenOver(t *testing.T) {
	f := newFakeStream()
	for i := range 20 {
		s := &fakeShard{id: string(rune('a' + i))}
		f.shards = append(f.shards, s)
		for range 500 {
			f.put(s, "1")
		}
	}
	kept := &onward{at: make(map[string]string)}
	r := mustOpen(t, f, Options{Checkpoints: kept, CheckpointEvery: 1, Idle: time.Second, PageSize: 1, Pace: Unbounded})
	pages := 0
	err := r.RunPages(t.Context(), func(_ context.Context, p *Page) error {
		p.settle = func(context.Context, error) (Checkpoint, bool, error) {
			kept.put(p.Checkpoint)
			return p.Checkpoint, true, nil
		}
		kept.mu.Lock()
		defer kept.mu.Unlock()
		pages++
		return nil
	})
	check(t, "error, pages, moves back", []any{err, pages, kept.back}, []any{error(nil), 20 * 500, []string(nil)})
}

// onward are Checkpoints that note where one moves back.
type onward struct {
	mu   sync.Mutex
	at   map[string]string
	back []string
}

func (o *onward) Load(context.Context) ([]Checkpoint, error) { return nil, nil }
func (o *onward) Peek(context.Context) ([]Checkpoint, error) { return nil, nil }
func (o *onward) Close() error                               { return nil }

func (o *onward) Save(_ context.Context, changed, _ []Checkpoint) error {
	for _, c := range changed {
		o.put(c)
	}
	return nil
}

func (o *onward) put(c Checkpoint) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if was := o.at[c.Shard]; was != "" && compareSequence(c.Sequence, was) < 0 {
		o.back = append(o.back, c.Shard+" from "+was+" to "+c.Sequence)
	}
	o.at[c.Shard] = c.Sequence
}

// TestALateWriteOfAState does nothing once a later state was written.
func TestALateWriteOfAState(t *testing.T) {
	db, _ := inMemory(t)
	reading := Checkpoint{Stream: arn, Shard: "s", Position: Position{Sequence: "9"}}
	consumed, final := reading, reading
	consumed.State, final.State = Consumed, Final
	late := &lateWrites{Client: db}
	table := TableCheckpoints(late, "places", "r")
	must(table.Load(t.Context()))
	must(0, table.Save(t.Context(), []Checkpoint{reading}, nil))
	late.lose = true
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	table.Save(ctx, []Checkpoint{consumed}, nil)
	late.lose = false
	must(0, table.Save(t.Context(), []Checkpoint{consumed}, nil))
	must(0, table.Save(t.Context(), []Checkpoint{final}, nil))
	late.arrive()
	check(t, "kept", must(TableCheckpoints(db, "places", "r").Peek(t.Context())), []Checkpoint{final})
}

// TestALateMarkOfASwitch: the attempt to write that a switch is pending, which
// arrives once it was handled, does nothing.
func TestALateMarkOfASwitch(t *testing.T) {
	db, _ := inMemory(t)
	s := newTwoStreams()
	s.off()
	s.on()
	before := TableCheckpoints(db, "places", "r")
	must(before.Load(t.Context()))
	must(0, before.Save(t.Context(), []Checkpoint{{Stream: arn, Shard: "a", State: Final}}, nil))
	must(0, before.Close())
	late := &lateAdd{Client: db}
	o := Options{OnGap: SkipGaps, Checkpoints: TableCheckpoints(late, "places", "r"), Pace: Unbounded}
	r := s.open(t, o)
	late.on = true
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	r.RunPages(ctx, func(_ context.Context, p *Page) error {
		if p.Shard == "b" {
			cancel()
		}
		return nil
	})
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if late.first == nil {
		t.Fatal("the switch was not noted")
	}
	late.first()
	s.next.put(s.next.shards[0], "3")
	o.Checkpoints = TableCheckpoints(db, "places", "r")
	r = s.open(t, o)
	ctx, cancel = context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	var got []string
	r.Run(ctx, func(_ context.Context, e Event) error { got = append(got, name(e)); cancel(); return nil })
	check(t, "events of the next reader", got, []string{"b/3"})
}

// lateAdd loses the first transaction once it is on.
type lateAdd struct {
	*dynamodb.Client
	on    bool
	first func()
}

func (l *lateAdd) TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput, o ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	if l.on && l.first == nil {
		l.first = func() { l.Client.TransactWriteItems(context.Background(), in) }
		return nil, noAnswer{}
	}
	return l.Client.TransactWriteItems(ctx, in, o...)
}
