package stream

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// fakeStream answers the calls of API as the service does, in the time of
// the synctest bubble that it runs in. Its mutex guards all fields.
type fakeStream struct {
	mu           sync.Mutex
	status       types.StreamStatus
	view         types.StreamViewType
	shards       []*fakeShard
	shardsAPage  int  // of DescribeStream
	recordsAPage int  // of GetRecords
	sequence     int  // the newest record's
	noTimestamps bool // the endpoint lacks AT_TIMESTAMP
	noFilter     bool // it ignores ShardFilter
	noDate       bool // its answers have no Date
	// faults are returned by the next calls of an operation, one each,
	// before it does anything; a nil lets a call through.
	faults map[string][]error
	calls  []string // "GetRecords shard-1" and the like, in order
	// onCall, if set, decides after faults what becomes of a call. It is
	// called without the lock.
	onCall    func(ctx context.Context, operation, shard string) error
	described bool          // some DescribeStream has succeeded
	retains   bool          // it trims what is older than 24 hours
	staleFor  time.Duration // DescribeStream still lists a vanished shard for that long
	base      *big.Int      // added to sequence numbers; nil: 0, padded to 21 digits
	skew      time.Duration // the service's clock minus this machine's
	created   time.Time     // by the service's clock, as all its times
}

type fakeShard struct {
	id, parent string
	records    []types.Record
	closed     bool
	hidden     bool // not listed yet
	listedAt   time.Time
	trimmed    int       // so many of the records are gone
	gone       bool      // and the shard too
	staleUntil time.Time // DescribeStream lists it until then, though it is gone
	closedAt   time.Time
	closedBy   int  // the stream's newest record then
	looksOpen  bool // closed, and described as if it were open
	empties    int  // GetRecords gives so many empty pages before the first records
	emptied    int  // so many of them were given
}

const (
	iteratorLife = 15 * time.Minute
	// openEmpties bounds the empty pages of a shard that is listed as open:
	// a reader that has Idle takes more of them for the end.
	openEmpties = 40
)

func newFakeStream(shards ...*fakeShard) *fakeStream {
	return &fakeStream{
		status: types.StreamStatusEnabled, view: types.StreamViewTypeNewAndOldImages,
		shards: shards, created: time.Now(),
		shardsAPage: 100, recordsAPage: 1000,
		faults: make(map[string][]error),
	}
}

// now is the time of the service's clock.
func (f *fakeStream) now() time.Time { return time.Now().Add(f.skew).UTC() }

// dated is the metadata of an answer whose Date is t, cut to the second.
func dated(t time.Time) middleware.Metadata {
	date := http.Header{"Date": {t.UTC().Format(http.TimeFormat)}}
	answer := middleware.DeserializeHandlerFunc(func(context.Context, middleware.DeserializeInput) (middleware.DeserializeOutput, middleware.Metadata, error) {
		response := &smithyhttp.Response{Response: &http.Response{Header: date}}
		return middleware.DeserializeOutput{RawResponse: response}, middleware.Metadata{}, nil
	})
	_, metadata, err := (&awsmiddleware.RecordResponseTiming{}).HandleDeserialize(context.Background(), middleware.DeserializeInput{}, answer)
	return must(metadata, err)
}

// metadata is that of an answer that is given now.
func (f *fakeStream) metadata() middleware.Metadata {
	if f.noDate {
		return middleware.Metadata{}
	}
	return dated(f.now())
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
				ApproximateCreationDateTime: aws.Time(f.now().Truncate(time.Second)),
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
	horizon := f.now().Add(-retention)
	for _, s := range f.shards {
		for s.trimmed < len(s.records) && s.records[s.trimmed].Dynamodb.ApproximateCreationDateTime.Before(horizon) {
			s.trimmed++
		}
		s.gone = s.closed && !s.closedAt.IsZero() && s.closedAt.Before(horizon)
		if s.gone && f.staleFor > 0 {
			s.staleUntil = s.closedAt.Add(retention + f.staleFor)
		}
	}
}

// listed reports whether DescribeStream lists the shard.
func (f *fakeStream) listed(s *fakeShard) bool {
	now := f.now()
	return !s.hidden && !now.Before(s.listedAt) && (!s.gone || now.Before(s.staleUntil))
}

