package main

import (
	"context"
	"math/rand/v2"
	"sync/atomic"
	"time"
)

// crashes makes services panic, now the one, now the other: about once
// in each time every.
type crashes struct {
	every time.Duration
	armed [2]atomic.Bool // by service
}

// Serve has the next place to crash that a service comes to panic. The
// first may be passed, so that all get their turn.
func (c *crashes) Serve(ctx context.Context) error {
	for {
		select {
		case <-time.After(c.every/2 + rand.N(c.every)):
			c.armed[rand.N(len(c.armed))].Store(true)
		case <-ctx.Done():
			c.armed[0].Store(false)
			c.armed[1].Store(false)
			return ctx.Err()
		}
	}
}

// of returns what a service calls where it may crash.
func (c *crashes) of(service int) func() {
	return func() {
		if c.armed[service].Load() && rand.N(4) == 0 && c.armed[service].Swap(false) {
			panic("a crash on purpose")
		}
	}
}

func (c *crashes) String() string { return "crashes" }
