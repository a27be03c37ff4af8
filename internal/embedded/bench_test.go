package embedded_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	streamtypes "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"dynamostreamer/internal/embedded"
)

// TestCompareSpeed drives DynamoDB Local and the engine with the same client in
// one run and prints how they compare:
//
//	EMBEDDED_SPEED=1 go test ./internal/embedded -run TestCompareSpeed -v -timeout 30m
//
// EMBEDDED_SPEED is the number of records in the stream in thousands; DynamoDB
// Local takes minutes to fill one of 100. The rounds alternate, so that both meet the same state of the machine, and the
// best round of each counts.
func TestCompareSpeed(t *testing.T) {
	if os.Getenv("EMBEDDED_SPEED") == "" {
		t.Skip("not measured: set EMBEDDED_SPEED=1, with DynamoDB Local at " + localEndpoint())
	}
	local := connectLocal(t)
	db, err := embedded.Open(t.TempDir(), embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	c, s := clientsOf(db)
	servers := []*speedServer{
		{name: "embedded", tables: c, streams: s, put: map[string]int{}},
		{name: "DynamoDB Local", tables: local.tables, streams: local.streams, put: map[string]int{}},
	}
	for _, server := range servers {
		server.prepare(t)
	}
	fmt.Printf("%-28s %14s %14s %8s\n", "", "embedded", "Local", "ratio")
	for _, line := range speedLines {
		var best [2]time.Duration
		for range 3 {
			for i, server := range servers {
				took := line.run(t, server)
				if best[i] == 0 || took < best[i] {
					best[i] = took
				}
			}
		}
		ratio := float64(best[1]) / float64(best[0])
		fmt.Printf("%-28s %11.1f µs %11.1f µs %7.1fx\n", line.name, micro(best[0]), micro(best[1]), ratio)
		if ratio < line.atLeast {
			t.Errorf("%s: %.1f times as fast as DynamoDB Local, want at least %.1f", line.name, ratio, line.atLeast)
		}
	}
	fmt.Printf("%-28s %11.1f ms\n", "open to first answer", float64(firstAnswer(t).Microseconds())/1000)
}

func micro(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 }

type speedServer struct {
	name    string
	tables  *dynamodb.Client
	streams *dynamodbstreams.Client
	table   string
	arn     string
	put     map[string]int
	serial  atomic.Int64
}

func (s *speedServer) prepare(t *testing.T) {
	s.table = fmt.Sprintf("speed-%d", time.Now().UnixNano())
	s.arn = createTable(t, s.tables, s.table)
	t.Cleanup(func() {
		_, _ = s.tables.DeleteTable(context.Background(), &dynamodb.DeleteTableInput{TableName: &s.table})
	})
}

func activity(id string, n int64) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{
		"id": str(id), "email": str("someone@example.com"), "ttl": num("4000000000"),
		"activity": &types.AttributeValueMemberM{Value: map[string]types.AttributeValue{
			"page": str("/checkout/cart"), "task": str("buying"), "n": num(fmt.Sprint(n)),
		}},
	}
}

var speedLines = []struct {
	name    string
	atLeast float64
	run     func(*testing.T, *speedServer) time.Duration
}{
	{"put, 1 worker", 5, func(t *testing.T, s *speedServer) time.Duration { return s.each(t, 1, 500, s.putOne) }},
	{"put, 8 workers", 1, func(t *testing.T, s *speedServer) time.Duration { return s.each(t, 8, 1000, s.putOne) }},
	{"batch write of 25", 1, func(t *testing.T, s *speedServer) time.Duration { return s.each(t, 1, 40, s.putBatch) }},
	{"get", 1, func(t *testing.T, s *speedServer) time.Duration { return s.each(t, 1, 500, s.getOne) }},
	{"update", 5, func(t *testing.T, s *speedServer) time.Duration { return s.each(t, 1, 500, s.updateOne) }},
	{"query of 20", 1, func(t *testing.T, s *speedServer) time.Duration { return s.each(t, 1, 300, s.queryTwenty) }},
	{"stream, a record", 1, func(t *testing.T, s *speedServer) time.Duration { return s.readStream(t) }},
}

