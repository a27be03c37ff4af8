// 05-supervise runs a generator and a reader side by side under a
// supervisor, crashes them if it is told to, and proves at the end that
// every write was seen, in order, and counted once.
package main

import (
	"context"
	"errors"
	"fmt"

	"dynamostreamer/internal/activity"
	"dynamostreamer/internal/cli"
)

func main() {
	step := cli.New("05-supervise",
		"writes activities, reads their stream and audits both.",
		"go run ./steps/05-supervise -for 30s -crash 5s")
	o := newOptions(step)

	step.Main(func(ctx context.Context) error {
		if err := o.check(); err != nil {
			return err
		}
		if o.audit {
			return auditFiles(step, step.Args())
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
	stream, err := makeTable(ctx, step, db)
	if err != nil {
		return err
	}
	journals, err := openJournals(o.journals, o.reader, stream)
	if err != nil {
		return err
	}
	defer journals.Close()
	live := step.Live()
	tally := newTally()
	crash := &crashes{every: o.crash}

	// Two services. They share a table and know nothing of
	// each other.
	generator := &generator{
		writer: &activity.Writer{
			API: db, Table: step.Table,
			Journal: watchedJournal{journals.writes, tally, crash.of(0)},
		},
		rows:    activity.NewGenerator(o.ttl, step.Now),
		updates: 0.3, deletes: 0.2,
	}
	generator.pace, generator.batch = activity.Pace(o.rate)
	counts := &counts{db: db, table: readersTable(step), reader: o.reader}
	reader := &reader{
		db: db, streams: streams, table: step.Table,
		counts: counts, journal: journals.events,
		tally: tally, live: live, crash: crash.of(1), pace: step.Pace(),
	}

	// The supervisor is told when to stop: Ctrl-C, which ends
	// ctx, does not reach the services.
	s := newSupervision(tally, live)
	if o.crash > 0 {
		s.add("crashes", crash, nil)
	}
	s.add("generator", generator, tally.written)
	s.add("reader", reader, tally.seen)
	s.start()

	if o.length > 0 {
		timed, cancel := context.WithTimeout(ctx, o.length)
		defer cancel()
		ctx = timed
	}
	s.run(ctx, "running")

	//weave:stop
	// Stopping has an order. What was written must be read
	// before the reader stops.
	s.remove("crashes")
	s.remove("generator")
	read, cancel := tally.caughtUp(o.idle)
	defer cancel()
	s.run(read, "stopping")
	s.remove("reader")
	//weave:end
	err = s.stop()
	if err == nil && errors.Is(read.Err(), context.DeadlineExceeded) {
		err = fmt.Errorf("the reader did not catch up with the writes within %v", drainFor)
	}
	if err != nil {
		return o.unfinished(err, journals)
	}
	return finish(step, counts, journals)
}
