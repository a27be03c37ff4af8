// Service handles the changes of $TABLE, and serves its metrics at $ADDR.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"

	"dynamostreamer/internal/stream"
	"dynamostreamer/internal/stream/metrics"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := run(ctx, os.Getenv("TABLE"), os.Getenv("ADDR")); err != nil {
		slog.Error("the service ended", "error", err)
		os.Exit(1) // Kubernetes restarts it, and it resumes
	}
}

func run(ctx context.Context, table, addr string) error {
	client := awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.MaxIdleConns, t.MaxIdleConnsPerHost = 512, 512 // one for each shard
	})
	cfg, err := config.LoadDefaultConfig(ctx, config.WithHTTPClient(client))
	if err != nil {
		return err
	}
	db := dynamodb.NewFromConfig(cfg)
	arn, err := stream.StreamOf(ctx, db, table)
	if err != nil {
		return err
	}
	reader, err := stream.NewReader(dynamodbstreams.NewFromConfig(cfg), arn, stream.Options{
		Checkpoints: stream.TableCheckpoints(db, "checkpoints", "my-service"),
		OnGap:       stream.SkipGaps, // handle gets them
		Parallel:    8,
		Retry:       stream.Retry{Age: 10 * time.Minute, Timeout: 30 * time.Second},
		DeadLetter:  putAside,
	})
	if err != nil {
		return err
	}
	watched, end := context.WithCancelCause(ctx)
	shown := metrics.Handler(map[string]metrics.Reader{"my-service": reader})
	go func() { end(http.ListenAndServe(addr, shown)) }() // nobody can watch it: it ends

	// Open stands by while another replica reads.
	if err = reader.Open(watched); err == nil {
		err = errors.Join(reader.Run(watched, handle), reader.Close())
	}
	if ctx.Err() != nil && errors.Is(err, context.Cause(ctx)) {
		slog.Info("stopped", "because", err) // what was not handled comes again
		return nil
	}
	return err
}

// putAside writes an event that is given up to a file, as a line.
func putAside(_ context.Context, f stream.Failure) error {
	slog.Error("an event is given up", "attempts", f.Attempts, "error", f.Err)
	letters, err := os.OpenFile("dead-letters.jsonl", os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	return errors.Join(json.NewEncoder(letters).Encode(f), letters.Sync(), letters.Close())
}

// handle does the service's work for one change.
func handle(_ context.Context, e stream.Event) error {
	if e.Kind == stream.Lost {
		slog.Error("changes were lost, or may have been: compare with the table", "gap", e.Gap)
	} else {
		slog.Info("changed", "kind", e.Kind, "order", e.Order())
	}
	return nil
}
