package stream_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	streamtypes "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"dynamostreamer/internal/stream"
)

func afterRecord(ctx context.Context, streams *dynamodbstreams.Client, arn, shard, last string) (bool, error) {
	//weave:trimmed
	in := &dynamodbstreams.GetShardIteratorInput{
		StreamArn:         &arn,
		ShardId:           &shard,
		ShardIteratorType: "AFTER_SEQUENCE_NUMBER",
		SequenceNumber:    &last,
	}
	_, err := streams.GetShardIterator(ctx, in)
	var trimmed *streamtypes.TrimmedDataAccessException
	if errors.As(err, &trimmed) {
		return false, nil // last is older than 24 hours
	}
	return err == nil, err
	//weave:end
}

func untilGap(ctx context.Context, reader *stream.Reader, handle handler) (*stream.Gap, error) {
	//weave:gap
	for event, err := range reader.Events(ctx) {
		var gap *stream.Gap
		if errors.As(err, &gap) {
			return gap, nil // the last pair: the loop would end here
		}
		if err != nil {
			return nil, err
		}
		if err := handle(ctx, event); err != nil {
			return nil, err
		}
	}
	//weave:end
	return nil, nil
}

func pastGaps(ctx context.Context, streams stream.API, arn, path string, compare func(*stream.Gap) error, handle handler) error {
	//weave:skip-gaps
	reader, err := stream.Open(ctx, streams, arn, stream.Options{
		Checkpoints: stream.FileCheckpoints(path),
		OnGap:       stream.SkipGaps,
		Idle:        briefly, // only here, to come to an end
	})
	if err != nil {
		return err
	}
	each := func(ctx context.Context, e stream.Event) error {
		if e.Kind == stream.Lost {
			return compare(e.Gap) // Keys, Old and New are nil
		}
		return handle(ctx, e)
	}
	return errors.Join(reader.Run(ctx, each), reader.Close())
	//weave:end
}

// TestGuideGap: an order is handled, two are trimmed, and one is there. A
// loop ends at the gap, and so does the next one; Run passes it as an event.
func TestGuideGap(t *testing.T) {
	e, db, streams := openEmbedded(t)
	ctx, arn, path := t.Context(), orders(t.Context(), db), filepath.Join(t.TempDir(), "checkpoint")
	var got []string
	var last stream.Event
	handle := func(_ context.Context, e stream.Event) error {
		var row Order
		err := e.New.Decode(&row)
		got, last = append(got, row.ID), e
		return err
	}
	toGap := func() *stream.Gap {
		reader, err := stream.Open(ctx, streams, arn, stream.Options{
			Checkpoints: stream.FileCheckpoints(path), Idle: briefly,
		})
		if err != nil {
			t.Fatal(err)
		}
		gap, err := untilGap(ctx, reader, handle)
		if err := errors.Join(err, reader.Close()); err != nil {
			t.Fatal(err)
		}
		return gap
	}
	order(ctx, db, "1", "placed")
	if gap := toGap(); gap != nil {
		t.Fatal(gap)
	}
	if there, err := afterRecord(ctx, streams, arn, last.Shard, last.Sequence); !there || err != nil {
		t.Errorf("before the trim: %v, %v, want an iterator", there, err)
	}
	order(ctx, db, "2", "placed")
	order(ctx, db, "3", "placed")
	time.Sleep(1100 * time.Millisecond) // records' times are whole seconds
	if err := e.TrimTo(ctx, "orders", e.Now()); err != nil {
		t.Fatal(err)
	}
	order(ctx, db, "4", "placed")
	if there, err := afterRecord(ctx, streams, arn, last.Shard, last.Sequence); there || err != nil {
		t.Errorf("after the trim: %v, %v, want that it is trimmed", there, err)
	}

	for range 2 { // the second reader meets it too
		if gap := toGap(); gap == nil || gap.Shard != last.Shard || gap.Last != last.Sequence || gap.Oldest == "" {
			t.Errorf("the loop ends at %+v, want a gap after %s", gap, last.Sequence)
		}
	}
	compare := func(g *stream.Gap) error {
		got = append(got, "lost")
		return nil
	}
	if err := pastGaps(ctx, streams, arn, path, compare, handle); err != nil {
		t.Error(err)
	}
	if want := []string{"1", "lost", "4"}; !slices.Equal(got, want) {
		t.Errorf("it came to %v, want %v", got, want)
	}
}

// The code of TUTORIAL.md's rows that are older than the stream: order 1 was
// written before the stream was switched on.
func Example_olderRows() {
	ctx := context.Background()
	db, streams, end := exampleClients()
	defer end()
	orders(ctx, db)
	switchStream := func(on bool) (arn string) {
		spec := &types.StreamSpecification{StreamEnabled: &on}
		if on {
			spec.StreamViewType = types.StreamViewTypeNewAndOldImages
		}
		out, err := db.UpdateTable(ctx, &dynamodb.UpdateTableInput{TableName: aws.String("orders"), StreamSpecification: spec})
		if err != nil {
			log.Fatal(err)
		}
		return *out.TableDescription.LatestStreamArn
	}
	switchStream(false)
	order(ctx, db, "1", "placed")
	arn := switchStream(true)
	order(ctx, db, "2", "placed")
	read := func(options stream.Options) {
		options.Idle, options.Logger = briefly, slog.New(slog.DiscardHandler)
		reader, err := stream.Open(ctx, streams, arn, options)
		if err != nil {
			log.Fatal(err)
		}
		err = reader.Run(ctx, func(_ context.Context, e stream.Event) error {
			//weave:copy-kinds
			switch e.Kind {
			case stream.CopyDone:
				fmt.Println("the copy is the table")
			default: // Copied, and the changes
				var row Order
				if err := e.Image().Decode(&row); err != nil {
					return err
				}
				fmt.Println(e.Kind, row)
			}
			return nil
			//weave:end
		})
		if err := errors.Join(err, reader.Close()); err != nil {
			log.Fatal(err)
		}
	}
	//weave:copy
	read(stream.Options{})
	fmt.Println("with a copy:")
	read(stream.Options{Copy: &stream.Copy{Table: db, Segments: 1}})
	//weave:end
	//weave:copy-output
	// Output:
	// inserted {2 placed}
	// with a copy:
	// copied {2 placed}
	// copied {1 placed}
	// inserted {2 placed}
	// the copy is the table
	//weave:end
}
