package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"dynamostreamer/internal/activity"
	"dynamostreamer/internal/cli"
	"dynamostreamer/internal/stream"
)

// A watcher waits for rows to be removed.
type watcher struct {
	step *cli.Step
	live *cli.Live

	mu   sync.Mutex
	left map[string]time.Time // the ttl of each row, by id
}

// watch prints how the rows are removed. It returns once all are, or after
// the timeout.
func (w *watcher) watch(ctx context.Context, reader *stream.Reader, timeout time.Duration) error {
	waiting, cancel := context.WithTimeout(ctx, timeout)
	total := len(w.left)
	var counting sync.WaitGroup
	counting.Go(func() { w.countDown(waiting) })
	err := w.events(waiting, reader)
	cancel()
	counting.Wait()
	if errors.Is(err, context.Canceled) {
		w.step.Notef("stopped: %d of %d rows were removed", total-len(w.left), total)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%s not removed within %v: DynamoDB removes a row some time after it expired, "+
			"AWS within a few days; give a longer -timeout, or see whether the rows have the attribute "+
			"that step 01 shows as the table's ttl", cli.Count(len(w.left), "row"), timeout)
	}
	return err
}

// events takes each row off the list once it was removed.
func (w *watcher) events(ctx context.Context, reader *stream.Reader) error {
	for event, err := range reader.Events(ctx) {
		if err != nil {
			return err
		}
		var row activity.UserActivity
		if event.New != nil || event.Old.Decode(&row) != nil {
			continue // not a removal of a row like ours
		}
		w.mu.Lock()
		_, ours := w.left[row.ID]
		delete(w.left, row.ID)
		left := len(w.left)
		w.mu.Unlock()
		if !ours {
			continue // another program's
		}
		// The record's own time is rounded, to the minute on
		// DynamoDB Local: take the time from our clock.
		seen := row.Lateness(w.step.Now()).Round(100 * time.Millisecond)
		when := fmt.Sprintf("%v after its ttl", seen)
		if seen < 0 {
			when = fmt.Sprintf("%v before its ttl", -seen)
		}
		err := w.live.Above(func() error {
			return w.step.Printf("%s %s %-23s %s\n",
				w.step.Kind(string(event.Kind)), cli.ID(row.ID), row.Email, when)
		})
		if err != nil || left == 0 {
			return err
		}
	}
	return errors.New("the stream ended before all rows were removed")
}

// countDown shows on a terminal how long the next row has, until ctx ends.
func (w *watcher) countDown(ctx context.Context) {
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			w.live.Show([]string{w.countdown(w.step.Now())}, "")
		case <-ctx.Done():
			w.live.Above(func() error { return nil })
			return
		}
	}
}

func (w *watcher) countdown(now time.Time) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	clock := ""
	if w.step.Clock > 0 {
		clock = ", clock " + now.UTC().Format("15:04:05")
	}
	var next time.Time
	expired := 0
	for _, ttl := range w.left {
		switch {
		case !ttl.After(now):
			expired++
		case next.IsZero() || ttl.Before(next):
			next = ttl
		}
	}
	if expired > 0 {
		return fmt.Sprintf("%s expired and not removed yet%s", cli.Count(expired, "row"), clock)
	}
	return fmt.Sprintf("%s left, next expires in %v%s", cli.Count(len(w.left), "row"), next.Sub(now).Round(100*time.Millisecond), clock)
}
