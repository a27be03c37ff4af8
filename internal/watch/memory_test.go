package watch

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

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

// TestLargeRecords: a record may have 800 KB, and 20,000 of them don't fit. The oldest
// ones are kept without their text, and a row's words are cut short.
func TestLargeRecords(t *testing.T) {
	w := newWorld(t, Bounds{Rows: 20_000, Records: 20_000})
	const size = 1 << 20
	for i := range 2 * maxRaw / size {
		image := stream.Image{"id": text("ada"), "email": text("ada@x"), "activity": &types.AttributeValueMemberM{
			Value: map[string]types.AttributeValue{"page": text(strings.Repeat("/é", 1000))},
		}}
		w.Saw(stream.Event{Kind: stream.Modified, Stream: "stream", Shard: shardA, Sequence: seq(i + 1), Keys: image, New: image}, make([]byte, size))
	}
	kept := 0
	for _, en := range w.entries {
		kept += len(en.raw)
	}
	if kept > maxRaw || kept < maxRaw-size {
		t.Errorf("%d bytes of records are kept, want at most %d", kept, maxRaw)
	}
	if _, _, found := w.Record(seq(1)); found {
		t.Error("the oldest record has its text still")
	}
	if _, raw, found := w.Record(seq(len(w.entries))); !found || len(raw) != size {
		t.Errorf("the newest record has %d bytes, %v", len(raw), found)
	}
	if row, _ := w.Row("ada|ada@x"); len([]rune(row.Page)) != maxWord+1 || !strings.HasSuffix(row.Page, "…") {
		t.Errorf("the row's page has %d characters, want %d and an ellipsis", len([]rune(row.Page)), maxWord)
	}
}
