//go:build unix

package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"
)

var cost = flag.Duration("cost", 0, "how long TestCost measures; 0: it and TestGrowth are skipped")

// TestCost measures what the page adds with 100 open shards, 10,000
// rows and 500 changes a second, in one run. The page is closed and
// open in turn, so that what else the machine does falls on both.
func TestCost(t *testing.T) {
	if *cost == 0 {
		t.Skip("it takes minutes: go test ./steps/07-watch -run TestCost -cost 60s -v")
	}
	const turns = 6
	b := load(t, 100, 10_000, "-ttl", "1h")
	b.post("/watch/rate", body{"rate": 500})
	time.Sleep(5 * time.Second)
	var closed, opened usage
	for range turns {
		closed.add(measure(t, b, "closed", *cost/(2*turns)))
		ctx, leave := context.WithCancel(t.Context())
		sink := exec.CommandContext(ctx, os.Args[0], asSink, b.address+"/watch/events")
		if err := sink.Start(); err != nil {
			t.Fatal(err)
		}
		b.browsers(1)
		opened.add(measure(t, b, "open", *cost/(2*turns)))
		leave()
		sink.Wait()
		b.browsers(0)
	}
	core, mb := (opened.core-closed.core)/turns, (opened.mb-closed.mb)/turns
	t.Logf("the page adds %.1f %% of a core to %.1f %%, and %.1f MB of heap to %.1f MB", 100*core, 100*closed.core/turns, mb, closed.mb/turns)
	if core > 0.3 || mb > 50 {
		t.Error("want less than 30 % of a core and less than 50 MB")
	}
}

// TestGrowth compares the memory after 100,000 and 200,000 changes.
func TestGrowth(t *testing.T) {
	if *cost == 0 {
		t.Skip("it takes a minute: go test ./steps/07-watch -run TestGrowth -cost 60s -v")
	}
	// In a folder: an engine in memory keeps 24 hours of records.
	b := load(t, 10, 1000, "-ttl", "1h", "-endpoint", "embedded:"+filepath.Join(t.TempDir(), "db"))
	after := func(n int64) (mb float64) {
		for b.app.model.Records() < n {
			b.post("/watch/write", body{"n": 1000})
		}
		for !b.app.model.HandledAll(ours) {
			time.Sleep(100 * time.Millisecond)
		}
		mb = heap()
		t.Logf("after %d changes %.1f MB of heap, %.1f MB resident", b.app.model.Records(), mb, resident(t))
		return mb
	}
	first, second := after(100_000), after(200_000)
	if second > 1.1*first {
		t.Errorf("the heap grew from %.1f MB to %.1f MB, want at most 10 %%", first, second)
	}
}

// browsers waits until so many are connected.
func (b *browser) browsers(n int) {
	for b.app.hub.Browsers() != n {
		time.Sleep(10 * time.Millisecond)
	}
}

// load opens the step with shards and rows, and closes the page.
func load(t *testing.T, shards, rows int, args ...string) *browser {
	ctx, leave := context.WithCancel(t.Context())
	b := openIn(ctx, t, append(args, "-rate", "0")...)
	for range shards - 1 {
		b.post("/watch/lab/split", body{"table": "user-activities"})
	}
	for range rows / 1000 {
		b.post("/watch/write", body{"n": 1000})
	}
	b.until("all is there", func() bool { return len(b.rows) >= rows && len(b.shards) >= 2*shards-1 })
	leave()
	b.browsers(0)
	return b
}

type usage struct {
	core float64 // of one
	mb   float64 // of the heap, after a collection
}

func (u *usage) add(more usage) {
	u.core += more.core
	u.mb += more.mb
}

func measure(t *testing.T, b *browser, what string, d time.Duration) (u usage) {
	n := b.app.model.Records()
	began, cpu := time.Now(), cpuTime(t)
	time.Sleep(d)
	took := time.Since(began)
	u.core = (cpuTime(t) - cpu).Seconds() / took.Seconds()
	u.mb = heap()
	t.Logf("%-6s %5.1f %% of a core, %5.1f MB, %4.0f changes a second", what, 100*u.core, u.mb, float64(b.app.model.Records()-n)/took.Seconds())
	return u
}

// resident is the process's memory in RAM, in MB.
func resident(t *testing.T) float64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Skip(err) // not Linux
	}
	var size, pages float64
	fmt.Sscan(string(text), &size, &pages)
	return pages * float64(os.Getpagesize()) / 1e6
}

// heap is the memory in use after a collection, in MB.
func heap() float64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc) / 1e6
}

func cpuTime(t *testing.T) time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		t.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
