package stream

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// TestAfterWhereItsRecordIsTrimmed: what was to be passed over anyway is no
// gap, when DynamoDB trims it meanwhile.
func TestAfterWhereItsRecordIsTrimmed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(&fakeShard{id: "s"})
		f.retains, f.recordsAPage = true, 1
		for i := range 40 {
			f.put(f.shards[0], fmt.Sprint(i+1))
			time.Sleep(time.Second)
		}
		time.Sleep(retention - 40*time.Second)
		f.put(f.shards[0], "new")
		began, calls := time.Now(), 0
		f.onCall = func(_ context.Context, operation, _ string) error {
			if operation != "GetRecords" {
				return nil
			}
			if calls++; calls > 1 && time.Since(began) < 10*time.Second {
				return throttleError
			}
			return nil
		}
		r := mustOpen(t, f, Options{Idle: 3 * time.Second, Start: After(f21(40)), OnGap: SkipGaps})
		check(t, "events", mustRead(t, r), []string{"s/new"})
	})
}

// TestAtATimeToCome: the shard that was open at Open closes before that time,
// and what a child loses a day later is a gap.
func TestAtATimeToCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(&fakeShard{id: "p"})
		f.retains = true
		m := newMemory()
		r := mustOpen(t, f, Options{Start: At(time.Now().Add(2 * time.Hour)), Checkpoints: m.grip()})
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		time.AfterFunc(5*time.Minute, func() {
			f.set(func() { f.shards[0].closed, f.shards[0].closedAt = true, f.now() })
		})
		for range r.Events(ctx) {
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		f.set(func() { f.shards = append(f.shards, &fakeShard{id: "c", parent: "p"}) })
		f.put(f.shards[1], "1")
		time.Sleep(24*time.Hour + 30*time.Minute)
		f.put(f.shards[1], "2")
		o := drain
		o.Checkpoints, o.OnGap = m.grip(), SkipGaps
		check(t, "events", mustRead(t, mustOpen(t, f, o)), []string{"c/lost", "c/2"})
	})
}

// TestARootThatIsFoundLater has no parent to tell how old its records are. The
// list that did not have it yet tells: a day later its loss is a gap, for the
// reader that found it and read nothing, and for one that never saw it.
func TestARootThatIsFoundLater(t *testing.T) {
	for name, seen := range map[string]bool{"found": true, "never seen": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, root := &fakeShard{id: "p"}, &fakeShard{id: "root"}
				f := newFakeStream(p)
				f.retains, f.created = true, f.now().Add(-40*time.Hour)
				f.put(p, "0")
				m := newMemory()
				o := drain
				o.OnGap, o.Checkpoints = SkipGaps, m.grip()
				r := mustOpen(t, f, o)
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				f.onCall = func(_ context.Context, _, shard string) error {
					if shard == root.id {
						cancel() // a deployment, just as the shard was found
					}
					return ctx.Err()
				}
				list := func() {
					f.set(func() { f.shards = append(f.shards, root) })
					f.put(root, "1", "2", "3")
				}
				if seen {
					time.AfterFunc(time.Second, list)
				}
				r.Run(ctx, func(context.Context, Event) error { return nil })
				if err := r.Close(); err != nil {
					t.Fatal(err)
				}
				f.set(func() { f.onCall = nil })
				if !seen {
					list()
				}
				time.Sleep(25 * time.Hour)
				f.put(root, "4")
				o.Checkpoints = m.grip()
				var got []string
				for _, e := range mustRead(t, mustOpen(t, f, o)) {
					if e[0] == 'r' {
						got = append(got, e)
					}
				}
				check(t, "events of the next reader", got, []string{"root/lost", "root/4"})
			})
		})
	}
}
