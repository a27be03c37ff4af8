package stream

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	tabletypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	"pgregory.net/rapid"

	"dynamostreamer/internal/embedded"
)

// TestWorldsOnTheEngine plays worlds on the embedded engine, half of them
// over days. The bubble's time is the engine's too: its shards roll of age,
// its iterators expire, its records are trimmed, and its sweeper runs beside
// the readers. The verdicts are those of TestWorlds.
func TestWorldsOnTheEngine(t *testing.T) {
	setChecks(t, max(*worldsWanted/worldsPerEngine, 1))
	rapid.Check(t, func(rt *rapid.T) {
		slow := rapid.Bool().Draw(rt, "slow")
		checkWorld(t, rt, drawWorld(rt, slow), newPlayedOnEngine)
	})
}

// An engineBackend is the engine that has a world's table. What happens in
// it is copied to the world's fake streams, which a verdict looks at.
type engineBackend struct {
	*played
	db      *embedded.DB
	tables  *dynamodb.Client
	client  *dynamodbstreams.Client
	clock   *engineClock
	shardOf map[string]string // by iterator
	puts    int
	ended   chan struct{} // closed by close
}

const engineTable = "world"

func newPlayedOnEngine(w world) *played {
	return begin(w, func(p *played) backend {
		o := embedded.Options{SweepInterval: time.Second}
		if w.Slow {
			o.SweepInterval = 7 * time.Minute
		}
		b := &engineBackend{played: p, clock: &engineClock{}, shardOf: make(map[string]string), ended: make(chan struct{})}
		b.clock.skew.Store(int64(p.skew))
		o.Clock = b.clock
		b.db = must(embedded.OpenMemory(o))
		b.tables, b.client = clientsOf(b.db)
		go b.follow()
		return b
	})
}

// An engineClock is the bubble's, set forward or back.
type engineClock struct{ skew atomic.Int64 }

func (c *engineClock) Now() time.Time { return time.Now().Add(time.Duration(c.skew.Load())) }

func (c *engineClock) After(d time.Duration) <-chan time.Time { return time.After(d) }

func clientsOf(db *embedded.DB) (*dynamodb.Client, *dynamodbstreams.Client) {
	cfg := aws.Config{
		Region: db.Region(), HTTPClient: db.HTTPClient(), BaseEndpoint: aws.String(embedded.BaseEndpoint),
		Credentials: credentials.NewStaticCredentialsProvider("any", "any", ""),
	}
	return dynamodb.NewFromConfig(cfg), dynamodbstreams.NewFromConfig(cfg)
}

// follow sees the shards that roll of age before they go.
func (b *engineBackend) follow() {
	for {
		select {
		case <-time.After(3 * time.Hour):
			b.mu.Lock()
			b.sync()
			b.mu.Unlock()
		case <-b.ended:
			return
		}
	}
}

// must is for what can only fail by a mistake in the test or the engine.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func (b *engineBackend) close() {
	close(b.ended)
	if err := b.db.Close(); err != nil {
		panic(err)
	}
}

func (b *engineBackend) create() {
	b.begin(must(b.tables.CreateTable(context.Background(), &dynamodb.CreateTableInput{
		TableName: aws.String(engineTable), BillingMode: tabletypes.BillingModePayPerRequest,
		AttributeDefinitions: []tabletypes.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: tabletypes.ScalarAttributeTypeS}},
		KeySchema:            []tabletypes.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: tabletypes.KeyTypeHash}},
		StreamSpecification:  streamSpecification(true),
	})).TableDescription)
}

func streamSpecification(on bool) *tabletypes.StreamSpecification {
	if !on {
		return &tabletypes.StreamSpecification{StreamEnabled: aws.Bool(false)}
	}
	return &tabletypes.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: tabletypes.StreamViewTypeKeysOnly}
}

// begin takes in a stream that the table has now, with the world's roots as
// far as the engine can have them: one shard that split.
func (b *engineBackend) begin(d *tabletypes.TableDescription) {
	b.addStream(*d.LatestStreamArn, "100000000000000000000")
	b.sync()
	for i := range b.Roots - 1 {
		b.divide(worldStep{Item: i}, 2)
	}
}

