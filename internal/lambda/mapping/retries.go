package mapping

import (
	"math/rand/v2"
	"time"
)

// When a batch that failed is sent again, and when it is given up ("Retain
// discarded records for a DynamoDB event source in Lambda").
//
// A batch whose invocation failed is retried up to MaximumRetryAttempts times;
// then what is left of it is given up, all of it. What the answer reports as
// handled shrinks the batch and does not begin its count anew.
//
// Before each attempt, also the first, the records whose age has reached
// MaximumRecordAge are given up, those from the batch's beginning on. With either
// bound infinite, a batch that failed is given up as its records expire, 24 hours
// after they were made. Ages go by DynamoDB's clock and the records' times, which
// are rounded to the second; DynamoDB Local rounds them to the minute, and they
// look up to a minute older there.

const retention = 24 * time.Hour

// exhausted reports whether a part has had all its attempts.
func (m *Mapping) exhausted(p *part) bool {
	limit := m.options.MaximumRetryAttempts
	return limit != Infinite && p.attempts > limit
}

// giveUpAged gives up the records at a part's beginning that are too old.
func (s *shardRun) giveUpAged(p *part) error {
	limit := s.options.MaximumRecordAge
	if p.invocations+p.uninvoked > 0 && (limit == Infinite || limit > retention) {
		limit = retention
	}
	if limit == Infinite {
		return nil
	}
	now, n := s.feed.Now(), 0
	for n < len(p.records) && now.Sub(p.records[n].at) >= limit {
		n++
	}
	if n == 0 {
		return nil
	}
	return s.giveUp(p, n, RecordAgeExceeded)
}

// backoff is how long to wait after a number of attempts: about 100 ms, then
// twice as long each time. Half of it is random.
func backoff(attempts int, maximum time.Duration) time.Duration {
	d := min(100*time.Millisecond<<min(attempts-1, 20), maximum)
	return d/2 + rand.N(d/2+1)
}
