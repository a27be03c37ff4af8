package metrics

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"dynamostreamer/internal/stream"
)

// still is a reader that shows one thing.
type still struct {
	stats  stream.Stats
	health error
}

func (s still) Stats() stream.Stats    { return s.stats }
func (s still) Health(time.Time) error { return s.health }

func get(t *testing.T, readers map[string]Reader, path string) (status int, body string) {
	t.Helper()
	answer := httptest.NewRecorder()
	Handler(readers).ServeHTTP(answer, httptest.NewRequest("GET", path, nil))
	return answer.Code, answer.Body.String()
}

var busy = still{
	stats: stream.Stats{
		Reading: true, LastDescribed: time.Unix(1000, 5e8), LastSaved: time.Unix(2000, 0), LastGap: time.Unix(3000, 0),
		Throttles: 1, SaveThrottles: 2, SaveFailures: 3,
		Totals: stream.Counts{
			Calls: 4, Records: 5, EmptyPages: 6, Throttles: 7, Renewals: 8, Gaps: 9,
			Handled: 10, Failures: 11, DeadLetters: 12, HandlingTime: 1500 * time.Millisecond,
		},
		Shards: []stream.ShardStats{
			{State: stream.Fetching, Lag: 3 * time.Second, Left: 20 * time.Hour},
			{State: stream.Handling, Lag: 2 * time.Second, Left: 10 * time.Hour},
			{State: stream.Handling, Left: 24 * time.Hour},
		},
	},
}

// TestMetrics shows each of the statistics, once.
func TestMetrics(t *testing.T) {
	_, body := get(t, map[string]Reader{"orders": busy}, "/metrics")
	var got []string
	for line := range strings.Lines(body) {
		if !strings.HasPrefix(line, "#") {
			got = append(got, strings.TrimSpace(strings.TrimPrefix(line, "dynamodb_stream_reader_")))
		}
	}
	want := []string{
		`calls_total{reader="orders"} 4`,
		`checkpoint_failures_total{reader="orders"} 3`,
		`dead_letters_total{reader="orders"} 12`,
		`empty_pages_total{reader="orders"} 6`,
		`failed_attempts_total{reader="orders"} 11`,
		`gaps_total{reader="orders"} 9`,
		`handled_events_total{reader="orders"} 10`,
		`handling_seconds_total{reader="orders"} 1.5`,
		`healthy{reader="orders"} 1`,
		`lag_seconds{reader="orders"} 3`,
		`last_gap_timestamp_seconds{reader="orders"} 3000`,
		`last_listing_timestamp_seconds{reader="orders"} 1000.5`,
		`last_save_timestamp_seconds{reader="orders"} 2000`,
		`left_seconds{reader="orders"} 36000`,
		`reading{reader="orders"} 1`,
		`records_total{reader="orders"} 5`,
		`renewed_iterators_total{reader="orders"} 8`,
		`shards{reader="orders",state="consumed"} 0`,
		`shards{reader="orders",state="expecting"} 0`,
		`shards{reader="orders",state="fetching"} 1`,
		`shards{reader="orders",state="final"} 0`,
		`shards{reader="orders",state="handling"} 2`,
		`shards{reader="orders",state="queued"} 0`,
		`shards{reader="orders",state="stopped"} 0`,
		`shards{reader="orders",state="vanished"} 0`,
		`shards{reader="orders",state="waiting"} 0`,
		`standby{reader="orders"} 0`,
		`throttled_calls_total{for="checkpoints",reader="orders"} 2`,
		`throttled_calls_total{for="listing",reader="orders"} 1`,
		`throttled_calls_total{for="shards",reader="orders"} 7`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
}

// TestMetricsOfACopy are shown only where there is one.
func TestMetricsOfACopy(t *testing.T) {
	copies := busy
	copies.stats.Copy = stream.CopyStats{Number: 3, Rows: 40, Of: 50, Throttles: 6}
	_, without := get(t, map[string]Reader{"r": busy}, "/metrics")
	_, body := get(t, map[string]Reader{"r": copies}, "/metrics")
	for _, line := range []string{
		`copied_rows{reader="r"} 40`, `copy_rows_estimated{reader="r"} 50`, `copy_complete{reader="r"} 0`, `throttled_calls_total{for="copy",reader="r"} 6`,
	} {
		if !strings.Contains(body, "\ndynamodb_stream_reader_"+line+"\n") {
			t.Errorf("the metrics lack %s", line)
		}
	}
	if strings.Contains(without, "cop") {
		t.Errorf("the metrics of a reader without a copy have one:\n%s", without)
	}
}

// TestMetricsOfNothing: what is not known yet is left out, and no zero stands
// for it.
func TestMetricsOfNothing(t *testing.T) {
	_, body := get(t, map[string]Reader{"r": still{health: errors.New("no read is under way")}}, "/metrics")
	for name, want := range map[string]bool{"lag_seconds": false, "left_seconds": false, "last_": false, "healthy{reader=\"r\"} 0": true, "gaps_total": true} {
		if got := strings.Contains(body, "dynamodb_stream_reader_"+name); got != want {
			t.Errorf("the metrics have %s: %v, want %v", name, got, want)
		}
	}
}

// TestLint holds names, units and help texts to Prometheus' conventions.
func TestLint(t *testing.T) {
	copies := busy
	copies.stats.Copy.Number = 1
	_, body := get(t, map[string]Reader{"a": busy, "b": copies}, "/metrics")
	problems, err := promlint.New(strings.NewReader(body)).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	if n := len(regexp.MustCompile(`(?m)^# TYPE `).FindAllString(body, -1)); n < 15 {
		t.Errorf("linted %d metrics only", n)
	}
}

func TestHealthz(t *testing.T) {
	waits := still{stats: stream.Stats{Standby: true}}
	sick := still{health: errors.Join(errors.New("shard s is handling for 30s: refused"), errors.New("and more"))}
	for _, test := range []struct {
		name, reason string
		readers      map[string]Reader
		status       int
		body         []string
	}{
		{"all well", "nothing is wrong", map[string]Reader{"a": busy, "b": busy}, http.StatusOK, []string{"ok"}},
		{"one stands by", "it is ready to take over", map[string]Reader{"a": busy, "b": waits}, http.StatusOK, []string{"ok", "b: standby"}},
		{"one of two", "the service does half of its work", map[string]Reader{"a": busy, "b": sick}, http.StatusServiceUnavailable,
			[]string{"b: shard s is handling for 30s: refused", "b: and more"}},
		{"both", "each tells why", map[string]Reader{"b": sick, "a": sick}, http.StatusServiceUnavailable,
			[]string{"a: shard s is handling for 30s: refused", "a: and more", "b: shard s is handling for 30s: refused", "b: and more"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			status, body := get(t, test.readers, "/healthz")
			if lines := strings.Split(strings.TrimSpace(body), "\n"); status != test.status || !slices.Equal(lines, test.body) {
				t.Errorf("GET /healthz = %d %q, want %d %q (%s)", status, lines, test.status, test.body, test.reason)
			}
		})
	}
}
