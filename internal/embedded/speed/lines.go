package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	streamtypes "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
	"golang.org/x/sync/errgroup"
)

// lines are the measurements: some workers make a number of calls.
var lines = []struct {
	name           string
	workers, calls int
	call           func(*contestant, context.Context, int64) error
}{
	{"DescribeLimits, which looks nothing up", 1, 1000, (*contestant).nothing},
	{"put, 1 worker", 1, 1000, (*contestant).put},
	{"put, 8 workers", 8, 2000, (*contestant).put},
	{"batch write of 25", 1, 40, (*contestant).batch},
	{"get", 1, 1000, (*contestant).get},
	{"update", 1, 1000, (*contestant).update},
	{"transaction of 4", 1, 200, (*contestant).transact},
	{"query of 20", 1, 300, (*contestant).query},
	{"put into a table with an index", 1, 1000, (*contestant).putIndexed},
	{"query of 20 by the index", 1, 300, (*contestant).queryIndex},
	{"scan of 1,000", 1, 10, (*contestant).scan},
}

// each makes n calls with this many workers, and returns the time per call.
// Each call gets a different number.
func each(ctx context.Context, c *contestant, workers, n int, call func(context.Context, int64) error) (time.Duration, error) {
	group, ctx := errgroup.WithContext(ctx)
	began := time.Now()
	for range workers {
		group.Go(func() error {
			for range n / workers {
				if err := call(ctx, c.serial.Add(1)); err != nil {
					return err
				}
			}
			return nil
		})
	}
	err := group.Wait()
	return time.Since(began) / time.Duration(n), err
}

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func number(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}

// key returns the key of row n. Twenty rows share a partition key.
func key(n int64) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{
		"id": text(fmt.Sprint("user-", n/20)), "email": text(fmt.Sprintf("ada%02d@example.com", n%20)),
	}
}

// item returns an item like the rows of the tutorial's table.
func item(n, version int64) map[string]types.AttributeValue {
	row := key(n)
	row["ttl"] = number(4_000_000_000)
	row["activity"] = &types.AttributeValueMemberM{Value: map[string]types.AttributeValue{
		"page": text("/checkout/cart"), "task": text("buying"), "n": number(version),
	}}
	return row
}

// nothing makes a call that costs only what every call does: the SDK and HTTP.
func (c *contestant) nothing(ctx context.Context, _ int64) error {
	_, err := c.tables.DescribeLimits(ctx, &dynamodb.DescribeLimitsInput{})
	return err
}

func (c *contestant) put(ctx context.Context, n int64) error {
	_, err := c.tables.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String(small), Item: item(n%1000, n)})
	return err
}

func (c *contestant) batch(ctx context.Context, n int64) error {
	return c.writeBatch(ctx, small, n*25%1000, n)
}

// writeBatch puts 25 rows, from number from on.
func (c *contestant) writeBatch(ctx context.Context, table string, from, version int64) error {
	puts := make([]types.WriteRequest, 25)
	for i := range puts {
		puts[i].PutRequest = &types.PutRequest{Item: item(from+int64(i), version)}
	}
	_, err := c.tables.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{
		RequestItems: map[string][]types.WriteRequest{table: puts},
	})
	return err
}

func (c *contestant) get(ctx context.Context, n int64) error {
	_, err := c.tables.GetItem(ctx, &dynamodb.GetItemInput{TableName: aws.String(small), Key: key(n % 1000)})
	return err
}

func (c *contestant) update(ctx context.Context, n int64) error {
	_, err := c.tables.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: aws.String(small), Key: key(n % 1000), UpdateExpression: aws.String("SET activity.n = :n ADD visits :one"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":n": number(n), ":one": number(1)},
	})
	return err
}

func (c *contestant) transact(ctx context.Context, n int64) error {
	in := &dynamodb.TransactWriteItemsInput{}
	for i := range int64(4) {
		in.TransactItems = append(in.TransactItems, types.TransactWriteItem{
			Put: &types.Put{TableName: aws.String(small), Item: item((n+i)%1000, n)},
		})
	}
	_, err := c.tables.TransactWriteItems(ctx, in)
	return err
}

func (c *contestant) query(ctx context.Context, n int64) error {
	out, err := c.tables.Query(ctx, &dynamodb.QueryInput{
		TableName: aws.String(small), KeyConditionExpression: aws.String("id = :id"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":id": key(n % 1000)["id"]},
	})
	if err == nil && out.Count != 20 {
		err = fmt.Errorf("found %d items, want 20", out.Count)
	}
	return err
}

func (c *contestant) putIndexed(ctx context.Context, n int64) error {
	_, err := c.tables.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String(indexed), Item: item(n%1000, n)})
	return err
}

func (c *contestant) queryIndex(ctx context.Context, n int64) error {
	out, err := c.tables.Query(ctx, &dynamodb.QueryInput{
		TableName: aws.String(indexed), IndexName: aws.String(byEmail), Limit: aws.Int32(20),
		KeyConditionExpression:    aws.String("email = :email"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":email": key(n % 1000)["email"]},
	})
	if err == nil && out.Count != 20 {
		err = fmt.Errorf("found %d items, want 20", out.Count)
	}
	return err
}

func (c *contestant) scan(ctx context.Context, _ int64) error {
	out, err := c.tables.Scan(ctx, &dynamodb.ScanInput{TableName: aws.String(small)})
	if err == nil && out.Count != 1000 {
		err = fmt.Errorf("found %d items, want 1000", out.Count)
	}
	return err
}

// fill puts the rows into the large table.
func (c *contestant) fill(ctx context.Context, n int) (time.Duration, error) {
	first := c.serial.Load() + 1
	took, err := each(ctx, c, 4, n/25, func(ctx context.Context, i int64) error {
		return c.writeBatch(ctx, large, (i-first)*25, 0)
	})
	return took / 25, err
}

// putsInto replaces existing rows all over a table.
func (c *contestant) putsInto(ctx context.Context, table string, rows int) (time.Duration, error) {
	return each(ctx, c, 1, 2000, func(ctx context.Context, n int64) error {
		row := int64(uint32(n)*2654435761) % int64(rows)
		_, err := c.tables.PutItem(ctx, &dynamodb.PutItemInput{TableName: &table, Item: item(row, n)})
		return err
	})
}

// readStream reads the large table's stream from its beginning until it has
// n records.
func (c *contestant) readStream(ctx context.Context, n int) (time.Duration, error) {
	began, got := time.Now(), 0
	d, err := c.streams.DescribeStream(ctx, &dynamodbstreams.DescribeStreamInput{StreamArn: &c.bigStream})
	if err != nil {
		return 0, err
	}
	for _, shard := range d.StreamDescription.Shards {
		it, err := c.streams.GetShardIterator(ctx, &dynamodbstreams.GetShardIteratorInput{
			StreamArn: &c.bigStream, ShardId: shard.ShardId, ShardIteratorType: streamtypes.ShardIteratorTypeTrimHorizon,
		})
		if err != nil {
			return 0, err
		}
		for next := it.ShardIterator; next != nil && got < n; {
			page, err := c.streams.GetRecords(ctx, &dynamodbstreams.GetRecordsInput{ShardIterator: next})
			if err != nil {
				return 0, err
			}
			got += len(page.Records)
			next = page.NextShardIterator
			if len(page.Records) == 0 && shard.SequenceNumberRange.EndingSequenceNumber == nil {
				break // an open shard has no end
			}
		}
	}
	if got < n {
		return 0, fmt.Errorf("the stream has %d records, want %d", got, n)
	}
	return time.Since(began) / time.Duration(got), nil
}
