package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"dynamostreamer/internal/cli"
	"dynamostreamer/internal/localtest"
	"dynamostreamer/internal/table"
	"dynamostreamer/internal/watch"
)

// A reader is a process that can be killed, frozen and started again.
func TestProcesses(t *testing.T) {
	b := open(t, "-rate", "0")
	do := func(id, what string) string { t.Helper(); return b.post("/watch/readers/"+id, body{"do": what}) }
	refused := func(id, what, want string) {
		t.Helper()
		if status, out := b.try("/watch/readers/"+id, body{"do": what}); status < 400 || status >= 500 || !strings.Contains(out["error"], want) {
			t.Errorf("%s of %s = %d %v, want %q", what, id, status, out, want)
		}
	}
	write := func() { t.Helper(); b.post("/watch/write", body{"n": 5}) }
	write()
	b.until("ours handles and saves", func() bool {
		m := b.marks["ours "+b.shard()]
		return b.readers["ours"].Handled == 5 && m != nil && m.Saved == m.Handled && m.Saved != ""
	})
	pid := b.readers["ours"].PID
	refused("ours", "start", "running")
	refused("ours", "thaw", "running")
	refused("ours", "forget", "kill it first")
	refused("ours", "sing", "nothing that can be done")
	refused("none", "kill", "ours and naive")
	refused("naive", "choose", "no naive reader")

	if freezes {
		do("ours", "freeze")
		b.until("ours is frozen", func() bool { return b.state("ours") == frozen })
		write()
		b.until("the naive one goes on", func() bool { return b.readers["naive"].Handled == 10 })
		if n := b.readers["ours"].Handled; n != 5 {
			t.Errorf("the frozen reader handled %d records, want 5", n)
		}
		refused("ours", "freeze", "frozen")
		do("ours", "thaw")
		b.until("ours continues", func() bool { return b.readers["ours"].Handled == 10 && b.readers["ours"].PID == pid })
	} else {
		refused("ours", "freeze", "Windows")
		write()
	}
	b.until("ours saves", func() bool { m := b.marks["ours "+b.shard()]; return m.Saved == m.Handled })

	do("ours", "kill")
	if p, err := os.FindProcess(pid); err == nil && p.Signal(syscall.Signal(0)) == nil {
		t.Error("the process is there after it was killed")
	}
	b.until("ours is dead", func() bool { return b.state("ours") == killed && b.readers["ours"].PID == 0 })
	refused("ours", "kill", "isn't running")
	write()
	do("ours", "start")
	b.until("ours resumes", func() bool { r := b.readers["ours"]; return r.Handled == 15 && r.PID != pid && r.Redelivered == 0 })

	do("ours", "kill")
	do("ours", "forget")
	do("ours", "start")
	b.until("ours reads all again", func() bool { return b.readers["ours"].Redelivered == 15 })
	do("naive", "kill")
	do("naive", "start")
	b.until("the naive one reads all again", func() bool { return b.readers["naive"].Redelivered == 15 })
	if !b.oursIsRight() || b.count("naive", watch.Lost)+b.count("naive", watch.OutOfOrder) > 0 {
		t.Errorf("verdicts %v, want none", b.verdicts)
	}
}

// shard is the id of the only one.
func (b *browser) shard() string {
	for id := range b.shards {
		return id
	}
	return ""
}

// All buttons do what they say, or say why not.
func TestButtons(t *testing.T) {
	b := open(t, "-rate", "0", "-ttl", "10m")
	var buttons []button
	if err := json.Unmarshal(b.hello["buttons"], &buttons); err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]bool)
	for _, each := range buttons {
		if seen[each.ID] || each.See == "" || each.Off != "" {
			t.Errorf("button %+v, want one of that id, that says what to see and can be pressed", each)
		}
		seen[each.ID] = true
		if each.Group == "ours" || each.Group == "naive" {
			continue // TestProcesses
		}
		if each.ID == "delete" {
			b.until("there are rows", func() bool { return len(b.rows) == 101 })
		}
		if each.Who {
			each.Body["accessKey"] = "ours"
		}
		status, out := b.try(each.Post, each.Body)
		if status != 200 || out["said"] == "" {
			t.Errorf("%s = %d %v", each.ID, status, out)
		}
		switch each.ID {
		case "empty": // it has replaced the faults before
			b.until("the fault waits or was met", func() bool {
				return len(b.faults) == 0 || b.faults[0].AccessKey == "ours"
			})
		case "trim":
			b.until("a shard is trimmed", func() bool {
				for _, s := range b.shards {
					if s.Trimmed != "" {
						return true
					}
				}
				return false
			})
		case "speed-60":
			b.until("the clock is fast", func() bool { return b.clock.Speed == 60 })
		case "jump-25h":
			b.until("the clock jumped", func() bool { return time.Until(time.UnixMilli(b.clock.Now)) > 24*time.Hour })
		}
	}
	b.until("deleted and modified records", func() bool { return strings.HasPrefix(b.kinds(), "map[deleted:1 ") })
	b.until("the faults are gone", func() bool { return len(b.faults) == 0 })
	if status, out := b.try("/watch/lab/split", body{"table": "none"}); status != 404 || !strings.Contains(out["error"], "none") {
		t.Errorf("a split of no table = %d %v, want the lab's own refusal", status, out)
	}
}