// each runs n calls on so many workers and returns the time for one.
func (s *speedServer) each(t *testing.T, workers, n int, call func(int64) error) time.Duration {
	var wg sync.WaitGroup
	start := time.Now()
	for range workers {
		wg.Go(func() {
			for range n / workers {
				if err := call(s.serial.Add(1)); err != nil {
					t.Error(s.name, err)
					return
				}
			}
		})
	}
	wg.Wait()
	return time.Since(start) / time.Duration(n)
}

func (s *speedServer) putOne(n int64) error {
	_, err := s.tables.PutItem(context.Background(), &dynamodb.PutItemInput{
		TableName: &s.table, Item: activity(fmt.Sprint("put-", n%1000), n),
	})
	return err
}

func (s *speedServer) putBatch(n int64) error {
	writes := make([]types.WriteRequest, 25)
	for i := range writes {
		writes[i].PutRequest = &types.PutRequest{Item: activity(fmt.Sprintf("batch-%d-%d", n%40, i), n)}
	}
	_, err := s.tables.BatchWriteItem(context.Background(), &dynamodb.BatchWriteItemInput{
		RequestItems: map[string][]types.WriteRequest{s.table: writes},
	})
	return err
}

func speedKey(n int64) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{"id": str(fmt.Sprint("put-", n%1000)), "email": str("someone@example.com")}
}

func (s *speedServer) getOne(n int64) error {
	_, err := s.tables.GetItem(context.Background(), &dynamodb.GetItemInput{TableName: &s.table, Key: speedKey(n)})
	return err
}

func (s *speedServer) updateOne(n int64) error {
	_, err := s.tables.UpdateItem(context.Background(), &dynamodb.UpdateItemInput{
		TableName: &s.table, Key: speedKey(n), UpdateExpression: aws.String("SET activity.n = :n ADD visits :one"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":n": num(fmt.Sprint(n)), ":one": num("1")},
	})
	return err
}

func (s *speedServer) queryTwenty(int64) error {
	if s.put["query"] == 0 {
		s.put["query"] = 20
		for i := range 20 {
			item := activity("query", int64(i))
			item["email"] = str(fmt.Sprintf("someone-%02d@example.com", i))
			if _, err := s.tables.PutItem(context.Background(), &dynamodb.PutItemInput{TableName: &s.table, Item: item}); err != nil {
				return err
			}
		}
	}
	out, err := s.tables.Query(context.Background(), &dynamodb.QueryInput{
		TableName: &s.table, KeyConditionExpression: aws.String("id = :id"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":id": str("query")},
	})
	if err == nil && out.Count != 20 {
		err = fmt.Errorf("the query found %d items, want 20", out.Count)
	}
	return err
}

// readStream fills the table's stream and reads all of it.
func (s *speedServer) readStream(t *testing.T) time.Duration {
	n, err := strconv.Atoi(os.Getenv("EMBEDDED_SPEED"))
	if err != nil {
		t.Fatal("EMBEDDED_SPEED: ", err)
	}
	n *= 1000
	if s.put["stream"] == 0 {
		s.put["stream"] = n
		var batch atomic.Int64
		s.each(t, 4, n/25, func(int64) error { return s.putBatch(batch.Add(1)) })
	}
	start, got := time.Now(), 0
	ctx := context.Background()
	d, err := s.streams.DescribeStream(ctx, &dynamodbstreams.DescribeStreamInput{StreamArn: &s.arn})
	if err != nil {
		t.Fatal(err)
	}
	for _, sh := range d.StreamDescription.Shards {
		it, err := s.streams.GetShardIterator(ctx, &dynamodbstreams.GetShardIteratorInput{
			StreamArn: &s.arn, ShardId: sh.ShardId, ShardIteratorType: streamtypes.ShardIteratorTypeTrimHorizon,
		})
		if err != nil {
			t.Fatal(err)
		}
		for next := it.ShardIterator; next != nil; {
			page, err := s.streams.GetRecords(ctx, &dynamodbstreams.GetRecordsInput{ShardIterator: next})
			if err != nil {
				t.Fatal(err)
			}
			got += len(page.Records)
			if next = page.NextShardIterator; len(page.Records) == 0 {
				break
			}
		}
	}
	if got < n {
		t.Errorf("%s: the stream has %d records, want at least %d", s.name, got, n)
	}
	return time.Since(start) / time.Duration(max(got, 1))
}

