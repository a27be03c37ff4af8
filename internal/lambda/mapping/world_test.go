package mapping

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
	"pgregory.net/rapid"

	"dynamostreamer/internal/stream"
)

// worldsWanted is how many worlds TestWorlds plays. A failing world's seed, as
// rapid prints it, plays it again:
//
//	go test ./internal/lambda/mapping -run Worlds -rapid.seed=SEED
var worldsWanted = flag.Int("worlds", 400, "play so many `worlds`")

// A world is a stream's life, a mapping's options and what becomes of its
// invocations. It is drawn before any of it happens, so that its seed plays it
// again.
type world struct {
	Roots, Items  int
	RecordsAPage  int
	ThrottleEvery int
	Steps         []worldStep
	Options       Options // without what is told of them
	Filter        bool    // leaves out the items of odd numbers
	Outcomes      []outcome
	Takes         time.Duration // an invocation
	Runs          []worldRun
}

// A worldStep is what happens some time after the step before.
type worldStep struct {
	After  time.Duration
	Divide bool // all shards, in place of a write
	Item   int
	Count  int // of records
	Poison bool
	Age    time.Duration // of the records
}

// An outcome is what becomes of an invocation, if no record in it is poison.
type outcome struct {
	Kind outcomeKind
	At   int // the record that a partial failure names
}

type outcomeKind int

const (
	succeeds   outcomeKind = iota
	fails                  // with the function's error
	dies                   // half way
	hangs                  // until its timeout
	partly                 // names a record in its answer
	nonsense               // is answered
	notInvoked             // the function can't be reached
	outcomeKinds
)

// A worldRun is one mapping's life, but for the last one's, which reads to the
// end.
type worldRun struct {
	For   time.Duration
	Crash bool // nothing is saved after half of it
	Pause time.Duration
}

func drawWorld(t *rapid.T) world {
	durations := []time.Duration{0, 100 * time.Millisecond, time.Second, 10 * time.Second, 40 * time.Second}
	w := world{
		Roots: rapid.IntRange(1, 3).Draw(t, "roots"), Items: rapid.IntRange(1, 8).Draw(t, "items"),
		RecordsAPage:  rapid.SampledFrom([]int{1, 3, 7, 1000}).Draw(t, "records a page"),
		ThrottleEvery: rapid.SampledFrom([]int{0, 0, 3}).Draw(t, "throttle every"),
		Filter:        rapid.Bool().Draw(t, "filter"),
		Takes:         rapid.SampledFrom([]time.Duration{0, 10 * time.Millisecond, 3 * time.Second}).Draw(t, "takes"),
		Options: Options{
			BatchSize:                  rapid.SampledFrom([]int{1, 2, 5, 16, 100}).Draw(t, "batch size"),
			MaximumBatchingWindow:      rapid.SampledFrom([]time.Duration{0, 0, time.Second, 20 * time.Second}).Draw(t, "window"),
			ParallelizationFactor:      rapid.SampledFrom([]int{1, 1, 2, 3, 10}).Draw(t, "factor"),
			MaximumRetryAttempts:       rapid.SampledFrom([]int{Infinite, 0, 1, 3}).Draw(t, "attempts"),
			MaximumRecordAge:           rapid.SampledFrom([]time.Duration{Infinite, Infinite, time.Minute, 10 * time.Minute}).Draw(t, "age"),
			BisectBatchOnFunctionError: rapid.Bool().Draw(t, "bisect"),
			ReportBatchItemFailures:    rapid.Bool().Draw(t, "report"),
			Backoff:                    rapid.SampledFrom([]time.Duration{time.Second, 5 * time.Second, time.Hour}).Draw(t, "backoff"),
		},
	}
	w.Steps = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) worldStep {
		return worldStep{
			After:  rapid.SampledFrom(durations).Draw(t, "after"),
			Divide: rapid.IntRange(0, 5).Draw(t, "divide") == 5,
			Item:   rapid.IntRange(0, w.Items-1).Draw(t, "item"),
			Count:  rapid.SampledFrom([]int{1, 1, 2, 5, 20}).Draw(t, "count"),
			Poison: rapid.IntRange(0, 9).Draw(t, "poison") == 9,
			Age:    rapid.SampledFrom([]time.Duration{0, 0, 0, 50 * time.Second, 5 * time.Minute}).Draw(t, "record age"),
		}
	}), 1, 25).Draw(t, "steps")
	w.Outcomes = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) outcome {
		return outcome{
			Kind: outcomeKind(rapid.IntRange(0, int(outcomeKinds)-1).Draw(t, "outcome")),
			At:   rapid.IntRange(0, 20).Draw(t, "at"),
		}
	}), 0, 25).Draw(t, "outcomes")
	w.Runs = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) worldRun {
		return worldRun{
			For:   rapid.SampledFrom(durations).Draw(t, "for"),
			Crash: rapid.Bool().Draw(t, "crash"),
			Pause: rapid.SampledFrom(durations).Draw(t, "pause"),
		}
	}), 0, 3).Draw(t, "runs")
	return w
}

