package watch

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"dynamostreamer/internal/stream"
)

const (
	shardA = "shardId-00000001795907137891-0000000a"
	shardB = "shardId-00000001795907137891-0000000b"
)

// A world is a Model that is told of a stream. Its records are named after their numbers.
type world struct {
	*testing.T
	*Model
	made int
}

func newWorld(t *testing.T, bounds Bounds) *world {
	w := &world{T: t, Model: NewModel("ttl", bounds)}
	w.SetShards("stream", []Shard{{ID: shardA, Open: true}, {ID: shardB, Parent: shardA, Open: true}})
	w.Judge("r", "kind", "does it", Words{"It lost it.", "It came late."}, false)
	w.SetReader("r", "running", 7, "")
	w.Reported("r", Report{Stream: "stream"})
	return w
}

func seq(n int) string { return fmt.Sprintf("%021d", n) }

// saw makes the next record, and returns its sequence number.
func (w *world) saw(kind stream.Kind, shard, id string) string {
	w.made++
	e := stream.Event{
		Kind: kind, Stream: "stream", Shard: shard, Sequence: seq(w.made), At: w.Now(),
		Keys: stream.Image{"id": text(id), "email": text(id + "@x")},
	}
	image := stream.Image{"id": text(id), "email": text(id + "@x"), "ttl": &types.AttributeValueMemberN{Value: fmt.Sprint(w.Now().Add(time.Minute).Unix())}}
	switch kind {
	case stream.Inserted:
		e.New = image
	case stream.Modified:
		e.Old, e.New = image, image
	case stream.Expired: // 30 seconds late
		image["ttl"] = &types.AttributeValueMemberN{Value: fmt.Sprint(w.Now().Add(-30 * time.Second).Unix())}
		fallthrough
	default:
		e.Old = image
	}
	w.Saw(e, []byte(`{"raw":`+fmt.Sprint(w.made)+`}`))
	return e.Sequence
}

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func (w *world) handled(shard string, seqs ...string) {
	w.Reported("r", Report{Shard: shard, Handled: seqs})
}

// idle has the reader say that it has nothing to do, and judges it some time later.
func (w *world) idle() {
	time.Sleep(2 * grace)
	w.Reported("r", Report{Idle: time.Now().UnixMilli()})
	w.mu.Lock()
	w.judge()
	w.mu.Unlock()
}

// verdicts takes what is said of the reader: "lost 3", with the record's number.
func (w *world) verdicts() (all []string) {
	if d := w.Take(); d != nil {
		for _, v := range d.Verdicts {
			all = append(all, strings.TrimRight(fmt.Sprint(v.What, " ", v.N, " ", strings.TrimLeft(v.Other, "0")), " "))
		}
	}
	slices.Sort(all)
	return all
}

func (w *world) says(want ...string) {
	w.Helper()
	if diff := cmp.Diff(want, w.verdicts(), cmpopts.EquateEmpty()); diff != "" {
		w.Errorf("verdicts (-want +got):\n%s", diff)
	}
}

func (w *world) reads() ReaderState {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.readers[0].ReaderState
}

// in runs a test in a bubble whose time passes at once.
func in(t *testing.T, bounds Bounds, f func(*world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { f(newWorld(t, bounds)) })
}

var ample = Bounds{1000, 1000}

func TestHandledIsNotLost(t *testing.T) {
	in(t, ample, func(w *world) {
		a, b := w.saw(stream.Inserted, shardA, "ada"), w.saw(stream.Modified, shardB, "ada")
		w.handled(shardA, a)
		w.handled(shardB, b)
		w.idle()
		w.says()
		if r := w.reads(); r.Handled != 2 || r.Lost+r.OutOfOrder+r.Redelivered != 0 {
			t.Errorf("the reader is %+v, want two handled", r)
		}
	})
}

