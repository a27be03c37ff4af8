package watch

import (
	"fmt"
	"runtime"
	"testing"

	"dynamostreamer/internal/stream"
)

// TestMemoryIsBounded: after 200,000 changes the Model holds as much as after 100,000, also
// where a reader never handles anything and another one is always early.
func TestMemoryIsBounded(t *testing.T) {
	w := newWorld(t, Bounds{Rows: 20_000, Records: 20_000})
	w.Judge("early", "kind", "is early", Words{"Lost.", "Late."}, false)
	w.SetReader("early", "running", 8, "")
	change := func() {
		w.Reported("early", Report{Shard: shardA, Handled: []string{seq(w.made + 1)}})
		kind := []stream.Kind{stream.Inserted, stream.Modified, stream.Deleted}[w.made%3]
		w.saw(kind, shardA, fmt.Sprint("a row with a name of some length ", w.made/3*7%100_000))
		w.Reported("r", Report{Shard: shardA, Handled: []string{"9" + seq(w.made)}}) // of another stream
		if w.made%50 == 0 {
			w.Note("something happened")
			w.Take()
		}
	}
	used := func() float64 {
		for w.made%100_000 != 0 || w.made == 0 {
			change()
		}
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		change()
		return float64(m.HeapAlloc) / 1e6
	}
	first, second := used(), used()
	t.Logf("after 100,000 changes %.1f MB, after 200,000 %.1f MB", first, second)
	if second > 1.1*first {
		t.Errorf("after 100,000 changes the heap has %.1f MB and after 200,000 %.1f MB, want at most 10 %% more", first, second)
	}
	if got := w.readers[1].Handled; got != int64(w.made) {
		t.Errorf("the early reader handled %d of %d", got, w.made)
	}
}
