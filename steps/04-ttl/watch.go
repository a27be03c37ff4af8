package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"dynamostreamer/internal/activity"
	"dynamostreamer/internal/cli"
	"dynamostreamer/internal/stream"
)

// watch prints how the expected rows are removed. It returns once all are, or
// after the timeout.
func watch(ctx context.Context, step *cli.Step, reader *stream.Reader, expected map[string]bool, timeout time.Duration) error {
	waiting, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	total := len(expected)
	err := watchEvents(waiting, step, reader, expected)
	if errors.Is(err, context.Canceled) {
		step.Notef("stopped: %d of %d rows were removed",
			total-len(expected), total)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%s not removed within %v: DynamoDB removes a row some time after it expired, "+
			"AWS within a few days; give a longer -timeout, or see whether the rows have the attribute "+
			"that step 01 shows as the table's ttl", cli.Count(len(expected), "row"), timeout)
	}
	return err
}

// watchEvents takes each expected row off the list once it was removed.
func watchEvents(ctx context.Context, step *cli.Step, reader *stream.Reader, expected map[string]bool) error {
	for event, err := range reader.Events(ctx) {
		if err != nil {
			return err
		}
		var row activity.UserActivity
		if event.New != nil || event.Old.Decode(&row) != nil {
			continue // not a removal of a row like ours
		}
		if !expected[row.ID] {
			continue // another program's
		}
		// The record's own time is rounded, to the minute on
		// DynamoDB Local: take the time from our clock.
		seen := row.Lateness(step.Now()).Round(100 * time.Millisecond)
		when := fmt.Sprintf("%v after its ttl", seen)
		if seen < 0 {
			when = fmt.Sprintf("%v before its ttl", -seen)
		}
		err := step.Printf("%s %s %-23s %s\n",
			step.Kind(string(event.Kind)), row.ID, row.Email, when)
		if err != nil {
			return err
		}
		delete(expected, row.ID)
		if len(expected) == 0 {
			return nil
		}
	}
	return errors.New("the stream ended before all rows were removed")
}