func (b *engineBackend) recreate() {
	b.sync()
	must(b.tables.DeleteTable(context.Background(), &dynamodb.DeleteTableInput{TableName: aws.String(engineTable)}))
	b.newest().disable()
	b.create()
}

func (b *engineBackend) switchOff() { b.update(false) }

func (b *engineBackend) switchOn() { b.begin(b.update(true)) }

func (b *engineBackend) update(on bool) *tabletypes.TableDescription {
	return must(b.tables.UpdateTable(context.Background(), &dynamodb.UpdateTableInput{
		TableName: aws.String(engineTable), StreamSpecification: streamSpecification(on),
	})).TableDescription
}

func (b *engineBackend) write(item, count int) {
	for range count {
		b.puts++
		must(b.tables.PutItem(context.Background(), &dynamodb.PutItemInput{
			TableName: aws.String(engineTable), Item: map[string]tabletypes.AttributeValue{
				"id": &tabletypes.AttributeValueMemberS{Value: fmt.Sprint("i", item)},
				"n":  &tabletypes.AttributeValueMemberN{Value: strconv.Itoa(b.puts)},
			},
		}))
	}
}

// divide rolls all shards, or splits one of the open ones.
func (b *engineBackend) divide(s worldStep, children int) {
	if children == 1 {
		must(0, b.db.RollShards(context.Background(), engineTable))
		return
	}
	b.sync()
	var open []string
	for _, shard := range b.newest().shards {
		if !shard.closed {
			open = append(open, shard.id)
		}
	}
	must(0, b.db.SplitShard(context.Background(), engineTable, open[s.Item%len(open)]))
	b.sync()
}

func (b *engineBackend) skewed() {
	b.clock.skew.Store(int64(b.skew))
	must(0, b.db.Sweep(context.Background()))
}

// sync copies what is new in the newest stream.
func (b *engineBackend) sync() {
	if len(b.streams) == 0 || b.newest().status == types.StreamStatusDisabled {
		return // all of it was copied before
	}
	ctx, f, arn := context.Background(), b.newest(), &b.arns[len(b.arns)-1]
	var last *string
	for more := true; more; more = last != nil {
		d := must(b.client.DescribeStream(ctx, &dynamodbstreams.DescribeStreamInput{StreamArn: arn, ExclusiveStartShardId: last}))
		for _, listed := range d.StreamDescription.Shards {
			f.set(func() { b.learn(f, listed) })
			b.syncRecords(f, arn, *listed.ShardId)
		}
		last = d.StreamDescription.LastEvaluatedShardId
	}
}

// learn takes in a shard as the engine describes it.
func (b *engineBackend) learn(f *fakeStream, listed types.Shard) {
	s := f.shard(*listed.ShardId)
	if s == nil {
		s = b.addShard(f, *listed.ShardId, aws.ToString(listed.ParentShardId))
	}
	if listed.SequenceNumberRange.EndingSequenceNumber != nil {
		f.close(s)
	}
}

// syncRecords copies a shard's new records. None is trimmed before that,
// since it comes after each write.
func (b *engineBackend) syncRecords(f *fakeStream, arn *string, id string) {
	ctx, s := context.Background(), b.shard(id)
	it, err := b.client.GetShardIterator(ctx, &dynamodbstreams.GetShardIteratorInput{
		StreamArn: arn, ShardId: &id, ShardIteratorType: typeTrimHorizon,
	})
	if vanishedError(err) {
		return // since it was listed: what it held was copied long ago
	}
	for next := must(it, err).ShardIterator; next != nil; {
		out, err := b.client.GetRecords(ctx, &dynamodbstreams.GetRecordsInput{ShardIterator: next})
		if vanishedError(err) {
			return
		}
		must(out, err)
		for _, r := range out.Records {
			if n := len(s.records); n > 0 && compareSequence(sequence(r), sequence(s.records[n-1])) <= 0 {
				continue
			}
			number, _ := strconv.Atoi(strings.TrimLeft(sequence(r)[1:], "0"))
			f.set(func() {
				s.records = append(s.records, r)
				f.sequence = number
			})
			var item int
			fmt.Sscanf(r.Dynamodb.Keys["id"].(*types.AttributeValueMemberS).Value, "i%d", &item)
			b.wrote(item, f, s)
		}
		if next = out.NextShardIterator; len(out.Records) == 0 {
			return
		}
	}
}

