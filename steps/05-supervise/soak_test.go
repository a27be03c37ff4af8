package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"dynamostreamer/internal/cli"
)

var soak = flag.Duration("soak", 15*time.Second, "the time for which TestSoak runs the services at full speed")

// TestSoak runs the services as fast as they can. Neither the memory that
// is in use nor the number of goroutines may grow.
func TestSoak(t *testing.T) {
	dir := t.TempDir()
	step := cli.New("05-supervise", "", "")
	o := newOptions(step)
	err := step.Parse([]string{
		"-endpoint", "embedded:" + dir, "-journals", filepath.Join(dir, "journals"),
		"-rate", "0", "-ttl", "5s", "-for", soak.String(),
	})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- run(context.Background(), step, o) }()

	var samples []sample
	began := time.Now()
	ticker := time.NewTicker(*soak / 30)
	defer ticker.Stop()
	for running := true; running; {
		select {
		case err := <-ended:
			if err != nil && !strings.Contains(err.Error(), "too many for one audit") {
				t.Errorf("it ended with %v", err)
			}
			running = false
		case <-ticker.C:
			s, at := take(t, dir), time.Since(began)
			if len(samples)%3 == 0 {
				t.Logf("%6v: %v", at.Round(time.Second), s)
			}
			if at < *soak { // later, it audits
				samples = append(samples, s)
			}
		}
	}
	t.Logf("after the audit: %v", take(t, dir))
	if len(samples) < 6 {
		t.Fatalf("only %d samples were taken: give it more time, as with -soak 1m", len(samples))
	}
	// The first third is for warming up: caches and pools fill.
	samples = samples[len(samples)/3:]
	before, after := least(samples[:len(samples)/2]), least(samples[len(samples)/2:])
	if after.heap > before.heap+(4<<20) {
		t.Errorf("the heap grew from %d to %d bytes", before.heap, after.heap)
	}
	if after.goroutines > before.goroutines+3 {
		t.Errorf("the goroutines grew from %d to %d", before.goroutines, after.goroutines)
	}
}

// A sample is what the process uses at a moment.
type sample struct {
	heap              uint64 // bytes in use after a collection
	goroutines        int
	database, journal int64 // bytes of files
}

func take(t *testing.T, dir string) (s sample) {
	t.Helper()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	s.heap, s.goroutines = m.HeapAlloc, runtime.NumGoroutine()
	for _, pattern := range []string{"dynamodb.sqlite*", "journals/*"} {
		names, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if info, err := os.Stat(name); err == nil && pattern[0] == 'd' {
				s.database += info.Size()
			} else if err == nil {
				s.journal += info.Size()
			}
		}
	}
	return s
}

func (s sample) String() string {
	return fmt.Sprintf("heap %.1f MB, %d goroutines, database %.1f MB, journals %.1f MB",
		float64(s.heap)/1e6, s.goroutines, float64(s.database)/1e6, float64(s.journal)/1e6)
}

// least is what is in use at the quietest moments: a sample may catch a
// transaction under way, and only what stays is a leak.
func least(samples []sample) sample {
	low := samples[0]
	for _, s := range samples[1:] {
		low.heap, low.goroutines = min(low.heap, s.heap), min(low.goroutines, s.goroutines)
	}
	return low
}
