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

// Options configure an Engine. The zero Options match the service.
type Options struct {
	// Clock tells the time. Nil is the system's clock.
	Clock Clock
	// Region is the region in ARNs, and the one to configure clients with. Empty is
	// us-east-1. For a region that AWS does not have, the SDK compiles patterns in
	// each call, which takes twice as long as the call itself.
	Region string
	// SweepInterval is the time, on Clock, between two sweeps: how long an expired
	// item may remain, and how often retention and rollover happen. 0 is 5 seconds.
	// With a negative interval, only Sweep sweeps.
	SweepInterval time.Duration
	// ShardAge and ShardBytes are the age and the size at which a shard closes and a
	// child takes over. 0 is 4 hours and 128 MB.
	ShardAge   time.Duration
	ShardBytes int64
}

// Account is the account number in ARNs, which belongs to no account.
const Account = "000000000000"

// An Engine is a DynamoDB. Its methods may be called from any goroutine. Several
// engines, in this process or in others, may use the same file.
type Engine struct {
	store   *store.Store
	options Options
	clock   Clock
	catalog atomic.Pointer[catalog]

	// generation is the present generation of iterators. Older ones have expired.
	generation atomic.Uint32
	identity   uint32 // marks this engine's iterators

	wake    chan struct{} // wakes the sweeper
	stop    context.CancelFunc
	stopped sync.WaitGroup
}

// New makes an engine on a store and starts its sweeper. The engine owns the store.
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

// InPlace returns an error once the database's file was removed, moved or replaced.
func (e *Engine) InPlace() error { return e.store.InPlace() }

// Close stops the sweeper and closes the store.
func (e *Engine) Close() error {
	e.stop()
	e.stopped.Wait()
	return e.store.Close()
}

// Now returns the engine's time.
func (e *Engine) Now() time.Time { return e.clock.Now() }

// Region returns the region in ARNs.
func (e *Engine) Region() string { return e.options.Region }

func (e *Engine) nowMilli() int64 { return e.clock.Now().UnixMilli() }

func (e *Engine) tableARN(name string) string {
	return fmt.Sprintf("arn:aws:dynamodb:%s:%s:table/%s", e.options.Region, Account, name)
}

// read returns what fn returns for a snapshot and the catalog of that snapshot. fn may
// run more than once.
func read[T any](ctx context.Context, e *Engine, fn func(*store.Tx, *catalog) (T, error)) (T, error) {
	return result(ctx, e, e.store.Read, fn)
}

// write returns what fn returned in the transaction that was committed. fn may run more
// than once, see store.Write.
func write[T any](ctx context.Context, e *Engine, fn func(*store.Tx, *catalog) (T, error)) (T, error) {
	return result(ctx, e, e.store.Write, fn)
}

// result returns the last run's result, or the zero value if that run failed.
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
