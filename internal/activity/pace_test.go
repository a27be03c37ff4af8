package activity

import (
	"testing"
	"time"
)

func TestPace(t *testing.T) {
	for _, test := range []struct {
		name, reason string
		perSecond    float64
		batch        int
		wait         time.Duration // for the first batch, and for each more
	}{
		{"no limit", "nothing waits", 0, MaxBatch, 0},
		{"slow", "a batch is what a second allows", 20, 20, time.Second},
		{"fast", "DynamoDB takes no larger batch", 100, MaxBatch, 250 * time.Millisecond},
		{"slower than one", "half a row can't be written", 0.5, 1, 2 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			before := time.Now()
			limiter, batch := Pace(test.perSecond)
			if batch != test.batch {
				t.Fatalf("Pace(%v) has batches of %d, want %d (%s)", test.perSecond, batch, test.batch, test.reason)
			}
			now := time.Now()
			for n := range 3 {
				want := test.wait * time.Duration(n+1)
				got := limiter.ReserveN(now, batch).DelayFrom(now)
				// It was made before now.
				if got > want || got < want-now.Sub(before) {
					t.Errorf("Pace(%v): batch %d waits %v, want %v (%s)", test.perSecond, n, got, want, test.reason)
				}
			}
		})
	}
}