// TestWorlds plays mappings whose functions fail, hang, die and answer partially,
// which stop, crash and come back. In each world, every record is delivered,
// filtered or in the on-failure records; a record is sent after those before it
// of its item; nothing is sent that was given up while its mapping lives; and no
// two invocations have an item at the same time.
func TestWorlds(t *testing.T) {
	flag.Set("rapid.checks", strconv.Itoa(*worldsWanted))
	var sum Totals
	rapid.Check(t, func(rt *rapid.T) {
		p := played{world: drawWorld(rt)}
		synctest.Test(t, func(t *testing.T) { p.play() })
		for _, v := range p.violations {
			rt.Error(v)
		}
		sum.Delivered += p.sum.Delivered
		sum.Filtered += p.sum.Filtered
		sum.GivenUp += p.sum.GivenUp
		sum.Invocations += p.sum.Invocations
		sum.Failed += p.sum.Failed
		sum.Retries += p.sum.Retries
		sum.Halves += p.sum.Halves
	})
	t.Logf("%d worlds: %+v", *worldsWanted, sum)
	if min(sum.Delivered, sum.Filtered, sum.GivenUp, sum.Failed, sum.Retries, sum.Halves) == 0 {
		t.Errorf("the worlds lack something: %+v", sum)
	}
}

// A played is a world while it is played, and what is known of its records.
type played struct {
	world
	stream *fakeStream
	kept   memory

	mu         sync.Mutex
	records    map[string]*known
	order      []*known         // as they were written
	before     map[int][]*known // by item
	calls      int
	busy       map[int]bool // items that are in an invocation
	violations []string
	sum        Totals // of all mappings
}

type known struct {
	sequence string
	item     int
	lane     uint64
	poison   bool
	filtered bool
	handled  bool // an invocation handled it
	givenUp  bool // in one of the mappings' lives
	abandons int  // the mapping that gave it up, from 1
}

// settled reports whether what comes after a record may be sent.
func (k *known) settled() bool { return k.filtered || k.handled || k.givenUp }

func (p *played) violate(format string, arguments ...any) {
	if len(p.violations) < 10 {
		p.violations = append(p.violations, fmt.Sprintf(format, arguments...))
	}
}

func (p *played) play() {
	p.stream, p.records = newFakeStream(p.Roots), make(map[string]*known)
	p.before, p.busy = make(map[int][]*known), make(map[int]bool)
	p.stream.recordsAPage, p.stream.throttleEvery = p.RecordsAPage, p.ThrottleEvery
	var writing sync.WaitGroup
	writing.Go(func() {
		for _, s := range p.Steps {
			time.Sleep(s.After)
			p.step(s)
		}
	})
	for i, r := range p.Runs {
		p.live(i+1, &r)
		time.Sleep(r.Pause)
	}
	writing.Wait()
	p.live(len(p.Runs)+1, nil)
	for _, k := range p.order {
		if !k.settled() {
			p.violate("record %s of item %d is not delivered, filtered or given up", k.sequence, k.item)
		}
	}
}

