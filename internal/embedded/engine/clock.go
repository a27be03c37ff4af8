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

// A ScaledClock starts at the present time and runs scale times as fast as real time.
type ScaledClock struct {
	start time.Time
	scale int64
}

// NewScaledClock makes a clock that advances by scale seconds in each real second. A
// scale below 1 is 1.
func NewScaledClock(scale int) *ScaledClock {
	return &ScaledClock{start: time.Now(), scale: int64(max(scale, 1))}
}

// Now returns the clock's time, which is ahead of the system's.
func (c *ScaledClock) Now() time.Time {
	return c.start.Add(time.Duration(int64(time.Since(c.start)) * c.scale))
}

// After sends when d has passed on this clock, which takes less than d of real time.
func (c *ScaledClock) After(d time.Duration) <-chan time.Time {
	return time.After(d / time.Duration(c.scale))
}

// A ManualClock does not move until a test advances it.
type ManualClock struct {
	mu      sync.Mutex
	now     time.Time
	waiting []waiter
}

type waiter struct {
	at time.Time
	ch chan time.Time
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
	c.waiting = slices.DeleteFunc(c.waiting, func(w waiter) bool {
		if w.at.After(c.now) {
			return false
		}
		w.ch <- c.now
		return true
	})
}
