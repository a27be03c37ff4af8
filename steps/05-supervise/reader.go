package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"dynamostreamer/internal/audit"
	"dynamostreamer/internal/cli"
	"dynamostreamer/internal/stream"
	"dynamostreamer/internal/supervise"
	"dynamostreamer/internal/table"
)

// A reader follows the table's stream and counts activities until it is
// stopped. It knows nothing of any generator.
type reader struct {
	db       *dynamodb.Client
	streams  stream.API
	table    string
	counts   *counts
	journal  *audit.EventJournal
	progress *supervise.Progress
	live     *cli.Live
	crash    func()
	pace     float64
}

// Serve resumes from the checkpoint, wherever the last reader ended and
// whatever ended it.
func (r *reader) Serve(ctx context.Context) (err error) {
	t, err := table.Describe(ctx, r.db, r.table)
	if err != nil {
		return err
	}
	checkpoints := stream.TableCheckpoints(r.db, r.counts.table, r.counts.reader)
	opened, err := stream.NewReader(r.streams, t.StreamARN, stream.Options{
		Checkpoints: checkpoints,
		PageSize:    maxCounts,
		Retry:       stream.Retry{If: stream.Retryable, Age: supervise.RestartFor},
		OnGap:       stream.SkipGaps,
		Pace:        r.pace,
		Logger:      cli.NewLogger(r.live),
	})
	if err != nil {
		return err
	}
	r.progress.Reads(opened)
	// It waits while another process reads for this name.
	if err := opened.Open(ctx); err != nil {
		return r.counts.explain(err)
	}
	defer func() { err = r.counts.explain(errors.Join(err, opened.Close())) }()

	// No reader before can commit any more.
	have, err := r.counts.load(ctx)
	if err != nil {
		return err
	}
	if err := r.journal.Start(t.StreamARN, have); err != nil {
		return err
	}
	err = opened.RunPages(ctx, func(ctx context.Context, page *stream.Page) error {
		r.crash()
		if !page.Redelivered { // else it is in the journal
			if err := r.journal.Events(page.Events); err != nil {
				return err
			}
		}
		r.crash()
		if err := r.counts.commit(ctx, checkpoints, page); err != nil {
			return err
		}
		r.progress.Saw(page.Events)
		r.crash()
		return nil
	})
	why, err := cli.WhyEnded(ctx, r.db, r.table, err)
	if why != "" {
		err = fmt.Errorf("%s: give another -table", why)
	}
	return err
}
