package main

import (
	"context"

	"golang.org/x/time/rate"

	"dynamostreamer/internal/activity"
)

// A generator writes user activities until it is stopped. It knows
// nothing of any reader.
type generator struct {
	writer           *activity.Writer
	rows             *activity.Generator
	pace             *rate.Limiter
	batch            int
	updates, deletes float64
}

// Serve makes rows, writes them, changes some and deletes others. What is
// under way when ctx ends is finished first.
func (g *generator) Serve(ctx context.Context) error {
	for {
		fresh := g.rows.Rows(g.batch)
		if err := g.pace.WaitN(ctx, len(fresh)); err != nil {
			return err
		}
		if err := g.writer.Insert(ctx, fresh); err != nil {
			return err
		}
		for _, change := range g.rows.Later(fresh, g.updates, g.deletes) {
			if err := g.pace.Wait(ctx); err != nil {
				return err
			}
			if err := g.writer.Change(ctx, change); err != nil {
				return err
			}
		}
	}
}

// A watchedJournal is a journal of writes that counts them, and a place
// to crash: between any two of the intent, the write and what says that
// it is done.
type watchedJournal struct {
	activity.Journal
	tally *tally
	crash func()
}

func (j watchedJournal) Intent(changes []activity.Change) error {
	j.crash()
	err := j.Journal.Intent(changes)
	j.crash()
	return err
}

func (j watchedJournal) Done(changes []activity.Change) error {
	j.crash()
	if err := j.Journal.Done(changes); err != nil {
		return err
	}
	j.tally.wrote(changes)
	return nil
}
