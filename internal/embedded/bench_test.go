package embedded_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"

	"dynamostreamer/internal/embedded"
)

// BenchmarkPut puts items into tables of different sizes: the time must not grow
// with the table.
func BenchmarkPut(b *testing.B) {
	for _, rows := range []int64{1_000, 1_000_000} {
		b.Run(fmt.Sprintf("rows=%d", rows), func(b *testing.B) {
			c, _ := clientsOf(open(b, b.TempDir(), embedded.Options{}))
			if _, err := c.CreateTable(context.Background(), tableInput("rows")); err != nil {
				b.Fatal(err)
			}
			fillTable(b, c, "rows", rows)
			b.ResetTimer()
			for i := 0; b.Loop(); i++ {
				n := int64(uint32(i)*2654435761) % rows // spread over all keys
				_, err := c.PutItem(context.Background(), &dynamodb.PutItemInput{
					TableName: aws.String("rows"), Item: activity(fmt.Sprint("row-", n), int64(i)),
				})
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkCall makes calls on a table of a thousand rows, of which twenty share a
// partition key. It is there to be profiled:
//
//	go test ./internal/embedded -run '^$' -bench Call/put -cpuprofile /tmp/put.prof -o /tmp/embedded.test
//	go tool pprof -top -cum /tmp/embedded.test /tmp/put.prof
func BenchmarkCall(b *testing.B) {
	c, _ := clientsOf(open(b, b.TempDir(), embedded.Options{}))
	ctx, rows := context.Background(), aws.String("rows")
	row := func(i int) map[string]types.AttributeValue {
		item := activity(fmt.Sprint("user-", i%1000/20), int64(i))
		item["email"] = str(fmt.Sprintf("ada%02d@example.com", i%20))
		return item
	}
	key := func(i int) map[string]types.AttributeValue {
		item := row(i)
		return map[string]types.AttributeValue{"id": item["id"], "email": item["email"]}
	}
	put := func(i int) error {
		_, err := c.PutItem(ctx, &dynamodb.PutItemInput{TableName: rows, Item: row(i)})
		return err
	}
	if _, err := c.CreateTable(ctx, tableInput(*rows)); err != nil {
		b.Fatal(err)
	}
	for i := range 1000 {
		if err := put(i); err != nil {
			b.Fatal(err)
		}
	}
	for _, call := range []struct {
		name string
		make func(i int) error
	}{
		{"put", put},
		{"get", func(i int) error {
			_, err := c.GetItem(ctx, &dynamodb.GetItemInput{TableName: rows, Key: key(i)})
			return err
		}},
		{"update", func(i int) error {
			_, err := c.UpdateItem(ctx, &dynamodb.UpdateItemInput{
				TableName: rows, Key: key(i), UpdateExpression: aws.String("SET activity.n = :n ADD visits :one"),
				ExpressionAttributeValues: map[string]types.AttributeValue{":n": num(fmt.Sprint(i)), ":one": num("1")},
			})
			return err
		}},
		{"query", func(i int) error {
			_, err := c.Query(ctx, &dynamodb.QueryInput{
				TableName: rows, KeyConditionExpression: aws.String("id = :id"),
				ExpressionAttributeValues: map[string]types.AttributeValue{":id": row(i)["id"]},
			})
			return err
		}},
		{"scan", func(int) error {
			_, err := c.Scan(ctx, &dynamodb.ScanInput{TableName: rows})
			return err
		}},
	} {
		b.Run(call.name, func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				if err := call.make(i); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func fillTable(b *testing.B, c *dynamodb.Client, table string, rows int64) {
	for from := int64(0); from < rows; from += 25 {
		writes := make([]types.WriteRequest, 25)
		for i := range writes {
			writes[i].PutRequest = &types.PutRequest{Item: activity(fmt.Sprint("row-", from+int64(i)), 0)}
		}
		_, err := c.BatchWriteItem(context.Background(), &dynamodb.BatchWriteItemInput{
			RequestItems: map[string][]types.WriteRequest{table: writes},
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDeletedStreams makes, lists and deletes tables in an empty database, and again
// beside 2,000 streams of deleted tables, half of them of the same name. It prints how
// many times as long that takes then: these streams must not slow it down. Pages of
// ListStreams have one stream, so that the answers are the same.
//
//	go test ./internal/embedded -run '^$' -bench DeletedStreams -benchtime 1x
func BenchmarkDeletedStreams(b *testing.B) {
	const deleted, rounds = 2000, 100
	for b.Loop() {
		c, s := clientsOf(open(b, b.TempDir(), embedded.Options{}))
		makeAndDelete := func(name string) {
			if _, err := c.CreateTable(context.Background(), tableInput(name)); err != nil {
				b.Fatal(err)
			}
			for _, table := range []*string{nil, &name} {
				if _, err := s.ListStreams(context.Background(), &dynamodbstreams.ListStreamsInput{TableName: table, Limit: aws.Int32(1)}); err != nil {
					b.Fatal(err)
				}
			}
			if _, err := c.DeleteTable(context.Background(), &dynamodb.DeleteTableInput{TableName: &name}); err != nil {
				b.Fatal(err)
			}
		}
		measure := func() time.Duration {
			began := time.Now()
			for range rounds {
				makeAndDelete("rows")
			}
			return time.Since(began) / rounds
		}
		before := measure()
		for i := range deleted / 2 {
			makeAndDelete("rows")
			makeAndDelete(fmt.Sprint("other-", i))
		}
		after := measure()
		b.ReportMetric(float64(before.Microseconds()), "µs/empty")
		b.ReportMetric(float64(after.Microseconds()), "µs/beside")
		b.ReportMetric(float64(after)/float64(before), "ratio")
	}
}
