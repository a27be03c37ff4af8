package stream

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"pgregory.net/rapid"

	"dynamostreamer/internal/embedded"
)

// A rivalry is some processes that read for one name, and what happens to
// them. It is drawn as a whole before any of it happens.
type rivalry struct {
	Rivals []rival
	Away   []window // in which nobody reaches the table
}

// A rival is a process that is started again and again.
type rival struct {
	Lives  []rivalLife
	Faults []leaseFault
}

type rivalLife struct {
	After, Length time.Duration
	NoStandby     bool
	Killed        bool // else it is closed
	Handling      time.Duration
	Frozen        []window // after its start
}

type window struct{ At, For time.Duration }

// A leaseFault befalls some calls for the table.
type leaseFault struct {
	From, N int
	How     leaseFaultKind
	By      time.Duration
}

type leaseFaultKind int

const (
	callLost       leaseFaultKind = iota
	callLate                      // it arrives later, and is not answered
	callTwice                     // it arrives, and once more later
	callUnanswered                // it arrives
	callSlow                      // it is answered later
	leaseFaultKinds
)

func drawRivalry(t *rapid.T) rivalry {
	seconds := func(most int, name string) time.Duration {
		return time.Duration(rapid.IntRange(0, most*10).Draw(t, name)) * 100 * time.Millisecond
	}
	drawWindow := func(t *rapid.T) window {
		return window{seconds(40, "at"), seconds(30, "for")}
	}
	life := rapid.Custom(func(t *rapid.T) rivalLife {
		return rivalLife{
			After: seconds(10, "after"), Length: seconds(60, "length"),
			NoStandby: rapid.IntRange(0, 4).Draw(t, "no standby") == 4,
			Killed:    rapid.Bool().Draw(t, "killed"),
			Handling:  rapid.SampledFrom([]time.Duration{0, 0, 200 * time.Millisecond, 2 * time.Second}).Draw(t, "handling"),
			Frozen:    rapid.SliceOfN(rapid.Custom(drawWindow), 0, 2).Draw(t, "frozen"),
		}
	})
	fault := rapid.Custom(func(t *rapid.T) leaseFault {
		return leaseFault{
			From: rapid.IntRange(0, 60).Draw(t, "from"), N: rapid.IntRange(1, 6).Draw(t, "n"),
			How: leaseFaultKind(rapid.IntRange(0, int(leaseFaultKinds)-1).Draw(t, "how")), By: seconds(20, "by"),
		}
	})
	rivals := rapid.Custom(func(t *rapid.T) rival {
		return rival{
			Lives:  rapid.SliceOfN(life, 1, 4).Draw(t, "lives"),
			Faults: rapid.SliceOfN(fault, 0, 6).Draw(t, "faults"),
		}
	})
	return rivalry{
		Rivals: rapid.SliceOfN(rivals, 2, 3).Draw(t, "rivals"),
		Away:   rapid.SliceOfN(rapid.Custom(drawWindow), 0, 2).Draw(t, "away"),
	}
}

// TestRivals plays processes that read for one name while they are killed and
// frozen, and their calls are lost, late and repeated. By true time, no event is
// handed over by an owner after a later owner's; nothing is lost; and a reader
// that comes in the end reads within 15 seconds.
func TestRivals(t *testing.T) {
	setChecks(t, *worldsWanted/20)
	rapid.Check(t, func(rt *rapid.T) {
		drawn := drawRivalry(rt)
		var violations []string
		synctest.Test(t, func(t *testing.T) { violations = playRivalry(t, drawn) })
		for _, v := range violations {
			rt.Error(v)
		}
	})
}

// A contest is a rivalry that is played.
type contest struct {
	rivalry
	db     TableAPI
	stream *fakeStream
	began  time.Time

	mu         sync.Mutex
	newest     int64 // the generation that an event was handed over by
	handled    map[string]bool
	violations []string
}

func playRivalry(t *testing.T, drawn rivalry) []string {
	engine := must(embedded.OpenMemory(embedded.Options{}))
	defer engine.Close()
	db, _ := clientsOf(engine)
	c := &contest{rivalry: drawn, db: db, stream: oneShard(), began: time.Now(), handled: make(map[string]bool)}
	writing, stop := context.WithCancel(t.Context())
	written := make(chan int)
	go func() {
		n := 0
		for ; sleep(writing, 300*time.Millisecond) == nil; n++ {
			c.stream.put(c.stream.shards[0], fmt.Sprint(n))
		}
		written <- n
	}()
	var playing sync.WaitGroup
	for _, r := range drawn.Rivals {
		playing.Go(func() {
			calls := 0
			for _, l := range r.Lives {
				time.Sleep(l.After)
				c.live(r, l, &calls)
			}
		})
	}
	playing.Wait()
	stop()
	c.last(<-written)
	time.Sleep(time.Minute) // for what is late
	return c.violations
}

// live plays one life of a rival.
func (c *contest) live(r rival, l rivalLife, calls *int) {
	process := &rivalProcess{contest: c, faults: r.Faults, frozen: l.Frozen, began: time.Now(), calls: calls}
	ctx, cancel := context.WithTimeout(context.Background(), l.Length)
	defer cancel()
	reader := must(NewReader(c.stream, arn, Options{
		Checkpoints: TableCheckpoints(process, "places", "r"), NoStandby: l.NoStandby,
		Retry: Retry{Attempts: 1}, Logger: slog.New(slog.DiscardHandler),
	}))
	if l.Killed {
		defer context.AfterFunc(ctx, process.kill)()
	}
	if err := reader.Open(ctx); err != nil {
		return
	}
	err := reader.Run(ctx, func(_ context.Context, e Event) error {
		if process.isDead() {
			return errDead
		}
		c.hands(e)
		time.Sleep(l.Handling)
		process.thaw()
		c.mu.Lock()
		defer c.mu.Unlock()
		c.handled[e.Sequence] = true
		return nil
	})
	if err == nil {
		c.violate("Run = nil")
	}
	reader.Close()
}

