package stream

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
	"github.com/aws/smithy-go"
)

const items = 6

var throttleError = &smithy.GenericAPIError{Code: "ProvisionedThroughputExceededException"}

// A played is a world while it is played: the streams of its table, one
// after the other, and a trace of what happened.
type played struct {
	world
	mu      sync.Mutex
	streams []*fakeStream
	arns    []string
	open    [items]*fakeShard // where an item is written now
	calls   map[string]int    // by operation
	engine  *engineWorld      // has the streams, which are then its mirror; or nil
	trace
}

func newPlayed(w world) *played {
	p := &played{world: w, calls: make(map[string]int)}
	p.begun = time.Now()
	p.newStream()
	return p
}

// newStream gives the table a stream with the world's roots.
func (p *played) newStream() {
	n := len(p.streams)
	f := newFakeStream()
	f.shardsAPage, f.recordsAPage, f.noTimestamps = p.ShardsAPage, p.RecordsAPage, p.NoTimestamps
	f.retains, f.created = true, time.Now()
	f.base, _ = new(big.Int).SetString("999999999999999999990", 10) // soon a digit longer
	f.onCall = p.onCall
	for i := range p.Roots {
		f.shards = append(f.shards, &fakeShard{id: fmt.Sprintf("%d-r%d", n, i)})
	}
	for item := range items {
		p.open[item] = f.shards[item%p.Roots]
	}
	p.streams = append(p.streams, f)
	p.arns = append(p.arns, fmt.Sprintf("arn:aws:dynamodb:eu-west-1:123456789012:table/t/stream/%s", time.Now().UTC().Format("2006-01-02T15:04:05.000")))
}

func (p *played) newest() *fakeStream { return p.streams[len(p.streams)-1] }

// current is the ARN that the table tells.
func (p *played) current() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.arns[len(p.arns)-1]
}

// play has the steps happen.
func (p *played) play(steps []worldStep) {
	for _, s := range steps {
		time.Sleep(s.After + time.Millisecond) // two streams' ARNs differ
		p.step(s)
	}
}

func (p *played) step(s worldStep) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.engine != nil {
		p.engine.step(p, s)
		return
	}
	f := p.newest()
	shard := p.open[s.Item]
	switch s.Kind {
	case stepWrite:
		for range s.Count {
			f.put(shard, fmt.Sprint("i", s.Item))
			p.wrote(s.Item, f, shard)
		}
	case stepRoll:
		p.divide(f, shard, 1, s)
	case stepSplit:
		p.divide(f, shard, 2, s)
	case stepRecreate:
		f.disable()
		p.newStream()
	}
}

// disable ends the newest stream, for good.
func (p *played) disable() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.engine != nil {
		p.engine.disable(p)
	}
	p.newest().disable()
}

// disable ends a stream.
func (f *fakeStream) disable() {
	f.set(func() {
		f.status = types.StreamStatusDisabled
		for _, s := range f.shards {
			f.close(s)
		}
	})
}

func (f *fakeStream) close(s *fakeShard) {
	if !s.closed {
		s.closed, s.closedAt, s.closedBy = true, time.Now(), f.sequence
	}
	s.looksOpen = false
}

// divide closes a shard and gives it children, which are listed a while
// later.
func (p *played) divide(f *fakeStream, parent *fakeShard, n int, s worldStep) {
	f.set(func() {
		f.close(parent)
		parent.looksOpen = s.Open
		var children []*fakeShard
		for i := range n {
			child := &fakeShard{id: fmt.Sprintf("%s.%d", parent.id, i), parent: parent.id}
			children = append(children, child)
			// It is not listed before its parent is.
			child.listedAt = later(parent.listedAt, time.Now().Add(s.Hidden))
		}
		// Nothing orders the shards of a description.
		f.shards = append(children, f.shards...)
		for item, shard := range p.open {
			if shard == parent {
				p.open[item] = children[item%n]
			}
		}
	})
}

