package engine

import (
	"slices"
	"sync"
	"time"
)

// A Clock is what the engine knows of time: TTL, iterators, retention, rollover
// and every timestamp come from it.
type Clock interface {
	Now() time.Time
	// After sends once when d has passed on this clock. A d of zero or less has
	// passed.
	After(d time.Duration) <-chan time.Time
}

// RealClock is the system's time.
type RealClock struct{}

// Now is the present time.
func (RealClock) Now() time.Time { return time.Now() }

// After is time.After.
func (RealClock) After(d time.Duration) <-chan time.Time { return time.After(d) }

// A ScaledClock starts at the present and runs Scale times as fast as real time.
type ScaledClock struct {
	start time.Time
	scale int64
}

// NewScaledClock makes a clock that passes scale seconds in each real one. A
// scale below 1 is 1.
func NewScaledClock(scale int) *ScaledClock {
	return &ScaledClock{start: time.Now(), scale: int64(max(scale, 1))}
}

// Now is the clock's time, which runs away from the system's.
func (c *ScaledClock) Now() time.Time {
	return c.start.Add(time.Duration(int64(time.Since(c.start)) * c.scale))
}

// After sends when d has passed on this clock, which is sooner than d.
func (c *ScaledClock) After(d time.Duration) <-chan time.Time {
	return time.After(d / time.Duration(c.scale))
}

// A ManualClock stands still until a test moves it.
type ManualClock struct {
	mu      sync.Mutex
	now     time.Time
	waiting []waiter
}

type waiter struct {
	at time.Time
	ch chan time.Time
}

// NewManualClock makes a clock that stands at now.
func NewManualClock(now time.Time) *ManualClock { return &ManualClock{now: now} }

// Now is the time the clock was last moved to.
func (c *ManualClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// After sends when the clock is moved to d from now or further.
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

// Advance moves the clock forward and wakes those whose time has come.
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
