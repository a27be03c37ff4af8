package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"dynamostreamer/internal/cli"
	"dynamostreamer/internal/naive"
	"dynamostreamer/internal/stream"
	"dynamostreamer/internal/table"
	"dynamostreamer/internal/watch"
)

// asReader is the first argument of a process that is a reader.
// It reports on stdout, a line of JSON each, until its stdin ends.
const asReader = "reader"

// ours is the kind of the reader that is right.
const ours = "ours"

// pageOfReaders is the number of records that the readers get at
// a time: few, so that one can see them move on.
const pageOfReaders = 20

// reportEvery is how often a reader reports how it does.
const reportEvery = 250 * time.Millisecond

// readerMain is main of a reader's process.
func readerMain() {
	os.Args = append(os.Args[:1:1], os.Args[2:]...)
	step := cli.New("07-watch", "is a reader that 07-watch has started.", "go run ./steps/07-watch")
	kind := step.String("kind", ours, "which `reader` it is")
	checkpoint := step.String("checkpoint", "", "the `file` of its checkpoint")
	key := step.String("key", "", "the access `key` that signs its calls")
	step.Main(func(ctx context.Context) error {
		ctx, stop := context.WithCancel(ctx)
		defer stop()
		go func() {
			io.Copy(io.Discard, os.Stdin) // its parent ended
			stop()
		}()
		db, streams, err := step.Connect(ctx)
		if err != nil {
			return err
		}
		t, err := table.Describe(ctx, db, step.Table)
		if err != nil {
			return err
		}
		if t.StreamARN == "" {
			return step.NoStreamError(t)
		}
		out := &reporter{to: json.NewEncoder(os.Stdout)}
		out.report(watch.Report{Stream: t.StreamARN})
		r := &reading{
			reporter: out, stream: t.StreamARN, pace: step.Pace(),
			tap: newTap(signedBy(streams, *key), out.report),
		}
		if step.OnAWS() {
			r.pace = 2 // the page reads too, and DynamoDB allows 5
		}
		r.tap.states = *kind != ours // which tells its own
		if *kind == ours {
			return r.ours(ctx, *checkpoint)
		}
		return r.naive(ctx, *kind)
	})
}

// signedBy is a client whose calls are signed with another access
// key, so that the engine's lab can let it alone meet a fault.
func signedBy(c *dynamodbstreams.Client, key string) *dynamodbstreams.Client {
	if key == "" {
		return c
	}
	options := c.Options()
	options.Credentials = credentials.NewStaticCredentialsProvider(key, key, "")
	return dynamodbstreams.New(options)
}

// A reporter writes reports, one at a time.
type reporter struct {
	mu sync.Mutex
	to *json.Encoder
}

func (r *reporter) report(line watch.Report) {
	r.mu.Lock()
	defer r.mu.Unlock()
	_ = r.to.Encode(line) // the parent that doesn't listen has ended
}

// A reading is what a reader's process does.
type reading struct {
	*reporter
	tap    *tap
	stream string
	pace   float64
}

// ours reads as the tutorial teaches it.
func (r *reading) ours(ctx context.Context, checkpoint string) error {
	reader, err := stream.Open(ctx, r.tap, r.stream, stream.Options{
		Checkpoints: stream.FileCheckpoints(checkpoint),
		OnGap:       stream.SkipGaps,
		Poll:        reportEvery,
		Pace:        r.pace,
		Limit:       pageOfReaders,
		// Seldom enough that one sees what is handled and not saved.
		CheckpointEvery: 2 * time.Second,
		Logger:          slog.New(slog.NewTextHandler(os.Stderr, nil)),
	})
	if err != nil {
		return err
	}
	defer reader.Close()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var telling sync.WaitGroup
	defer telling.Wait()
	defer stop()
	telling.Go(func() { r.tellStats(ctx, reader) })
	return reader.RunPages(ctx, func(_ context.Context, page *stream.Page) error {
		for _, e := range page.Events {
			if e.Kind == stream.Lost {
				r.report(watch.Report{
					Shard: e.Shard, Gap: &watch.Gap{Last: e.Gap.Last, Oldest: e.Gap.Oldest},
					Note: e.Gap.Error(),
				})
				continue
			}
			r.report(watch.Report{Shard: e.Shard, Handled: []string{e.Sequence}})
		}
		return nil
	})
}

// tellStats reports how our reader does, until ctx ends.
func (r *reading) tellStats(ctx context.Context, reader *stream.Reader) {
	states := make(map[string]string)
	earlier, since := reader.Stats(), time.Now()
	for sleep(ctx, reportEvery) {
		now := reader.Stats()
		left := 24 * time.Hour
		for _, s := range now.Shards {
			if state := string(s.State); states[s.Shard] != state {
				states[s.Shard] = state
				r.report(watch.Report{Shard: s.Shard, State: state})
			}
			if !s.State.Ended() {
				left = min(left, s.Left.Round(time.Second))
			}
		}
		r.report(watch.Report{Left: left.Milliseconds()})
		if now.CaughtUpSince(earlier) {
			r.report(watch.Report{Idle: since.UnixMilli()})
			earlier, since = now, time.Now()
		}
	}
}

// naive reads as others do.
func (r *reading) naive(ctx context.Context, kind string) error {
	reader, found := naive.Named(kind)
	if !found {
		return cli.Usagef("-kind %s: no such reader", kind)
	}
	ctx, stop := context.WithCancel(ctx)
	var telling sync.WaitGroup
	defer telling.Wait()
	defer stop()
	telling.Go(func() {
		for sleep(ctx, reportEvery) {
			if idle := r.tap.idle(); !idle.IsZero() {
				r.report(watch.Report{Idle: idle.UnixMilli()})
			}
		}
	})
	err := reader.Read(ctx, naive.Input{
		API: r.tap, Stream: r.stream, Limit: pageOfReaders, Done: r.tap.done,
		Handle: func(shard string, records []types.Record) {
			line := watch.Report{Shard: shard}
			for _, record := range records {
				line.Handled = append(line.Handled, *record.Dynamodb.SequenceNumber)
			}
			r.report(line)
		},
	})
	if err == nil {
		fmt.Fprintln(os.Stderr, "07-watch: it believes that it has read all")
	}
	return err
}

// sleep waits, and reports whether ctx has not ended.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}
