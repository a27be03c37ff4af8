package mapping

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
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
// handled, until enough records wait behind it.
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
		var others atomic.Int32
		totals := f.run(t, o, func(_ context.Context, payload []byte) ([]byte, error) {
			hour := time.Since(begun) >= time.Hour
			if strings.Contains(string(payload), `"item-7"`) && !hour {
				return nil, &FunctionError{Type: "Error"}
			}
			if !hour {
				others.Add(int32(len(sequences(t, payload))))
			}
			return nil, nil
		})
		if n := others.Load(); n < 20 || n >= 400 {
			t.Errorf("%d records of other lanes are handled in the hour, want some", n)
		}
		if totals.Delivered != 400 {
			t.Errorf("%d records are delivered, want 400", totals.Delivered)
		}
	})
}
