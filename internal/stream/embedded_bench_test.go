package stream_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	streamtypes "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"dynamostreamer/internal/embedded"
	"dynamostreamer/internal/stream"
)

var benchRecords = flag.Int("records", 1_000_000, "number of `records` of the benchmark")

// counted counts the calls of GetRecords.
type counted struct {
	stream.API
	calls atomic.Int64
}

func (c *counted) GetRecords(ctx context.Context, in *dynamodbstreams.GetRecordsInput, o ...func(*dynamodbstreams.Options)) (*dynamodbstreams.GetRecordsOutput, error) {
	c.calls.Add(1)
	return c.API.GetRecords(ctx, in, o...)
}

func openEmbedded(t testing.TB) (*embedded.DB, *dynamodb.Client, *dynamodbstreams.Client) {
	db, err := embedded.Open(t.TempDir(), embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	cfg := aws.Config{
		Region: db.Region(), HTTPClient: db.HTTPClient(), BaseEndpoint: aws.String(embedded.BaseEndpoint),
		Credentials: credentials.NewStaticCredentialsProvider("any", "any", ""),
	}
	return db, dynamodb.NewFromConfig(cfg), dynamodbstreams.NewFromConfig(cfg)
}

// fillEmbedded makes a table whose stream holds n records in so many open
// shards.
func fillEmbedded(t testing.TB, e *embedded.DB, db *dynamodb.Client, streams *dynamodbstreams.Client, name string, n, shards int) (arn string) {
	ctx := context.Background()
	out, err := db.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName: &name, BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: types.ScalarAttributeTypeS}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: types.KeyTypeHash}},
		StreamSpecification:  &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewTypeNewAndOldImages},
	})
	if err != nil {
		t.Fatal(err)
	}
	arn = *out.TableDescription.LatestStreamArn
	for open := 1; open < shards; {
		d, err := streams.DescribeStream(ctx, &dynamodbstreams.DescribeStreamInput{StreamArn: &arn})
		if err != nil {
			t.Fatal(err)
		}
		open = 0
		for _, s := range d.StreamDescription.Shards {
			if s.SequenceNumberRange.EndingSequenceNumber == nil {
				if err := e.SplitShard(ctx, name, *s.ShardId); err != nil {
					t.Fatal(err)
				}
				open += 2
			}
		}
	}
	for i := 0; i < n; i += 25 {
		batch := make([]types.WriteRequest, min(25, n-i))
		for j := range batch {
			batch[j].PutRequest = &types.PutRequest{Item: map[string]types.AttributeValue{
				"id":    &types.AttributeValueMemberS{Value: fmt.Sprint((i + j) % 10_000)},
				"email": &types.AttributeValueMemberS{Value: "ada@example.com"},
				"n":     &types.AttributeValueMemberN{Value: fmt.Sprint(i + j)},
				"ttl":   &types.AttributeValueMemberN{Value: "4000000000"},
			}}
		}
		if _, err := db.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{name: batch}}); err != nil {
			t.Fatal(err)
		}
	}
	return arn
}

type row struct {
	ID    string `dynamodbav:"id"`
	Email string `dynamodbav:"email"`
	N     int    `dynamodbav:"n"`
	TTL   int64  `dynamodbav:"ttl"`
}

// readDecoded reads n events with Events and decodes them.
// It returns the heap that is live at the last of them.
func readDecoded(b *testing.B, api stream.API, arn string, n int) (live uint64) {
	r, err := stream.Open(context.Background(), api, arn, stream.Options{Pace: stream.Unbounded})
	if err != nil {
		b.Fatal(err)
	}
	for e, err := range r.Events(context.Background()) {
		var now row
		if err != nil {
			b.Fatal(err)
		}
		if err := e.New.Decode(&now); err != nil {
			b.Fatal(err)
		}
		if n--; n == 0 {
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			return m.HeapAlloc
		}
	}
	return 0
}

// runDecoded is readDecoded with Run.
func runDecoded(b *testing.B, api stream.API, arn string, n int) {
	r, err := stream.Open(context.Background(), api, arn, stream.Options{Pace: stream.Unbounded})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var seen atomic.Int64
	r.Run(ctx, func(_ context.Context, e stream.Event) error {
		var now row
		if err := e.New.Decode(&now); err != nil {
			b.Error(err)
		}
		if seen.Add(1) == int64(n) {
			cancel()
		}
		return nil
	})
}

