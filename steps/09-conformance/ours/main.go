// Ours is the reader of internal/stream as a command for 09-conformance: it
// prints what it handled, and keeps its position in $DIR.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"

	"dynamostreamer/internal/stream"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil && !errors.Is(err, context.Canceled) {
		slog.Error("the reader ended", "error", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	// A call that isn't answered is made again after a second, and not
	// after the reader's 15.
	client := awshttp.NewBuildableClient().WithTimeout(time.Second)
	cfg, err := config.LoadDefaultConfig(ctx, config.WithHTTPClient(client))
	if err != nil {
		return err
	}
	options := stream.Options{
		Checkpoints:     stream.FileCheckpoints(filepath.Join(os.Getenv("DIR"), "checkpoint")),
		CheckpointEvery: 50 * time.Millisecond,
		OnGap:           stream.SkipGaps,
		// It waits only where it has to. On AWS, leave these out.
		Pace: stream.Unbounded,
		Poll: 300 * time.Millisecond,
		Look: 200 * time.Millisecond,
	}
	if os.Getenv("START") == "LATEST" {
		options.Start = stream.Latest
	}
	reader, err := stream.Open(ctx, dynamodbstreams.NewFromConfig(cfg), os.Getenv("STREAM_ARN"), options)
	if err != nil {
		return err
	}
	err = reader.Run(ctx, handle)
	return errors.Join(err, reader.Close())
}

// handled is the line for an event. The test's table has the key id.
type handled struct {
	ID       string          `json:"id,omitempty"`
	Sequence string          `json:"sequence,omitempty"`
	Kind     stream.Kind     `json:"kind"`
	New      json.RawMessage `json:"new,omitempty"`
	Old      json.RawMessage `json:"old,omitempty"`
	Lost     string          `json:"lost,omitempty"`
}

func handle(_ context.Context, e stream.Event) error {
	line := handled{Kind: e.Kind, Sequence: e.Sequence}
	if e.Kind == stream.Lost {
		line.Lost = e.Gap.Error()
	} else {
		var key struct {
			ID string `dynamodbav:"id"`
		}
		// An event's JSON has the images as DynamoDB's own.
		text, err := json.Marshal(e)
		if err := errors.Join(err, json.Unmarshal(text, &line), e.Keys.Decode(&key)); err != nil {
			return err
		}
		line.ID = key.ID
	}
	text, err := json.Marshal(line)
	if err != nil {
		return err
	}
	_, err = fmt.Printf("%s\n", text)
	return err
}
