package engine

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"dynamostreamer/internal/embedded/store"
)

// Options set an Engine's ways. The zero Options are the service's.
type Options struct {
	// Clock is where time comes from; nil is the system's.
	Clock Clock
	// Region stands in ARNs and is the one to configure clients with; empty is
	// us-east-1. For a region that AWS does not have, the SDK compiles patterns
	// with each call, which takes it twice as long as the call itself.
	Region string
	// SweepInterval is how long after its time an expired item may still be
	// there, and how often retention and rollover are looked after, on Clock.
	// 0 is 5 seconds; a negative one leaves all of it to Sweep.
	SweepInterval time.Duration
	// ShardAge and ShardBytes are when a shard closes and a child takes over.
	// 0 is 4 hours and 128 MB.
	ShardAge   time.Duration
	ShardBytes int64
}

// Account is the account number in ARNs, the one that stands for none.
const Account = "000000000000"

// An Engine is a DynamoDB. Its methods may be called from any goroutine, and
// several engines, in this process or others, may stand on the same file.
type Engine struct {
	store   *store.Store
	options Options
	clock   Clock
	catalog atomic.Pointer[catalog]

	// iterators issued with an older generation count as expired.
	generation atomic.Uint32
	identity   uint32 // tells this engine's iterators from other processes'

	wake    chan struct{} // a token wakes the sweeper
	stop    context.CancelFunc
	stopped sync.WaitGroup
}

// New makes an engine on a store, which it owns from now on, and starts its
// sweeper.
func New(s *store.Store, o Options) *Engine {
	if o.Clock == nil {
		o.Clock = RealClock{}
	}
	if o.Region == "" {
		o.Region = "us-east-1"
	}
	if o.SweepInterval == 0 {
		o.SweepInterval = 5 * time.Second
	}
	if o.ShardAge == 0 {
		o.ShardAge = 4 * time.Hour
	}
	if o.ShardBytes == 0 {
		o.ShardBytes = 128 << 20
	}
	e := &Engine{store: s, options: o, clock: o.Clock, identity: rand.Uint32(), wake: make(chan struct{}, 1)}
	ctx, cancel := context.WithCancel(context.Background())
	e.stop = cancel
	if o.SweepInterval > 0 {
		e.stopped.Go(func() { e.sweepUntil(ctx) })
	}
	return e
}

// Close stops the sweeper and closes the store.
func (e *Engine) Close() error {
	e.stop()
	e.stopped.Wait()
	return e.store.Close()
}

// Now is the engine's time.
func (e *Engine) Now() time.Time { return e.clock.Now() }

// Region is the region that stands in ARNs.
func (e *Engine) Region() string { return e.options.Region }

func (e *Engine) nowMilli() int64 { return e.clock.Now().UnixMilli() }

func (e *Engine) tableARN(name string) string {
	return fmt.Sprintf("arn:aws:dynamodb:%s:%s:table/%s", e.options.Region, Account, name)
}

// read is what fn makes of a snapshot, with the catalog of that snapshot. fn may
// run more than once.
func read[T any](ctx context.Context, e *Engine, fn func(*store.Tx, *catalog) (T, error)) (T, error) {
	return result(ctx, e, e.store.Read, fn)
}

// write is what fn returns from a transaction that is committed. fn may run more
// than once; see store.Write.
func write[T any](ctx context.Context, e *Engine, fn func(*store.Tx, *catalog) (T, error)) (T, error) {
	return result(ctx, e, e.store.Write, fn)
}

// result takes only the last run's result, and none of one that failed.
func result[T any](ctx context.Context, e *Engine, run func(context.Context, func(*store.Tx) error) error,
	fn func(*store.Tx, *catalog) (T, error)) (T, error) {
	var out, none T
	err := run(ctx, func(tx *store.Tx) error {
		c := e.catalogOf(tx)
		if err := tx.Err(); err != nil {
			return err
		}
		var err error
		out, err = fn(tx, c)
		return err
	})
	if err != nil {
		return none, err
	}
	return out, nil
}
