package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
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

	// The first third is for warming up: caches and pools fill.
	var before, after sample
	began := time.Now()
	ticker := time.NewTicker(*soak / 15)
	defer ticker.Stop()
	for running := true; running; {
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("it ended with %v", err)
			}
			running = false
		case <-ticker.C:
			s, at := take(t, dir), time.Since(began)
			t.Logf("%6v: %v", at.Round(time.Second), s)
			switch {
			case at < *soak/3:
			case at < *soak*2/3:
				before = before.max(s)
			case at < *soak:
				after = after.max(s)
			}
		}
	}
	t.Logf("after the audit: %v", take(t, dir))
	if after.heap > 2*before.heap+(16<<20) {
		t.Errorf("the heap grew from %d to %d bytes", before.heap, after.heap)
	}
	if after.goroutines > before.goroutines+8 {
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

func (s sample) max(other sample) sample {
	return sample{
		heap: max(s.heap, other.heap), goroutines: max(s.goroutines, other.goroutines),
		database: max(s.database, other.database), journal: max(s.journal, other.journal),
	}
}
