// 02-generate plays the users: it writes rows that say what they do in
// a UI, changes some of them and deletes others.
package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"dynamostreamer/internal/activity"
	"dynamostreamer/internal/audit"
	"dynamostreamer/internal/cli"
	"dynamostreamer/internal/table"
)

func main() {
	step := cli.New("02-generate",
		"writes user activities to the table.",
		"go run ./steps/02-generate -n 20 -updates 0.3 -deletes 0.2")
	step.StopsWell = true
	n := step.Int("n", 100, "`rows` to write")
	perSecond := step.Float64("rate", 0,
		"`writes` a second at most; 0 is as fast as it can,\nexcept on aws, where the default is 1: one write unit")
	ttl := step.Duration("ttl", time.Hour,
		"the `time` after which a row expires")
	updates := step.Float64("updates", 0,
		"`share` of the rows that are changed later, 0 to 1")
	deletes := step.Float64("deletes", 0,
		"`share` of the rows that are deleted later, 0 to 1")
	seed := step.Uint64("seed", 0,
		"make the same rows again for the same `number`;\nwithout it each run makes other ones")
	journal := step.String("journal", "",
		"append to this `file` a line before and after each write")

	step.Main(func(ctx context.Context) error {
		switch {
		case *n < 0:
			return cli.Usagef("-n %d is less than 0", *n)
		case !(*perSecond >= 0):
			return cli.Usagef("-rate %v is less than 0", *perSecond)
		case *ttl < 0:
			return cli.Usagef("-ttl %v is less than 0", *ttl)
		case !(*updates >= 0 && *updates <= 1):
			return cli.Usagef("-updates %v is no share from 0 to 1", *updates)
		case !(*deletes >= 0 && *deletes <= 1):
			return cli.Usagef("-deletes %v is no share from 0 to 1", *deletes)
		}
		db, _, err := step.Connect(ctx)
		if err != nil {
			return err
		}
		t, err := table.Describe(ctx, db, step.Table)
		if err != nil {
			return err
		}
		if other := t.OtherKeys(); other != "" {
			return fmt.Errorf("table %s is another one than step 01 makes: %s; give another -table", step.Table, other)
		}
		if step.OnAWS() && !step.Given("rate") {
			*perSecond = 1
		}
		writer := activity.Writer{API: db, Table: step.Table}
		if *journal != "" {
			j, err := audit.OpenJournal(*journal)
			if err != nil {
				return err
			}
			defer j.Close()
			writer.Journal = j
		}
		rows := activity.NewGenerator(*ttl, step.Now)
		if step.Given("seed") {
			rows = activity.NewSeededGenerator(*seed, *ttl, step.Now)
		}

		began := time.Now()
		progress := step.Progress(*n)
		// A batch holds what may be written in a second, up to
		// the 25 rows that DynamoDB takes in one call.
		pace, batch := activity.Pace(*perSecond)
		for left := *n; left > 0 && err == nil; left -= batch {
			batch = min(batch, left)
			fresh := rows.Rows(batch)
			if err = pace.WaitN(ctx, batch); err != nil {
				break
			}
			if err = writer.Insert(ctx, fresh); err != nil {
				break
			}
			// What happens to these rows later: one call each,
			// since a batch can't hold conditions.
			for _, change := range rows.Later(fresh, *updates, *deletes) {
				if err = pace.Wait(ctx); err != nil {
					break
				}
				if err = writer.Change(ctx, change); err != nil {
					break
				}
			}
			progress.Add(batch)
		}
		progress.Finish()

		if errors.Is(err, context.Canceled) {
			step.Notef("stopped: %d of %d rows were written", writer.Counts.Inserted, *n)
			err = nil
		}
		return errors.Join(err, summary(step, writer.Counts, time.Since(began)))
	})
}

func summary(step *cli.Step, c activity.Counts, took time.Duration) error {
	if c.Missed > 0 {
		step.Notef("%d changes came too late: their rows were gone", c.Missed)
	}
	if c.Retries > 0 {
		step.Notef("%d calls were repeated: DynamoDB throttled them", c.Retries)
	}
	return step.Printf("inserted %d, modified %d, deleted %d\n%d writes in %v, %.0f a second\n",
		c.Inserted, c.Modified, c.Deleted,
		c.Writes(), took.Round(time.Millisecond), float64(c.Writes())/took.Seconds())
}
