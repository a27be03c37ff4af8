package mapping

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"dynamostreamer/internal/stream"
)

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
	crashed    bool         // a mapping has
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
	by       int  // the mapping that invoked that last
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
		k.lane = hash(stream.Event{Keys: stream.Image{"id": &types.AttributeValueMemberS{Value: fmt.Sprintf("item-%d", s.Item)}}}.Item()) % uint64(p.Options.ParallelizationFactor)
		k.sequence = p.stream.write(s.Item, madeAgo(s.Age))
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
			p.crashed = true
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
	case poison >= 0 && !p.mayStay():
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
		k.handled, k.by = true, number
	}
	return answer, err
}

// mayStay reports whether something ends the retries of poison.
func (p *played) mayStay() bool {
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
		case k.handled && k.by == number:
			p.violate("record %s is sent again by the mapping that handled it", k.sequence)
		case k.settled() && !p.crashed && p.Options.ParallelizationFactor == 1:
			p.violate("record %s is sent although it was handled, and no mapping crashed", k.sequence)
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