func TestLost(t *testing.T) {
	in(t, ample, func(w *world) {
		a := w.saw(stream.Inserted, shardA, "ada")
		w.saw(stream.Inserted, shardA, "grace")
		w.handled(shardA, a)
		w.Reported("r", Report{Idle: time.Now().UnixMilli()})
		w.says() // it may be on its way
		w.idle()
		w.says("lost 2")
		w.idle()
		w.says()
		w.handled(shardA, seq(2))
		w.says("cleared 2")
		if r := w.reads(); r.Handled != 2 || r.Lost != 0 {
			t.Errorf("the reader is %+v, want both handled", r)
		}
	})
}

// Only a reader that could have handled a record has lost it.
func TestNotLostYet(t *testing.T) {
	in(t, ample, func(w *world) {
		w.saw(stream.Inserted, shardA, "ada")
		time.Sleep(time.Hour) // it is not idle
		w.says()
		for _, state := range []string{"frozen", "killed", "starting"} {
			w.SetReader("r", state, 7, "")
			w.idle()
			w.says()
		}
		w.SetReader("r", "running", 7, "") // it has not said anything since
		w.says()
		w.SetReader("r", "ended", 0, "it believes that it has read all")
		w.says("lost 1")
	})
}

func TestLostSince(t *testing.T) {
	in(t, ample, func(w *world) {
		w.saw(stream.Inserted, shardA, "before")
		time.Sleep(time.Second)
		w.Judge("r", "latest", "starts at LATEST", Words{}, true)
		w.SetReader("r", "running", 7, "")
		w.saw(stream.Inserted, shardA, "after")
		w.idle()
		w.says("lost 2")
	})
}

func TestLostInAnotherStream(t *testing.T) {
	in(t, ample, func(w *world) {
		w.Reported("r", Report{Stream: "the one before"})
		w.saw(stream.Inserted, shardA, "ada")
		w.idle()
		d := w.Take()
		if len(d.Verdicts) != 1 || !strings.Contains(d.Verdicts[0].Why, "before") {
			t.Errorf("verdicts %+v, want one that speaks of the stream before", d.Verdicts)
		}
	})
}

func TestOutOfOrder(t *testing.T) {
	in(t, ample, func(w *world) {
		a := w.saw(stream.Inserted, shardA, "ada")
		w.saw(stream.Modified, shardA, "ada")
		c := w.saw(stream.Deleted, shardB, "ada")
		other := w.saw(stream.Inserted, shardA, "grace")
		w.handled(shardB, c)
		w.handled(shardA, other) // an order among rows there is none
		w.says()
		w.handled(shardA, a)
		w.says("out of order 1 3")
		w.handled(shardA, seq(2))
		w.says("out of order 2 3")
		w.handled(shardA, a, seq(2)) // a redelivery is no fault
		w.says()
		if r := w.reads(); r.OutOfOrder != 2 || r.Redelivered != 2 || r.Handled != 4 {
			t.Errorf("the reader is %+v, want 2 out of order and 2 redelivered", r)
		}
	})
}

// A reader may be faster than the Model.
func TestEarly(t *testing.T) {
	in(t, ample, func(w *world) {
		w.handled(shardB, seq(2))
		w.handled(shardA, seq(1))
		w.saw(stream.Inserted, shardA, "ada")
		w.says()
		w.saw(stream.Deleted, shardB, "ada")
		w.says("out of order 1 2")
		w.idle()
		w.says()
		if r := w.reads(); r.Handled != 2 {
			t.Errorf("the reader is %+v, want two handled", r)
		}
	})
}

func TestGap(t *testing.T) {
	in(t, ample, func(w *world) {
		for range 5 {
			w.saw(stream.Inserted, shardA, fmt.Sprint("row", w.made))
		}
		w.saw(stream.Inserted, shardB, "elsewhere")
		w.handled(shardA, seq(1))
		w.Reported("r", Report{Shard: shardA, Gap: &Gap{Last: seq(1), Oldest: seq(4)}, Note: "it lost some"})
		w.says("lost 2", "lost 3")
		w.Reported("r", Report{Shard: shardA, Gap: &Gap{Last: seq(4)}})
		w.says("lost 5")
		if r := w.reads(); r.Lost != 3 || r.Note != "it lost some" {
			t.Errorf("the reader is %+v, want 3 lost and a note", r)
		}
	})
}

