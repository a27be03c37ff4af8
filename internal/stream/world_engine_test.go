package stream

import (
	"context"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	tabletypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
	"github.com/aws/smithy-go"
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

// An engineWorld is the engine that has a world's table. What happens in
// it is copied to the world's fake streams, which a verdict looks at.
type engineWorld struct {
	db      *embedded.DB
	tables  *dynamodb.Client
	streams *dynamodbstreams.Client
	shardOf map[string]string // by iterator
	puts    int
	ended   chan struct{} // closed by close
}

const engineTable = "world"

func newPlayedOnEngine(w world) *played {
	o := embedded.Options{SweepInterval: time.Second}
	if w.Slow {
		o.SweepInterval = 7 * time.Minute
	}
	db := must(embedded.OpenMemory(o))
	tables, streams := clientsOf(db)
	p := &played{world: w, calls: make(map[string]int), engine: &engineWorld{
		db: db, tables: tables, streams: streams,
		shardOf: make(map[string]string), ended: make(chan struct{}),
	}}
	p.begun = time.Now()
	p.engine.create(p)
	go p.engine.follow(p)
	return p
}

func clientsOf(db *embedded.DB) (*dynamodb.Client, *dynamodbstreams.Client) {
	cfg := aws.Config{
		Region: db.Region(), HTTPClient: db.HTTPClient(), BaseEndpoint: aws.String(embedded.BaseEndpoint),
		Credentials: credentials.NewStaticCredentialsProvider("any", "any", ""),
	}
	return dynamodb.NewFromConfig(cfg), dynamodbstreams.NewFromConfig(cfg)
}

// follow sees the shards that roll of age before they go.
func (e *engineWorld) follow(p *played) {
	for {
		select {
		case <-time.After(3 * time.Hour):
			p.mu.Lock()
			e.sync(p)
			p.mu.Unlock()
		case <-e.ended:
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

func (e *engineWorld) close() {
	close(e.ended)
	if err := e.db.Close(); err != nil {
		panic(err)
	}
}

// create makes the table, with the world's roots as far as it can have
// them: one shard that split.
func (e *engineWorld) create(p *played) {
	out := must(e.tables.CreateTable(context.Background(), &dynamodb.CreateTableInput{
		TableName: aws.String(engineTable), BillingMode: tabletypes.BillingModePayPerRequest,
		AttributeDefinitions: []tabletypes.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: tabletypes.ScalarAttributeTypeS}},
		KeySchema:            []tabletypes.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: tabletypes.KeyTypeHash}},
		StreamSpecification:  &tabletypes.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: tabletypes.StreamViewTypeKeysOnly},
	}))
	f := newFakeStream()
	f.retains, f.created = true, time.Now()
	f.base, _ = new(big.Int).SetString("100000000000000000000", 10)
	p.streams = append(p.streams, f)
	p.arns = append(p.arns, *out.TableDescription.LatestStreamArn)
	e.sync(p)
	for i := range p.Roots - 1 {
		e.split(p, i)
	}
}

// step is a step of the world's, with the lock held.
func (e *engineWorld) step(p *played, s worldStep) {
	ctx := context.Background()
	switch s.Kind {
	case stepWrite:
		for range s.Count {
			e.puts++
			must(e.tables.PutItem(ctx, &dynamodb.PutItemInput{
				TableName: aws.String(engineTable), Item: map[string]tabletypes.AttributeValue{
					"id": &tabletypes.AttributeValueMemberS{Value: fmt.Sprint("i", s.Item)},
					"n":  &tabletypes.AttributeValueMemberN{Value: strconv.Itoa(e.puts)},
				},
			}))
		}
	case stepRoll:
		must(0, e.db.RollShards(ctx, engineTable))
	case stepSplit:
		e.split(p, s.Item)
	case stepRecreate:
		e.sync(p)
		must(e.tables.DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: aws.String(engineTable)}))
		p.newest().disable()
		e.create(p)
	}
	e.sync(p)
}

// disable ends the table's stream.
func (e *engineWorld) disable(p *played) {
	e.sync(p)
	must(e.tables.UpdateTable(context.Background(), &dynamodb.UpdateTableInput{
		TableName:           aws.String(engineTable),
		StreamSpecification: &tabletypes.StreamSpecification{StreamEnabled: aws.Bool(false)},
	}))
}

// split divides one of the open shards.
func (e *engineWorld) split(p *played, n int) {
	e.sync(p)
	var open []string
	for _, s := range p.newest().shards {
		if !s.closed {
			open = append(open, s.id)
		}
	}
	must(0, e.db.SplitShard(context.Background(), engineTable, open[n%len(open)]))
	e.sync(p)
}

