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
