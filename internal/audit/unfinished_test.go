package audit

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dynamostreamer/internal/activity"
	"dynamostreamer/internal/stream"
)

// What a reader that was killed left unread is missing, and no fault yet.
func TestReconcileUnfinished(t *testing.T) {
	a, b := on("a", "/"), on("b", "/")
	const failed, unfinished = "the audit failed: ", "the audit is unfinished: "
	for _, test := range []struct {
		name, reason string
		happens      func(*history)
		unfinished   []string
		missing      int
		want         string // how the error begins; empty: none
	}{
		{"killed", "nobody has read the rest yet", func(h *history) {
			h.start(nil)
			h.writesOf(changed(activity.Inserted, a))
		}, []string{"r in t"}, 1, unfinished},
		{"killed, nothing missing", "what came last may be unread, and no count was compared", func(h *history) {
			h.start(nil)
			h.writesOf(changed(activity.Inserted, a))
			h.sees(stream.Inserted, nil, a)
		}, []string{"r in t"}, 0, unfinished},
		{"killed, then ended", "the last run made up for it", func(h *history) {
			h.start(nil)
			h.writesOf(changed(activity.Inserted, a))
			h.start(nil)
			h.sees(stream.Inserted, nil, a)
			h.end(map[string]int64{"/ buying": 1})
		}, nil, 0, ""},
		{"killed, then ended without it", "the last run should have made up for it", func(h *history) {
			h.start(nil)
			h.writesOf(changed(activity.Inserted, a))
			h.start(nil)
			h.end(nil)
		}, nil, 1, failed},
		{"killed before its reader started", "nobody has read what it wrote", func(h *history) {
			h.begins()
			h.start(nil)
			h.end(nil)
			h.begins()
			h.writesOf(changed(activity.Inserted, a))
		}, []string{"r in t"}, 1, unfinished},
		{"killed before any reader started", "nobody has read what it wrote", func(h *history) {
			h.begins()
			h.writesOf(changed(activity.Inserted, a))
		}, []string{"r in t"}, 1, unfinished},
		{"killed, and out of order", "no later run makes up for that", func(h *history) {
			h.start(nil)
			h.sees(stream.Inserted, nil, a)
			h.sees(stream.Inserted, nil, a)
		}, []string{"r in t"}, 0, failed},
		{"killed in one table", "the other one's end is not its own", func(h *history) {
			h.start(nil)
			h.writesOf(changed(activity.Inserted, a))
			h.must(h.events.Start("arn:aws:dynamodb:r:0:table/u/stream/1", nil))
			h.writesOf(changed(activity.Inserted, b))
			h.sees(stream.Inserted, nil, b)
			h.end(map[string]int64{"/ buying": 1})
		}, []string{"r in t"}, 1, unfinished},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := newHistory(t)
			test.happens(h)
			got, err := Reconcile(h.names, nil)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.unfinished, got.Unfinished); diff != "" || len(got.Missing) != test.missing {
				t.Errorf("%d are missing, want %d; Unfinished differs (%s), -want +got:\n%s", len(got.Missing), test.missing, test.reason, diff)
			}
			if err := got.Err(); (err == nil) != (test.want == "") || err != nil && !strings.HasPrefix(err.Error(), test.want) {
				t.Errorf("Err() = %v, want %q (%s)", err, test.want, test.reason)
			}
		})
	}
}

// Writes alone are not missing: nothing says what was seen.
func TestReconcileWithoutReader(t *testing.T) {
	h := newHistory(t)
	h.writesOf(changed(activity.Inserted, on("a", "/")))
	if got, err := Reconcile(h.names, nil); err == nil || !strings.Contains(err.Error(), "none of these is a reader's journal") {
		t.Errorf("Reconcile() of writes alone = %v, %v, want an error", got, err)
	}
}

// What is appended while the journals are read is not half of it read.
func TestReconcileLive(t *testing.T) {
	h := newHistory(t)
	h.start(nil)
	h.writesOf(changed(activity.Inserted, on("a", "/")))
	all, err := sections(h.names, nil)
	if err != nil {
		t.Fatal(err)
	}
	h.writesOf(changed(activity.Inserted, on("b", "/")))
	h.sees(stream.Inserted, nil, on("b", "/"))
	h.end(nil)
	if got, err := auditOf(all, maxLines); err != nil || got.Writes != 1 || got.Events != 0 || len(got.Unfinished) != 1 {
		t.Errorf("with lines that came later, the audit says\n%v%v, want 1 write, no event and a reader that runs", got, err)
	}
}
