package stream

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
)

// oneShard is a stream with a shard, and a record for each item.
func oneShard(items ...string) *fakeStream {
	f := newFakeStream(&fakeShard{id: "s"})
	f.put(f.shards[0], items...)
	return f
}

// TestItemsSideBySide: as many items as allowed, each one's events in order
// and one at a time.
func TestItemsSideBySide(t *testing.T) {
	for _, parallel := range []int{1, 3} {
		t.Run(fmt.Sprint(parallel), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var items []string
				for range 10 {
					items = append(items, "a", "b", "c", "d", "a")
				}
				o := drain
				o.Parallel = parallel
				var mu sync.Mutex
				atWork, most := make(map[string]bool), 0
				last := make(map[string]string)
				err := mustOpen(t, oneShard(items...), o).Run(t.Context(), func(_ context.Context, e Event) error {
					mu.Lock()
					if atWork[name(e)] {
						t.Errorf("%s has two events at once", name(e))
					}
					if compareSequence(e.Sequence, last[name(e)]) <= 0 {
						t.Errorf("%s: event %s after %s", name(e), e.Sequence, last[name(e)])
					}
					atWork[name(e)], last[name(e)] = true, e.Sequence
					most = max(most, len(atWork))
					mu.Unlock()
					time.Sleep(10 * time.Millisecond)
					mu.Lock()
					defer mu.Unlock()
					delete(atWork, name(e))
					return nil
				})
				check(t, "error, items at once", []any{err, most}, []any{error(nil), parallel})
			})
		})
	}
}

// TestAFailingItem holds up itself alone, until as many events after it were
// handled as may be. The checkpoint stays before it: a crash repeats no more.
func TestAFailingItem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		items := []string{"good", "bad"}
		for i := range 50 {
			items = append(items, fmt.Sprint(i))
		}
		m := newMemory()
		r := mustOpen(t, oneShard(items...), Options{
			Parallel: 2, MaxInWork: 10, Pace: Unbounded, Checkpoints: m.grip(), Retry: Retry{Attempts: 1000},
		})
		var mu sync.Mutex
		handled := 0
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		err := r.Run(ctx, func(_ context.Context, e Event) error {
			if name(e) == "s/bad" {
				return errors.New("no")
			}
			mu.Lock()
			defer mu.Unlock()
			handled++
			return nil
		})
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "handling event "+f21(2)) {
			t.Errorf("Run = %v, want the end of its context and the failing event", err)
		}
		check(t, "handled beside it", handled, 10)
		check(t, "checkpoint", m.saved()["s"], f21(1))
	})
}

// TestEventsInWorkAreBounded: behind events that are not finished, a shard
// waits.
func TestEventsInWorkAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var items []string
		for range 50 {
			items = append(items, "slow", "slow") // one item
		}
		items = append(items, "other")
		var slow, other atomic.Int64
		r := mustOpen(t, oneShard(items...), Options{Parallel: 4, MaxInWork: 7, Pace: Unbounded})
		ctx, cancel := context.WithTimeout(t.Context(), 93500*time.Millisecond)
		defer cancel()
		r.Run(ctx, func(ctx context.Context, e Event) error {
			if name(e) == "s/other" {
				other.Add(1)
				return nil
			}
			time.Sleep(time.Second)
			slow.Add(1)
			return nil
		})
		check(t, "events of the slow item before another is reached", []int64{slow.Load(), other.Load()}, []int64{94, 0})
	})
}

// TestAGapIsABarrier: nothing of its shard is in work beside it. Here two
// events are when DynamoDB trims those that come next.
func TestAGapIsABarrier(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := oneShard("1", "2", "3", "4", "5", "6", "7")
		f.recordsAPage = 1
		r := mustOpen(t, f, Options{Parallel: 4, OnGap: SkipGaps, Pace: 1})
		time.AfterFunc(2500*time.Millisecond, func() { f.set(func() { f.shards[0].trimmed = 6 }) })
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		defer cancel()
		var mu sync.Mutex
		var got []string
		atWork := 0
		r.Run(ctx, func(_ context.Context, e Event) error {
			mu.Lock()
			atWork++
			got = append(got, fmt.Sprint(name(e), " beside ", atWork-1))
			mu.Unlock()
			time.Sleep(time.Minute)
			mu.Lock()
			defer mu.Unlock()
			atWork--
			return nil
		})
		n := len(got)
		if n < 4 || got[n-2] != "s/lost beside 0" || got[n-1] != "s/7 beside 0" || got[1] != "s/2 beside 1" {
			t.Errorf("events %q, want some side by side, and then the gap and the last one alone", got)
		}
	})
}

