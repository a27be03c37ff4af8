package mapping

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
	"github.com/aws/smithy-go"

	"dynamostreamer/internal/stream"
)

const fakeARN = "arn:aws:dynamodb:us-east-2:123456789012:table/rows/stream/2026-11-28T00:00:00.000"

// A fakeStream is a stream in memory, on this machine's clock, whose shards are
// rolled and split by hand.
type fakeStream struct {
	recordsAPage  int
	throttleEvery int // every nth call of GetRecords is throttled; 0: none

	mu       sync.Mutex
	shards   []*fakeShard
	sequence int64
	calls    int
}

type fakeShard struct {
	id, parent string
	records    []types.Record
	trimmed    int // the number of records that are gone
	closed     bool
}

// newFakeStream has as many open shards as roots says.
func newFakeStream(roots int) *fakeStream {
	f := &fakeStream{recordsAPage: 1000, sequence: 100_000_000_000_000_000}
	for range roots {
		f.addShard("")
	}
	return f
}

func (f *fakeStream) addShard(parent string) *fakeShard {
	s := &fakeShard{id: fmt.Sprintf("shardId-%020d-%d", len(f.shards)+1, len(f.shards)+1), parent: parent}
	f.shards = append(f.shards, s)
	return s
}

// open lists the shards that are open, in the order in which they were made.
func (f *fakeStream) open() []*fakeShard {
	return slices.DeleteFunc(slices.Clone(f.shards), func(s *fakeShard) bool { return s.closed })
}

// write adds a record of an item to its shard, and returns its sequence number.
// An item stays in the lineage of the shard that it is in first.
func (f *fakeStream) write(item int, change func(*types.Record)) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sequence += 7
	key := map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: "item-" + strconv.Itoa(item)}}
	r := types.Record{
		EventID: aws.String(fmt.Sprintf("%032x", f.sequence)), EventName: types.OperationTypeModify, EventVersion: aws.String("1.1"),
		EventSource: aws.String("aws:dynamodb"), AwsRegion: aws.String("us-east-2"),
		Dynamodb: &types.StreamRecord{
			ApproximateCreationDateTime: aws.Time(time.Now().Truncate(time.Second)),
			Keys:                        key, NewImage: key, SequenceNumber: aws.String(fmt.Sprintf("%021d", f.sequence)),
			SizeBytes: aws.Int64(20), StreamViewType: types.StreamViewTypeNewAndOldImages,
		},
	}
	if change != nil {
		change(&r)
	}
	open := f.open()
	s := open[item%len(open)]
	s.records = append(s.records, r)
	return *r.Dynamodb.SequenceNumber
}

// divide closes all open shards, each with one child, so that an item stays in
// its lineage.
func (f *fakeStream) divide() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range f.open() {
		s.closed = true
		f.addShard(s.id)
	}
}

func (f *fakeStream) DescribeStream(context.Context, *dynamodbstreams.DescribeStreamInput, ...func(*dynamodbstreams.Options)) (*dynamodbstreams.DescribeStreamOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	d := &types.StreamDescription{
		StreamStatus: types.StreamStatusEnabled, StreamViewType: types.StreamViewTypeNewAndOldImages,
		CreationRequestDateTime: aws.Time(time.Now()),
	}
	for _, s := range f.shards {
		listed := types.Shard{ShardId: aws.String(s.id), SequenceNumberRange: &types.SequenceNumberRange{}}
		if s.parent != "" {
			listed.ParentShardId = aws.String(s.parent)
		}
		if s.closed {
			listed.SequenceNumberRange.EndingSequenceNumber = aws.String(fmt.Sprintf("%021d", f.sequence))
		}
		d.Shards = append(d.Shards, listed)
	}
	return &dynamodbstreams.DescribeStreamOutput{StreamDescription: d}, nil
}

func (f *fakeStream) ListStreams(context.Context, *dynamodbstreams.ListStreamsInput, ...func(*dynamodbstreams.Options)) (*dynamodbstreams.ListStreamsOutput, error) {
	return &dynamodbstreams.ListStreamsOutput{Streams: []types.Stream{{StreamArn: aws.String(fakeARN)}}}, nil
}

