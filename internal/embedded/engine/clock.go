package engine

import (
	"slices"
	"sync"
	"time"
)

// A Clock tells the engine the time. TTL, iterators, retention, rollover and every
// timestamp depend on it.
type Clock interface {
	Now() time.Time
	// After sends once when d has passed on this clock: immediately if d is zero or
	// less.
	After(d time.Duration) <-chan time.Time
}

// RealClock is the system's clock.
type RealClock struct{}

// Now returns the present time.
func (RealClock) Now() time.Time { return time.Now() }

// After is time.After.
func (RealClock) After(d time.Duration) <-chan time.Time { return time.After(d) }

// A ScaledClock starts at the present time and runs scale times as fast as real time. It
// can jump, and change its scale.
type ScaledClock struct {
	mu      sync.Mutex
	start   time.Time // real time at which the clock showed base
	base    time.Time
	scale   int64
	waiting waiters
	timer   *time.Timer // for the first of waiting
}

// NewScaledClock makes a clock that advances by scale seconds in each real second. A
// scale below 1 is 1.
func NewScaledClock(scale int) *ScaledClock {
	now := time.Now()
	return &ScaledClock{start: now, base: now, scale: int64(max(scale, 1))}
}

// Now returns the clock's time.
func (c *ScaledClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now()
}

func (c *ScaledClock) now() time.Time {
	return c.base.Add(time.Duration(int64(time.Since(c.start)) * c.scale))
}

// Scale returns by how many seconds the clock advances in each real second.
func (c *ScaledClock) Scale() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return int(c.scale)
}

// SetScale makes the clock continue from its present time with another scale. A scale
// below 1 is 1.
func (c *ScaledClock) SetScale(scale int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.base, c.start, c.scale = c.now(), time.Now(), int64(max(scale, 1))
	c.send()
}

// Jump moves the clock forward by d or, if d is negative, back. Forward, it sends to
// everything that was waiting for this time. Back, nothing waits longer than before.
func (c *ScaledClock) Jump(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.base = c.base.Add(d)
	for i := range c.waiting {
		c.waiting[i].at = c.waiting[i].at.Add(min(d, 0))
	}
	c.send()
}

// After sends when d has passed on this clock, which takes less than d of real time if
// the clock is fast or jumps.
func (c *ScaledClock) After(d time.Duration) <-chan time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	ch := make(chan time.Time, 1)
	c.waiting = append(c.waiting, waiter{c.now().Add(d), ch})
	c.send()
	return ch
}

// send sends to everything that is due, and sets the timer for the next.
func (c *ScaledClock) send() {
	if c.timer != nil {
		c.timer.Stop()
	}
	now := c.now()
	if first, waits := c.waiting.send(now); waits {
		scale := time.Duration(c.scale)
		c.timer = time.AfterFunc((first.Sub(now)+scale-1)/scale, func() { // rounded up
			c.mu.Lock()
			defer c.mu.Unlock()
			c.send()
		})
	}
}

// A ManualClock does not move until a test advances it.
type ManualClock struct {
	mu      sync.Mutex
	now     time.Time
	waiting waiters
}

// waiters wait for a clock.
type waiters []waiter

type waiter struct {
	at time.Time
	ch chan time.Time
}

// send sends to those that are due, removes them and returns when the next one is due, if
// there is any.
func (w *waiters) send(now time.Time) (first time.Time, waits bool) {
	*w = slices.DeleteFunc(*w, func(w waiter) bool {
		if !w.at.After(now) {
			w.ch <- now
			return true
		}
		if !waits || w.at.Before(first) {
			first, waits = w.at, true
		}
		return false
	})
	return first, waits
}

// NewManualClock makes a clock that shows now.
func NewManualClock(now time.Time) *ManualClock { return &ManualClock{now: now} }

// Now returns the time to which the clock was last advanced.
func (c *ManualClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// After sends when the clock has been advanced by d or more from now.
func (c *ManualClock) After(d time.Duration) <-chan time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	ch := make(chan time.Time, 1)
	if d <= 0 {
		ch <- c.now
		return ch
	}
	c.waiting = append(c.waiting, waiter{c.now.Add(d), ch})
	return ch
}

// Advance advances the clock and sends to everything that was waiting for this time.
func (c *ManualClock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	c.waiting.send(c.now)
}
