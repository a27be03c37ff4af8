package mapping

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"
)

// A part is records of a batch that are sent together: the batch as it was
// gathered, what it was bisected to, or what is left of either.
type part struct {
	records     []record
	depth       int // how often the batch was bisected
	attempts    int // those that failed, and count
	uninvoked   int // in a row, those in which the function was not invoked
	invocations int
	requestID   string // of the last invocation
	err         error  // why that failed
}

// deliver sends a batch until each of its records is delivered or given up, the
// parts of it one after the other.
func (s *shardRun) deliver(ctx context.Context, batch []record) error {
	var number int64
	s.count(func(t *Totals) { t.Batches++; number = t.Batches })
	parts := []*part{{records: batch}} // the last one is next
	for len(parts) > 0 {
		p := parts[len(parts)-1]
		if err := s.giveUpAged(p); err != nil {
			return err
		}
		if len(p.records) == 0 {
			parts = parts[:len(parts)-1]
			continue
		}
		if err := s.feed.Begin(ctx, p.records[0].page, p.records[0].index); err != nil || ctx.Err() != nil {
			return errStopped
		}
		i := s.send(p, number)
		if s.feed.Working.Err() != nil && i.Err != nil {
			return errStopped // it was cut short
		}
		s.handled(p.records[:i.Handled])
		p.records = p.records[i.Handled:]
		s.report(i)
		wait := time.Duration(0)
		switch {
		case i.Err == nil:
		case !counts(i.Err):
			p.uninvoked++
			wait = backoff(p.uninvoked, s.options.Backoff)
		case s.options.BisectBatchOnFunctionError && (i.Handled > 0 || len(p.records) > 1):
			parts = append(parts[:len(parts)-1], bisect(p, i.Handled)...)
		default:
			if p.attempts++; s.exhausted(p) {
				if err := s.giveUp(p, len(p.records), RetryAttemptsExhausted); err != nil {
					return err
				}
				continue
			}
			wait = backoff(p.attempts, s.options.Backoff)
		}
		if sleep(ctx, wait) != nil {
			return errStopped
		}
	}
	return nil
}

// send invokes the function once with a part, and finds out what it came to.
func (s *shardRun) send(p *part, batch int64) Invocation {
	first, last := p.records[0], p.records[len(p.records)-1]
	i := Invocation{
		RequestID: newRequestID(), Shard: first.shard, Batch: batch, Size: len(p.records),
		First: first.sequence, Last: last.sequence, Depth: p.depth, Attempt: p.attempts + p.uninvoked + 1,
		Began: time.Now(), IteratorAge: max(s.feed.Now().Sub(last.at), 0),
	}
	ctx := context.WithValue(s.feed.Working, requestKey{}, i.RequestID)
	answer, err := s.invoke(ctx, payload(p.records))
	i.Took = time.Since(i.Began)
	i.Handled, i.Err = judge(p.records, answer, err, s.options.ReportBatchItemFailures)
	if i.Err == nil || counts(i.Err) {
		p.invocations, p.uninvoked = p.invocations+1, 0
		p.requestID, p.err = i.RequestID, i.Err
	}
	s.feed.Attempted(i.Err, i.Took)
	return i
}

// counts reports whether an error is that of an invocation.
func counts(err error) bool {
	return errors.As(err, new(*FunctionError)) || errors.As(err, new(*ItemFailure))
}

// functionError is what an on-failure record says of an invocation's error.
func functionError(err error) string {
	if errors.As(err, new(*FunctionError)) {
		return "Unhandled"
	}
	return ""
}

// report counts an invocation and tells Trace of it.
func (s *shardRun) report(i Invocation) {
	s.count(func(t *Totals) {
		t.Delivered += int64(i.Handled)
		t.Invocations++
		t.IteratorAge = max(t.IteratorAge, i.IteratorAge)
		if i.Err != nil {
			t.Failed++
		}
		switch {
		case i.Attempt > 1:
			t.Retries++
		case i.Depth > 0:
			t.Halves++
		}
	})
	if s.options.Trace != nil {
		s.tracing.Lock()
		defer s.tracing.Unlock()
		s.options.Trace(i)
	}
}

// giveUp has the first records of a part go to OnFailure.
func (s *shardRun) giveUp(p *part, n int, condition string) error {
	records := p.records[:n]
	if s.options.OnFailure != nil {
		f := s.failureRecord(p, records, condition, s.feed.Now())
		if err := s.options.OnFailure(s.feed.Working, f); err != nil {
			return fmt.Errorf("keeping the on-failure record of %d records from %s of shard %s on: %w", n, records[0].sequence, records[0].shard, err)
		}
	}
	s.count(func(t *Totals) { t.GivenUp += int64(n) })
	s.handled(records)
	p.records = p.records[n:]
	return nil
}

// newRequestID is a UUID of version 4, as Lambda's are.
func newRequestID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// sleep waits, and returns the error of a context that ends before.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