// firstAnswer is the time from opening a new folder to the first answer.
func firstAnswer(t *testing.T) time.Duration {
	dir := filepath.Join(t.TempDir(), "first")
	start := time.Now()
	db, err := embedded.Open(dir, embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	c, _ := clientsOf(db)
	createTable(t, c, "first")
	return time.Since(start)
}

// BenchmarkPut puts items into tables of different sizes: the time must not grow
// with the table.
func BenchmarkPut(b *testing.B) {
	for _, rows := range []int64{1_000, 1_000_000} {
		b.Run(fmt.Sprintf("rows=%d", rows), func(b *testing.B) {
			db, err := embedded.Open(b.TempDir(), embedded.Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer db.Close()
			c, _ := clientsOf(db)
			s := &speedServer{tables: c, table: "rows"}
			if _, err := c.CreateTable(context.Background(), tableInput("rows")); err != nil {
				b.Fatal(err)
			}
			fillTable(b, s, rows)
			b.ResetTimer()
			for i := 0; b.Loop(); i++ {
				n := int64(uint32(i)*2654435761) % rows // spread over all keys
				_, err := c.PutItem(context.Background(), &dynamodb.PutItemInput{
					TableName: &s.table, Item: activity(fmt.Sprint("row-", n), int64(i)),
				})
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func fillTable(b *testing.B, s *speedServer, rows int64) {
	for from := int64(0); from < rows; from += 25 {
		writes := make([]types.WriteRequest, 25)
		for i := range writes {
			writes[i].PutRequest = &types.PutRequest{Item: activity(fmt.Sprint("row-", from+int64(i)), 0)}
		}
		_, err := s.tables.BatchWriteItem(context.Background(), &dynamodb.BatchWriteItemInput{
			RequestItems: map[string][]types.WriteRequest{s.table: writes},
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// local is DynamoDB Local, for comparing.
type local struct {
	tables  *dynamodb.Client
	streams *dynamodbstreams.Client
}

func localEndpoint() string {
	if e := os.Getenv("DYNAMODB_LOCAL"); e != "" {
		return e
	}
	return "http://127.0.0.1:8000"
}

// connectLocal finds DynamoDB Local, or skips the test and says what to start;
// under CI=true it fails.
func connectLocal(t *testing.T) local {
	t.Helper()
	client := &http.Client{Timeout: 2 * time.Second}
	resp, err := client.Get(localEndpoint())
	if err != nil {
		message := fmt.Sprintf("DynamoDB Local does not answer at %s (%v): start it with `docker compose up -d`, or set DYNAMODB_LOCAL to its address", localEndpoint(), err)
		if os.Getenv("CI") == "true" {
			t.Fatal(message)
		}
		t.Skip(message)
	}
	resp.Body.Close()
	return local{
		dynamodb.New(dynamodb.Options{Region: "us-east-1", Credentials: anybody, BaseEndpoint: aws.String(localEndpoint())}),
		dynamodbstreams.New(dynamodbstreams.Options{Region: "us-east-1", Credentials: anybody, BaseEndpoint: aws.String(localEndpoint())}),
	}
}
