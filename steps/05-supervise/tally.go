package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/thejerf/suture/v4"

	"dynamostreamer/internal/activity"
	"dynamostreamer/internal/cli"
	"dynamostreamer/internal/stream"
)

// A tally counts what the services do, for show.
type tally struct {
	began time.Time

	mu       sync.Mutex
	writes   map[activity.ChangeKind]int
	events   map[stream.Kind]int
	restarts map[string]int
	reader   *stream.Reader
}

func newTally() *tally {
	return &tally{
		began:  time.Now(),
		writes: make(map[activity.ChangeKind]int), events: make(map[stream.Kind]int),
		restarts: make(map[string]int),
	}
}

func (t *tally) wrote(changes []activity.Change) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, c := range changes {
		t.writes[c.Kind]++
	}
}

func (t *tally) saw(events []stream.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, e := range events {
		t.events[e.Kind]++
	}
}

// reads notes the Reader that reads now.
func (t *tally) reads(r *stream.Reader) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.reader = r
}

func (t *tally) written() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return sum(t.writes)
}

func (t *tally) seen() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return sum(t.events)
}

func sum[K comparable](counts map[K]int) (n int) {
	for _, c := range counts {
		n += c
	}
	return n
}

// supervised tells what the supervisor does.
func (t *tally) supervised(live *cli.Live) suture.EventHook {
	restart := func(service, why string) {
		t.mu.Lock()
		t.restarts[service]++
		t.mu.Unlock()
		why, _, _ = strings.Cut(why, "\n")
		live.Notef("the %s is started again: %s", service, why)
	}
	return func(e suture.Event) {
		switch e := e.(type) {
		case suture.EventServicePanic:
			restart(e.ServiceName, "it panicked: "+strings.TrimPrefix(e.PanicMsg, "panic: "))
		case suture.EventServiceTerminate:
			restart(e.ServiceName, "it failed: "+brief(e.Err))
		case suture.EventStopTimeout:
			live.Notef("the %s does not stop", e.ServiceName)
		}
	}
}

// caughtUp returns a context that ends once the reader has read what was
// written until now, or after drainFor. The stream is given the time idle
// to show it; then each open shard must have nothing new twice: the first
// of these answers may be one that was asked for before.
func (t *tally) caughtUp(idle time.Duration) (context.Context, context.CancelFunc) {
	ctx, end := context.WithTimeout(context.Background(), drainFor)
	go func() {
		defer end()
		var from map[string]int64
		var of *stream.Reader
		for wait := idle; ; wait = 50 * time.Millisecond {
			select {
			case <-time.After(wait):
			case <-ctx.Done():
				return
			}
			t.mu.Lock()
			reader := t.reader
			t.mu.Unlock()
			if reader == nil {
				continue
			}
			if stats := reader.Stats(); reader != of {
				of, from = reader, emptyPages(stats.Shards)
			} else if readUp(stats, from) {
				return
			}
		}
	}()
	return ctx, end
}

func emptyPages(shards []stream.ShardStats) map[string]int64 {
	pages := make(map[string]int64)
	for _, s := range shards {
		pages[s.Shard] = s.EmptyPages
	}
	return pages
}

// readUp reports whether each shard is consumed or gave two empty answers
// since. Of one whose children are not listed yet, more may come, and of a
// stream that another one follows.
func readUp(stats stream.Stats, from map[string]int64) bool {
	parents := make(map[string]bool)
	for _, s := range stats.Shards {
		parents[s.Parent] = true
	}
	for _, s := range stats.Shards {
		switch {
		case s.State == stream.Expecting || s.State == stream.Consumed && !parents[s.Shard]:
			return false
		case !s.State.Ended() && s.EmptyPages < from[s.Shard]+2:
			return false
		}
	}
	return len(stats.Shards) > 0 && stats.Next == ""
}

// brief is an error without the SDK's account of it, where the network
// says what is the matter.
func brief(err any) string {
	var network *net.OpError
	if err, ok := err.(error); ok && errors.As(err, &network) {
		return network.Error()
	}
	return fmt.Sprint(err)
}

// show draws the state of things, in lines that a narrow terminal has
// room for.
func (t *tally) show(live *cli.Live, stage string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	elapsed := time.Since(t.began)
	wrote, read := sum(t.writes), sum(t.events)
	// The average, once there is one: a rate of the moment is 0 whenever
	// all is to stop.
	rate := func(n int) string {
		if n == 0 || elapsed < time.Second {
			return ""
		}
		return fmt.Sprintf(", %.0f a second", float64(n)/elapsed.Seconds())
	}
	var kinds []string
	for _, kind := range stream.Kinds {
		kinds = append(kinds, fmt.Sprintf("%s %d", kind, t.events[kind]))
	}
	if lost := t.events[stream.Lost]; lost > 0 {
		kinds = append(kinds, fmt.Sprintf("lost %d", lost))
	}
	took := elapsed.Round(time.Second)
	lag := t.lag()
	restarts := fmt.Sprintf("generator %d, reader %d", t.restarts["generator"], t.restarts["reader"])
	live.Show([]string{
		fmt.Sprintf("%-9s %v", stage, took),
		fmt.Sprintf("writes    %d%s", wrote, rate(wrote)),
		fmt.Sprintf("events    %d%s", read, rate(read)),
		fmt.Sprintf("          %s", strings.Join(kinds[:2], ", ")),
		fmt.Sprintf("          %s", strings.Join(kinds[2:], ", ")),
		fmt.Sprintf("lag       %s", lag),
		fmt.Sprintf("restarts  %s", restarts),
	}, fmt.Sprintf("%s %v: %d writes, %d events (%s), lag %s, restarts: %s",
		stage, took, wrote, read, strings.Join(kinds, ", "), lag, restarts))
}

// lag is how far the slowest shard is behind. DynamoDB Local knows the
// time of a change to the minute only.
func (t *tally) lag() string {
	if t.reader == nil {
		return "unknown"
	}
	var most time.Duration
	shards, rounded := 0, false
	for _, s := range t.reader.Stats().Shards {
		if !s.State.Ended() {
			shards++
			most = max(most, s.Lag)
			rounded = rounded || s.LastRecord.Equal(s.LastRecord.Truncate(time.Minute))
		}
	}
	lag := fmt.Sprint(most.Round(100 * time.Millisecond))
	if rounded && 0 < most && most < time.Minute {
		lag = "under 1m"
	}
	return fmt.Sprintf("%s, %d open shards", lag, shards)
}
