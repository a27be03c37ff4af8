package conformance

import (
	"slices"
	"testing"
	"time"
)

// TestRates: a shard may be read five times a second, and not six times.
func TestRates(t *testing.T) {
	ms := func(all ...int) (times []time.Duration) {
		for _, n := range all {
			times = append(times, time.Duration(n)*time.Millisecond)
		}
		return times
	}
	for _, c := range []struct {
		name  string
		calls []time.Duration // when
		want  int             // refused
	}{
		{"five at once", ms(0, 0, 0, 0, 0), 0},
		{"six at once", ms(0, 0, 0, 0, 0, 0), 1},
		{"each 200ms", ms(0, 200, 400, 600, 800, 1000, 1200, 1400, 1600, 1800, 2000), 0},
		{"each 200ms, and one late", ms(0, 230, 400, 600, 800, 1000, 1200), 0},
		{"five a second, at once", ms(0, 0, 0, 0, 0, 1000, 1000, 1000, 1000, 1000), 0},
		{"six a second", ms(0, 166, 333, 500, 666, 833), 1},
	} {
		s := &service{shaping: shaping{limited: true}}
		began := time.Now()
		for _, at := range c.calls {
			one := call{operation: "GetRecords", shard: "a", at: began.Add(at)}
			if !s.refuses(&one) {
				s.calls = append(s.calls, one)
			}
		}
		if s.refused != c.want {
			t.Errorf("%s: %d calls refused, want %d", c.name, s.refused, c.want)
		}
	}
}

// TestShortTimeout: what takes a time can't be late.
func TestShortTimeout(t *testing.T) {
	w, err := newWorld(Options{Timeout: time.Nanosecond, Saves: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	v, err := w.play(Point{play: func(w *World) { w.Settles() }})
	if v.outcome != Pass || err != nil {
		t.Errorf("a story of nothing but settling is %s: %s, error %v; want %s", v.outcome, v.why, err, Pass)
	}
}

func TestEnvironment(t *testing.T) {
	got := environment([]string{"AWS_PROFILE=work", "NO_PROXY=x", "HTTP_PROXY=y", "TABLE=z"}, map[string]string{"NO_PROXY": "127.0.0.1", "TABLE": "users"})
	slices.Sort(got)
	if want := []string{"HTTP_PROXY=y", "NO_PROXY=127.0.0.1", "TABLE=users"}; !slices.Equal(got, want) {
		t.Errorf("environment is %q, want %q", got, want)
	}
}
