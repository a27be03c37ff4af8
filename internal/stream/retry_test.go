package stream

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
)

// TestTheClientsOwnRetries: with as many as it likes, the reader sees each
// answer and goes by its own rules.
func TestTheClientsOwnRetries(t *testing.T) {
	c := Checkpoint{Stream: arn, Shard: "s"}
	for name, call := range map[string]func(context.Context, *Reader, *fetcher, *Table){
		"GetRecords": func(ctx context.Context, _ *Reader, f *fetcher, _ *Table) { f.iterator = "any"; f.records(ctx) },
		"GetShardIterator": func(ctx context.Context, _ *Reader, f *fetcher, _ *Table) {
			f.takeIterator(ctx, typeTrimHorizon)
		},
		"DescribeStream": func(ctx context.Context, r *Reader, _ *fetcher, _ *Table) { r.describe(ctx, arn, part{}) },
		"ListStreams":    func(ctx context.Context, r *Reader, _ *fetcher, _ *Table) { r.successor(ctx) },
		"generation":     func(ctx context.Context, _ *Reader, _ *fetcher, t *Table) { t.Acquire(ctx, nil) },
		"places":         func(ctx context.Context, _ *Reader, _ *fetcher, t *Table) { t.read(ctx, "") },
		"mark":           func(ctx context.Context, _ *Reader, _ *fetcher, t *Table) { t.mark(ctx, c) },
		"add":            func(ctx context.Context, _ *Reader, _ *fetcher, t *Table) { t.add(ctx, []Checkpoint{c}) },
		"move":           func(ctx context.Context, _ *Reader, _ *fetcher, t *Table) { t.move(ctx, c) },
		"remove":         func(ctx context.Context, _ *Reader, _ *fetcher, t *Table) { t.remove(ctx, c) },
	} {
		var asked, noted atomic.Int64
		ctx, enough := context.WithCancel(t.Context())
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if asked.Add(1) == 3 {
				enough()
			}
			w.Header().Set("Content-Type", "application/x-amz-json-1.0")
			w.WriteHeader(http.StatusBadRequest)
			io.WriteString(w, `{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"}`)
		}))
		anybody := credentials.NewStaticCredentialsProvider("any", "any", "")
		streams := dynamodbstreams.New(dynamodbstreams.Options{
			Region: "eu-west-1", BaseEndpoint: &server.URL, RetryMaxAttempts: 10, HTTPClient: server.Client(), Credentials: anybody,
		})
		db := dynamodb.New(dynamodb.Options{
			Region: "eu-west-1", BaseEndpoint: &server.URL, RetryMaxAttempts: 10, HTTPClient: server.Client(), Credentials: anybody,
		})
		note := func(err error) {
			if throttled(err) {
				noted.Add(1)
			}
		}
		counting := func() caller { return caller{pace: newPacer(Unbounded), note: note} }
		table := TableCheckpoints(db, "checkpoints", "r")
		table.caller = counting()
		call(ctx, &Reader{api: streams, arn: arn, describing: counting()},
			&fetcher{api: streams, arn: arn, shard: "s", options: callOptions(arn, slog.Default()), polling: counting(), asking: counting()}, table)
		server.Close()
		if n := asked.Load(); n < 3 || noted.Load() < n-1 {
			t.Errorf("%s: the server was asked %d times, of which the reader saw %d throttled", name, n, noted.Load())
		}
	}
}
