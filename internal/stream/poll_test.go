package stream

import (
	"context"
	"fmt"
	"math/bits"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// TestAPutIsSeenWithinOnePoll: whenever a record is made, soon after another
// or after a long silence, its event comes one Poll later at most, and the
// calls that find it stay about one in a Poll.
func TestAPutIsSeenWithinOnePoll(t *testing.T) {
	for _, poll := range []time.Duration{0, 100 * time.Millisecond, time.Hour} {
		rapid.Check(t, func(rt *rapid.T) {
			waits := rapid.SliceOfN(rapid.IntRange(0, 200), 1, 30).Draw(rt, "hundredths of a poll")
			var worst, took time.Duration
			var calls int
			each := poll
			if each == 0 {
				each = time.Second // what the documentation says
			}
			synctest.Test(t, func(t *testing.T) {
				worst, took, calls = playPuts(t, poll, each, waits)
			})
			if worst > each {
				rt.Errorf("with a Poll of %v a put was seen %v later", poll, worst)
			}
			// The polls after a record come sooner: the waits between them
			// double up to a second and, after 60 of these, to the Poll.
			sooner := 2*bits.Len64(uint64(each/(50*time.Millisecond))) + 1
			if each > time.Second {
				sooner += 60
			}
			if limit := int(took*101/100/each) + sooner*(len(waits)+1); calls > limit {
				rt.Errorf("with a Poll of %v there were %d calls in %v, want %d at most", poll, calls, took, limit)
			}
		})
	}
}

// playPuts puts records with waits between, in hundredths of a Poll, and
// returns the longest time that one took to its event.
func playPuts(t *testing.T, poll, each time.Duration, waits []int) (worst, took time.Duration, calls int) {
	f := newFakeStream(&fakeShard{id: "s"})
	began := time.Now()
	put := make(map[string]time.Time)
	go func() {
		for i, wait := range waits {
			time.Sleep(each * time.Duration(wait) / 100)
			f.set(func() { put[fmt.Sprint("s/", i)] = time.Now() })
			f.put(f.shards[0], fmt.Sprint(i))
		}
	}()
	ctx, cancel := context.WithTimeout(t.Context(), each*time.Duration(3*len(waits)+3))
	defer cancel()
	n := 0
	for e, err := range mustOpen(t, f, Options{Poll: poll, Pace: Unbounded}).Events(ctx) {
		if err != nil {
			t.Error(err)
			break
		}
		f.set(func() { worst = max(worst, time.Since(put[name(e)])) })
		if n++; n == len(waits) {
			break
		}
	}
	return worst, time.Since(began), f.counted("GetRecords")
}
