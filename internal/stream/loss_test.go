package stream

import (
	"testing"
	"time"
)

// TestLossRules: what a reader concludes of records that it can't see.
func TestLossRules(t *testing.T) {
	now := time.Unix(1795508718, 0).UTC()
	at := func(age time.Duration) unread { return unread{Position: Position{NotBefore: now.Add(-age)}} }
	read := func(last, fetched string) unread {
		return unread{Position: Position{Sequence: last, NotBefore: now.Add(-time.Hour)}, fetched: fetched}
	}
	fetched := func(u unread, newest string) unread { u.fetched = newest; return u }
	orphan := at(time.Hour)
	orphan.orphan = true
	const day = 24 * time.Hour
	tests := map[string]struct {
		why  string
		got  loss
		want loss
	}{
		"begun in time":            {"DynamoDB keeps all of the last day", at(day-margin).begun(now, "5"), nothingLost},
		"begun late":               {"the oldest may be trimmed", at(day-margin+1).begun(now, "5"), maybeLost},
		"begun, nothing known":     {"a new stream's first shard", unread{}.begun(now, ""), nothingLost},
		"begun, orphan":            {"its parent was never seen", orphan.begun(now, "5"), maybeLost},
		"begun late, fetched":      {"this reader had record 3", fetched(at(2*day), "3").begun(now, "5"), surelyLost},
		"begun late, still there":  {"record 5 is left", fetched(at(2*day), "5").begun(now, "5"), maybeLost},
		"begun late, empty answer": {"record 3 may be in a later page", fetched(at(2*day), "3").begun(now, ""), maybeLost},

		"vanished, asked for soon": {"all it held was older than what is asked for", at(day-margin).vanished(now, ""), nothingLost},
		"vanished later":           {"it may have held what was asked for", at(day).vanished(now, ""), maybeLost},
		"vanished, nothing known":  {"it may have held anything", unread{}.vanished(now, ""), maybeLost},
		"vanished, orphan":         {"so may its parent", orphan.vanished(now, ""), maybeLost},
		"vanished, read before":    {"it may have had more", read("7", "7").vanished(now, "7"), maybeLost},
		"vanished, fetched more":   {"record 9 was never handled", read("7", "9").vanished(now, "7"), surelyLost},
		"vanished, digits":         {"10 comes after 9", read("9", "10").vanished(now, "9"), surelyLost},

		"trimmed, all there":     {"the records after it begin before it", read("7", "").trimmed("7", "6"), nothingLost},
		"trimmed":                {"numbers have holes", read("7", "7").trimmed("7", "8"), maybeLost},
		"trimmed, none left":     {"there may have been none", read("7", "7").trimmed("7", ""), maybeLost},
		"trimmed, fetched":       {"record 9 is before 12", read("7", "9").trimmed("7", "12"), surelyLost},
		"trimmed, still to come": {"record 9 may be in a later page", read("7", "9").trimmed("7", ""), maybeLost},
		"trimmed, it is left":    {"record 9 is the oldest", read("7", "9").trimmed("7", "9"), maybeLost},

		"placed, after 15 minutes": {"what is trimmed soon after Open is not missed",
			unread{Position: Position{NotBefore: placed(now)}}.vanished(now.Add(openGrace), ""), nothingLost},
		"placed, later": {"that time is over",
			unread{Position: Position{NotBefore: placed(now)}}.vanished(now.Add(openGrace+1), ""), maybeLost},
		"child of a vanished one": {"it is asked for within a minute",
			unread{Position: Position{NotBefore: afterVanished(now)}}.vanished(now.Add(time.Minute), ""), nothingLost},
		"child of a vanished one, late": {"it may have vanished since",
			unread{Position: Position{NotBefore: afterVanished(now)}}.vanished(now.Add(time.Minute+1), ""), maybeLost},
	}
	for name, test := range tests {
		if test.got != test.want {
			t.Errorf("%s: loss = %d, want %d: %s", name, test.got, test.want, test.why)
		}
	}
}

// TestTrackerKeepsTheLowestUnfinished: events finish in any order, and the
// position is the last before which all are.
func TestTrackerKeepsTheLowestUnfinished(t *testing.T) {
	var k tracker
	events := []Event{{Sequence: "1"}, {Sequence: "2"}, {Kind: Lost}, {Sequence: "3"}}
	for i := range events {
		events[i].At = time.Unix(int64(i), 0)
	}
	first := k.add(events)
	steps := []struct {
		finish, n int
		last      string // empty: it doesn't move
		oldest    int64  // of what is left; -1: none
	}{
		{1, 1, "", 0}, // 2 waits for 1
		{0, 1, "2", 3},
		{3, 1, "", -1}, // 3 waits for the gap
		{2, 1, "3", -1},
	}
	for i, step := range steps {
		last, moved := k.finish(first+step.finish, step.n)
		check(t, "moved", []any{moved, last.sequence}, []any{step.last != "", step.last})
		if oldest, ok := k.oldest(); i < 2 {
			check(t, "oldest", []any{ok, oldest.Unix()}, []any{true, step.oldest})
		}
	}
	next := k.add(events[:2])
	if last, moved := k.finish(next, 2); !moved || last.sequence != "2" {
		t.Errorf("finish of a whole page = %v, %v", last, moved)
	}
}
