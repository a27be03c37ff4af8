package mapping_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"

	"dynamostreamer/internal/embedded"
	"dynamostreamer/internal/lambda/mapping"
	"dynamostreamer/internal/stream"
)

var benchRecords = flag.Int("records", 50_000, "number of `records` of the benchmark")

// BenchmarkMapping maps one shard of the engine to a function that does nothing:
// one record at a time, then in batches of 100 and of 1,000. It compares these two
// with each other, and the second with the reader alone, all in one run.
//
//	go test ./internal/lambda/mapping -run - -bench Mapping
func BenchmarkMapping(b *testing.B) {
	n := *benchRecords
	api, arn := fill(b, n)
	var single, hundred, thousand, alone time.Duration
	kinds := []func(){
		func() { single += mapped(b, api, arn, 1, n) },
		func() { hundred += mapped(b, api, arn, 100, n) },
		func() { thousand += mapped(b, api, arn, 1000, n) },
		func() { alone += readAlone(b, api, arn, n) },
	}
	for b.Loop() {
		for _, i := range rand.Perm(len(kinds)) { // a machine that slows down is fair to all
			kinds[i]()
		}
	}
	rate := func(d time.Duration) float64 { return float64(n*b.N) / d.Seconds() }
	b.ReportMetric(rate(single), "invocations/s")
	b.ReportMetric(rate(hundred), "records/s@100")
	b.ReportMetric(rate(thousand), "records/s@1000")
	b.ReportMetric(rate(thousand)/rate(hundred), "1000:100")
	b.ReportMetric(rate(thousand)/rate(alone), "1000:reader")
	b.ReportMetric(0, "ns/op")
}

// mapped is how long a mapping takes for n records.
func mapped(b *testing.B, api stream.API, arn string, batch, n int) time.Duration {
	o := mapping.Defaults()
	o.BatchSize = batch
	ctx, stop := context.WithCancel(b.Context())
	defer stop()
	var left = n // one batch is in work at a time
	o.Trace = func(i mapping.Invocation) {
		if left -= i.Handled; left == 0 {
			stop()
		}
	}
	m, err := mapping.New(o, func(context.Context, []byte) ([]byte, error) { return nil, nil })
	if err != nil {
		b.Fatal(err)
	}
	return timed(b, api, arn, func(r *stream.Reader) error { return m.Run(ctx, r) })
}

// readAlone is how long the reader takes to hand over n records.
func readAlone(b *testing.B, api stream.API, arn string, n int) time.Duration {
	ctx, stop := context.WithCancel(b.Context())
	defer stop()
	return timed(b, api, arn, func(r *stream.Reader) error {
		return r.RunPages(ctx, func(_ context.Context, p *stream.Page) error {
			if n -= len(p.Events); n == 0 {
				stop()
			}
			return nil
		})
	})
}

// timed is how long something takes with a reader, which ends with its context.
func timed(b *testing.B, api stream.API, arn string, read func(*stream.Reader) error) time.Duration {
	r, err := stream.Open(b.Context(), api, arn, stream.Options{Pace: stream.Unbounded})
	if err != nil {
		b.Fatal(err)
	}
	begun := time.Now()
	read(r)
	took := time.Since(begun)
	if err := r.Close(); err != nil {
		b.Fatal(err)
	}
	return took
}

// fill makes a table whose stream has one shard with n records.
func fill(b *testing.B, n int) (stream.API, string) {
	e, err := embedded.Open(b.TempDir(), embedded.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { e.Close() })
	cfg := configOf(e)
	db := dynamodb.NewFromConfig(cfg)
	out, err := db.CreateTable(b.Context(), rows)
	if err != nil {
		b.Fatal(err)
	}
	for i := 0; i < n; i += 25 {
		batch := make([]types.WriteRequest, min(25, n-i))
		for j := range batch {
			batch[j].PutRequest = &types.PutRequest{Item: map[string]types.AttributeValue{
				"id":    &types.AttributeValueMemberS{Value: fmt.Sprint((i + j) % 10_000)},
				"email": &types.AttributeValueMemberS{Value: "ada@example.com"},
				"n":     &types.AttributeValueMemberN{Value: fmt.Sprint(i + j)},
			}}
		}
		if _, err := db.BatchWriteItem(b.Context(), &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{"rows": batch}}); err != nil {
			b.Fatal(err)
		}
	}
	return dynamodbstreams.NewFromConfig(cfg), *out.TableDescription.LatestStreamArn
}
