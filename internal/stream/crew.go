package stream

import (
	"cmp"
	"context"
	"errors"
	"runtime/debug"
	"sync"
)

// A crew is some goroutines that end together: with the first of them
// that returns an error or panics.
type crew struct {
	ctx  context.Context
	end  context.CancelCauseFunc // ends them with an error; errDone is not an error
	wait func() error            // until all have ended; panics if one did

	running sync.WaitGroup
	mu      sync.Mutex
	failure *HandlerPanic // the first panic
}

var (
	errDone   = errors.New("done")
	errGoexit = errors.New("a handler ended its goroutine: runtime.Goexit, or a test's FailNow, was called")
)

func newCrew(ctx context.Context) *crew {
	c := &crew{}
	c.ctx, c.end = context.WithCancelCause(ctx)
	c.wait = func() error {
		c.running.Wait()
		err := context.Cause(c.ctx)
		c.end(nil)
		if c.failure != nil {
			panic(c.failure)
		}
		if errors.Is(err, errDone) {
			return nil
		}
		return err
	}
	return c
}

// run has f run on a goroutine. Its error ends the crew, nil doesn't.
func (c *crew) run(f func(context.Context) error) {
	c.running.Go(func() {
		err := errGoexit
		defer func() {
			if v := recover(); v != nil {
				c.fail(v)
			} else if err != nil {
				c.end(err)
			}
		}()
		err = f(c.ctx)
	})
}

// fail ends the crew with a panic's value.
func (c *crew) fail(v any) {
	panicked, ok := v.(*HandlerPanic)
	if !ok {
		panicked = &HandlerPanic{Value: v, Stack: debug.Stack()}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failure == nil {
		c.failure = panicked
	}
	c.end(panicked)
}

// orDone turns success into what ends a crew without an error.
func orDone(err error) error {
	if err == nil {
		return errDone
	}
	return err
}

// besides is how many calls besideEachOther makes at a time.
const besides = 16

// besideEachOther calls f with each number below n, some at a time, and
// returns the first error, or ctx's where that has ended.
func besideEachOther(ctx context.Context, n int, f func(context.Context, int) error) error {
	numbers := make(chan int, n)
	for i := range n {
		numbers <- i
	}
	close(numbers)
	c := newCrew(ctx)
	for range min(n, besides) {
		c.run(func(ctx context.Context) error {
			for i := range numbers {
				if err := f(ctx, i); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return cmp.Or(c.wait(), ctx.Err())
}
