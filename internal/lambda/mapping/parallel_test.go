package mapping

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"dynamostreamer/internal/stream"
)

// TestParallelizationFactor: as many batches of a shard are in work as the factor
// says, and one that fails blocks its lane alone.
func TestParallelizationFactor(t *testing.T) {
	for _, factor := range []int{1, 2, 10} {
		t.Run(fmt.Sprint(factor), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFakeStream(1)
				for i := range 200 {
					f.write(i, nil)
				}
				o := Defaults()
				o.BatchSize, o.ParallelizationFactor = 5, factor
				var now, most atomic.Int32
				totals := f.run(t, o, func(context.Context, []byte) ([]byte, error) {
					n := now.Add(1)
					defer now.Add(-1)
					for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
					}
					time.Sleep(time.Second)
					return nil, nil
				})
				if got := int(most.Load()); got != factor {
					t.Errorf("%d batches are in work at a time, want %d", got, factor)
				}
				if totals.Delivered != 200 {
					t.Errorf("%d records are delivered, want 200", totals.Delivered)
				}
			})
		})
	}
}

// TestABlockedLane: while a batch fails for an hour, the items of other lanes are
// handled, until enough records wait behind it. Health tells of it.
func TestABlockedLane(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(1)
		f.recordsAPage = 5
		for i := range 400 {
			f.write(i%20, nil)
		}
		o := Defaults()
		o.BatchSize, o.ParallelizationFactor = 10, 4
		begun := time.Now()
		m, err := New(o, func(_ context.Context, payload []byte) ([]byte, error) {
			if strings.Contains(string(payload), `"item-7"`) && time.Since(begun) < time.Hour {
				return nil, &FunctionError{Type: "Error", Message: "poison"}
			}
			return nil, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		r, err := stream.Open(t.Context(), f, fakeARN, stream.Options{Logger: discarding, Idle: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan error)
		go func() { ended <- m.Run(t.Context(), r) }()
		time.Sleep(30 * time.Minute)
		f.write(7, nil)
		if n := m.Totals().Delivered; n < 20 || n >= 400 {
			t.Errorf("%d records of other lanes are handled in half an hour, want some", n)
		}
		if err := r.Health(time.Now()); err == nil || !strings.Contains(err.Error(), "is handling for 30m0s: Error: poison") {
			t.Errorf("Health = %v, want the lane that is blocked", err)
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if n := m.Totals().Delivered; n != 401 {
			t.Errorf("%d records are delivered, want 401", n)
		}
	})
}
