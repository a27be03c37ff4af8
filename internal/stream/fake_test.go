package stream

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
	"github.com/aws/smithy-go"
)

// fakeStream answers the calls of API as the service does, in the time of
// the synctest bubble that it runs in.
type fakeStream struct {
	mu           sync.Mutex
	status       types.StreamStatus
	shards       []*fakeShard
	shardsAPage  int  // of DescribeStream
	recordsAPage int  // of GetRecords
	sequence     int  // the newest record's
	noTimestamps bool // the endpoint lacks AT_TIMESTAMP
	// faults are returned by the next calls of an operation, one each,
	// before it does anything; a nil lets a call through.
	faults map[string][]error
	calls  []string // "GetRecords shard-1" and the like, in order
	// onCall, if set, decides after faults what becomes of a call. It is
	// called without the lock.
	onCall    func(ctx context.Context, operation, shard string) error
	described bool     // some DescribeStream has succeeded
	retains   bool     // it trims what is older than 24 hours
	base      *big.Int // added to sequence numbers; nil: 0, padded to 21 digits
	created   time.Time
}

type fakeShard struct {
	id, parent string
	records    []types.Record
	closed     bool
	hidden     bool // not listed yet
	listedAt   time.Time
	trimmed    int  // so many of the records are gone
	gone       bool // and the shard too
	closedAt   time.Time
	closedBy   int  // the stream's newest record then
	looksOpen  bool // closed, and described as if it were open
}

const iteratorLife = 15 * time.Minute

func newFakeStream(shards ...*fakeShard) *fakeStream {
	return &fakeStream{
		status: types.StreamStatusEnabled, shards: shards, created: time.Now(),
		shardsAPage: 100, recordsAPage: 1000,
		faults: make(map[string][]error),
	}
}

// put adds an INSERT of the item called id to the shard.
func (f *fakeStream) put(s *fakeShard, ids ...string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, id := range ids {
		f.sequence++
		s.records = append(s.records, types.Record{
			EventName: types.OperationTypeInsert,
			Dynamodb: &types.StreamRecord{
				Keys:                        map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: id}},
				SequenceNumber:              aws.String(f.number(f.sequence)),
				ApproximateCreationDateTime: aws.Time(time.Now().Truncate(time.Second)),
			},
		})
	}
}

func (f *fakeStream) number(n int) string {
	if f.base == nil {
		return fmt.Sprintf("%021d", n)
	}
	return new(big.Int).Add(f.base, big.NewInt(int64(n))).String()
}

// trim removes what is older than the retention.
func (f *fakeStream) trim() {
	if !f.retains {
		return
	}
	horizon := time.Now().Add(-retention)
	for _, s := range f.shards {
		for s.trimmed < len(s.records) && s.records[s.trimmed].Dynamodb.ApproximateCreationDateTime.Before(horizon) {
			s.trimmed++
		}
		s.gone = s.closed && !s.closedAt.IsZero() && s.closedAt.Before(horizon)
	}
}

// set changes the stream under its lock.
func (f *fakeStream) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

// counted is how often the calls began with the prefix.
func (f *fakeStream) counted(prefix string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, c := range f.calls {
		if strings.HasPrefix(c, prefix) {
			n++
		}
	}
	return n
}

func (f *fakeStream) called(operation, shard string) error {
	f.calls = append(f.calls, operation+" "+shard)
	if queue := f.faults[operation]; len(queue) > 0 {
		f.faults[operation] = queue[1:]
		return queue[0]
	}
	return nil
}

// errEmptyPage has GetRecords give no records, though there may be some.
var errEmptyPage = errors.New("an empty page")

// decide counts a call and says what becomes of it.
func (f *fakeStream) decide(ctx context.Context, operation, shard string) error {
	f.mu.Lock()
	err := f.called(operation, shard)
	f.mu.Unlock()
	if err == nil && f.onCall != nil {
		err = f.onCall(ctx, operation, shard)
	}
	return err
}

func (f *fakeStream) shard(id string) *fakeShard {
	i := slices.IndexFunc(f.shards, func(s *fakeShard) bool { return s.id == id })
	if i < 0 {
		return nil
	}
	return f.shards[i]
}