// known reports whether DescribeStream knows the stream: a disabled one
// goes with its last shard.
func (f *fakeStream) known() bool {
	return f.status != types.StreamStatusDisabled ||
		slices.ContainsFunc(f.shards, func(s *fakeShard) bool { return !s.gone || f.now().Before(s.staleUntil) })
}

// givesNothing reports whether GetRecords answers with an empty page, one
// of those before the shard's first records.
func (s *fakeShard) givesNothing() bool {
	most := s.empties
	if !s.closed || s.looksOpen {
		most = min(most, openEmpties)
	}
	if s.emptied >= most {
		s.emptied = s.empties // and no more of them from here on
		return false
	}
	s.emptied++
	return true
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
	if !f.known() {
		return nil, &types.ResourceNotFoundException{}
	}
	f.described = true
	d := &types.StreamDescription{StreamStatus: f.status, StreamViewType: f.view, CreationRequestDateTime: aws.Time(f.created)}
	out := &dynamodbstreams.DescribeStreamOutput{StreamDescription: d, ResultMetadata: f.metadata()}
	most := f.shardsAPage
	if in.Limit != nil {
		most = min(most, int(*in.Limit))
	}
	passed := in.ExclusiveStartShardId == nil
	for _, s := range f.shards {
		switch {
		case !passed:
			passed = s.id == *in.ExclusiveStartShardId
		case !f.listed(s) || !f.wanted(s, in.ShardFilter):
		case len(d.Shards) == most:
			d.LastEvaluatedShardId = d.Shards[len(d.Shards)-1].ShardId
			return out, nil
		default:
			d.Shards = append(d.Shards, f.describe(s))
		}
	}
	return out, nil
}

// wanted reports whether a filter lets a shard pass.
func (f *fakeStream) wanted(s *fakeShard, filter *types.ShardFilter) bool {
	return filter == nil || f.noFilter || filter.Type != types.ShardFilterTypeChildShards || s.parent == aws.ToString(filter.ShardId)
}

func (f *fakeStream) describe(s *fakeShard) types.Shard {
	d := types.Shard{ShardId: &s.id, SequenceNumberRange: &types.SequenceNumberRange{}}
	if s.parent != "" {
		d.ParentShardId = &s.parent
	}
	if s.closed && !s.looksOpen {
		d.SequenceNumberRange.EndingSequenceNumber = aws.String(f.number(s.closedBy))
		if n := len(s.records); n > 0 {
			d.SequenceNumberRange.EndingSequenceNumber = s.records[n-1].Dynamodb.SequenceNumber
		}
	}
	return d
}

func (f *fakeStream) ListStreams(ctx context.Context, in *dynamodbstreams.ListStreamsInput, _ ...func(*dynamodbstreams.Options)) (*dynamodbstreams.ListStreamsOutput, error) {
	if err := f.decide(ctx, "ListStreams", *in.TableName); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return &dynamodbstreams.ListStreamsOutput{
		Streams: []types.Stream{{StreamArn: aws.String(arn)}}, ResultMetadata: f.metadata(),
	}, nil
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
		if f.noTimestamps || in.Timestamp.After(f.now()) {
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
	return &dynamodbstreams.GetShardIteratorOutput{ShardIterator: f.iterator(s, at), ResultMetadata: f.metadata()}, nil
}

func (f *fakeStream) iterator(s *fakeShard, at int) *string {
	return aws.String(fmt.Sprintf("%s|%d|%d", s.id, at, f.now().UnixNano()))
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
	if f.now().Sub(time.Unix(0, taken)) >= iteratorLife {
		return nil, &types.ExpiredIteratorException{}
	}
	s := f.shard(parts[0])
	if s.gone {
		return nil, &types.ResourceNotFoundException{}
	}
	if at < s.trimmed {
		return nil, &types.TrimmedDataAccessException{}
	}
	out := &dynamodbstreams.GetRecordsOutput{ResultMetadata: f.metadata()}
	if err == errEmptyPage || s.givesNothing() {
		out.NextShardIterator = f.iterator(s, at)
		return out, nil
	}
	out.Records = slices.Clone(s.records[at:min(at+f.recordsAPage, len(s.records))])
	if at += len(out.Records); at < len(s.records) || !s.closed {
		out.NextShardIterator = f.iterator(s, at)
	}
	return out, nil
}
