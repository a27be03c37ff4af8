// Package metrics shows Prometheus, and whoever asks for their health, what
// readers of package stream do. It is a package by itself so that a copy of
// stream does not need Prometheus' client.
package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"dynamostreamer/internal/stream"
)

// A Reader is what is shown; *stream.Reader has it.
type Reader interface {
	Stats() stream.Stats
	Health(now time.Time) error
}

// states are those that a shard may have.
var states = []stream.State{
	stream.Waiting, stream.Fetching, stream.Queued, stream.Handling,
	stream.Consumed, stream.Expecting, stream.Vanished, stream.Final, stream.Stopped,
}

// New returns a collector of one reader's statistics. Counters begin at zero
// with each Open. Of all shards it shows the sum, or the worst one, so that the
// number of series does not grow with the table. Where a process has several
// readers, wrap its registerer with a label for each:
//
//	prometheus.WrapRegistererWith(prometheus.Labels{"reader": "orders"}, registry)
func New(r Reader) prometheus.Collector { return collector{r} }

type collector struct{ reader Reader }

// A counted is a counter, and how it is read.
type counted struct {
	*prometheus.Desc
	read func(s stream.Stats) float64
}

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("dynamodb_stream_reader_"+name, help, labels, nil)
}

func counter(name, help string, read func(stream.Stats) float64) counted {
	return counted{describe(name, help), read}
}

var (
	counters = []counted{
		counter("records_total", "Records that GetRecords gave.",
			func(s stream.Stats) float64 { return float64(s.Totals.Records) }),
		counter("calls_total", "Calls of GetRecords and GetShardIterator.",
			func(s stream.Stats) float64 { return float64(s.Totals.Calls) }),
		counter("empty_pages_total", "Answers of GetRecords without a record.",
			func(s stream.Stats) float64 { return float64(s.Totals.EmptyPages) }),
		counter("renewed_iterators_total", "Shard iterators that expired and were asked for again.",
			func(s stream.Stats) float64 { return float64(s.Totals.Renewals) }),
		counter("gaps_total", "Places where records were lost or may have been.",
			func(s stream.Stats) float64 { return float64(s.Totals.Gaps) }),
		counter("handled_events_total", "Events that were handled, dead letters among them.",
			func(s stream.Stats) float64 { return float64(s.Totals.Handled) }),
		counter("failed_attempts_total", "Attempts to handle an event or a page that failed.",
			func(s stream.Stats) float64 { return float64(s.Totals.Failures) }),
		counter("dead_letters_total", "Events that were given up.",
			func(s stream.Stats) float64 { return float64(s.Totals.DeadLetters) }),
		counter("handling_seconds_total", "Time that all attempts took, without the waits between them.",
			func(s stream.Stats) float64 { return s.Totals.HandlingTime.Seconds() }),
		counter("checkpoint_failures_total", "Calls to load or save checkpoints that failed, but for throttled ones.",
			func(s stream.Stats) float64 { return float64(s.SaveFailures) }),
	}
	reading = describe("reading", "Whether a read is under way.")
	standby = describe("standby", "Whether another reader owns the checkpoints and this one waits.")
	healthy = describe("healthy", "Whether a read is under way and makes progress.")
	shards  = describe("shards", "Shards that the reader knows of, by state.", "state")

	throttled = describe("throttled_calls_total", "Calls that DynamoDB throttled, by what they were for.", "for")

	lag  = describe("lag_seconds", "Age of the oldest record that is not handled, of the shard that is most behind.")
	left = describe("left_seconds", "Time until DynamoDB trims a record that is not handled, of the shard that has least.")

	listed = describe("last_listing_timestamp_seconds", "When the stream's shards were last listed.")
	saved  = describe("last_save_timestamp_seconds", "When checkpoints were last saved.")
	gap    = describe("last_gap_timestamp_seconds", "When a gap was last found.")
)

// Of a copy of the table, where there is one.
var (
	copied   = describe("copied_rows", "Rows that the copy of the table has, and those that readers before this one copied.")
	copyOf   = describe("copy_rows_estimated", "Rows that the table had, as DynamoDB estimates them about every six hours.")
	copyDone = describe("copy_complete", "Whether the copy of the table is complete.")
)

func (c collector) Describe(descriptions chan<- *prometheus.Desc) {
	for _, m := range counters {
		descriptions <- m.Desc
	}
	for _, d := range []*prometheus.Desc{reading, standby, healthy, shards, throttled, lag, left, listed, saved, gap, copied, copyOf, copyDone} {
		descriptions <- d
	}
}

func (c collector) Collect(metrics chan<- prometheus.Metric) {
	s := c.reader.Stats()
	send := func(d *prometheus.Desc, kind prometheus.ValueType, value float64, labels ...string) {
		metrics <- prometheus.MustNewConstMetric(d, kind, value, labels...)
	}
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		send(d, prometheus.GaugeValue, value, labels...)
	}
	for _, m := range counters {
		send(m.Desc, prometheus.CounterValue, m.read(s))
	}
	throttles := map[string]int64{"shards": s.Totals.Throttles, "listing": s.Throttles, "checkpoints": s.SaveThrottles}
	if s.Copy.Number > 0 {
		throttles["copy"] = s.Copy.Throttles
	}
	for what, n := range throttles {
		send(throttled, prometheus.CounterValue, float64(n), what)
	}
	gauge(reading, truth(s.Reading))
	gauge(standby, truth(s.Standby))
	gauge(healthy, truth(c.reader.Health(time.Now()) == nil))

	if s.Copy.Number > 0 {
		gauge(copied, float64(s.Copy.Rows))
		gauge(copyOf, float64(s.Copy.Of))
		gauge(copyDone, truth(s.Copy.Done))
	}
	count := make(map[stream.State]int)
	most, least := time.Duration(0), time.Duration(-1)
	for _, d := range s.Shards {
		count[d.State]++
		most = max(most, d.Lag)
		if least < 0 || d.Left < least {
			least = d.Left
		}
	}
	for _, state := range states {
		gauge(shards, float64(count[state]), string(state))
	}
	if least >= 0 { // else there is no shard yet
		gauge(lag, most.Seconds())
		gauge(left, least.Seconds())
	}
	for d, at := range map[*prometheus.Desc]time.Time{listed: s.LastDescribed, saved: s.LastSaved, gap: s.LastGap} {
		if !at.IsZero() {
			gauge(d, float64(at.UnixMilli())/1000)
		}
	}
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
