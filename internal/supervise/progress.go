package supervise

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

// A Progress counts what a generator and a reader do, for show.
type Progress struct {
	live  *cli.Live
	began time.Time

	mu       sync.Mutex
	writes   map[activity.ChangeKind]int
	events   map[stream.Kind]int
	restarts map[string]int
	reader   *stream.Reader
}

// NewProgress shows on live how things stand.
func NewProgress(live *cli.Live) *Progress {
	return &Progress{
		live: live, began: time.Now(),
		writes: make(map[activity.ChangeKind]int), events: make(map[stream.Kind]int),
		restarts: make(map[string]int),
	}
}

// Wrote counts writes.
func (p *Progress) Wrote(changes []activity.Change) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range changes {
		p.writes[c.Kind]++
	}
}

// Saw counts events that were handled.
func (p *Progress) Saw(events []stream.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range events {
		p.events[e.Kind]++
	}
}

// Reads notes the Reader that reads now.
func (p *Progress) Reads(r *stream.Reader) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reader = r
}

// Stats are those of the Reader that reads now, or read last.
func (p *Progress) Stats() stream.Stats {
	if r := p.current(); r != nil {
		return r.Stats()
	}
	return stream.Stats{}
}

// Health is that of the Reader that reads now, or read last.
func (p *Progress) Health(now time.Time) error {
	if r := p.current(); r != nil {
		return r.Health(now)
	}
	return errors.New("no reader has been opened yet")
}

func (p *Progress) current() *stream.Reader {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.reader
}

// Written is the number of writes so far.
func (p *Progress) Written() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return sum(p.writes)
}

// Seen is the number of events so far.
func (p *Progress) Seen() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return sum(p.events)
}

func sum[K comparable](counts map[K]int) (n int) {
	for _, c := range counts {
		n += c
	}
	return n
}

// Why a context of CaughtUp ended, besides its limit.
var (
	ErrCaughtUp = errors.New("the reader has caught up")
	ErrStandby  = errors.New("another process has a reader of this name, which reads")
)

// standbyFor is for how long a reader stands by after one that was killed, and
// some more.
const standbyFor = 15 * time.Second

// CaughtUp returns a context that ends once the reader has handled what was
// written until now, with the cause ErrCaughtUp; once it is clear that it only
// stands by, with ErrStandby; or after limit. The stream is given the time idle
// to show it.
func (p *Progress) CaughtUp(idle, limit time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	ctx, end := context.WithCancelCause(ctx)
	go func() {
		var since stream.Stats
		var of *stream.Reader
		for wait := idle; ; wait = 50 * time.Millisecond {
			select {
			case <-time.After(wait):
			case <-ctx.Done():
				return
			}
			reader := p.current()
			if reader == nil {
				continue
			}
			switch stats := reader.Stats(); {
			case stats.Standby && time.Since(stats.Since) > standbyFor:
				end(ErrStandby)
			case stats.Standby:
			case reader != of:
				of, since = reader, stats
			case stats.CaughtUpSince(since):
				end(ErrCaughtUp)
			}
		}
	}()
	return ctx, cancel
}

// supervised tells of restarts.
func (p *Progress) supervised(e suture.Event) {
	restarting := func(service, why string) {
		p.mu.Lock()
		p.restarts[service]++
		p.mu.Unlock()
		why, _, _ = strings.Cut(why, "\n")
		p.live.Notef("restarting %s: %s", service, why)
	}
	switch e := e.(type) {
	case suture.EventServicePanic:
		restarting(e.ServiceName, "panic: "+strings.TrimPrefix(e.PanicMsg, "panic: "))
	case suture.EventServiceTerminate:
		restarting(e.ServiceName, brief(e.Err))
	case suture.EventStopTimeout:
		p.live.Notef("the %s does not stop", e.ServiceName)
	}
}

// brief is an error without what the SDK says around a network's.
func brief(err any) string {
	var network *net.OpError
	if err, ok := err.(error); ok && errors.As(err, &network) {
		return network.Error()
	}
	return fmt.Sprint(err)
}

// show draws how things stand, in lines that fit a narrow terminal.
func (p *Progress) show(stage string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	elapsed := time.Since(p.began)
	wrote, read := sum(p.writes), sum(p.events)
	// The average, once there is one: a rate of the moment is 0 whenever
	// all is to stop.
	rate := func(n int) string {
		if n == 0 || elapsed < time.Second {
			return ""
		}
		return fmt.Sprintf(", %s a second", cli.Rate(float64(n)/elapsed.Seconds()))
	}
	var kinds []string
	for _, kind := range stream.Kinds {
		kinds = append(kinds, fmt.Sprintf("%s %d", kind, p.events[kind]))
	}
	if lost := p.events[stream.Lost]; lost > 0 {
		kinds = append(kinds, fmt.Sprintf("lost %d", lost))
	}
	took := elapsed.Round(time.Second)
	lag := p.lag()
	restarts := fmt.Sprintf("generator %d, reader %d", p.restarts["generator"], p.restarts["reader"])
	p.live.Show([]string{
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

// lag is how far the slowest shard is behind. DynamoDB Local knows the time
// of a change to the minute only.
func (p *Progress) lag() string {
	if p.reader == nil {
		return "unknown"
	}
	stats := p.reader.Stats()
	if stats.Standby {
		return "unknown, standing by"
	}
	var most time.Duration
	shards, rounded := 0, false
	for _, s := range stats.Shards {
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
	return fmt.Sprintf("%s, %s", lag, cli.Count(shards, "open shard"))
}
