package audit

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"dynamostreamer/internal/activity"
	"dynamostreamer/internal/stream"
)

// A history writes journals for a test to audit.
type history struct {
	t      *testing.T
	writes *Journal
	events *EventJournal
	at     int // the sequence number of the newest event
	names  []string
}

func newHistory(t *testing.T) *history {
	t.Helper()
	dir := t.TempDir()
	h := &history{t: t, names: []string{filepath.Join(dir, "writes"), filepath.Join(dir, "events")}}
	h.writes = mustOpen(t, h.names[0])
	h.events = h.reader(h.names[1], "r")
	return h
}

func (h *history) reader(file, name string) *EventJournal {
	h.t.Helper()
	j, err := OpenEventJournal(file, name)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { j.Close() })
	return j
}

func (h *history) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *history) start(counts map[string]int64) {
	h.must(h.events.Start("arn:aws:dynamodb:r:0:table/t/stream/1", counts))
}
func (h *history) begins() { h.must(h.events.Begin("arn:aws:dynamodb:r:0:table/t/stream/1")) }

// switches journals the gap between two streams.
func switches(h *history) {
	h.must(h.events.Events([]stream.Event{{
		Kind: stream.Lost, Stream: "newer", Gap: &stream.Gap{Stream: "older", Next: "newer"},
	}}))
}

func (h *history) loses() {
	h.must(h.events.Events([]stream.Event{{Kind: stream.Lost, Shard: "shard", Gap: &stream.Gap{Last: fmt.Sprint(h.at)}}}))
}

func (h *history) end(counts map[string]int64) { h.must(h.events.End(counts)) }

func (h *history) intends(c activity.Change) { h.must(h.writes.Intent([]activity.Change{c})) }

func (h *history) writesOf(c activity.Change) {
	h.intends(c)
	h.must(h.writes.Done([]activity.Change{c}))
}

// sees is the next event, with the images of two rows; nil is none.
func (h *history) sees(kind stream.Kind, before, after *activity.UserActivity) {
	h.at++
	h.sawAt(h.at, kind, before, after)
}

func (h *history) sawAt(at int, kind stream.Kind, before, after *activity.UserActivity) {
	row := after
	if row == nil {
		row = before
	}
	keys := streamImage(row)
	delete(keys, "activity")
	delete(keys, "ttl")
	h.must(h.events.Events([]stream.Event{{
		Kind: kind, Keys: keys, Old: streamImage(before), New: streamImage(after),
		Shard: "shard", Sequence: fmt.Sprint(at), Seen: time.Unix(1772366400+int64(at), 0),
	}}))
}

func streamImage(row *activity.UserActivity) stream.Image {
	if row == nil {
		return nil
	}
	s := func(text string) types.AttributeValue { return &types.AttributeValueMemberS{Value: text} }
	return stream.Image{
		"id": s(row.ID), "email": s(row.Email),
		"activity": &types.AttributeValueMemberM{Value: map[string]types.AttributeValue{
			"page": s(row.Activity.Page), "task": s(row.Activity.Task),
		}},
		"ttl": &types.AttributeValueMemberN{Value: fmt.Sprint(row.TTL)},
	}
}

// on is a row of the given id, on a page.
func on(id, page string) *activity.UserActivity {
	row := change(activity.Inserted, id).Row
	row.Activity.Page = page
	return &row
}

func changed(kind activity.ChangeKind, row *activity.UserActivity) activity.Change {
	return activity.Change{Kind: kind, Row: *row}
}

const described = "buying on /, ttl 1772366400"