func (f *fakeStream) GetShardIterator(_ context.Context, in *dynamodbstreams.GetShardIteratorInput, _ ...func(*dynamodbstreams.Options)) (*dynamodbstreams.GetShardIteratorOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.shard(*in.ShardId)
	at := s.trimmed
	switch in.ShardIteratorType {
	case types.ShardIteratorTypeLatest:
		at = len(s.records)
	case types.ShardIteratorTypeAfterSequenceNumber:
		at = 1 + slices.IndexFunc(s.records, func(r types.Record) bool { return *r.Dynamodb.SequenceNumber == *in.SequenceNumber })
		if at <= s.trimmed {
			return nil, &types.TrimmedDataAccessException{}
		}
	case types.ShardIteratorTypeTrimHorizon:
	default:
		return nil, &smithy.GenericAPIError{Code: "ValidationException"}
	}
	return &dynamodbstreams.GetShardIteratorOutput{ShardIterator: iteratorAt(s, at)}, nil
}

func (f *fakeStream) shard(id string) *fakeShard {
	return f.shards[slices.IndexFunc(f.shards, func(s *fakeShard) bool { return s.id == id })]
}

func iteratorAt(s *fakeShard, at int) *string { return aws.String(s.id + "|" + strconv.Itoa(at)) }

func (f *fakeStream) GetRecords(_ context.Context, in *dynamodbstreams.GetRecordsInput, _ ...func(*dynamodbstreams.Options)) (*dynamodbstreams.GetRecordsOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.calls++; f.throttleEvery > 0 && f.calls%f.throttleEvery == 0 {
		return nil, &smithy.GenericAPIError{Code: "ProvisionedThroughputExceededException"}
	}
	id, number, _ := strings.Cut(*in.ShardIterator, "|")
	at, err := strconv.Atoi(number)
	if err != nil {
		return nil, err
	}
	s := f.shard(id)
	out := &dynamodbstreams.GetRecordsOutput{Records: slices.Clone(s.records[at:min(at+f.recordsAPage, len(s.records))])}
	if at += len(out.Records); at < len(s.records) || !s.closed {
		out.NextShardIterator = iteratorAt(s, at)
	}
	return out, nil
}

// memory keeps checkpoints as long as a test lasts.
type memory struct {
	mu   sync.Mutex
	kept map[string]stream.Checkpoint
	dead bool // what is saved is lost, as in a crash
}

func (m *memory) Load(context.Context) ([]stream.Checkpoint, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.dead = false
	var all []stream.Checkpoint
	for _, c := range m.kept {
		all = append(all, c)
	}
	return all, nil
}

func (m *memory) Save(_ context.Context, changed, removed []stream.Checkpoint) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dead {
		return nil
	}
	if m.kept == nil {
		m.kept = make(map[string]stream.Checkpoint)
	}
	for _, c := range changed {
		m.kept[c.Shard] = c
	}
	for _, c := range removed {
		delete(m.kept, c.Shard)
	}
	return nil
}

func (m *memory) Close() error { return nil }

// crash makes what is saved from now on, until the next Load, have no effect.
func (m *memory) crash() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.dead = true
}

// discarding is a Reader's logger that nobody reads.
var discarding = slog.New(slog.DiscardHandler)

// run maps a stream to a function until the reader is idle, in a bubble with fake
// time, and returns the totals.
func (f *fakeStream) run(t *testing.T, o Options, invoke Invoke) Totals {
	t.Helper()
	m, err := New(o, invoke)
	if err != nil {
		t.Fatal(err)
	}
	r, err := stream.Open(t.Context(), f, fakeARN, stream.Options{Idle: 10 * time.Second, Logger: discarding})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Run(t.Context(), r); err != nil {
		t.Fatalf("Run = %v, want nil once the reader is idle", err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	return m.Totals()
}