func TestLag(t *testing.T) {
	in(t, ample, func(w *world) {
		lag := func() (lag, left time.Duration) {
			time.Sleep(2 * time.Second)
			w.Take()
			r := w.reads()
			return time.Duration(r.Lag) * time.Millisecond, time.Duration(r.Left) * time.Millisecond
		}
		if lag, left := lag(); lag != 0 || left != -time.Millisecond {
			t.Errorf("lag %v, left %v, want none, and not known", lag, left)
		}
		w.Reported("r", Report{Left: 80_000_000})
		if _, left := lag(); left != 80_000*time.Second {
			t.Errorf("left %v, want what the reader says", left)
		}
		w.saw(stream.Inserted, shardA, "ada")
		w.saw(stream.Inserted, shardA, "grace")
		w.SetReader("r", "frozen", 7, "") // it says nothing now
		time.Sleep(time.Hour)
		if lag, left := lag(); lag != time.Hour+2*time.Second || left != 23*time.Hour-2*time.Second {
			t.Errorf("lag %v, left %v, want an hour less of a day", lag, left)
		}
		w.handled(shardA, seq(2))
		if lag, _ := lag(); lag != time.Hour+4*time.Second {
			t.Errorf("lag %v, want that of the record that waits", lag)
		}
		w.handled(shardA, seq(1))
		if lag, _ := lag(); lag != 0 {
			t.Errorf("lag %v, want none", lag)
		}
	})
}

// What is judged anew starts with nothing.
func TestJudgeAnew(t *testing.T) {
	in(t, ample, func(w *world) {
		w.saw(stream.Inserted, shardA, "ada")
		w.idle()
		w.Judge("r", "other", "does better", Words{}, false)
		d := w.Take()
		if !slices.Equal(d.Reset, []string{"r"}) || len(d.Verdicts) > 0 {
			t.Errorf("Reset %q, verdicts %v, want r and none", d.Reset, d.Verdicts)
		}
		w.SetReader("r", "running", 8, "")
		w.handled(shardA, seq(1))
		w.idle()
		w.says()
	})
}

func TestMarks(t *testing.T) {
	in(t, ample, func(w *world) {
		w.Take()
		w.Reported("r", Report{Shard: shardA, Fetched: seq(9), State: "handling"})
		w.handled(shardA, seq(7), seq(8))
		w.Reported("r", Report{Shard: shardA, Saved: seq(6)})
		want := []*Mark{{shardA, seq(9), seq(8), seq(6), "handling"}}
		if diff := cmp.Diff(want, w.Take().Readers[0].Marks); diff != "" {
			t.Errorf("marks (-want +got):\n%s", diff)
		}
		w.Reported("r", Report{Shard: shardA, Saved: seq(6)})
		if d := w.Take(); d != nil && d.Readers != nil {
			t.Errorf("a mark that stays is sent again: %+v", d.Readers)
		}
	})
}