// bareDecoded is the least that reads and decodes the stream's only shard,
// fetching one page ahead as the Reader does.
func bareDecoded(b *testing.B, api stream.API, arn string, n int) {
	ctx := context.Background()
	d, err := api.DescribeStream(ctx, &dynamodbstreams.DescribeStreamInput{StreamArn: &arn})
	if err != nil {
		b.Fatal(err)
	}
	it, err := api.GetShardIterator(ctx, &dynamodbstreams.GetShardIteratorInput{
		StreamArn: &arn, ShardId: d.StreamDescription.Shards[0].ShardId,
		ShardIteratorType: streamtypes.ShardIteratorTypeTrimHorizon,
	})
	if err != nil {
		b.Fatal(err)
	}
	pages := make(chan []streamtypes.Record)
	go func() {
		defer close(pages)
		for next, left := it.ShardIterator, n; left > 0; {
			page, err := api.GetRecords(ctx, &dynamodbstreams.GetRecordsInput{ShardIterator: next})
			if err != nil {
				b.Error(err)
				return
			}
			pages <- page.Records
			left -= len(page.Records)
			next = page.NextShardIterator
		}
	}()
	for page := range pages {
		for _, r := range page {
			var now row
			if err := stream.Image(r.Dynamodb.NewImage).Decode(&now); err != nil {
				b.Error(err)
			}
		}
	}
}

// measured is the time and the allocations of what read does.
func measured(read func()) (took time.Duration, allocs uint64) {
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	began := time.Now()
	read()
	took = time.Since(began)
	runtime.ReadMemStats(&after)
	return took, after.Mallocs - before.Mallocs
}

// series are what the rounds of a benchmark measured, by metric.
type series map[string][]float64

func (s series) add(metric string, v float64) { s[metric] = append(s[metric], v) }

// report reports the medians.
func (s series) report(b *testing.B) {
	for metric, values := range s {
		slices.Sort(values)
		b.ReportMetric(values[len(values)/2], metric)
	}
	b.ReportMetric(0, "ns/op")
}

// BenchmarkMillion reads a million records on the embedded engine, by
// turns in a bare loop and with the Reader, and four shards beside one. It
// prints medians.
//
//	go test ./internal/stream -run '^$' -bench Million -benchtime 5x
func BenchmarkMillion(b *testing.B) {
	e, db, streams := openEmbedded(b)
	n := *benchRecords
	arn := fillEmbedded(b, e, db, streams, "one", n, 1)
	small := fillEmbedded(b, e, db, streams, "small", 10_000, 1)
	four := fillEmbedded(b, e, db, streams, "four", n/4, 4)
	quarter := fillEmbedded(b, e, db, streams, "quarter", n/4, 1)
	s := make(series)
	for b.Loop() {
		api := &counted{API: streams}
		var live, small10k uint64
		bare, bareAllocs := measured(func() { bareDecoded(b, streams, arn, n) })
		took, allocs := measured(func() { live = readDecoded(b, api, arn, n) })
		small10k = readDecoded(b, streams, small, 10_000)
		one, _ := measured(func() { runDecoded(b, streams, quarter, n/4) })
		all, _ := measured(func() { runDecoded(b, streams, four, n/4) })
		s.add("reader/bare", took.Seconds()/bare.Seconds())
		s.add("records/s", float64(n)/took.Seconds())
		s.add("bare-records/s", float64(n)/bare.Seconds())
		s.add("calls/1000", float64(api.calls.Load())*1000/float64(n))
		s.add("allocs/record", float64(allocs)/float64(n))
		s.add("bare-allocs/record", float64(bareAllocs)/float64(n))
		s.add("MB-live", float64(live)/1e6)
		s.add("MB-live-10k", float64(small10k)/1e6)
		s.add("one/four-shards", one.Seconds()/all.Seconds())
	}
	s.report(b)
}

