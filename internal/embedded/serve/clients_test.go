package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"strings"
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
)

var clientsFor = flag.Duration("clients-for", 3*time.Second, "how long TestManyClients keeps the server busy")

const (
	tableName = "counters"
	byGroup   = "by-group"
	counters  = 40 // few, so that clients get in each other's way
	clients   = 32
)

// TestManyClients has 32 clients do all operations at once. None may fail
// but for what it asked, and what was counted must add up.
func TestManyClients(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	url, stopped := startServe(t, ctx, filepath.Join(t.TempDir(), "db"))
	first := newClient(url)
	first.prepare(t)

	var counted, calls, refused atomic.Int64
	busy, done := context.WithTimeout(t.Context(), *clientsFor)
	defer done()
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			c := newClient(url)
			for busy.Err() == nil {
				n, err := c.operations()[rand.N(len(c.operations()))](t.Context())
				var condition *types.ConditionalCheckFailedException
				var canceled *types.TransactionCanceledException
				switch {
				case errors.As(err, &condition), errors.As(err, &canceled):
					refused.Add(1)
				case err != nil:
					t.Error(err)
					return
				}
				calls.Add(1)
				if err == nil {
					counted.Add(int64(n))
				}
			}
		})
	}
	all.Wait()
	if sum := first.sum(t); sum != counted.Load() {
		t.Errorf("the counters add up to %d, want %d", sum, counted.Load())
	}
	if refused.Load() == 0 {
		t.Error("no condition failed: the clients were not in each other's way")
	}
	t.Logf("%d calls, %d refused, counted to %d", calls.Load(), refused.Load(), counted.Load())
	stop()
	if err := <-stopped; err != nil {
		t.Errorf("serve = %v, want an orderly stop", err)
	}
}

// startServe serves a folder until ctx ends.
func startServe(t *testing.T, ctx context.Context, dir string) (url string, stopped <-chan error) {
	t.Helper()
	return startServeWith(t, ctx, options{dir: dir}, io.Discard)
}

// startServeWith serves at a free port until ctx ends, and copies to log what serve prints
// after its first line.
func startServeWith(t *testing.T, ctx context.Context, o options, log io.Writer) (url string, stopped <-chan error) {
	t.Helper()
	o.addr = "127.0.0.1:0"
	says, stderr := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := serve(ctx, o, stderr)
		stderr.CloseWithError(io.EOF)
		ended <- err
	}()
	lines := bufio.NewReader(says)
	line, err := lines.ReadString('\n')
	if err != nil {
		t.Fatalf("serve ended early: %v", <-ended)
	}
	go io.Copy(log, lines)
	_, url, _ = strings.Cut(strings.TrimSpace(line), " at ")
	return url, ended
}

type client struct {
	tables  *dynamodb.Client
	streams *dynamodbstreams.Client
}

func newClient(url string) *client {
	cfg := aws.Config{Region: "us-east-1", BaseEndpoint: &url, Credentials: credentials.NewStaticCredentialsProvider("any", "any", "")}
	return &client{dynamodb.NewFromConfig(cfg), dynamodbstreams.NewFromConfig(cfg)}
}

func key(id string) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: id}}
}

func someCounter() map[string]types.AttributeValue {
	return key(fmt.Sprint("counter-", rand.N(counters)))
}

func number(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}

func valueOf(item map[string]types.AttributeValue) int64 {
	n, _ := item["n"].(*types.AttributeValueMemberN)
	if n == nil {
		return 0
	}
	value, _ := strconv.ParseInt(n.Value, 10, 64)
	return value
}

func (c *client) prepare(t *testing.T) {
	t.Helper()
	_, err := c.tables.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: aws.String(tableName), BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String("id"), AttributeType: types.ScalarAttributeTypeS},
			{AttributeName: aws.String("group"), AttributeType: types.ScalarAttributeTypeS},
		},
		KeySchema: []types.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: types.KeyTypeHash}},
		GlobalSecondaryIndexes: []types.GlobalSecondaryIndex{{
			IndexName: aws.String(byGroup), Projection: &types.Projection{ProjectionType: types.ProjectionTypeAll},
			KeySchema: []types.KeySchemaElement{{AttributeName: aws.String("group"), KeyType: types.KeyTypeHash}},
		}},
		StreamSpecification: &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewTypeNewAndOldImages},
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range counters {
		item := key(fmt.Sprint("counter-", i))
		item["group"], item["n"] = &types.AttributeValueMemberS{Value: "all"}, number(0)
		if _, err := c.tables.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String(tableName), Item: item}); err != nil {
			t.Fatal(err)
		}
	}
}

// sum adds the counters up, by the index.
func (c *client) sum(t *testing.T) (sum int64) {
	t.Helper()
	out, err := c.tables.Query(t.Context(), c.group())
	if err != nil {
		t.Fatal(err)
	}
	if out.Count != counters {
		t.Errorf("the index has %d counters, want %d", out.Count, counters)
	}
	for _, item := range out.Items {
		sum += valueOf(item)
	}
	return sum
}

