// 04-ttl shows TTL at work: it writes rows that expire in seconds,
// deletes one by hand, lets another live longer, and watches in the
// stream how each of them goes.
package main

import (
	"context"
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

// options are the values of the flags.
type options struct {
	n            int
	ttl, timeout time.Duration
	clock        string
	scale        int // of -clock
	seed         uint64
}

func main() {
	step := cli.New("04-ttl",
		"shows how rows expire, and how that differs from a delete.",
		"go run ./steps/04-ttl -n 5 -ttl 3s")
	var o options
	step.IntVar(&o.n, "n", 3, "`rows` that are left to expire")
	step.DurationVar(&o.ttl, "ttl", 2*time.Second,
		"the `time` after which they expire")
	step.DurationVar(&o.timeout, "timeout", time.Minute,
		"give up after this `time`; on aws a removal may take days")
	step.StringVar(&o.clock, "clock", "1x",
		"run the clock this many `times` faster, such as 60x, in a new\nembedded DynamoDB in memory; -ttl is then 1h")
	step.Uint64Var(&o.seed, "seed", 0,
		"make the same rows for the same `number`")
	step.Main(func(ctx context.Context) error {
		if err := o.check(step); err != nil {
			return err
		}
		return run(ctx, step, o)
	})
}

func (o *options) check(step *cli.Step) (err error) {
	switch {
	case o.n < 1:
		return cli.Usagef("-n %d is less than 1", o.n)
	case o.ttl < time.Second:
		return cli.Usagef("-ttl %v is less than 1s: a TTL counts whole seconds", o.ttl)
	case o.timeout <= 0:
		return cli.Usagef("-timeout %v must be more than 0", o.timeout)
	}
	o.scale, err = strconv.Atoi(strings.TrimSuffix(o.clock, "x"))
	if err != nil || o.scale < 1 {
		return cli.Usagef("-clock %s: not a factor, such as 60x", o.clock)
	}
	if o.scale > fastest {
		return cli.Usagef("-clock %s is too fast: records would vanish before they are read; give %dx at most", o.clock, fastest)
	}
	if o.scale > 1 {
		step.Clock = o.scale
		if !step.Given("ttl") {
			o.ttl = time.Hour
		}
		if !step.Given("timeout") {
			o.timeout += o.ttl / time.Duration(o.scale)
		}
	}
	return nil
}

func run(ctx context.Context, step *cli.Step, o options) error {
	db, streams, err := step.Connect(ctx)
	if err != nil {
		return err
	}
	t, err := ready(ctx, step, db)
	if err != nil {
		return err
	}
	rows := activity.NewGenerator(o.ttl, step.Now)
	if step.Given("seed") {
		rows = activity.NewSeededGenerator(o.seed, o.ttl, step.Now)
	}

	// Take the position in the stream first, then write: whatever
	// happens to the rows comes after it. On a faster clock,
	// poll more often, or our own wait would hide DynamoDB's.
	reader, err := stream.Open(ctx, streams, t.StreamARN,
		stream.Options{
			Start:  stream.Latest,
			Poll:   time.Second / time.Duration(o.scale),
			Pace:   step.Pace(),
			Logger: step.Logger(),
		})
	if err != nil {
		return err
	}
	expected, kept, err := play(ctx, step, db, rows.Rows(o.n+2))
	if err != nil {
		return err
	}
	step.Notef("%d rows will be removed: one was deleted just now, the others once DynamoDB looks for expired ones", len(expected))
	w := &watcher{step: step, live: step.Live(), left: expected}
	if err := w.watch(ctx, reader, o.timeout); err != nil {
		return err
	}
	return stillThere(ctx, step, db, kept)
}
