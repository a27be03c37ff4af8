package engine_test

import (
	"testing"
	"testing/synctest"
	"time"

	"dynamostreamer/internal/embedded/engine"
)

func TestScaledClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clock := engine.NewScaledClock(60)
		start := clock.Now()
		time.Sleep(time.Minute)
		if got := clock.Now().Sub(start); got != time.Hour {
			t.Errorf("in a minute the clock passes %v, want an hour", got)
		}
		before := time.Now()
		<-clock.After(time.Hour)
		if got := time.Since(before); got != time.Minute {
			t.Errorf("After(an hour) takes %v, want a minute", got)
		}
	})
}

func TestManualClock(t *testing.T) {
	clock := engine.NewManualClock(time.Unix(1000, 0))
	soon, late, past := clock.After(time.Second), clock.After(time.Minute), clock.After(0)
	fired := func(ch <-chan time.Time) bool {
		select {
		case <-ch:
			return true
		default:
			return false
		}
	}
	if !fired(past) || fired(soon) {
		t.Error("before it is moved, the clock fires what has passed and nothing else")
	}
	clock.Advance(time.Second)
	if !fired(soon) || fired(late) {
		t.Error("after a second, the clock fires what waits for a second and nothing else")
	}
	if got := clock.Now(); !got.Equal(time.Unix(1001, 0)) {
		t.Errorf("the clock stands at %v", got)
	}
	clock.Advance(time.Hour)
	if !fired(late) {
		t.Error("moved beyond a minute, the clock does not fire what waits for one")
	}
}

// TestScaledClockJumps: a jump wakes what waited for that time, and back nothing waits
// longer. A new scale holds for what waits already.
func TestScaledClockJumps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clock := engine.NewScaledClock(1)
		start := clock.Now()
		arrived := func(ch <-chan time.Time) bool {
			synctest.Wait()
			select {
			case <-ch:
				return true
			default:
				return false
			}
		}
		hour, day := clock.After(time.Hour), clock.After(24*time.Hour)
		clock.Jump(2 * time.Hour)
		if !arrived(hour) || arrived(day) {
			t.Error("a jump of two hours does not wake what waits for one, and nothing else")
		}
		if got := clock.Now().Sub(start); got != 2*time.Hour {
			t.Errorf("after the jump the clock is %v on, want 2h", got)
		}
		clock.Jump(-12 * time.Hour)
		if got := clock.Now().Sub(start); got != -10*time.Hour {
			t.Errorf("after the jump back the clock is %v on, want -10h", got)
		}
		clock.SetScale(3600)
		if got := clock.Scale(); got != 3600 {
			t.Errorf("Scale() = %d, want 3600", got)
		}
		before := time.Now()
		<-day
		if got := time.Since(before); got < 22*time.Second || got > 22*time.Second+time.Millisecond {
			t.Errorf("22 of the 24 hours were left, and took %v at 3600 times the speed, want 22s", got)
		}
		if got := clock.Now().Sub(start); got < 12*time.Hour || got > 12*time.Hour+2*time.Second {
			t.Errorf("then the clock is %v on, want 12h", got)
		}
	})
}