// The tutorial's exercise 7a.
func TestSideBySideIsLate(t *testing.T) {
	if !freezes {
		t.Skip("this system can't freeze a process")
	}
	b := open(t, "-rate", "0")
	b.post("/watch/readers/naive", body{"do": "choose", "kind": "side-by-side"})
	naive := func() int64 { return b.readers["naive"].Handled }
	for _, do := range []string{"write", "lab/split", "write", "lab/split", "write"} {
		b.post("/watch/"+do, map[string]body{"write": {"n": 5}, "lab/split": {"table": "user-activities"}}[do])
		b.until("the naive reader keeps up", func() bool { return naive() == int64(len(b.records)) && naive() > 0 })
	}
	if b.count("naive", watch.OutOfOrder) > 0 {
		t.Errorf("verdicts %v, want none while it keeps up", b.verdicts)
	}
	b.post("/watch/readers/naive", body{"do": "freeze"})
	b.post("/watch/write", body{"n": 100})
	b.until("a hundred rows come", func() bool { return len(b.rows) == 115 })
	b.post("/watch/lab/roll", body{"table": "user-activities"})
	b.post("/watch/lab/clock", body{"jump": "1h"})
	b.until("the rows leave", func() bool { return len(b.rows) == 0 })
	b.post("/watch/readers/naive", body{"do": "thaw"})
	b.until("it is out of order", func() bool { return b.count("naive", watch.OutOfOrder) > 0 && b.oursIsRight() })
}

// The tutorial's exercise 7b.
func TestHang(t *testing.T) {
	b := open(t, "-rate", "0")
	b.post("/watch/lab/split", body{"table": "user-activities"})
	b.post("/watch/write", body{"n": 20})
	b.until("ours reads both children", func() bool { return b.oursIsRight() && len(b.marks) >= 3 && b.readers["ours"].Handled == 20 })
	b.post("/watch/lab/fault", body{"operation": "GetRecords", "fault": "hang", "calls": 1, "accessKey": "ours"})
	b.until("a call hangs", func() bool { return len(b.faults) == 0 })
	b.post("/watch/write", body{"n": 40})
	b.until("one shard continues, and the lag grows", func() bool {
		r := b.readers["ours"]
		return len(b.records) == 60 && r.Handled > 20 && r.Handled < 60 && r.Lag > 2000
	})
	b.post("/watch/lab/clear-faults", body{})
	b.until("ours is right", func() bool { return b.oursIsRight() && b.readers["ours"].Handled == 60 })
}

// Rows are written at the rate, which can be changed.
func TestRate(t *testing.T) {
	b := open(t, "-rate", "50")
	b.until("rows come", func() bool { return b.rate == 50 && len(b.records) > 50 })
	b.post("/watch/rate", body{"rate": 0})
	b.until("the rate is 0", func() bool { return b.rate == 0 })
	for _, bad := range []any{body{}, body{"rate": -1}, body{"rate": maxRate + 1}, body{"rate": "fast"}} {
		if status, out := b.try("/watch/rate", bad); status != 400 || out["error"] == "" {
			t.Errorf("rate %v = %d %v, want 400", bad, status, out)
		}
	}
}

// A folder has all but the clock, which is the machine's. Another 07-watch can watch the
// first one, and move its engine.
func TestWatchAnother(t *testing.T) {
	first := open(t, "-rate", "0", "-endpoint", "embedded:"+filepath.Join(t.TempDir(), "db"))
	if first.app.lab == nil || first.app.movable {
		t.Errorf("a folder has a lab %v and a clock that can be moved %v, want only the lab", first.app.lab != nil, first.app.movable)
	}
	if status, out := first.try("/watch/lab/clock", body{"jump": "1h"}); status != 409 || out["error"] == "" {
		t.Errorf("a jump = %d %v, want it refused", status, out)
	}
	second := open(t, "-rate", "0", "-endpoint", first.address)
	if second.app.lab == nil || second.app.movable {
		t.Errorf("the second has a lab %v and a clock that can be moved %v, want only the lab", second.app.lab != nil, second.app.movable)
	}
	second.post("/watch/lab/split", body{"table": "user-activities"})
	second.post("/watch/write", body{"n": 3})
	for _, b := range []*browser{first, second} {
		b.until("both show three rows on three shards", func() bool { return len(b.rows) == 3 && len(b.shards) == 3 && b.oursIsRight() })
	}
}

