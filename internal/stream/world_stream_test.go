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

// A backend is the service that has a world's table. It keeps the world's
// streams up to date, and notes what is written. The world's lock is held
// while its methods run, but for those that answer calls.
type backend interface {
	// create makes the table, with a stream that has the world's roots.
	create()
	// recreate deletes the table and makes it again.
	recreate()
	switchOff()
	switchOn()
	write(item, count int)
	// divide closes a shard and gives it one or two children.
	divide(s worldStep, children int)
	// skewed takes over the world's skew.
	skewed()
	// sync takes in what happened to the streams by itself.
	sync()
	close()
	// lifetime is how long a reader may live that would do so for d.
	lifetime(d time.Duration) time.Duration
	// api answers for one of the streams.
	api(stream int) API
	listStreams(context.Context, *dynamodbstreams.ListStreamsInput) (*dynamodbstreams.ListStreamsOutput, error)
}

// A played is a world while it is played: the streams of its table, one
// after the other, and a trace of what happened.
type played struct {
	world
	mu      sync.Mutex
	backend backend
	streams []*fakeStream // the backend's, or copies
	arns    []string
	off     bool          // the table has no stream that is enabled
	skew    time.Duration // of the service's clock now
	jumped  bool          // it was set ahead
	calls   map[string]int
	mem     *memory // of the readers
	trace
}

// newPlayed begins a world on fake streams.
func newPlayed(w world) *played {
	return begin(w, func(p *played) backend { return &fakeBackend{played: p} })
}

func begin(w world, service func(*played) backend) *played {
	p := &played{world: w, calls: make(map[string]int), skew: w.Skew, mem: newMemory()}
	p.begun = p.now()
	p.backend = service(p)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.backend.create()
	return p
}

// now is the time of the service's clock.
func (p *played) now() time.Time { return time.Now().Add(p.skew).UTC() }

// addStream notes that the table has a new stream, which has no shards yet.
func (p *played) addStream(arn, base string) *fakeStream {
	f := newFakeStream()
	f.shardsAPage, f.recordsAPage = p.ShardsAPage, p.RecordsAPage
	f.noTimestamps, f.noFilter, f.noDate = p.NoTimestamps, p.NoFilter, p.NoDate
	f.retains, f.staleFor = true, p.StaleFor
	f.skew, f.created = p.skew, p.now()
	f.base, _ = new(big.Int).SetString(base, 10)
	f.onCall = p.onCall
	p.streams = append(p.streams, f)
	p.arns = append(p.arns, arn)
	p.off = false
	return f
}

// addShard gives a stream a shard. f is locked, or not known to others yet.
func (p *played) addShard(f *fakeStream, id, parent string) *fakeShard {
	s := &fakeShard{id: id, parent: parent}
	s.empties = p.emptyRun(slices.Index(p.streams, f), len(f.shards))
	f.shards = append(f.shards, s)
	return s
}

// newStream switches the table's stream on.
func (p *played) newStream() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.backend.switchOn()
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
	b := p.backend
	switch {
	case s.Kind == stepWrite:
		if p.off {
			p.wroteUnstreamed(s.Item)
		}
		b.write(s.Item, s.Count)
	case s.Kind == stepRecreate:
		b.recreate()
	case s.Kind == stepJump:
		b.sync()
		p.skew += s.Jump
		p.jumped = p.jumped || s.Jump > 0
		for _, f := range p.streams {
			f.set(func() { f.skew = p.skew })
		}
		b.skewed()
	case s.Kind == stepSwitchOn && p.off:
		b.switchOn()
	case s.Kind == stepSwitchOff && !p.off:
		p.switchOff()
	case s.Kind == stepRoll && !p.off:
		b.divide(s, 1)
	case s.Kind == stepSplit && !p.off:
		b.divide(s, 2)
	}
	b.sync()
}

// disable ends the newest stream, for good.
func (p *played) disable() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.off {
		p.switchOff()
	}
}

func (p *played) switchOff() {
	p.backend.sync()
	p.backend.switchOff()
	p.newest().disable()
	p.off = true
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
		s.closed, s.closedAt, s.closedBy = true, f.now(), f.sequence
	}
	s.looksOpen = false
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

// onCall has the faults befall the calls.
func (p *played) onCall(ctx context.Context, operation, shard string) error {
	p.mu.Lock()
	n := p.calls[operation]
	p.calls[operation]++
	p.called(operation, shard)
	p.mu.Unlock()
	for _, f := range p.Faults {
		if f.Operation == operation && n >= f.From && n < f.From+f.N {
			if err := f.Kind.befall(ctx, operation); err != nil {
				return err
			}
		}
	}
	return nil
}

// befall has the fault happen to a call.
func (k faultKind) befall(ctx context.Context, operation string) error {
	records := operation == "GetRecords"
	switch {
	case k == faultThrottle:
		return &types.LimitExceededException{}
	case k == faultLimit:
		return throttleError
	case k == faultServer:
		return &types.InternalServerError{}
	case k == faultNetwork:
		return &net.OpError{Op: "read", Err: errors.New("connection reset")}
	case k == faultSlow:
		return sleep(ctx, 10*time.Second)
	case k == faultHangs:
		return sleep(ctx, 24*time.Hour)
	case k == faultExpired && records:
		return &types.ExpiredIteratorException{}
	case k == faultEmpty && records:
		return errEmptyPage
	}
	return nil
}

// stream answers for the one that an ARN or an iterator names.
func (p *played) stream(name string) API {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range p.streams {
		if strings.HasPrefix(name, p.arns[i]) || strings.HasPrefix(name, fmt.Sprintf("%d-", i)) {
			return p.backend.api(i)
		}
	}
	return nil
}

// index is the stream that an ARN names, or -1.
func (p *played) index(arn string) int { return slices.Index(p.arns, arn) }

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

// descends reports whether a shard comes after another one in its lineage.
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

func (p *played) ListStreams(ctx context.Context, in *dynamodbstreams.ListStreamsInput, _ ...func(*dynamodbstreams.Options)) (*dynamodbstreams.ListStreamsOutput, error) {
	if err := p.onCall(ctx, "ListStreams", *in.TableName); err != nil {
		return nil, err
	}
	return p.backend.listStreams(ctx, in)
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