// BenchmarkWait puts items at moments that the Reader can't foresee, and
// prints how long each took to its event, as a part of the Poll. A
// thousandth more than 1 is the call itself.
//
//	go test ./internal/stream -run '^$' -bench Wait -benchtime 20x
func BenchmarkWait(b *testing.B) {
	e, db, streams := openEmbedded(b)
	const poll = time.Second // the default
	const tables = 8         // side by side
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var readers sync.WaitGroup
	defer readers.Wait()
	defer cancel()
	seen := make(chan time.Duration, tables)
	puts := make([]atomic.Int64, tables)
	for i := range tables {
		arn := fillEmbedded(b, e, db, streams, fmt.Sprint("table", i), 0, 1)
		r, err := stream.Open(ctx, streams, arn, stream.Options{})
		if err != nil {
			b.Fatal(err)
		}
		readers.Go(func() {
			r.Run(ctx, func(context.Context, stream.Event) error {
				seen <- time.Since(time.Unix(0, puts[i].Load()))
				return nil
			})
		})
	}
	var waits []float64
	for b.Loop() {
		time.Sleep(2 * poll) // until they look only once in a Poll
		for i := range tables {
			time.AfterFunc(rand.N(poll), func() {
				puts[i].Store(time.Now().UnixNano())
				putN(b, db, fmt.Sprint("table", i), "x", rand.Int())
			})
		}
		for range tables {
			waits = append(waits, (<-seen).Seconds()/poll.Seconds())
		}
	}
	slices.Sort(waits)
	b.ReportMetric(waits[len(waits)/2], "median-wait/poll")
	b.ReportMetric(waits[len(waits)-1], "max-wait/poll")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkEmptyPages reads a closed shard whose first 1,000 pages are empty,
// by turns in a bare loop and with the Reader. It prints the median of how much
// longer the Reader takes to the shard's record.
//
//	go test ./internal/stream -run '^$' -bench EmptyPages -benchtime 9x
func BenchmarkEmptyPages(b *testing.B) {
	e, db, streams := openEmbedded(b)
	const pages = 1000
	arn := fillEmbedded(b, e, db, streams, "empty", 1, 1)
	if err := e.RollShards(context.Background(), "empty"); err != nil {
		b.Fatal(err)
	}
	s := make(series)
	for b.Loop() {
		e.Inject("GetRecords", pages, embedded.EmptyPage)
		bare, _ := measured(func() { bareDecoded(b, streams, arn, 1) })
		e.Inject("GetRecords", pages, embedded.EmptyPage)
		api := &counted{API: streams}
		took, _ := measured(func() { runDecoded(b, api, arn, 1) })
		if n := api.calls.Load(); n < pages {
			b.Fatalf("%d calls of GetRecords, want %d empty pages", n, pages)
		}
		s.add("reader/bare", took.Seconds()/bare.Seconds())
	}
	s.report(b)
}

// A fullStream has shards whose pages are 1 MB as JSON, without end.
type fullStream struct {
	stream.API
	shards []streamtypes.Shard
}

func (f fullStream) DescribeStream(context.Context, *dynamodbstreams.DescribeStreamInput, ...func(*dynamodbstreams.Options)) (*dynamodbstreams.DescribeStreamOutput, error) {
	return &dynamodbstreams.DescribeStreamOutput{StreamDescription: &streamtypes.StreamDescription{
		StreamStatus: streamtypes.StreamStatusEnabled, CreationRequestDateTime: aws.Time(time.Now()), Shards: f.shards,
	}}, nil
}

func (f fullStream) GetShardIterator(context.Context, *dynamodbstreams.GetShardIteratorInput, ...func(*dynamodbstreams.Options)) (*dynamodbstreams.GetShardIteratorOutput, error) {
	return &dynamodbstreams.GetShardIteratorOutput{ShardIterator: aws.String("any")}, nil
}

func (f fullStream) GetRecords(_ context.Context, in *dynamodbstreams.GetRecordsInput, _ ...func(*dynamodbstreams.Options)) (*dynamodbstreams.GetRecordsOutput, error) {
	out := &dynamodbstreams.GetRecordsOutput{NextShardIterator: in.ShardIterator}
	image := func(n int) map[string]streamtypes.AttributeValue {
		item := make(map[string]streamtypes.AttributeValue)
		for a := range 14 {
			item[fmt.Sprintf("a%02d", a)] = &streamtypes.AttributeValueMemberS{Value: fmt.Sprintf("%09d", n*14+a)}
		}
		return item
	}
	for i := range 1000 {
		out.Records = append(out.Records, streamtypes.Record{EventName: streamtypes.OperationTypeModify, Dynamodb: &streamtypes.StreamRecord{
			Keys:     map[string]streamtypes.AttributeValue{"id": &streamtypes.AttributeValueMemberS{Value: fmt.Sprint(i)}},
			OldImage: image(i), NewImage: image(i + 1), SequenceNumber: aws.String(fmt.Sprintf("%021d", i+1)),
			ApproximateCreationDateTime: aws.Time(time.Now()),
		}})
	}
	return out, nil
}

// BenchmarkHeap measures the heap that a Reader holds for a shard while the
// handler has a page of 1 MB of small attributes and the next one is fetched.
//
//	go test ./internal/stream -run '^$' -bench Heap -benchtime 1x
func BenchmarkHeap(b *testing.B) {
	const shards = 50
	var f fullStream
	for i := range shards {
		f.shards = append(f.shards, streamtypes.Shard{ShardId: aws.String(fmt.Sprint("s", i))})
	}
	heap := func() float64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return float64(m.HeapAlloc)
	}
	for b.Loop() {
		before := heap()
		r, err := stream.Open(context.Background(), f, "arn:aws:dynamodb:us-east-1:000000000000:table/full/stream/2026-01-01T00:00:00.000", stream.Options{Pace: stream.Unbounded})
		if err != nil {
			b.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		var handling sync.WaitGroup
		handling.Add(shards)
		done := make(chan error, 1)
		go func() {
			done <- r.Run(ctx, func(context.Context, stream.Event) error {
				handling.Done()
				<-ctx.Done()
				return nil
			})
		}()
		handling.Wait()
		time.Sleep(5 * time.Second) // in which the next pages are fetched
		b.ReportMetric((heap()-before)/shards/1e6, "MB/shard")
		cancel()
		<-done
	}
	b.ReportMetric(0, "ns/op")
}