// DynamoDB Local has no lab: its table is watched, and the controls say why they are off.
func TestWatchLocal(t *testing.T) {
	localtest.Need(t)
	name := fmt.Sprintf("watched-%d", time.Now().UnixNano())
	step := cli.New("07-watch", "", "")
	if err := step.Parse([]string{"-endpoint", "local"}); err != nil {
		t.Fatal(err)
	}
	db, _, err := step.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := table.Ensure(t.Context(), db, name); err != nil {
		t.Fatal(err)
	}
	defer table.Delete(context.Background(), db, name)
	b := open(t, "-endpoint", "local", "-table", name, "-rate", "0")
	b.post("/watch/write", body{"n": 3})
	b.until("the rows are there", func() bool { return len(b.rows) == 3 })
	b.post("/watch/rows", body{"do": "delete"})
	b.until("both readers handle four records", func() bool {
		return len(b.records) == 4 && b.oursIsRight() && b.readers["naive"].Handled == 4
	})
	var buttons []button
	if err := json.Unmarshal(b.hello["buttons"], &buttons); err != nil {
		t.Fatal(err)
	}
	for _, each := range buttons {
		if off := each.Group == "shards" || each.Group == "clock" || each.Group == "faults"; off != (each.Off != "") {
			t.Errorf("button %+v: want a reason why it is off: %v", each, off)
		}
	}
	if status, out := b.try("/watch/lab/split", body{"table": name}); status != 409 || !strings.Contains(out["error"], "without -endpoint") {
		t.Errorf("a split = %d %v, want it refused", status, out)
	}
	if status, out := b.try("/watch/scenes/new-shards", body{"step": 0}); status != 409 || out["error"] == "" {
		t.Errorf("a scene that splits = %d %v, want it refused", status, out)
	}
	b.scene("every-change", 0, 1, 2, 3)
	b.until("the scene played", func() bool { return b.kinds() == "map[deleted:2 inserted:4 modified:1]" && b.oursIsRight() })
}

func TestRecordNotes(t *testing.T) {
	b := open(t, "-rate", "0")
	b.scene("late-ttl", 0, 1, 2, 3)
	b.until("all kinds are there", func() bool { return strings.HasPrefix(b.kinds(), "map[deleted:1 expired:3") })
	for seq, r := range b.records {
		var detail struct {
			Kind   string
			Record struct {
				EventName, AwsRegion string
				UserIdentity         struct{ PrincipalId string }
				Dynamodb             struct {
					SequenceNumber     string
					OldImage, NewImage map[string]map[string]any
					SizeBytes          int
				}
			}
			Notes []recordNote
		}
		text := b.get("/watch/record/"+seq, 200)
		if err := json.Unmarshal([]byte(text), &detail); err != nil {
			t.Fatal(err)
		}
		d := detail.Record.Dynamodb
		old, new := d.OldImage != nil, d.NewImage != nil
		want := map[string][2]bool{"inserted": {false, true}, "modified": {true, true}, "deleted": {true, false}, "expired": {true, false}}[r.Kind]
		if detail.Kind != r.Kind || d.SequenceNumber != seq || [2]bool{old, new} != want || d.SizeBytes == 0 {
			t.Errorf("the detail of %+v is %s", r, text)
		}
		by := detail.Record.UserIdentity.PrincipalId
		if (r.Kind == "expired") != (by == "dynamodb.amazonaws.com") {
			t.Errorf("%s has the identity %q", r.Kind, by)
		}
		for _, note := range detail.Notes {
			if note.Of == "userIdentity" && strings.Contains(note.Text, "DynamoDB itself") != (r.Kind == "expired") {
				t.Errorf("of %s it says %q", r.Kind, note.Text)
			}
		}
		if len(detail.Notes) != 4 {
			t.Errorf("%d notes on %s, want 4", len(detail.Notes), r.Kind)
		}
	}
	b.get("/watch/record/1", 404)
}

// A fault that no reader is named for is met by both readers, and not by
// the page, which would no longer see what the stream has.
func TestFaultsSpareThePage(t *testing.T) {
	b := open(t, "-rate", "0")
	b.until("the readers run", func() bool { return b.state("ours") == running && b.state("naive") == running })
	b.post("/watch/lab/fault", body{"operation": "GetRecords", "fault": "hang", "calls": 1000})
	b.until("the fault waits for each reader", func() bool {
		return len(b.faults) == 2 && b.faults[0].AccessKey != "" && b.faults[1].AccessKey != "" && b.faults[0].AccessKey != b.faults[1].AccessKey
	})
	b.post("/watch/write", body{"n": 3})
	b.until("the page sees the records", func() bool { return len(b.records) == 3 })
	if ours, naive := b.readers["ours"].Handled, b.readers["naive"].Handled; ours+naive != 0 {
		t.Errorf("the readers handled %d and %d, want them to hang", ours, naive)
	}
	if said := b.post("/watch/lab/clear-faults", body{}); said != "cleared all faults" {
		t.Errorf("it said %q, want what was done", said)
	}
	b.until("our reader continues", func() bool { return b.oursIsRight() })
}
