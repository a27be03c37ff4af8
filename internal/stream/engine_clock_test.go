package stream_test

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"

	"dynamostreamer/internal/embedded"
	"dynamostreamer/internal/stream"
)

// An offClock is the engine's clock, off this machine's by some time, or fast.
type offClock struct {
	by    time.Duration
	scale int64
	began time.Time
}

func (c offClock) Now() time.Time {
	return c.began.Add(c.by + time.Duration(int64(time.Since(c.began))*c.scale))
}

func (c offClock) After(d time.Duration) <-chan time.Time {
	return time.After(d / time.Duration(c.scale))
}

// TestTheEnginesClock: whatever the engine's clock says, in process and
// served, a reader that is stopped before its first event resumes with all
// that was written meanwhile, and knows of no gap.
func TestTheEnginesClock(t *testing.T) {
	day := 24 * time.Hour
	for _, clock := range []offClock{
		{0, 1, time.Now()}, {6 * time.Minute, 1, time.Now()}, {-6 * time.Minute, 1, time.Now()},
		{10 * time.Minute, 1, time.Now()}, {-10 * time.Minute, 1, time.Now()}, {time.Hour, 1, time.Now()}, {-time.Hour, 1, time.Now()},
		{30 * time.Hour, 1, time.Now()}, {-30 * time.Hour, 1, time.Now()}, {5 * day, 1, time.Now()}, {-5 * day, 1, time.Now()},
		{0, 60, time.Now()},
	} {
		for name, start := range map[string]stream.Start{
			"trim-horizon": stream.TrimHorizon, "latest": stream.Latest, "ago": stream.Ago(time.Hour), "at": stream.At(clock.Now().Add(-time.Hour)),
		} {
			t.Run(fmt.Sprint(clock.by, " x", clock.scale, " ", name), func(t *testing.T) {
				t.Parallel()
				e, err := embedded.OpenMemory(embedded.Options{Clock: clock})
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { e.Close() })
				server := httptest.NewServer(e.Handler())
				t.Cleanup(server.Close)
				cfg := aws.Config{
					Region: e.Region(), HTTPClient: e.HTTPClient(), BaseEndpoint: aws.String(embedded.BaseEndpoint),
					Credentials: credentials.NewStaticCredentialsProvider("any", "any", ""),
				}
				db, streams := dynamodb.NewFromConfig(cfg), dynamodbstreams.NewFromConfig(cfg)
				arn := fillEmbedded(t, e, db, streams, "skewed", 0, 1)
				path := filepath.Join(t.TempDir(), "checkpoint")
				open := func() *stream.Reader {
					r, err := stream.Open(t.Context(), streams, arn, stream.Options{
						Start: start, Checkpoints: stream.FileCheckpoints(path), Idle: 300 * time.Millisecond,
						Pace: stream.Unbounded, Logger: slog.New(slog.DiscardHandler),
					})
					if err != nil {
						t.Fatal(err)
					}
					return r
				}
				if err := open().Close(); err != nil { // a deployment
					t.Fatal(err)
				}
				for i := range 5 {
					putN(t, db, "skewed", fmt.Sprint(i), i)
				}
				cfg.HTTPClient, cfg.BaseEndpoint = server.Client(), &server.URL
				streams = dynamodbstreams.NewFromConfig(cfg)
				r := open()
				n := 0
				for e, err := range r.Events(t.Context()) {
					if err != nil {
						t.Fatal(err)
					}
					if off := e.Seen.Sub(clock.Now()).Abs(); off > time.Duration(clock.scale)*10*time.Second {
						t.Errorf("Seen is %v off the engine's clock", off)
					}
					n++
				}
				if lag := r.Stats().Shards[0].Lag; lag > time.Hour {
					t.Errorf("Lag = %v", lag)
				}
				if err := errors.Join(r.Close()); n != 5 || err != nil {
					t.Errorf("%d of 5 events, Close = %v", n, err)
				}
			})
		}
	}
}