func (b *engineBackend) listStreams(ctx context.Context, in *dynamodbstreams.ListStreamsInput) (*dynamodbstreams.ListStreamsOutput, error) {
	out, err := b.client.ListStreams(ctx, in)
	if err == nil && b.NoDate {
		out.ResultMetadata = middleware.Metadata{}
	}
	return out, err
}

// lifetime is less than on fake streams: the engine takes its time.
func (b *engineBackend) lifetime(d time.Duration) time.Duration { return d / 10 }

func (b *engineBackend) api(int) API { return engineAPI{b} }

// An engineAPI answers for the engine's streams, with the world's faults.
type engineAPI struct{ *engineBackend }

func (a engineAPI) DescribeStream(ctx context.Context, in *dynamodbstreams.DescribeStreamInput, _ ...func(*dynamodbstreams.Options)) (*dynamodbstreams.DescribeStreamOutput, error) {
	if err := a.onCall(ctx, "DescribeStream", ""); err != nil {
		return nil, err
	}
	limited := *in
	limited.Limit = aws.Int32(int32(min(a.ShardsAPage, int(aws.ToInt32(cmp.Or(in.Limit, aws.Int32(100)))))))
	if a.NoFilter {
		limited.ShardFilter = nil
	}
	out, err := a.client.DescribeStream(ctx, &limited)
	if err == nil && a.NoDate {
		out.ResultMetadata = middleware.Metadata{}
	}
	return out, err
}

func (a engineAPI) GetShardIterator(ctx context.Context, in *dynamodbstreams.GetShardIteratorInput, _ ...func(*dynamodbstreams.Options)) (*dynamodbstreams.GetShardIteratorOutput, error) {
	if err := a.onCall(ctx, "GetShardIterator", *in.ShardId); err != nil {
		return nil, err
	}
	if a.NoTimestamps && in.ShardIteratorType == typeAt {
		return nil, &smithy.GenericAPIError{Code: "ValidationException"}
	}
	out, err := a.client.GetShardIterator(ctx, in)
	if err != nil {
		return nil, err
	}
	a.issued(out.ShardIterator, *in.ShardId)
	if a.NoDate {
		out.ResultMetadata = middleware.Metadata{}
	}
	return out, nil
}

// givesNothing reports whether the shard begins with another empty page.
func (a engineAPI) givesNothing(s *fakeShard) (nothing bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, f := range a.streams {
		f.set(func() { nothing = nothing || slices.Contains(f.shards, s) && s.givesNothing() })
	}
	return nothing
}

// issued notes whose shard's an iterator is.
func (a engineAPI) issued(iterator *string, shard string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if iterator != nil {
		a.shardOf[*iterator] = shard
	}
}

// asked finds the shard that an iterator reads.
func (a engineAPI) asked(iterator string) *fakeShard {
	a.mu.Lock()
	defer a.mu.Unlock()
	id := a.shardOf[iterator]
	if a.shard(id) == nil {
		a.sync() // it rolled of age
	}
	return a.shard(id)
}

func (a engineAPI) GetRecords(ctx context.Context, in *dynamodbstreams.GetRecordsInput, _ ...func(*dynamodbstreams.Options)) (*dynamodbstreams.GetRecordsOutput, error) {
	s := a.asked(*in.ShardIterator)
	err := a.onCall(ctx, "GetRecords", s.id)
	if err != nil && err != errEmptyPage {
		return nil, err
	}
	limited := *in
	limited.Limit = aws.Int32(int32(a.RecordsAPage))
	empty := err == errEmptyPage || a.givesNothing(s)
	out, failed := a.client.GetRecords(ctx, &limited)
	if failed != nil {
		return nil, failed
	}
	if empty {
		// Its errors and its Date stay.
		out.Records, out.NextShardIterator = nil, in.ShardIterator
	}
	a.issued(out.NextShardIterator, s.id)
	if a.NoDate {
		out.ResultMetadata = middleware.Metadata{}
	}
	return out, nil
}