func (c *client) group() *dynamodb.QueryInput {
	return &dynamodb.QueryInput{
		TableName: aws.String(tableName), IndexName: aws.String(byGroup), KeyConditionExpression: aws.String("#g = :all"),
		ExpressionAttributeNames:  map[string]string{"#g": "group"},
		ExpressionAttributeValues: map[string]types.AttributeValue{":all": &types.AttributeValueMemberS{Value: "all"}},
	}
}

// operations each return by how much they raised the counters.
func (c *client) operations() []func(context.Context) (int, error) {
	return []func(context.Context) (int, error){
		c.add, c.raise, c.transact, c.transactGet, c.putAndDelete, c.batch, c.query, c.scan, c.readStream,
	}
}

func (c *client) add(ctx context.Context) (int, error) {
	_, err := c.tables.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: aws.String(tableName), Key: someCounter(), UpdateExpression: aws.String("ADD n :one"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":one": number(1)},
	})
	return 1, err
}

// raise reads a counter and writes what it should be, if no other client did.
func (c *client) raise(ctx context.Context) (int, error) {
	at := someCounter()
	got, err := c.tables.GetItem(ctx, &dynamodb.GetItemInput{TableName: aws.String(tableName), Key: at, ConsistentRead: aws.Bool(true)})
	if err != nil {
		return 0, err
	}
	_, err = c.tables.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: aws.String(tableName), Key: at, UpdateExpression: aws.String("SET n = :next"), ConditionExpression: aws.String("n = :was"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":was": number(valueOf(got.Item)), ":next": number(valueOf(got.Item) + 1)},
	})
	return 1, err
}

// transact raises two counters, or none.
func (c *client) transact(ctx context.Context) (int, error) {
	one, other := rand.N(counters), 0
	for other = rand.N(counters); other == one; other = rand.N(counters) {
	}
	in := &dynamodb.TransactWriteItemsInput{}
	for _, i := range []int{one, other} {
		in.TransactItems = append(in.TransactItems, types.TransactWriteItem{Update: &types.Update{
			TableName: aws.String(tableName), Key: key(fmt.Sprint("counter-", i)), UpdateExpression: aws.String("ADD n :one"),
			ConditionExpression:       aws.String("attribute_exists(id)"),
			ExpressionAttributeValues: map[string]types.AttributeValue{":one": number(1)},
		}})
	}
	_, err := c.tables.TransactWriteItems(ctx, in)
	return 2, err
}

func (c *client) transactGet(ctx context.Context) (int, error) {
	_, err := c.tables.TransactGetItems(ctx, &dynamodb.TransactGetItemsInput{TransactItems: []types.TransactGetItem{
		{Get: &types.Get{TableName: aws.String(tableName), Key: someCounter()}},
	}})
	return 0, err
}

func (c *client) putAndDelete(ctx context.Context) (int, error) {
	item := key(fmt.Sprint("passing-", rand.N(1000)))
	if _, err := c.tables.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String(tableName), Item: item}); err != nil {
		return 0, err
	}
	_, err := c.tables.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: aws.String(tableName), Key: item})
	return 0, err
}

func (c *client) batch(ctx context.Context) (int, error) {
	writes := make([]types.WriteRequest, 5)
	keys := make([]map[string]types.AttributeValue, len(writes))
	from := rand.N(1000)
	for i := range writes {
		keys[i] = key(fmt.Sprint("batched-", from+i))
		writes[i].PutRequest = &types.PutRequest{Item: keys[i]}
	}
	_, err := c.tables.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{tableName: writes}})
	if err != nil {
		return 0, err
	}
	got, err := c.tables.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{tableName: {Keys: keys}}})
	if err == nil && len(got.Responses[tableName]) != len(keys) {
		err = fmt.Errorf("of %d items just written, %d are there", len(keys), len(got.Responses[tableName]))
	}
	return 0, err
}

func (c *client) query(ctx context.Context) (int, error) {
	out, err := c.tables.Query(ctx, c.group())
	if err == nil && out.Count != counters {
		err = fmt.Errorf("the index has %d counters, want %d", out.Count, counters)
	}
	return 0, err
}

func (c *client) scan(ctx context.Context) (int, error) {
	_, err := c.tables.Scan(ctx, &dynamodb.ScanInput{TableName: aws.String(tableName), Limit: aws.Int32(50)})
	return 0, err
}

func (c *client) readStream(ctx context.Context) (int, error) {
	table, err := c.tables.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: aws.String(tableName)})
	if err != nil {
		return 0, err
	}
	arn := table.Table.LatestStreamArn
	stream, err := c.streams.DescribeStream(ctx, &dynamodbstreams.DescribeStreamInput{StreamArn: arn})
	if err != nil {
		return 0, err
	}
	shard := stream.StreamDescription.Shards[0].ShardId
	start, err := c.streams.GetShardIterator(ctx, &dynamodbstreams.GetShardIteratorInput{
		StreamArn: arn, ShardId: shard, ShardIteratorType: streamtypes.ShardIteratorTypeTrimHorizon,
	})
	if err != nil {
		return 0, err
	}
	_, err = c.streams.GetRecords(ctx, &dynamodbstreams.GetRecordsInput{ShardIterator: start.ShardIterator, Limit: aws.Int32(100)})
	return 0, err
}