// last has a reader come in the end, which reads what there is.
func (c *contest) last(written int) {
	if rest := time.Until(c.began.Add(2 * time.Minute)); rest > 0 {
		time.Sleep(rest) // the table is there again
	}
	began := time.Now()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	reader, err := Open(ctx, c.stream, arn, Options{
		Checkpoints: TableCheckpoints(c.db, "places", "r"), Idle: 2 * time.Second, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		c.violate("the last Open = %v", err)
		return
	}
	if took := time.Since(began); took > 15*time.Second {
		c.violate("the last Open took %v", took)
	}
	err = reader.Run(ctx, func(_ context.Context, e Event) error {
		c.hands(e)
		c.mu.Lock()
		defer c.mu.Unlock()
		c.handled[e.Sequence] = true
		return nil
	})
	if err := errors.Join(err, reader.Close()); err != nil {
		c.violate("the last reader: %v", err)
	}
	if len(c.handled) != written {
		c.violate("%d events were handled of %d", len(c.handled), written)
	}
}

// hands notes that an event is handed over.
func (c *contest) hands(e Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e.Generation < c.newest {
		c.violations = append(c.violations, fmt.Sprintf("at %v, generation %d hands over an event after generation %d did",
			time.Since(c.began), e.Generation, c.newest))
	}
	c.newest = max(c.newest, e.Generation)
}

func (c *contest) violate(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.violations = append(c.violations, fmt.Sprintf(format, args...))
}

// A rivalProcess is the way of one process to the table.
type rivalProcess struct {
	*contest
	faults []leaseFault
	frozen []window
	began  time.Time

	mu    sync.Mutex
	calls *int
	dead  bool
}

func (p *rivalProcess) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dead = true
}

func (p *rivalProcess) isDead() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.dead
}

// thaw waits while the process is frozen.
func (p *rivalProcess) thaw() {
	for _, w := range p.frozen {
		if since := time.Since(p.began) - w.At; since >= 0 && since < w.For {
			time.Sleep(w.For - since)
		}
	}
}

// call makes a call, or what a fault makes of it.
func (p *rivalProcess) call(ctx context.Context, do func(context.Context) error) error {
	p.thaw()
	defer p.thaw() // an answer that comes meanwhile waits
	if p.isDead() {
		return errDead
	}
	p.mu.Lock()
	n := *p.calls
	*p.calls++
	p.mu.Unlock()
	for _, w := range p.Away {
		if since := time.Since(p.contest.began) - w.At; since >= 0 && since < w.For {
			return noAnswer{}
		}
	}
	i := slices.IndexFunc(p.faults, func(f leaseFault) bool { return f.From <= n && n < f.From+f.N })
	if i < 0 {
		return do(ctx)
	}
	later := func(by time.Duration) {
		go func() {
			time.Sleep(by)
			do(context.Background())
		}()
	}
	switch f := p.faults[i]; f.How {
	case callLost:
		sleep(ctx, f.By)
		return noAnswer{}
	case callLate:
		later(f.By)
		sleep(ctx, min(f.By, time.Second))
		return noAnswer{}
	case callTwice:
		later(f.By)
		return do(ctx)
	case callUnanswered:
		do(context.Background())
		return noAnswer{}
	default:
		time.Sleep(f.By)
		err := do(context.Background())
		return errors.Join(err, ctx.Err())
	}
}

func called[In, Out any](p *rivalProcess, ctx context.Context, in *In, call func(context.Context, *In, ...func(*dynamodb.Options)) (*Out, error)) (*Out, error) {
	var mu sync.Mutex
	var answer *Out
	err := p.call(ctx, func(ctx context.Context) error {
		sent := *in // a late one is sent beside others
		o, err := call(ctx, &sent, tryWriteOnce)
		mu.Lock()
		defer mu.Unlock()
		answer = o
		return err
	})
	mu.Lock()
	out := answer // before a late one
	mu.Unlock()
	return out, err
}

func (p *rivalProcess) CreateTable(ctx context.Context, in *dynamodb.CreateTableInput, _ ...func(*dynamodb.Options)) (*dynamodb.CreateTableOutput, error) {
	return called(p, ctx, in, p.db.CreateTable)
}

func (p *rivalProcess) DescribeTable(ctx context.Context, in *dynamodb.DescribeTableInput, _ ...func(*dynamodb.Options)) (*dynamodb.DescribeTableOutput, error) {
	return called(p, ctx, in, p.db.DescribeTable)
}

func (p *rivalProcess) Query(ctx context.Context, in *dynamodb.QueryInput, _ ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	return called(p, ctx, in, p.db.Query)
}

func (p *rivalProcess) PutItem(ctx context.Context, in *dynamodb.PutItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	return called(p, ctx, in, p.db.PutItem)
}

func (p *rivalProcess) UpdateItem(ctx context.Context, in *dynamodb.UpdateItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error) {
	return called(p, ctx, in, p.db.UpdateItem)
}

func (p *rivalProcess) DeleteItem(ctx context.Context, in *dynamodb.DeleteItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.DeleteItemOutput, error) {
	return called(p, ctx, in, p.db.DeleteItem)
}

func (p *rivalProcess) TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput, _ ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	request := *in
	if request.ClientRequestToken == nil { // the SDK would give each sending its own
		request.ClientRequestToken = aws.String(rand.Text())
	}
	return called(p, ctx, &request, p.db.TransactWriteItems)
}
