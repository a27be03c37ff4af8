// Solution is one way to write 10-projection.
package main

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"

	"dynamostreamer/internal/cli"
	"dynamostreamer/internal/stream"
	"dynamostreamer/internal/table"
)

// eventsAtOnce bounds the events of a transaction, which has 100 items at most:
// the checkpoint and, for each event, a user and two pages.
const eventsAtOnce = 33

// A projection is the counts of a table's users by page, in the table into.
type projection struct {
	step    *cli.Step
	db      *dynamodb.Client
	streams *dynamodbstreams.Client
	into    string
}

func main() {
	step := cli.New("10-projection", "counts the users on each page.", "go run ./steps/10-projection")
	step.StopsWell = true
	into := step.String("into", "page-visitors", "keep the counts in this `table`")
	step.Main(func(ctx context.Context) error {
		if err := cli.CheckTable("-into ", *into); err != nil {
			return err
		}
		db, streams, err := step.Connect(ctx)
		if err != nil {
			return err
		}
		p := &projection{step, db, streams, *into}
		if err := p.keep(ctx); !errors.Is(err, context.Canceled) {
			return err
		}
		return nil // Ctrl-C
	})
}

//weave:keep

// keep follows the table until ctx ends. After a gap, it copies the table anew.
func (p *projection) keep(ctx context.Context) error {
	for {
		checkpoints := stream.TableCheckpoints(p.db, p.into, "10-projection")
		err := p.follow(ctx, checkpoints)
		var gap *stream.Gap
		if !errors.As(err, &gap) {
			return err
		}
		p.step.Notef("copying the table again: %v", gap)
		_, err = stream.Reset(ctx, checkpoints)
		if another := (*stream.FencedError)(nil); err != nil && !errors.As(err, &another) {
			return err
		}
	}
}

// follow copies the table, unless the checkpoints say that it was copied, and
// reads its stream.
func (p *projection) follow(ctx context.Context, checkpoints *stream.Table) error {
	t, err := table.Describe(ctx, p.db, p.step.Table)
	if err != nil {
		return err
	}
	if t.StreamARN == "" {
		return p.step.NoStreamError(t)
	}
	rows := &stream.Copy{Table: p.db}
	if !p.step.OnAWS() {
		rows.Rate = stream.Unbounded
	}
	reader, err := stream.Open(ctx, p.streams, t.StreamARN, stream.Options{
		Checkpoints: checkpoints,
		Copy:        rows,
		PageSize:    eventsAtOnce,
		Pace:        p.step.Pace(),
	})
	if err != nil {
		return err
	}
	err = reader.RunPages(ctx, func(ctx context.Context, page *stream.Page) error {
		return p.commit(ctx, checkpoints, page)
	})
	return errors.Join(err, reader.Close())
}

//weave:end