// sync copies what is new in the newest stream.
func (e *engineWorld) sync(p *played) {
	ctx, f, arn := context.Background(), p.newest(), &p.arns[len(p.arns)-1]
	if f.status == types.StreamStatusDisabled {
		return // all of it was copied before
	}
	var last *string
	for more := true; more; more = last != nil {
		d := must(e.streams.DescribeStream(ctx, &dynamodbstreams.DescribeStreamInput{StreamArn: arn, ExclusiveStartShardId: last}))
		for _, listed := range d.StreamDescription.Shards {
			f.set(func() { f.learn(listed) })
			e.syncRecords(p, f, arn, *listed.ShardId)
		}
		last = d.StreamDescription.LastEvaluatedShardId
	}
}

// learn takes in a shard as the engine describes it.
func (f *fakeStream) learn(listed types.Shard) {
	s := f.shard(*listed.ShardId)
	if s == nil {
		s = &fakeShard{id: *listed.ShardId, parent: aws.ToString(listed.ParentShardId)}
		f.shards = append(f.shards, s)
	}
	if listed.SequenceNumberRange.EndingSequenceNumber != nil {
		f.close(s)
	}
}

// syncRecords copies a shard's new records. None is trimmed before that,
// since it comes after each write.
func (e *engineWorld) syncRecords(p *played, f *fakeStream, arn *string, id string) {
	ctx, s := context.Background(), p.shard(id)
	next := must(e.streams.GetShardIterator(ctx, &dynamodbstreams.GetShardIteratorInput{
		StreamArn: arn, ShardId: &id, ShardIteratorType: typeTrimHorizon,
	})).ShardIterator
	for next != nil {
		out := must(e.streams.GetRecords(ctx, &dynamodbstreams.GetRecordsInput{ShardIterator: next}))
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
			p.wrote(item, f, s)
		}
		if next = out.NextShardIterator; len(out.Records) == 0 {
			return
		}
	}
}

// An engineStream answers for a stream of the engine's, with the world's
// faults.
type engineStream struct {
	*played
	f *fakeStream // its mirror
}

func (s engineStream) DescribeStream(ctx context.Context, in *dynamodbstreams.DescribeStreamInput, _ ...func(*dynamodbstreams.Options)) (*dynamodbstreams.DescribeStreamOutput, error) {
	if err := s.onCall(ctx, "DescribeStream", ""); err != nil {
		return nil, err
	}
	limited := *in
	limited.Limit = aws.Int32(int32(s.ShardsAPage))
	return s.engine.streams.DescribeStream(ctx, &limited)
}

func (s engineStream) GetShardIterator(ctx context.Context, in *dynamodbstreams.GetShardIteratorInput, _ ...func(*dynamodbstreams.Options)) (*dynamodbstreams.GetShardIteratorOutput, error) {
	if err := s.onCall(ctx, "GetShardIterator", *in.ShardId); err != nil {
		return nil, err
	}
	if s.NoTimestamps && in.ShardIteratorType == typeAt {
		return nil, &smithy.GenericAPIError{Code: "ValidationException"}
	}
	out, err := s.engine.streams.GetShardIterator(ctx, in)
	if err == nil {
		s.issued(out.ShardIterator, *in.ShardId)
	}
	return out, err
}

// issued notes whose shard's an iterator is.
func (s engineStream) issued(iterator *string, shard string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if iterator != nil {
		s.engine.shardOf[*iterator] = shard
	}
}

func (s engineStream) GetRecords(ctx context.Context, in *dynamodbstreams.GetRecordsInput, _ ...func(*dynamodbstreams.Options)) (*dynamodbstreams.GetRecordsOutput, error) {
	s.mu.Lock()
	shard := s.engine.shardOf[*in.ShardIterator]
	if s.shard(shard) == nil {
		s.engine.sync(s.played) // it rolled of age
	}
	s.mu.Unlock()
	switch err := s.onCall(ctx, "GetRecords", shard); err {
	case nil:
	case errEmptyPage:
		return &dynamodbstreams.GetRecordsOutput{NextShardIterator: in.ShardIterator}, nil
	default:
		return nil, err
	}
	limited := *in
	limited.Limit = aws.Int32(int32(s.RecordsAPage))
	out, err := s.engine.streams.GetRecords(ctx, &limited)
	if err == nil {
		s.issued(out.NextShardIterator, shard)
	}
	return out, err
}
