package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"dynamostreamer/internal/cli"
	"dynamostreamer/internal/stream"
)

// choices are the values of the flags.
type choices struct {
	step       *cli.Step
	follow     bool
	idle       time.Duration
	from       string
	copies     bool
	only       string
	format     string
	checkpoint *cli.Checkpoint
	onGap      string
	pace       float64
	stats      bool
	list       bool
	reset      bool
}

func newChoices(step *cli.Step) *choices {
	c := &choices{step: step}
	step.BoolVar(&c.follow, "follow", false,
		"continue until Ctrl-C instead of ending at the last change")
	step.DurationVar(&c.idle, "idle", 3*time.Second,
		"without -follow: end once the open shards have had\nnothing new for this `time`")
	step.StringVar(&c.from, "from", "trim-horizon",
		"`start` at trim-horizon, the oldest change there is;\n"+
			"at latest, now; a time ago, such as 10m; at a time,\n"+
			"such as 2026-11-24T08:00:00Z; or after:SEQUENCE.\n"+
			"ignored where there is a checkpoint")
	step.BoolVar(&c.copies, "copy", false,
		"print the rows of the table, and then what changed\nsince; with a -checkpoint, the rows are printed once")
	step.StringVar(&c.only, "only", "",
		"print only these `kinds`: inserted, modified, deleted,\nexpired and, with -copy, copied; several with commas")
	step.StringVar(&c.format, "format", "text",
		"print `text`, a line for each change, or json,\nan object for each")
	c.checkpoint = cli.NewCheckpoint(step)
	step.StringVar(&c.onGap, "on-gap", "stop",
		"`stop` where changes were lost or may have been, or\nskip: print that gap and continue after it")
	step.Float64Var(&c.pace, "pace", 0,
		"read each shard at most this many `times` a second;\n0 is 4 on aws and no bound elsewhere")
	step.BoolVar(&c.stats, "stats", false,
		"print on stderr what each shard does: at the end and,\nwith -follow, every 10s")
	step.BoolVar(&c.list, "list", false,
		"print what -checkpoint holds, a line for each shard,\nand read nothing")
	step.BoolVar(&c.reset, "reset", false,
		"remove what -checkpoint holds, unless a reader has it,\nand read nothing")
	return c
}

// options checks the flags before anything is asked of the server.
func (c *choices) options() (stream.Options, error) {
	o := stream.Options{Idle: c.idle, Pace: c.pace, Logger: c.step.Logger()}
	if c.follow {
		o.Idle = 0
	}
	var err error
	if o.Start, err = cli.ParseStart(c.from, time.Now()); err != nil {
		return o, err
	}
	switch {
	case c.idle <= 0:
		return o, cli.Usagef("-idle %v must be more than 0", c.idle)
	case c.onGap != "stop" && c.onGap != "skip":
		return o, cli.Usagef("-on-gap %s is unknown: give stop or skip", c.onGap)
	case c.copies && c.step.Given("from"):
		return o, cli.Usagef("-copy and -from don't go together: a copy begins now")
	case c.list && c.reset:
		return o, cli.Usagef("-list and -reset don't go together")
	case c.operates() && c.checkpoint.Value == "":
		return o, cli.Usagef("-list and -reset are about a -checkpoint: give one")
	case c.onGap == "skip":
		o.OnGap = stream.SkipGaps
	}
	return o, c.checkpoint.Check()
}

// operates reports whether nothing is to be read.
func (c *choices) operates() bool { return c.list || c.reset }

// connected adds what depends on the server.
func (c *choices) connected(o *stream.Options, db *dynamodb.Client) {
	o.Checkpoints = c.checkpoint.In(db)
	if c.pace == 0 {
		o.Pace = c.step.Pace()
	}
	if c.copies {
		o.Copy = &stream.Copy{Table: db}
		if !c.step.OnAWS() {
			o.Copy.Rate = stream.Unbounded
		}
	}
}

// ignored says that -from doesn't count where there is a checkpoint.
func (c *choices) ignored() string {
	if !c.step.Given("from") {
		return ""
	}
	return ": -from " + c.from + " is ignored"
}

// checkpointHint says what can be done about a checkpoint that is not as it
// should be.
func (c *choices) checkpointHint(err error) error {
	if unfinished := (*stream.UnfinishedCopyError)(nil); errors.As(err, &unfinished) {
		return fmt.Errorf("checkpoint %s is that of a copy of the table that is not complete: give -copy to continue it, or -reset to start over", c.checkpoint.Value)
	}
	return c.checkpoint.Hint(err)
}

// reportRegularly prints the statistics, if they were asked for, until the
// function it returns is called, which prints them once more.
func (c *choices) reportRegularly(ctx context.Context, reader *stream.Reader) (end func()) {
	if !c.stats {
		return func() {}
	}
	if !c.follow {
		return func() { report(c.step, reader.Stats()) }
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(10 * time.Second)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				report(c.step, reader.Stats())
			case <-ctx.Done():
				return
			}
		}
	}()
	return func() {
		cancel()
		<-done
		report(c.step, reader.Stats())
	}
}

// report prints a line for each shard.
func report(step *cli.Step, stats stream.Stats) {
	for _, s := range stats.Shards {
		lag := "nothing read yet"
		switch {
		case s.CaughtUp:
			lag = "caught up"
		case !s.LastRecord.IsZero():
			lag = s.Lag.Round(time.Second).String() + " behind, trimmed in " + s.Left.Round(time.Minute).String()
		}
		step.Notef("%s %s, %s: calls %d, records %d, empty pages %d, throttles %d, new iterators %d, gaps %d",
			s.Shard, s.State, lag, s.Calls, s.Records, s.EmptyPages, s.Throttles, s.Renewals, s.Gaps)
	}
	if stats.Next != "" {
		step.Notef("next stream %s: it is read once this one is consumed", stats.Next)
	}
}
