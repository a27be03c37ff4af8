package supervise

import (
	"context"
	"math/rand/v2"
	"sync/atomic"
	"time"
)

// Crashes make two services panic, now the one, now the other: about once in
// each time Every. It is a service too.
type Crashes struct {
	Every time.Duration
	armed [2]atomic.Bool // by service
}

// Serve arms a service now and then: it panics at one of the next places to
// crash that it comes to. The first may be passed, so that all get their turn.
func (c *Crashes) Serve(ctx context.Context) error {
	for {
		select {
		case <-time.After(c.Every/2 + rand.N(c.Every)):
			c.armed[rand.N(len(c.armed))].Store(true)
		case <-ctx.Done():
			c.armed[0].Store(false)
			c.armed[1].Store(false)
			return ctx.Err()
		}
	}
}

// Of returns what a service, 0 or 1, calls where it may crash.
func (c *Crashes) Of(service int) func() {
	return func() {
		if c.armed[service].Load() && rand.N(4) == 0 && c.armed[service].Swap(false) {
			panic("deliberate crash")
		}
	}
}

func (c *Crashes) String() string { return "crashes" }