func (f *fakeStream) DescribeStream(ctx context.Context, in *dynamodbstreams.DescribeStreamInput, _ ...func(*dynamodbstreams.Options)) (*dynamodbstreams.DescribeStreamOutput, error) {
	if err := f.decide(ctx, "DescribeStream", aws.ToString(in.ExclusiveStartShardId)); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.trim()
	if f.status == types.StreamStatusDisabled && !slices.ContainsFunc(f.shards, func(s *fakeShard) bool { return !s.gone }) {
		return nil, &types.ResourceNotFoundException{}
	}
	f.described = true
	d := &types.StreamDescription{StreamStatus: f.status, CreationRequestDateTime: &f.created}
	listed := in.ExclusiveStartShardId == nil
	for _, s := range f.shards {
		switch {
		case !listed:
			listed = s.id == *in.ExclusiveStartShardId
		case s.hidden || s.gone || time.Now().Before(s.listedAt):
		case len(d.Shards) == f.shardsAPage:
			d.LastEvaluatedShardId = d.Shards[len(d.Shards)-1].ShardId
			return &dynamodbstreams.DescribeStreamOutput{StreamDescription: d}, nil
		default:
			shard := types.Shard{ShardId: &s.id, SequenceNumberRange: &types.SequenceNumberRange{}}
			if s.parent != "" {
				shard.ParentShardId = &s.parent
			}
			if s.closed && !s.looksOpen {
				shard.SequenceNumberRange.EndingSequenceNumber = aws.String(f.number(s.closedBy))
				if n := len(s.records); n > 0 {
					shard.SequenceNumberRange.EndingSequenceNumber = s.records[n-1].Dynamodb.SequenceNumber
				}
			}
			d.Shards = append(d.Shards, shard)
		}
	}
	return &dynamodbstreams.DescribeStreamOutput{StreamDescription: d}, nil
}

func (f *fakeStream) ListStreams(ctx context.Context, in *dynamodbstreams.ListStreamsInput, _ ...func(*dynamodbstreams.Options)) (*dynamodbstreams.ListStreamsOutput, error) {
	if err := f.decide(ctx, "ListStreams", *in.TableName); err != nil {
		return nil, err
	}
	return &dynamodbstreams.ListStreamsOutput{Streams: []types.Stream{{StreamArn: aws.String(arn)}}}, nil
}

func (f *fakeStream) GetShardIterator(ctx context.Context, in *dynamodbstreams.GetShardIteratorInput, _ ...func(*dynamodbstreams.Options)) (*dynamodbstreams.GetShardIteratorOutput, error) {
	if err := f.decide(ctx, "GetShardIterator", *in.ShardId); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.trim()
	s := f.shard(*in.ShardId)
	if s == nil || s.gone {
		return nil, &types.ResourceNotFoundException{}
	}
	at := s.trimmed
	switch in.ShardIteratorType {
	case types.ShardIteratorTypeAtTimestamp:
		if f.noTimestamps {
			return nil, &smithy.GenericAPIError{Code: "ValidationException"}
		}
		for at < len(s.records) && s.records[at].Dynamodb.ApproximateCreationDateTime.Before(in.Timestamp.Truncate(time.Second)) {
			at++
		}
	case types.ShardIteratorTypeLatest:
		at = len(s.records)
	case types.ShardIteratorTypeAfterSequenceNumber:
		at = slices.IndexFunc(s.records, func(r types.Record) bool {
			return *r.Dynamodb.SequenceNumber == *in.SequenceNumber
		}) + 1
		if at <= s.trimmed {
			return nil, &types.TrimmedDataAccessException{}
		}
	}
	return &dynamodbstreams.GetShardIteratorOutput{ShardIterator: fakeIterator(s, at)}, nil
}

func fakeIterator(s *fakeShard, at int) *string {
	return aws.String(fmt.Sprintf("%s|%d|%d", s.id, at, time.Now().UnixNano()))
}

func (f *fakeStream) GetRecords(ctx context.Context, in *dynamodbstreams.GetRecordsInput, _ ...func(*dynamodbstreams.Options)) (*dynamodbstreams.GetRecordsOutput, error) {
	parts := strings.Split(*in.ShardIterator, "|")
	at, _ := strconv.Atoi(parts[1])
	taken, _ := strconv.ParseInt(parts[2], 10, 64)
	err := f.decide(ctx, "GetRecords", parts[0])
	if err != nil && err != errEmptyPage {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.trim()
	if time.Since(time.Unix(0, taken)) >= iteratorLife {
		return nil, &types.ExpiredIteratorException{}
	}
	s := f.shard(parts[0])
	if s.gone {
		return nil, &types.ResourceNotFoundException{}
	}
	if at < s.trimmed {
		return nil, &types.TrimmedDataAccessException{}
	}
	if err == errEmptyPage {
		return &dynamodbstreams.GetRecordsOutput{NextShardIterator: fakeIterator(s, at)}, nil
	}
	records := s.records[at:min(at+f.recordsAPage, len(s.records))]
	out := &dynamodbstreams.GetRecordsOutput{Records: slices.Clone(records)}
	if at += len(records); at < len(s.records) || !s.closed {
		out.NextShardIterator = fakeIterator(s, at)
	}
	return out, nil
}
