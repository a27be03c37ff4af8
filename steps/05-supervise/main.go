// 05-supervise runs a generator and a reader side by side under a
// supervisor, crashes them if it is told to, and proves at the end that
// every write was seen, in order, and counted once.
package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"dynamostreamer/internal/activity"
	"dynamostreamer/internal/audit"
	"dynamostreamer/internal/cli"
	"dynamostreamer/internal/supervise"
)

// catchUpWithin bounds the reading after the last write. It is a variable for
// tests.
var catchUpWithin = time.Minute

func main() {
	step := cli.New("05-supervise",
		"writes activities, reads their stream and audits both.",
		"go run ./steps/05-supervise -for 30s -crash 5s")
	o := newOptions(step)
	step.Main(func(ctx context.Context) error {
		if err := o.check(); err != nil {
			return err
		}
		return run(ctx, step, o)
	})
}

// run runs the services until ctx ends, or for the time of -for.
func run(ctx context.Context, step *cli.Step, o *options) error {
	db, streams, err := step.Connect(ctx)
	if err != nil {
		return err
	}
	if step.OnAWS() && !step.Given("rate") {
		o.rate = 1
	}
	live := step.Live()
	progress := supervise.NewProgress(live)
	if o.metrics != "" {
		served, err := serveMetrics(step, o, progress)
		if err != nil {
			return err
		}
		defer served.Close()
	}
	arn, err := makeTables(ctx, step, db)
	if err != nil {
		return err
	}
	journals, err := audit.OpenRun(o.journals, o.reader, arn)
	if err != nil {
		return err
	}
	defer journals.Close()
	crashes := &supervise.Crashes{Every: o.crash}

	// Two services. They share a table and know nothing of
	// each other.
	pace, batch := activity.Pace(o.rate)
	writes := &generator{activity.Session{
		Writer: &activity.Writer{
			API: db, Table: step.Table,
			Journal: supervise.Journal{
				Journal: journals.Writes, Progress: progress, Crash: crashes.Of(0),
			},
		},
		Rows: activity.NewGenerator(o.ttl, step.Now), Pace: pace,
		Updates: 0.3, Deletes: 0.2,
	}, batch}
	counted := &counts{db: db, table: readersTable(step), reader: o.reader}
	reads := &reader{
		db: db, streams: streams, table: step.Table,
		counts: counted, journal: journals.Events,
		progress: progress, live: live, crash: crashes.Of(1), pace: step.Pace(),
	}

	// The supervisor is told when to stop: Ctrl-C, which ends
	// ctx, does not reach the services.
	s := supervise.New(progress)
	if o.crash > 0 {
		s.Add("crashes", crashes, nil)
	}
	s.Add("generator", writes, progress.Written)
	s.Add("reader", reads, progress.Seen)
	s.Start()

	if o.length > 0 {
		timed, cancel := context.WithTimeout(ctx, o.length)
		defer cancel()
		ctx = timed
	}
	s.Run(ctx, "running")

	//weave:stop
	// Stopping has an order. What was written must be read
	// before the reader stops.
	s.Remove("crashes")
	s.Remove("generator")
	read, cancel := progress.CaughtUp(o.idle, catchUpWithin)
	defer cancel()
	s.Run(read, "stopping")
	s.Remove("reader")
	//weave:end
	err = s.Stop()
	switch why := context.Cause(read); {
	case errors.Is(why, supervise.ErrStandby):
		err = why
	case err != nil || errors.Is(why, supervise.ErrCaughtUp):
	case errors.Is(why, context.DeadlineExceeded):
		err = fmt.Errorf("the reader did not catch up with the writes within %v", catchUpWithin)
	}
	if err != nil {
		return fmt.Errorf("%w\nnot audited: some writes may not have been read yet; run again, "+
			"then audit all journals: go run ./steps/06-audit %s", err, o.journals)
	}
	if err := counted.end(journals.Events); err != nil {
		return err
	}
	report, err := journals.Reconcile()
	if err != nil {
		return err
	}
	return errors.Join(step.Printf("%v", report), report.Err())
}