// onCall has the faults befall the calls.
func (p *played) onCall(ctx context.Context, operation, shard string) error {
	p.mu.Lock()
	n := p.calls[operation]
	p.calls[operation]++
	p.called(operation, shard)
	p.mu.Unlock()
	for _, f := range p.Faults {
		if f.Operation != operation || n < f.From || n >= f.From+f.N {
			continue
		}
		switch f.Kind {
		case faultThrottle:
			return &types.LimitExceededException{}
		case faultLimit:
			return throttleError
		case faultServer:
			return &types.InternalServerError{}
		case faultNetwork:
			return &net.OpError{Op: "read", Err: errors.New("connection reset")}
		case faultSlow:
			return sleep(ctx, 10*time.Second)
		case faultHangs:
			return sleep(ctx, 24*time.Hour)
		case faultExpired:
			if operation == "GetRecords" {
				return &types.ExpiredIteratorException{}
			}
		case faultEmpty:
			if operation == "GetRecords" {
				return errEmptyPage
			}
		}
	}
	return nil
}

func (p *played) ListStreams(ctx context.Context, in *dynamodbstreams.ListStreamsInput, _ ...func(*dynamodbstreams.Options)) (*dynamodbstreams.ListStreamsOutput, error) {
	if err := p.onCall(ctx, "ListStreams", *in.TableName); err != nil {
		return nil, err
	}
	if p.engine != nil {
		return p.engine.streams.ListStreams(ctx, in)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	out := &dynamodbstreams.ListStreamsOutput{}
	for i, f := range p.streams {
		if !f.vanished() {
			out.Streams = append(out.Streams, types.Stream{StreamArn: &p.arns[i]})
		}
	}
	return out, nil
}

// vanished reports whether a stream went with all its shards.
func (f *fakeStream) vanished() (gone bool) {
	f.set(func() {
		f.trim()
		gone = f.status == types.StreamStatusDisabled &&
			!slices.ContainsFunc(f.shards, func(s *fakeShard) bool { return !s.gone })
	})
	return gone
}

// stream answers for the one that an ARN or an iterator names.
func (p *played) stream(name string) API {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, f := range p.streams {
		switch {
		case !strings.HasPrefix(name, p.arns[i]) && !strings.HasPrefix(name, fmt.Sprintf("%d-", i)):
		case p.engine != nil:
			return engineStream{p, f}
		default:
			return f
		}
	}
	return nil
}

// shard finds one by its id.
func (p *played) shard(id string) (found *fakeShard) {
	for _, f := range p.streams {
		f.set(func() {
			if s := f.shard(id); s != nil {
				found = s
			}
		})
	}
	return found
}

// descends reports whether a shard comes after another one in its line.
func (p *played) descends(id, from string) bool {
	for s := p.shard(id); s != nil; s = p.shard(s.parent) {
		if s.parent == from {
			return true
		}
	}
	return false
}

func (p *played) DescribeStream(ctx context.Context, in *dynamodbstreams.DescribeStreamInput, o ...func(*dynamodbstreams.Options)) (*dynamodbstreams.DescribeStreamOutput, error) {
	return p.stream(*in.StreamArn).DescribeStream(ctx, in, o...)
}

func (p *played) GetShardIterator(ctx context.Context, in *dynamodbstreams.GetShardIteratorInput, o ...func(*dynamodbstreams.Options)) (*dynamodbstreams.GetShardIteratorOutput, error) {
	return p.stream(*in.StreamArn).GetShardIterator(ctx, in, o...)
}

func (p *played) GetRecords(ctx context.Context, in *dynamodbstreams.GetRecordsInput, o ...func(*dynamodbstreams.Options)) (*dynamodbstreams.GetRecordsOutput, error) {
	out, err := p.stream(*in.ShardIterator).GetRecords(ctx, in, o...)
	if expired := (*types.ExpiredIteratorException)(nil); errors.As(err, &expired) {
		p.expiredAgain(*in.ShardIterator)
	}
	return out, err
}
