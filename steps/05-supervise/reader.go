package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"dynamostreamer/internal/audit"
	"dynamostreamer/internal/cli"
	"dynamostreamer/internal/stream"
	"dynamostreamer/internal/table"
)

// A reader follows the table's stream and counts activities until it is
// stopped. It knows nothing of any generator.
type reader struct {
	db      *dynamodb.Client
	streams stream.API
	table   string
	counts  *counts
	journal *audit.EventJournal
	tally   *tally
	live    *cli.Live
	crash   func()
	pace    float64
}

// Serve goes on from the checkpoint, wherever the last reader ended and
// whatever ended it.
func (r *reader) Serve(ctx context.Context) (err error) {
	t, err := table.Describe(ctx, r.db, r.table)
	if err != nil {
		return err
	}
	checkpoints := stream.TableCheckpoints(r.db, r.counts.table, r.counts.reader)
	reader, err := stream.Open(ctx, r.streams, t.StreamARN, stream.Options{
		Checkpoints: checkpoints,
		PageSize:    maxCounts,
		Attempts:    1, // commit says which failures pass
		OnGap:       stream.SkipGaps,
		Pace:        r.pace,
		Logger:      cli.NewLogger(r.live),
	})
	if err != nil {
		return err
	}
	defer func() { err = r.counts.explain(errors.Join(err, reader.Close())) }()

	// Whoever was the reader before can't commit any more.
	have, err := r.counts.load(ctx)
	if err != nil {
		return err
	}
	if err := r.journal.Start(t.StreamARN, have); err != nil {
		return err
	}
	r.tally.reads(reader)
	err = reader.RunPages(ctx, func(ctx context.Context, page *stream.Page) error {
		r.crash()
		if err := r.journal.Events(page.Events); err != nil {
			return err
		}
		r.crash()
		if err := r.counts.commit(ctx, checkpoints, page); err != nil {
			return err
		}
		r.tally.saw(page.Events)
		r.crash()
		return nil
	})
	return r.explainEnd(ctx, err)
}

// explainEnd says what to do about a stream that has ended.
func (r *reader) explainEnd(ctx context.Context, err error) error {
	var ended *stream.EndedError
	if !errors.As(err, &ended) {
		return err
	}
	why, err := cli.WhyEnded(ctx, r.db, r.table, ended)
	if err != nil {
		return err
	}
	return fmt.Errorf("%s: give another -table", why)
}
