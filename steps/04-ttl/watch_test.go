package main

import (
	"testing"
	"time"

	"dynamostreamer/internal/cli"
)

func TestCountdown(t *testing.T) {
	now := time.Date(2026, 11, 28, 8, 19, 57, 0, time.UTC)
	for _, test := range []struct {
		name  string
		ttl   map[string]time.Time
		clock int
		want  string
	}{
		{"to come", map[string]time.Time{"a": now.Add(3200 * time.Millisecond), "b": now.Add(time.Hour)}, 0, "2 rows left, next expires in 3.2s"},
		{"expired", map[string]time.Time{"a": now.Add(-time.Second), "b": now.Add(time.Hour)}, 0, "1 row expired and not removed yet"},
		{"with a clock", map[string]time.Time{"a": now.Add(time.Minute)}, 60, "1 row left, next expires in 1m0s, clock 08:19:57"},
	} {
		w := &watcher{step: &cli.Step{Clock: test.clock}, left: test.ttl}
		if got := w.countdown(now); got != test.want {
			t.Errorf("%s: countdown() = %q, want %q", test.name, got, test.want)
		}
	}
}