// TestNothingFollowsAFailure: where an event of an item ends the reading, the
// next one of the item is not handled, though a later one of another item is
// with its handler, so that the reading would handle what comes before that.
func TestNothingFollowsAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := drain
		o.Parallel, o.Retry.Attempts = 2, 1
		var mu sync.Mutex
		var got []string
		err := mustOpen(t, oneShard("a", "a", "b"), o).Run(t.Context(), func(_ context.Context, e Event) error {
			mu.Lock()
			got = append(got, name(e))
			mu.Unlock()
			if name(e) == "s/b" {
				time.Sleep(time.Minute)
				return nil
			}
			time.Sleep(time.Second)
			return errors.New("no")
		})
		slices.Sort(got)
		check(t, "events", got, []string{"s/a", "s/b"})
		if err == nil || !strings.Contains(err.Error(), "handling event "+f21(1)) {
			t.Errorf("Run = %v, want the failure of the first event", err)
		}
	})
}

// TestChildrenWaitForAllItems of their parent.
func TestChildrenWaitForAllItems(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(&fakeShard{id: "p", closed: true}, &fakeShard{id: "c", parent: "p"})
		f.put(f.shards[0], "1", "2", "3")
		f.put(f.shards[1], "1")
		o := drain
		o.Parallel = 4
		var parents atomic.Int64
		err := mustOpen(t, f, o).Run(t.Context(), func(_ context.Context, e Event) error {
			if e.Shard == "c" {
				check(t, "events of the parent before it", parents.Load(), int64(3))
				return nil
			}
			time.Sleep(time.Minute)
			parents.Add(1)
			return nil
		})
		check(t, "error", err, error(nil))
	})
}

// TestABusyShard: 200 writes a second over 1,000 items, and a handler of
// 10 ms. One at a time, the shard would fall behind by a second in each two.
func TestABusyShard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(&fakeShard{id: "s"})
		r := mustOpen(t, f, Options{Parallel: 4})
		ctx, cancel := context.WithCancel(t.Context())
		var mu sync.Mutex
		written := make(map[string][]time.Time) // of each item
		most := time.Duration(0)
		done := make(chan error)
		go func() {
			done <- r.Run(ctx, func(_ context.Context, e Event) error {
				time.Sleep(10 * time.Millisecond)
				mu.Lock()
				defer mu.Unlock()
				most = max(most, time.Since(written[name(e)][0]))
				written[name(e)] = written[name(e)][1:]
				return nil
			})
		}()
		for i := range 60 * 200 {
			item := fmt.Sprint("item", i*7919%1000)
			mu.Lock()
			written["s/"+item] = append(written["s/"+item], time.Now())
			mu.Unlock()
			f.put(f.shards[0], item)
			time.Sleep(5 * time.Millisecond)
		}
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("Run = %v", err)
		}
		if most > time.Second {
			t.Errorf("an event was handled %v after its write, want a second at most", most)
		}
	})
}

// TestThroughput of a handler that waits grows with the items at a time.
func TestThroughput(t *testing.T) {
	took := make(map[int]time.Duration)
	for _, parallel := range []int{1, 8} {
		synctest.Test(t, func(t *testing.T) {
			var items []string
			for i := range 800 {
				items = append(items, fmt.Sprint(i))
			}
			var last time.Time
			var mu sync.Mutex
			began := time.Now()
			o := drain
			o.Parallel = parallel
			mustOpen(t, oneShard(items...), o).Run(t.Context(), func(context.Context, Event) error {
				time.Sleep(10 * time.Millisecond)
				mu.Lock()
				defer mu.Unlock()
				last = time.Now()
				return nil
			})
			took[parallel] = last.Sub(began)
		})
	}
	if took[1] < 6*took[8] {
		t.Errorf("800 events took %v one at a time and %v eight at a time, want a sixth or less", took[1], took[8])
	}
}

// TestAHungItemIsTold, although its shard is fetched on.
func TestAHungItemIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := mustOpen(t, oneShard("hung", "other"), Options{Parallel: 2, Pace: Unbounded, Grace: time.Second})
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		time.AfterFunc(5*time.Minute, func() {
			s := r.Stats().Shards[0]
			check(t, "state", s.State, Handling)
			if s.Lag < 4*time.Minute || s.CaughtUp || retention-s.Left < 4*time.Minute {
				t.Errorf("lag %v, left %v, caught up %v beside an item that has hung for five minutes", s.Lag, s.Left, s.CaughtUp)
			}
		})
		r.Run(ctx, func(ctx context.Context, e Event) error {
			if name(e) == "s/hung" {
				<-ctx.Done()
			}
			return nil
		})
	})
}

func TestItem(t *testing.T) {
	s := func(v string) types.AttributeValue { return &types.AttributeValueMemberS{Value: v} }
	keys := []Image{
		{"k": s("1")}, {"k": &types.AttributeValueMemberN{Value: "1"}}, {"k": &types.AttributeValueMemberB{Value: []byte("1")}},
		{"k": s("1"), "r": s("2")}, {"k": s("12"), "r": s("")}, {"k": s("1r"), "r": s("2")}, {"r": s("1"), "k": s("2")},
	}
	seen := make(map[string]Image)
	for _, k := range keys {
		item := Event{Keys: k}.Item()
		if other, ok := seen[item]; ok {
			t.Errorf("the items of %v and %v are the same", k, other)
		}
		seen[item] = k
	}
}
