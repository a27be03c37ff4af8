package stream

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	tt "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
)

// At(time.Now()...) and a condition of the handler's own.
func TestAtLocalTime2(t *testing.T) {
	db, _ := inMemory(t)
	f := newFakeStream(&fakeShard{id: "s"})
	f.created = time.Now().Add(-2 * time.Hour)
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

// a regular save that was under way writes what a handler's commit has passed.
type commits struct {
	mu   sync.Mutex
	at   map[string]string
	back []string
}

func (c *commits) Load(context.Context) ([]Checkpoint, error) { return nil, nil }
func (c *commits) Peek(context.Context) ([]Checkpoint, error) { return nil, nil }
func (c *commits) Close() error                               { return nil }
func (c *commits) Save(_ context.Context, changed, _ []Checkpoint) error {
	for _, p := range changed {
		c.put(p)
	}
	return nil
}
func (c *commits) put(p Checkpoint) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if was := c.at[p.Shard]; was != "" && compareSequence(p.Sequence, was) < 0 {
		c.back = append(c.back, p.Shard+" from "+was+" to "+p.Sequence)
	}
	c.at[p.Shard] = p.Sequence
}

func TestCheckpointMovesBack(t *testing.T) {
	f := newFakeStream()
	for i := range 20 {
		s := &fakeShard{id: string(rune('a' + i))}
		f.shards = append(f.shards, s)
		for range 3000 {
			f.put(s, "1")
		}
	}
	c := &commits{at: make(map[string]string)}
	r := must(Open(t.Context(), f, arn, Options{Checkpoints: c, CheckpointEvery: 1, Logger: slog.New(slog.DiscardHandler), Idle: 10 * time.Second, PageSize: 1, Pace: Unbounded}))
	ctx, cancel := context.WithTimeout(t.Context(), 40*time.Second)
	defer cancel()
	for range 4 {
		go func() {
			for ctx.Err() == nil {
				r.Stats()
			}
		}()
	}
	r.RunPages(ctx, func(_ context.Context, p *Page) error {
		p.settle = func(context.Context, error) error { c.put(p.Checkpoint); return nil }
		c.mu.Lock()
		defer c.mu.Unlock()
		if len(c.back) > 0 {
			cancel()
		}
		return nil
	})
	if len(c.back) > 0 {
		t.Errorf("the checkpoint moved back: %v", c.back)
	}
}

// one of two switches, told twice in Stats after a break.
// a future At, a child, and a loss a day later.
func TestFutureAt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(&fakeShard{id: "p"})
		f.retains = true
		m := newMemory()
		r := mustOpen(t, f, Options{Start: At(time.Now().Add(2 * time.Hour)), Checkpoints: m.grip()})
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		time.AfterFunc(5*time.Minute, func() {
			f.set(func() {
				f.shards[0].closed, f.shards[0].closedAt = true, f.now()
			})
		})
		for range r.Events(ctx) {
		}
		cancel()
		r.Close()
		f.set(func() { f.shards = append(f.shards, &fakeShard{id: "c", parent: "p"}) })
		f.put(f.shards[1], "1")
		time.Sleep(24*time.Hour + 30*time.Minute)
		f.put(f.shards[1], "2")
		o := drain
		o.Checkpoints, o.OnGap = m.grip(), SkipGaps
		got := mustRead(t, mustOpen(t, f, o))
		check(t, "events", got, []string{"c/lost", "c/2"})
	})
}

// the late write of a state that was passed: a shard that vanished, whose Lost was handled.
func TestLateState(t *testing.T) {
	db, _ := inMemory(t)
	a := Checkpoint{Stream: arn, Shard: "s", Position: Position{Sequence: "9"}}
	b, c := a, a
	b.State, c.State = Consumed, Final
	late := &lateWrites{Client: db}
	table := TableCheckpoints(late, "places", "r")
	must(table.Load(t.Context()))
	must(0, table.Save(t.Context(), []Checkpoint{a}, nil))
	late.lose = true
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	table.Save(ctx, []Checkpoint{b}, nil)
	late.lose = false
	must(0, table.Save(t.Context(), []Checkpoint{b}, nil))
	must(0, table.Save(t.Context(), []Checkpoint{c}, nil))
	late.arrive()
	check(t, "kept", must(TableCheckpoints(db, "places", "r").Peek(t.Context())), []Checkpoint{c})
}

// Idle while nothing but throttles and one renewed iterator come.
func TestIdleThrottled2(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(&fakeShard{id: "s"})
		begun := time.Now()
		n, expired := 0, false
		f.onCall = func(_ context.Context, op, _ string) error {
			if op != "GetRecords" {
				return nil
			}
			if n++; n == 1 {
				return nil
			}
			since := time.Since(begun)
			switch {
			case since > 16*time.Minute && !expired:
				expired = true
				return &types.ExpiredIteratorException{}
			case since < 60*time.Minute:
				return throttleError
			}
			return nil
		}
		time.AfterFunc(2*time.Second, func() { f.put(f.shards[0], "1") })
		r := mustOpen(t, f, Options{Idle: 3 * time.Second})
		check(t, "events", mustRead(t, r), []string{"s/1"})
	})
}
