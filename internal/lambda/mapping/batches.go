package mapping

import (
	"time"
)

// How records become batches ("How Lambda processes records from stream and
// queue-based event sources", Batching behavior).
//
// A batch is sent once it has BatchSize records, its payload would be more than 6
// MB with the next one, or its first record has waited for the batching window;
// at a shard's end, at once. It is of one shard. Two changes of an item may be in
// it, in their order.

const (
	// MaxPayload is how many bytes an event may have: 6 MB ("Lambda quotas").
	MaxPayload = 6 << 20
	// MaxAnswer is how many an answer may have, as Lambda's error says.
	MaxAnswer = MaxPayload + 100
)

const (
	payloadBegin = `{"Records":[`
	payloadEnd   = `]}`
)

// A queue is the records of a lane that wait for an invocation.
type queue struct {
	records []record
	bytes   int
}

func (q *queue) add(r record) {
	q.records = append(q.records, r)
	q.bytes += len(r.json) + 1
}

// batch is how many records the next batch has, and full whether none could
// join it. A record alone is always one.
func (q *queue) batch(size int) (n int, full bool) {
	bytes := len(payloadBegin) + len(payloadEnd) - 1 // a comma less than records
	for n = range min(len(q.records), size) {
		bytes += len(q.records[n].json) + 1
		if n > 0 && bytes > MaxPayload {
			return n, true
		}
	}
	if len(q.records) == 0 {
		return 0, false
	}
	return n + 1, n+1 == size || bytes >= MaxPayload
}

// due is when the next batch is to be sent, if nothing joins it before; zero:
// now.
func (q *queue) due(o Options, ended bool) time.Time {
	if _, full := q.batch(o.BatchSize); full || ended || o.MaximumBatchingWindow == 0 {
		return time.Time{}
	}
	return q.records[0].joined.Add(o.MaximumBatchingWindow)
}

// cut removes the next batch from the queue.
func (q *queue) cut(size int) []record {
	n, _ := q.batch(size)
	batch := q.records[:n:n]
	for _, r := range batch {
		q.bytes -= len(r.json) + 1
	}
	if q.records = q.records[n:]; len(q.records) == 0 {
		q.records = nil
	}
	return batch
}

// payload is the event's JSON.
func payload(records []record) []byte {
	size := len(payloadBegin) + len(payloadEnd)
	for _, r := range records {
		size += len(r.json) + 1
	}
	b := append(make([]byte, 0, size), payloadBegin...)
	for i, r := range records {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, r.json...)
	}
	return append(b, payloadEnd...)
}
