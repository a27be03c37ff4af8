// 04-ttl shows TTL at work: it writes rows that expire in seconds,
// deletes one by hand, lets another live longer, and watches in the
// stream how each of them goes.
package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"dynamostreamer/internal/activity"
	"dynamostreamer/internal/cli"
	"dynamostreamer/internal/stream"
)

// fastest passes an hour in a second. A stream keeps its records for a
// day, and a busy machine may pause this program for a while.
const fastest = 60 * 60

func main() {
	step := cli.New("04-ttl",
		"shows how rows expire, and how that differs from a delete.",
		"go run ./steps/04-ttl -n 5 -ttl 3s")
	n := step.Int("n", 3, "`rows` that are left to expire")
	ttl := step.Duration("ttl", 2*time.Second,
		"the `time` after which they expire")
	timeout := step.Duration("timeout", time.Minute,
		"give up after this `time`; on aws a removal may take days")
	clock := step.String("clock", "1x",
		"pass time this many `times` as fast, such as 60x, in an\nembedded DynamoDB of the step's own in memory; -ttl is then 1h")
	seed := step.Uint64("seed", 0,
		"make the same rows again for the same `number`")

	step.Main(func(ctx context.Context) error {
		switch {
		case *n < 1:
			return cli.Usagef("-n %d is less than 1", *n)
		case *ttl < time.Second:
			return cli.Usagef("-ttl %v is less than 1s: a TTL counts whole seconds", *ttl)
		case *timeout <= 0:
			return cli.Usagef("-timeout %v must be more than 0", *timeout)
		}
		scale, err := strconv.Atoi(strings.TrimSuffix(*clock, "x"))
		if err != nil || scale < 1 {
			return cli.Usagef("-clock %s is no factor, such as 60x", *clock)
		}
		if scale > fastest {
			return cli.Usagef("-clock %s is too fast: records would be gone before they are read; give %dx at most", *clock, fastest)
		}
		if scale > 1 {
			step.Clock = scale
			if !step.Given("ttl") {
				*ttl = time.Hour
			}
			if !step.Given("timeout") {
				*timeout += *ttl / time.Duration(scale)
			}
		}
		db, streams, err := step.Connect(ctx)
		if err != nil {
			return err
		}
		t, err := ready(ctx, step, db)
		if err != nil {
			return err
		}
		rows := activity.NewGenerator(*ttl, step.Now)
		if step.Given("seed") {
			rows = activity.NewSeededGenerator(*seed, *ttl, step.Now)
		}

		// Mark the place in the stream first, then write: whatever
		// happens to the rows comes after it. On a faster clock,
		// look more often, or our own wait would hide DynamoDB's.
		reader, err := stream.Open(ctx, streams, t.StreamARN,
			stream.Options{
				Start:  stream.Latest,
				Poll:   time.Second / time.Duration(scale),
				Pace:   step.Pace(),
				Logger: step.Logger(),
			})
		if err != nil {
			return err
		}
		expected, kept, err := play(ctx, step, db, rows.Rows(*n+2))
		if err != nil {
			return err
		}
		step.Notef("%d rows are to go: one was deleted just now, the others once DynamoDB looks for expired ones", len(expected))

		waiting, cancel := context.WithTimeout(ctx, *timeout)
		defer cancel()
		total := len(expected)
		err = watch(waiting, step, reader, expected)
		if errors.Is(err, context.Canceled) {
			step.Notef("stopped: %d of %d rows were seen to go",
				total-len(expected), total)
		}
		if errors.Is(err, context.DeadlineExceeded) {
			return fmt.Errorf("%d rows were not seen to go within %v: DynamoDB removes a row some time after it expired, "+
				"AWS within a few days; give a longer -timeout, "+
				"or see whether the rows have the attribute that step 01 shows as the table's ttl", len(expected), *timeout)
		}
		if err != nil {
			return err
		}
		return stillThere(ctx, step, db, kept)
	})
}

// watch prints how the expected rows go, and takes each off the list. It
// returns when all are gone.
func watch(ctx context.Context, step *cli.Step, reader *stream.Reader, expected map[string]bool) error {
	for event, err := range reader.Events(ctx) {
		if err != nil {
			return err
		}
		var row activity.UserActivity
		if event.New != nil || event.Old.Decode(&row) != nil {
			continue // no removal, or not of a row like ours
		}
		if !expected[row.ID] {
			continue // somebody else's
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
	return errors.New("the stream ended before all rows were gone")
}