func TestReconcile(t *testing.T) {
	a, b := on("a", "/"), on("a", "/cart")
	found := func(kind, sequence, why string) []Finding {
		return []Finding{{ID: "a", Email: "a@example.com", Kind: kind, Sequence: sequence, Why: why}}
	}
	for _, test := range []struct {
		name, reason string
		happens      func(*history)
		want         Report
		ok           bool
	}{
		{"a life", "each write was seen", func(h *history) {
			h.writesOf(changed(activity.Inserted, a))
			h.writesOf(changed(activity.Modified, b))
			h.writesOf(changed(activity.Deleted, b))
			h.sees(stream.Inserted, nil, a)
			h.sees(stream.Modified, a, b)
			h.sees(stream.Deleted, b, nil)
		}, Report{Writes: 3, Events: 3}, true},
		{"expired", "nobody wrote it, and it is late", func(h *history) {
			h.writesOf(changed(activity.Inserted, a))
			h.sees(stream.Inserted, nil, a)
			h.sees(stream.Expired, a, nil)
		}, Report{Writes: 1, Events: 2, Expired: Lateness{1, 2 * time.Second, 2 * time.Second, 2 * time.Second}}, true},
		{"missing", "it was acknowledged", func(h *history) {
			h.writesOf(changed(activity.Inserted, a))
		}, Report{Writes: 1, Missing: found("inserted", "", described)}, false},
		{"other row", "an event with another row is no event of the write", func(h *history) {
			h.writesOf(changed(activity.Inserted, a))
			h.sees(stream.Inserted, nil, b)
		}, Report{Writes: 1, Events: 1, Missing: found("inserted", "", described),
			Foreign: found("inserted", "", strings.Replace(described, "/", "/cart", 1))}, false},
		{"inserted over another", "that modifies it", func(h *history) {
			h.writesOf(changed(activity.Inserted, a))
			h.writesOf(changed(activity.Inserted, b))
			h.sees(stream.Inserted, nil, a)
			h.sees(stream.Modified, a, b)
		}, Report{Writes: 2, Events: 2}, true},
		{"unknown, unseen", "it may not have been made", func(h *history) {
			h.intends(changed(activity.Inserted, a))
		}, Report{Unknown: 1}, true},
		{"unknown, seen", "it may have been made", func(h *history) {
			h.intends(changed(activity.Inserted, a))
			h.sees(stream.Inserted, nil, a)
		}, Report{Unknown: 1, Events: 1}, true},
		{"foreign", "another program's write is not a failure", func(h *history) {
			h.sees(stream.Inserted, nil, a)
		}, Report{Events: 1, Foreign: found("inserted", "", described)}, true},
		{"foreign delete", "only TTL may remove what no journal does", func(h *history) {
			h.writesOf(changed(activity.Inserted, a))
			h.sees(stream.Inserted, nil, a)
			h.sees(stream.Deleted, a, nil)
		}, Report{Writes: 1, Events: 2, Foreign: found("deleted", "", "")}, true},
		{"redelivered", "the crash explains it", func(h *history) {
			h.writesOf(changed(activity.Inserted, a))
			h.sees(stream.Inserted, nil, a)
			h.start(nil)
			h.sawAt(1, stream.Inserted, nil, a)
		}, Report{Writes: 1, Events: 1, Redelivered: 1}, true},
		{"duplicate", "nothing explains it", func(h *history) {
			h.writesOf(changed(activity.Inserted, a))
			h.sees(stream.Inserted, nil, a)
			h.sawAt(1, stream.Inserted, nil, a)
		}, Report{Writes: 1, Events: 1, Duplicates: found("inserted", "1", "redelivered, though no reader had crashed")}, false},
		{"duplicate after a clean shutdown", "a shutdown does not explain it", func(h *history) {
			h.writesOf(changed(activity.Inserted, a))
			h.sees(stream.Inserted, nil, a)
			h.end(nil)
			h.start(nil)
			h.sawAt(1, stream.Inserted, nil, a)
		}, Report{Writes: 1, Events: 1, Duplicates: found("inserted", "1", "redelivered, though no reader had crashed")}, false},
		{"out of order", "the change came before what it changed", func(h *history) {
			h.writesOf(changed(activity.Inserted, a))
			h.writesOf(changed(activity.Modified, b))
			h.sees(stream.Modified, a, b)
			h.sees(stream.Inserted, nil, a)
		}, Report{Writes: 2, Events: 2, OutOfOrder: found("inserted", "2",
			"its old image is no row, but the previous event left "+strings.Replace(described, "/", "/cart", 1))}, false},
		{"gap", "lost records are told of", func(h *history) {
			h.must(h.events.Events([]stream.Event{{Kind: stream.Lost, Shard: "shard"}}))
		}, Report{Gaps: 1}, true},
		{"switch of streams", "both are named, and it is the same one when it is redelivered", func(h *history) {
			switches(h)
			h.start(nil)
			switches(h)
		}, Report{Gaps: 1, Switches: []string{"between stream older and stream newer"}}, true},
		{"gap that is redelivered", "it is the same one, until an event after it is handled", func(h *history) {
			h.loses()
			h.start(nil)
			h.loses()
			h.sees(stream.Expired, a, nil)
			h.loses()
		}, Report{Events: 1, Gaps: 2, Expired: Lateness{1, time.Second, time.Second, time.Second}}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := newHistory(t)
			h.start(nil)
			test.happens(h)
			h.end(nil)
			got, err := Reconcile(h.names, nil)
			if err != nil {
				t.Fatal(err)
			}
			got.Counts = nil // see TestReconcileCounts
			if diff := cmp.Diff(&test.want, got); diff != "" {
				t.Errorf("Reconcile() differs (%s), -want +got:\n%s", test.reason, diff)
			}
			if err := got.Err(); (err == nil) != test.ok {
				t.Errorf("Err() = %v, want ok to be %v (%s)", err, test.ok, test.reason)
			}
		})
	}
}