func TestRows(t *testing.T) {
	in(t, Bounds{Rows: 2, Records: 10}, func(w *world) {
		w.saw(stream.Inserted, shardA, "ada")
		w.saw(stream.Modified, shardA, "ada")
		d := w.Take()
		if len(d.Rows) != 1 || d.Rows[0].Key != "ada|ada@x" || !d.Rows[0].Expires || d.Rows[0].TTL != w.Now().Add(time.Minute).Unix() {
			t.Errorf("rows %+v, want ada with her ttl", d.Rows)
		}
		w.saw(stream.Expired, shardA, "ada")
		d = w.Take()
		if len(d.Gone) != 1 || d.Gone[0].How != "expired" || d.Gone[0].Late != 30_000 || len(d.Rows) != 0 {
			t.Errorf("gone %+v, want ada, expired 30 s late", d.Gone)
		}
		// In one delta, a row is there or gone, and not both.
		w.saw(stream.Inserted, shardA, "ada")
		w.saw(stream.Deleted, shardA, "ada")
		w.saw(stream.Inserted, shardA, "grace")
		w.saw(stream.Deleted, shardA, "grace")
		w.saw(stream.Inserted, shardA, "grace")
		d = w.Take()
		if len(d.Gone) != 1 || d.Gone[0].Key != "ada|ada@x" || len(d.Rows) != 1 || d.Rows[0].ID != "grace" {
			t.Errorf("gone %+v, rows %+v, want ada gone and grace there", d.Gone, d.Rows)
		}
		w.saw(stream.Inserted, shardA, "barbara")
		w.saw(stream.Modified, shardA, "grace")
		w.saw(stream.Inserted, shardA, "edsger")
		d = w.Take()
		if len(d.Gone) != 1 || d.Gone[0] != (Gone{"barbara|barbara@x", "forgotten", w.Now().UnixMilli(), 0}) || d.Dropped.Rows != 1 {
			t.Errorf("gone %+v, want the row that changed first to be forgotten", d.Gone)
		}
	})
}

func TestRowsOfOthers(t *testing.T) {
	in(t, ample, func(w *world) {
		w.Saw(stream.Event{
			Kind: stream.Inserted, Stream: "stream", Shard: shardA, Sequence: seq(1),
			Keys: stream.Image{"n": &types.AttributeValueMemberN{Value: "7"}},
			New:  stream.Image{"n": &types.AttributeValueMemberN{Value: "7"}, "ttl": text("soon")},
		}, nil)
		if row, found := w.Row(`{"n":7}`); !found || row.Email != "" || row.Expires {
			t.Errorf("the row is %+v, %v, want one named by its key that never expires", row, found)
		}
	})
}

func TestShards(t *testing.T) {
	in(t, Bounds{10, 1}, func(w *world) {
		made := int64(1795907137891)
		first := w.Take().Shards
		if len(first) != 2 || first[0].Made != made || first[0].State != "open" {
			t.Errorf("shards %+v, want two open ones that were made when their ids say", first)
		}
		w.SetShards("stream", []Shard{{ID: shardA, Open: false}, {ID: shardB, Parent: shardA, Open: true}})
		d := w.Take()
		if len(d.Shards) != 1 || d.Shards[0].State != "closed" || d.Shards[0].Closed == 0 {
			t.Errorf("shards %+v, want one that closed", d.Shards)
		}
		if n := w.OpenShards(); n != 1 {
			t.Errorf("%d are open, want 1", n)
		}
		w.SetTrimmed(shardB, seq(3))
		w.saw(stream.Inserted, shardB, "ada")
		w.SetShards("other", nil)
		d = w.Take()
		states := []string{d.Shards[0].State, d.Shards[1].State}
		if d.Stream != "other" || !slices.Equal(states, []string{"forgotten", "vanished"}) || d.Shards[1].Trimmed != seq(3) {
			t.Errorf("%s, shards %q, want those without records forgotten and the others vanished", d.Stream, states)
		}
	})
}

func TestClock(t *testing.T) {
	in(t, ample, func(w *world) {
		w.Take()
		if d := w.Take(); d != nil {
			t.Errorf("a delta with %+v, want none", d)
		}
		w.SetClock(w.Now(), 60)
		time.Sleep(time.Second)
		d := w.Take()
		if d.Clock == nil || d.Clock.Speed != 60 || d.Clock.Jumped || d.Clock.Now != time.Now().Add(59*time.Second).UnixMilli() {
			t.Errorf("clock %+v, want a minute in a second", d.Clock)
		}
		w.SetClock(w.Now().Add(25*time.Hour), 1)
		if d := w.Take(); d == nil || !d.Clock.Jumped {
			t.Errorf("delta %+v, want a jump at once", d)
		}
	})
}

