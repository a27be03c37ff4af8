// 02-generate plays the users: it writes rows that say what they do in
// a UI, changes some of them and deletes others.
package main

import (
	"context"
	"errors"
	"time"

	"dynamostreamer/internal/activity"
	"dynamostreamer/internal/audit"
	"dynamostreamer/internal/cli"
	"dynamostreamer/internal/table"
)

// options are the values of the flags.
type options struct {
	n                int
	rate             float64
	ttl              time.Duration
	updates, deletes float64
	seed             uint64
	journal          string
}

func main() {
	step := cli.New("02-generate",
		"writes user activities to the table.",
		"go run ./steps/02-generate -n 20 -updates 0.3 -deletes 0.2")
	step.StopsWell = true
	var o options
	step.IntVar(&o.n, "n", 100, "`rows` to write")
	step.Float64Var(&o.rate, "rate", 0,
		"`writes` a second at most; 0 is as fast as it can,\nexcept on aws, where the default is 1: one write unit")
	step.DurationVar(&o.ttl, "ttl", time.Hour,
		"the `time` after which a row expires")
	step.Float64Var(&o.updates, "updates", 0,
		"`share` of the rows that are changed later, 0 to 1")
	step.Float64Var(&o.deletes, "deletes", 0,
		"`share` of the rows that are deleted later, 0 to 1")
	step.Uint64Var(&o.seed, "seed", 0,
		"make the same rows for the same `number`;\nwithout it each run makes other ones")
	step.StringVar(&o.journal, "journal", "",
		"append to this `file` a line before and after each write")

	step.Main(func(ctx context.Context) error {
		if share := max(o.updates, o.deletes); share > 1 {
			return cli.Usagef("%v: -updates and -deletes are shares, from 0 to 1", share)
		}
		return run(ctx, step, o)
	})
}

func run(ctx context.Context, step *cli.Step, o options) error {
	db, _, err := step.Connect(ctx)
	if err != nil {
		return err
	}
	t, err := table.Describe(ctx, db, step.Table)
	if err == nil && t.OtherKeys() != "" {
		err = t.Mismatch()
	}
	if err != nil {
		return err
	}
	if step.OnAWS() && !step.Given("rate") {
		o.rate = 1
	}
	writer := &activity.Writer{API: db, Table: step.Table}
	if o.journal != "" {
		j, err := audit.OpenJournal(o.journal)
		if err != nil {
			return err
		}
		defer j.Close()
		writer.Journal = j
	}
	rows := activity.NewGenerator(o.ttl, step.Now)
	if step.Given("seed") {
		rows = activity.NewSeededGenerator(o.seed, o.ttl, step.Now)
	}

	began := time.Now()
	progress := step.Progress(o.n, "rows")
	// A batch has what may be written in a second, up to the 25
	// rows that DynamoDB takes in one call. Then some of its rows
	// are changed and others deleted: one call each, since a
	// batch can't have conditions.
	pace, batch := activity.Pace(o.rate)
	session := activity.Session{
		Writer: writer, Rows: rows, Pace: pace,
		Updates: o.updates, Deletes: o.deletes,
	}
	for left := o.n; left > 0 && err == nil; left -= batch {
		batch = min(batch, left)
		if err = session.Write(ctx, batch); err == nil {
			progress.Add(batch)
		}
	}
	progress.Finish()

	if errors.Is(err, context.Canceled) {
		step.Notef("stopped: %d of %d rows were written", writer.Counts.Inserted, o.n)
		err = nil
	}
	return errors.Join(err, summary(step, writer.Counts, time.Since(began)))
}

func summary(step *cli.Step, c activity.Counts, took time.Duration) error {
	if c.Missed > 0 {
		step.Notef("%d changes came too late: their rows were removed", c.Missed)
	}
	if c.Retries > 0 {
		step.Notef("%d calls were repeated: DynamoDB throttled them, or did not answer", c.Retries)
	}
	return step.Printf("inserted %d, modified %d, deleted %d\n%d writes in %v, %s a second\n",
		c.Inserted, c.Modified, c.Deleted,
		c.Writes(), took.Round(time.Millisecond), cli.Rate(float64(c.Writes())/took.Seconds()))
}