func TestReconcileCounts(t *testing.T) {
	a, b := on("a", "/"), on("b", "/cart")
	for _, test := range []struct {
		name, reason string
		happens      func(*history)
		want         Counts
	}{
		{"equal", "counts of before count too", func(h *history) {
			h.start(map[string]int64{"/ buying": 7})
			h.sees(stream.Inserted, nil, a)
			h.sees(stream.Inserted, nil, b)
			h.end(map[string]int64{"/ buying": 8, "/cart buying": 1})
		}, Counts{Reader: "r in t", Compared: true, Inserts: 2}},
		{"redelivered", "what comes again counts once", func(h *history) {
			h.start(nil)
			h.sees(stream.Inserted, nil, a)
			h.start(map[string]int64{})
			h.sawAt(1, stream.Inserted, nil, a)
			h.end(map[string]int64{"/ buying": 1})
		}, Counts{Reader: "r in t", Compared: true, Inserts: 1}},
		{"counted twice", "a replay changed the counts", func(h *history) {
			h.start(nil)
			h.sees(stream.Inserted, nil, a)
			h.start(map[string]int64{"/ buying": 1})
			h.sawAt(1, stream.Inserted, nil, a)
			h.end(map[string]int64{"/ buying": 2})
		}, Counts{Reader: "r in t", Compared: true, Inserts: 1, Wrong: []string{"/ buying: 2 in the table, 1 according to the journal"}}},
		{"lost", "an effect is missing", func(h *history) {
			h.start(nil)
			h.sees(stream.Inserted, nil, a)
			h.end(nil)
		}, Counts{Reader: "r in t", Compared: true, Inserts: 1, Wrong: []string{"/ buying: 0 in the table, 1 according to the journal"}}},
		{"killed", "nobody knows how the counts stand", func(h *history) {
			h.start(nil)
			h.sees(stream.Inserted, nil, a)
			h.end(map[string]int64{"/ buying": 1})
			h.start(map[string]int64{"/ buying": 1})
		}, Counts{Reader: "r in t", Inserts: 1}},
		{"begun anew", "their table was deleted between two runs", func(h *history) {
			h.start(nil)
			h.sees(stream.Inserted, nil, a)
			h.end(map[string]int64{"/ buying": 1})
			h.start(nil)
			h.sees(stream.Inserted, nil, b)
			h.end(map[string]int64{"/cart buying": 1})
		}, Counts{Reader: "r in t", Compared: true, Inserts: 1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := newHistory(t)
			test.happens(h)
			got, err := Reconcile(h.names, nil)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]Counts{test.want}, got.Counts); diff != "" {
				t.Errorf("Counts differ (%s), -want +got:\n%s", test.reason, diff)
			}
		})
	}
}

// A reader whose table of checkpoints and counts was deleted sees all
// events again, and counts them anew.
func TestReconcileBegunAnew(t *testing.T) {
	for _, killed := range []bool{false, true} {
		h := newHistory(t)
		a, b := on("a", "/"), on("b", "/")
		h.writesOf(changed(activity.Inserted, a))
		h.start(nil)
		h.sees(stream.Inserted, nil, a)
		h.end(map[string]int64{"/ buying": 1})
		if killed {
			h.start(map[string]int64{"/ buying": 1})
		}
		h.start(nil)
		h.sawAt(1, stream.Inserted, nil, a)
		h.writesOf(changed(activity.Inserted, b))
		h.sees(stream.Inserted, nil, b)
		h.end(map[string]int64{"/ buying": 2})
		got, err := Reconcile(h.names, nil)
		if err != nil {
			t.Fatal(err)
		}
		want := &Report{Writes: 2, Events: 3, Counts: []Counts{{Reader: "r in t", Compared: true, Inserts: 2}}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("Reconcile() of counts begun anew, the older reader killed: %v, differs, -want +got:\n%s", killed, diff)
		}
	}
}