// What a browser gets that comes later is what one has that was there from the start.
func TestState(t *testing.T) {
	in(t, Bounds{Rows: 3000, Records: 2500}, func(w *world) {
		for n := range 3000 {
			w.saw(stream.Inserted, shardA, fmt.Sprint(n))
		}
		w.saw(stream.Deleted, shardB, "2999")
		w.handled(shardB, seq(3001))
		w.handled(shardA, seq(3000))
		w.SetRate(3)
		w.SetFaults([]Fault{{"GetRecords", "empty", 2, "r"}})
		w.Note("something")
		w.idle()
		pieces := w.State()
		all := &Delta{}
		for i, d := range pieces {
			if n := max(len(d.Rows), len(d.Records), len(d.Verdicts)); n > piece {
				t.Errorf("a piece has %d elements, want %d at most", n, piece)
			}
			if d.Ready != (i == len(pieces)-1) {
				t.Errorf("piece %d of %d: ready %v, want it of the last", i, len(pieces), d.Ready)
			}
			all.Rows, all.Records, all.Verdicts = append(all.Rows, d.Rows...), append(all.Records, d.Records...), append(all.Verdicts, d.Verdicts...)
		}
		first := pieces[0]
		if len(all.Rows) != 2999 || len(all.Records) != 2500 || all.Records[0].N != 502 || *first.Dropped != (Dropped{502, 501, 0}) {
			t.Errorf("%d rows, %d records, dropped %+v", len(all.Rows), len(all.Records), first.Dropped)
		}
		if *first.Rate != 3 || len(first.Faults) != 1 || len(first.Readers) != 1 || len(first.Readers[0].Marks) != 2 || first.Stream != "stream" {
			t.Errorf("the state begins with %+v", first)
		}
		late := slices.IndexFunc(all.Verdicts, func(v Verdict) bool { return v.What == OutOfOrder })
		if len(all.Verdicts) != 2499 || late < 0 || all.Verdicts[late] != (Verdict{"r", seq(3000), 3000, OutOfOrder, "It came late.", seq(3001)}) {
			t.Errorf("%d verdicts, out of order: %d", len(all.Verdicts), late)
		}
		if r, raw, found := w.Record(seq(3000)); !found || string(raw) != `{"raw":3000}` || r.Shard != shardA {
			t.Errorf("Record = %+v, %s, %v", r, raw, found)
		}
		if _, _, found := w.Record(seq(1)); found {
			t.Error("a record that was dropped is there")
		}
	})
}

// A checkpoint that is removed has nothing more.
func TestForgetSaved(t *testing.T) {
	in(t, ample, func(w *world) {
		w.handled(shardA, w.saw(stream.Inserted, shardA, "ada"))
		w.Reported("r", Report{Shard: shardA, Saved: seq(1)})
		w.Take()
		w.ForgetSaved("r")
		want := []*Mark{{shardA, "", seq(1), "", ""}}
		if diff := cmp.Diff(want, w.Take().Readers[0].Marks); diff != "" {
			t.Errorf("marks (-want +got):\n%s", diff)
		}
	})
}

// The keys of two rows are two, whatever is in them.
func TestKeysAreDistinct(t *testing.T) {
	in(t, ample, func(w *world) {
		for i, key := range [][2]string{{"a|b", "c"}, {"a", "b|c"}, {`a\`, "b|c"}, {`a\|b`, "c"}} {
			image := stream.Image{"id": text(key[0]), "email": text(key[1])}
			w.Saw(stream.Event{Kind: stream.Inserted, Stream: "stream", Shard: shardA, Sequence: seq(i + 1), Keys: image, New: image}, nil)
		}
		if rows := w.Take().Rows; len(rows) != 4 {
			t.Errorf("%d rows %+v, want 4", len(rows), rows)
		}
	})
}
