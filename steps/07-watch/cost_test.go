//go:build unix

package main

import (
	"context"
	"flag"
	"io"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
	"time"
)

var cost = flag.Duration("cost", 0, "how long TestCost measures with the page closed and open; 0: it is skipped")

// asSink is the first argument of a process that reads what a browser
// gets and drops it.
const asSink = "sink"

func sinkMain() {
	answer, err := http.Get(os.Args[2])
	if err == nil {
		_, err = io.Copy(io.Discard, answer.Body)
	}
	if err != nil {
		os.Exit(1)
	}
}

// TestCost measures what the page adds with 100 open shards, 10,000
// rows and 500 changes a second: a third of the time closed, a third
// open, a third closed again.
func TestCost(t *testing.T) {
	if *cost == 0 {
		t.Skip("it takes a minute: go test ./steps/07-watch -run TestCost -cost 20s -v")
	}
	b := load(t, 100, 10_000)
	b.post("/watch/rate", body{"rate": 500})
	ctx, leave := context.WithCancel(t.Context())
	time.Sleep(5 * time.Second)

	before := measure(t, b, "closed")
	sink := exec.CommandContext(ctx, os.Args[0], asSink, b.address+"/watch/events")
	if err := sink.Start(); err != nil {
		t.Fatal(err)
	}
	for b.app.hub.Browsers() == 0 {
		time.Sleep(10 * time.Millisecond)
	}
	open := measure(t, b, "open")
	leave()
	sink.Wait()
	for b.app.hub.Browsers() > 0 {
		time.Sleep(10 * time.Millisecond)
	}
	after := measure(t, b, "closed again")
	adds := open.core - (before.core+after.core)/2
	t.Logf("the page adds %.1f %% of a core, and %.1f MB", 100*adds, open.mb-(before.mb+after.mb)/2)
	if adds > 0.3 {
		t.Errorf("the page adds %.0f %% of a core, want less than 30", 100*adds)
	}
	if open.mb-before.mb > 50 {
		t.Errorf("the page adds %.0f MB, want less than 50", open.mb-before.mb)
	}
}

// load opens the step with shards and rows, and closes the page.
func load(t *testing.T, shards, rows int) *browser {
	ctx, leave := context.WithCancel(t.Context())
	b := openIn(ctx, t, "-rate", "0", "-ttl", "1h")
	for range shards - 1 {
		b.post("/watch/lab/split", body{"table": "user-activities"})
	}
	for range rows / 1000 {
		b.post("/watch/write", body{"n": 1000})
	}
	b.until("all is there", func() bool { return len(b.rows) >= rows && len(b.shards) >= 2*shards-1 })
	leave()
	for b.app.hub.Browsers() > 0 {
		time.Sleep(10 * time.Millisecond)
	}
	return b
}

type usage struct {
	core float64 // of one
	mb   float64 // of the heap, after a collection
}

func measure(t *testing.T, b *browser, what string) (u usage) {
	n := b.app.model.Records()
	began, cpu := time.Now(), cpuTime(t)
	time.Sleep(*cost)
	took := time.Since(began)
	u.core = (cpuTime(t) - cpu).Seconds() / took.Seconds()
	u.mb = heap()
	t.Logf("%-12s %5.1f %% of a core, %5.1f MB, %4.0f changes a second", what, 100*u.core, u.mb, float64(b.app.model.Records()-n)/took.Seconds())
	return u
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