// A reader of tables of one name in two databases has counts in each, and
// goes on with the first as if there were no other.
func TestReconcileDatabases(t *testing.T) {
	h := newHistory(t)
	const local = "arn:aws:dynamodb:ddblocal:0:table/t/stream/2"
	run := func(stream, id string, before, after map[string]int64) {
		row := on(id, "/")
		h.writesOf(changed(activity.Inserted, row))
		h.must(h.events.Start(stream, before))
		h.sees("inserted", nil, row)
		if after != nil {
			h.end(after)
		}
	}
	one, two := map[string]int64{"/ buying": 1}, map[string]int64{"/ buying": 2}
	run("arn:aws:dynamodb:r:0:table/t/stream/1", "a", nil, one)
	run(local, "b", nil, one)
	run(local, "c", one, nil)
	run("arn:aws:dynamodb:r:0:table/t/stream/1", "d", one, two)
	got, err := Reconcile(h.names, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := &Report{Writes: 4, Events: 4, Unfinished: []string{"r in " + local}, Counts: []Counts{
		{Reader: "r in " + local, Inserts: 2}, {Reader: "r in t", Compared: true, Inserts: 2},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Reconcile() of two databases differs, -want +got:\n%s", diff)
	}
}

// A reader that is started again takes over from a newer one, and its
// journal goes on after that one's.
func TestReconcileTakenBack(t *testing.T) {
	h := newHistory(t)
	a, b, c := on("a", "/"), on("a", "/cart"), on("a", "/orders")
	h.writesOf(changed(activity.Inserted, a))
	h.writesOf(changed(activity.Modified, b))
	h.writesOf(changed(activity.Modified, c))
	one := map[string]int64{"/ buying": 1}
	h.start(nil)
	h.sees(stream.Inserted, nil, a)
	older := h.events
	h.names = append(h.names, h.names[1]+"2")
	h.events = h.reader(h.names[2], "r")
	time.Sleep(time.Millisecond) // a clock may stand as long as that
	h.start(one)
	h.sees(stream.Modified, a, b)
	h.events = older
	time.Sleep(time.Millisecond)
	h.start(one)
	h.sees(stream.Modified, b, c)
	h.end(one)
	got, err := Reconcile(h.names, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := &Report{Writes: 3, Events: 3, Counts: []Counts{{Reader: "r in t", Compared: true, Inserts: 1}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Reconcile() of a reader that took over again differs, -want +got:\n%s", diff)
	}
	h.must(os.WriteFile(h.names[1]+"3", []byte(`{"run":"start"}`+"\n"+`{"run":"end"}`+"\n"+`{"run":"start"}`+"\nnone\n"), 0o644))
	if _, err := Reconcile([]string{h.names[1] + "3"}, nil); err == nil || !strings.Contains(err.Error(), "3:4: not a line") {
		t.Errorf("Reconcile() of a journal that is none from its fourth line on = %v, want its place", err)
	}
}

// A reader of two tables has counts in each.
func TestReconcileTables(t *testing.T) {
	h := newHistory(t)
	for _, table := range []string{"t", "u"} {
		row := on(table, "/")
		h.writesOf(changed(activity.Inserted, row))
		h.must(h.events.Start("arn:aws:dynamodb:r:0:table/"+table+"/stream/1", nil))
		h.sees(stream.Inserted, nil, row)
		h.end(map[string]int64{"/ buying": 1})
	}
	got, err := Reconcile(h.names, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := &Report{Writes: 2, Events: 2, Counts: []Counts{
		{Reader: "r in t", Compared: true, Inserts: 1}, {Reader: "r in u", Compared: true, Inserts: 1},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Reconcile() of two tables differs, -want +got:\n%s", diff)
	}
}

// Two readers see each event once each.
func TestReconcileReaders(t *testing.T) {
	h := newHistory(t)
	a := on("a", "/")
	h.writesOf(changed(activity.Inserted, a))
	h.start(nil)
	h.sees(stream.Inserted, nil, a)
	h.end(map[string]int64{"/ buying": 1})
	h.names = append(h.names, h.names[0]+"2")
	h.events = h.reader(h.names[2], "s")
	h.start(nil)
	h.sawAt(1, stream.Inserted, nil, a)
	h.end(map[string]int64{"/ buying": 1})
	got, err := Reconcile(h.names, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := &Report{Writes: 1, Events: 2, Counts: []Counts{
		{Reader: "r in t", Compared: true, Inserts: 1}, {Reader: "s in t", Compared: true, Inserts: 1},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Reconcile() of two readers differs, -want +got:\n%s", diff)
	}
}

// A write of a journal that is only known is not missed, and not foreign.
// What only its reader saw is not missing.
func TestReconcileKnown(t *testing.T) {
	h := newHistory(t)
	h.writesOf(changed(activity.Inserted, on("a", "/")))
	h.writesOf(changed(activity.Inserted, on("b", "/")))
	h.sees(stream.Inserted, nil, on("b", "/"))
	known := h.names
	h.names = append(h.names, h.names[0]+"2", h.names[1]+"2")
	h.writes = mustOpen(t, h.names[2])
	h.writesOf(changed(activity.Inserted, on("c", "/")))
	h.sees(stream.Inserted, nil, on("c", "/")) // by the other run's reader
	h.events = h.reader(h.names[3], "r")
	h.sees(stream.Deleted, on("b", "/"), nil)
	h.intends(changed(activity.Deleted, on("b", "/")))
	got, err := Reconcile(h.names[2:], known)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&Report{Writes: 1, Unknown: 1, Events: 1}, got, cmpopts.IgnoreFields(Report{}, "Counts")); diff != "" {
		t.Errorf("Reconcile() differs, -want +got:\n%s", diff)
	}
}

// Too many lines are refused, and the error says how to audit less. Those of
// other runs, which are only known, don't count.
func TestReconcileLimit(t *testing.T) {
	h := newHistory(t)
	h.start(nil)
	h.writesOf(changed(activity.Inserted, on("a", "/")))
	h.sees(stream.Inserted, nil, on("a", "/"))
	h.end(nil)
	if _, err := reconcile(h.names, []string{h.names[0], h.names[1]}, 5); err != nil {
		t.Errorf("reconcile(5 lines) = %v, want a report", err)
	}
	if _, err := reconcile(h.names, nil, 4); err == nil || !strings.Contains(err.Error(), "more than 4 lines, too many for one audit: name fewer") {
		t.Errorf("reconcile(5 lines of 4) = %v, want advice", err)
	}
}

func TestReconcileFiles(t *testing.T) {
	h := newHistory(t)
	h.writesOf(changed(activity.Inserted, on("a", "/")))
	h.sees(stream.Inserted, nil, on("a", "/"))
	appendText := func(name, text string) {
		f, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := f.WriteString(text); err != nil {
			t.Fatal(err)
		}
	}
	appendText(h.names[0], `{"state":"done","kind":"ins`)
	if got, err := Reconcile(h.names, nil); err != nil || got.Err() != nil || got.Writes != 1 {
		t.Errorf("a torn last line: Reconcile() = %v, %v, want it skipped", got, err)
	}
	h.writes = mustOpen(t, h.names[0])
	h.writesOf(changed(activity.Inserted, on("b", "/")))
	appendText(h.names[1], `{"event":"inserted","id":"b`)
	h.events.file.torn = true // as when its disk was full; now there is space again
	h.sees(stream.Inserted, nil, on("b", "/"))
	if got, err := Reconcile(h.names, nil); err != nil || got.Err() != nil || got.Writes != 2 || got.Events != 2 {
		t.Errorf("lines after torn ones: Reconcile() = %v, %v, want these skipped", got, err)
	}
	h.must(os.Truncate(h.names[0], 0))
	h.writesOf(changed(activity.Inserted, on("a", "/")))
	appendText(h.names[0], `{"state":"done","kind":"ins`+"\n")
	if _, err := Reconcile(h.names, nil); err == nil || !strings.Contains(err.Error(), "writes:3: not a line of a journal") {
		t.Errorf("a torn line: Reconcile() = %v, want its place", err)
	}
	if _, err := Reconcile([]string{h.names[0] + "x"}, nil); err == nil || !strings.Contains(err.Error(), "reading a journal") {
		t.Errorf("no file: Reconcile() = %v, want an error", err)
	}
}