func (p *played) step(s worldStep) {
	if s.Divide {
		p.stream.divide()
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range s.Count {
		k := &known{item: s.Item, poison: s.Poison && i == s.Count/2, filtered: p.Filter && s.Item%2 == 1}
		k.sequence = p.stream.write(s.Item, func(r *types.Record) {
			madeAgo(s.Age)(r)
			k.lane = hash([]byte(`{"id":{"S":"item-`+strconv.Itoa(s.Item)+`"}}`)) % uint64(p.Options.ParallelizationFactor)
		})
		p.records[k.sequence] = k
		p.order = append(p.order, k)
		p.before[k.item] = append(p.before[k.item], k)
	}
}

// live plays one mapping's life, the number-th; r is nil for the last one.
func (p *played) live(number int, r *worldRun) {
	o := p.Options
	if p.Filter {
		o.Filters = []string{`{"dynamodb": {"Keys": {"id": {"S": ["item-0", "item-2", "item-4", "item-6"]}}}}`}
	}
	var m *Mapping
	o.OnFailure = func(_ context.Context, f *FailureRecord) error { p.gaveUp(number, f); return nil }
	m, err := New(o, func(ctx context.Context, payload []byte) ([]byte, error) { return p.invoke(ctx, number, payload) })
	if err != nil {
		p.violate("New: %v", err)
		return
	}
	options := stream.Options{Checkpoints: &p.kept, Logger: discarding, Idle: time.Minute, Grace: 10 * time.Minute}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	if r != nil {
		time.AfterFunc(r.For, stop)
		if r.Crash {
			time.AfterFunc(r.For/2, p.kept.crash)
		}
	}
	reader, err := stream.Open(context.Background(), p.stream, fakeARN, options)
	if err != nil {
		p.violate("Open: %v", err)
		return
	}
	err = m.Run(ctx, reader)
	if closed := reader.Close(); closed != nil {
		p.violate("Close: %v", closed)
	}
	if err != nil && (r == nil || !errors.Is(err, context.Canceled)) {
		p.violate("Run = %v", err)
	}
	if len(p.busy) > 0 {
		p.violate("Run returned amid an invocation")
	}
	p.checkTotals(m.Totals(), r == nil && len(p.Runs) == 0)
}

// checkTotals compares what a mapping counts with what is known, where it was the
// only one.
func (p *played) checkTotals(t Totals, alone bool) {
	p.sum.Delivered += t.Delivered
	p.sum.Filtered += t.Filtered
	p.sum.GivenUp += t.GivenUp
	p.sum.Invocations += t.Invocations
	p.sum.Failed += t.Failed
	p.sum.Retries += t.Retries
	p.sum.Halves += t.Halves
	if !alone {
		return
	}
	var want Totals
	for _, k := range p.order {
		switch {
		case k.filtered:
			want.Filtered++
		case k.handled:
			want.Delivered++
		case k.givenUp:
			want.GivenUp++
		}
	}
	if t.Filtered != want.Filtered || t.Delivered != want.Delivered || t.GivenUp != want.GivenUp || t.Invocations != int64(p.calls) {
		p.violate("Totals = %+v, want %+v and %d calls", t, want, p.calls)
	}
}

// invoke is the function.
func (p *played) invoke(ctx context.Context, number int, payload []byte) (answer []byte, err error) {
	var e event
	if e, err = decodeEvent(payload); err != nil {
		return nil, err
	}
	p.mu.Lock()
	batch := p.check(number, e)
	o := outcome{}
	if p.calls < len(p.Outcomes) {
		o = p.Outcomes[p.calls]
	}
	p.calls++
	if p.calls > 5000 {
		p.violate("the function is invoked more than 5000 times")
		p.Options.MaximumRetryAttempts = 0
		for _, k := range p.order {
			k.poison = false
		}
	}
	p.mu.Unlock()
	time.Sleep(p.Takes)
	if o.Kind == hangs {
		time.Sleep(time.Minute)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, k := range batch {
		delete(p.busy, k.item)
	}
	if ctx.Err() != nil {
		p.violate("an invocation's context ended: %v", ctx.Err())
	}
	handled := len(batch)
	switch poison := slices.IndexFunc(batch, func(k *known) bool { return k.poison }); {
	case poison >= 0 && !p.mayStay(batch[poison]):
		batch[poison].poison = false // it would be retried for a day
		handled, err = 0, &FunctionError{Type: "Error", Message: "poison"}
	case poison >= 0 && p.Options.ReportBatchItemFailures:
		handled = poison
		answer = fmt.Appendf(nil, `{"batchItemFailures": [{"itemIdentifier": %q}]}`, batch[poison].sequence)
	case poison >= 0, o.Kind == fails:
		handled, err = 0, &FunctionError{Type: "Error", Message: "it fails"}
	case o.Kind == dies:
		handled, err = 0, &FunctionError{Type: "Runtime.ExitError"}
	case o.Kind == hangs:
		handled, err = 0, &FunctionError{Type: "Sandbox.Timedout"}
	case o.Kind == notInvoked:
		handled, err = 0, errors.New("no process")
	case o.Kind == nonsense:
		answer = []byte("nonsense")
		if p.Options.ReportBatchItemFailures {
			handled = 0
		}
	case o.Kind == partly:
		at := o.At % len(batch)
		answer = fmt.Appendf(nil, `{"batchItemFailures": [{"itemIdentifier": %q}]}`, batch[at].sequence)
		if p.Options.ReportBatchItemFailures {
			handled = at
		}
	}
	for _, k := range batch[:handled] {
		k.handled = true
	}
	return answer, err
}

// mayStay reports whether something ends the retries of poison.
func (p *played) mayStay(*known) bool {
	return p.Options.MaximumRetryAttempts != Infinite || p.Options.MaximumRecordAge != Infinite
}

// check looks at an invocation before it runs, and returns its records.
func (p *played) check(number int, e event) (batch []*known) {
	if n := len(e.Records); n == 0 || n > p.Options.BatchSize {
		p.violate("a batch has %d records, want 1 to %d", n, p.Options.BatchSize)
	}
	among := make(map[*known]bool)
	var items []int
	for _, r := range e.Records {
		k := p.records[r.DynamoDB.SequenceNumber]
		switch {
		case k.filtered:
			p.violate("record %s is sent although no filter matches it", k.sequence)
		case k.abandons == number:
			p.violate("record %s is sent after its mapping gave it up", k.sequence)
		case p.busy[k.item]:
			p.violate("item %d is in two invocations at the same time", k.item)
		}
		for _, earlier := range p.before[k.item] {
			if earlier == k {
				break
			}
			if !earlier.settled() && !among[earlier] {
				p.violate("record %s is sent before %s of the same item", k.sequence, earlier.sequence)
			}
		}
		among[k] = true
		items = append(items, k.item)
		batch = append(batch, k)
	}
	for _, item := range items {
		p.busy[item] = true
	}
	return batch
}

// gaveUp notes an on-failure record: it is of the records of one lane in its range
// that were not handled.
func (p *played) gaveUp(number int, f *FailureRecord) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stream.mu.Lock()
	defer p.stream.mu.Unlock()
	s, n := p.stream.shard(f.Batch.ShardID), 0
	lane := p.records[f.Batch.StartSequenceNumber].lane
	for _, r := range s.records {
		sequence := *r.Dynamodb.SequenceNumber // all are of one length
		k := p.records[sequence]
		if sequence < f.Batch.StartSequenceNumber || sequence > f.Batch.EndSequenceNumber || k.lane != lane || k.filtered {
			continue
		}
		n++
		if k.abandons == number {
			p.violate("record %s is given up twice by a mapping", sequence)
		}
		if p.busy[k.item] {
			p.violate("record %s is given up amid an invocation of its item", sequence)
		}
		k.givenUp, k.abandons = true, number
	}
	if n != f.Batch.BatchSize {
		p.violate("the on-failure record of %s to %s tells of %d records, want %d", f.Batch.StartSequenceNumber, f.Batch.EndSequenceNumber, f.Batch.BatchSize, n)
	}
}
