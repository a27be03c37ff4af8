package audit

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dynamostreamer/internal/activity"
)

func change(kind activity.ChangeKind, id string) activity.Change {
	return activity.Change{Kind: kind, Row: activity.UserActivity{
		ID: id, Email: id + "@example.com",
		Activity: activity.Activity{Page: "/cart", Task: "buying"}, TTL: 1772366400,
	}}
}

func mustOpen(t *testing.T, name string) *Journal {
	t.Helper()
	j, err := OpenJournal(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	return j
}

func mustAppend(t *testing.T, append func([]activity.Change) error, changes ...activity.Change) {
	t.Helper()
	if err := append(changes); err != nil {
		t.Fatal(err)
	}
}

func readLines(t *testing.T, name string) []string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return strings.SplitAfter(string(text), "\n")
}

func TestJournalLines(t *testing.T) {
	name := filepath.Join(t.TempDir(), "journal")
	j := mustOpen(t, name)
	mustAppend(t, j.Intent, change(activity.Inserted, "a"), change(activity.Inserted, "b"))
	mustAppend(t, j.Done, change(activity.Inserted, "b"))
	mustAppend(t, j.Intent, change(activity.Modified, "a"))
	mustAppend(t, j.Done, change(activity.Deleted, "b"))

	// The file is read before it is closed: an entry outlives a process
	// that ends without warning.
	want := []string{
		`{"state":"intent","kind":"inserted","id":"a","email":"a@example.com","row":{"id":"a","email":"a@example.com","activity":{"page":"/cart","task":"buying"},"ttl":1772366400}}` + "\n",
		`{"state":"intent","kind":"inserted","id":"b","email":"b@example.com","row":{"id":"b","email":"b@example.com","activity":{"page":"/cart","task":"buying"},"ttl":1772366400}}` + "\n",
		`{"state":"done","kind":"inserted","id":"b","email":"b@example.com","row":{"id":"b","email":"b@example.com","activity":{"page":"/cart","task":"buying"},"ttl":1772366400}}` + "\n",
		`{"state":"intent","kind":"modified","id":"a","email":"a@example.com","row":{"id":"a","email":"a@example.com","activity":{"page":"/cart","task":"buying"},"ttl":1772366400}}` + "\n",
		`{"state":"done","kind":"deleted","id":"b","email":"b@example.com","row":{"id":"b","email":"b@example.com","activity":{"page":"/cart","task":"buying"},"ttl":1772366400}}` + "\n",
		"",
	}
	got := readLines(t, name)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the journal's lines (-want +got):\n%s", diff)
	}

	var entry Entry
	if err := json.Unmarshal([]byte(got[4]), &entry); err != nil {
		t.Fatal(err)
	}
	c := change(activity.Deleted, "b")
	wantEntry := Entry{State: Done, Kind: activity.Deleted, ID: "b", Email: "b@example.com", Row: c.Row}
	if entry != wantEntry {
		t.Errorf("Unmarshal(%s) = %+v, want %+v", got[4], entry, wantEntry)
	}
}

// The writer calls no Done without changes, but a line must not come of
// none either.
func TestJournalOfNothing(t *testing.T) {
	name := filepath.Join(t.TempDir(), "journal")
	j := mustOpen(t, name)
	mustAppend(t, j.Intent)
	if diff := cmp.Diff([]string{""}, readLines(t, name)); diff != "" {
		t.Errorf("Intent() (-want +got):\n%s", diff)
	}
}

func TestJournalIsAppendedTo(t *testing.T) {
	name := filepath.Join(t.TempDir(), "journal")
	first := mustOpen(t, name)
	mustAppend(t, first.Intent, change(activity.Inserted, "a"))
	second := mustOpen(t, name)
	mustAppend(t, second.Intent, change(activity.Inserted, "b"))
	mustAppend(t, first.Done, change(activity.Inserted, "a"))
	mustAppend(t, second.Done, change(activity.Inserted, "b"))

	var got []string
	for _, e := range entries(t, name) {
		got = append(got, fmt.Sprintf("%s %s", e.State, e.ID))
	}
	if diff := cmp.Diff([]string{"intent a", "intent b", "done a", "done b"}, got); diff != "" {
		t.Errorf("two openers' entries (-want +got):\n%s", diff)
	}
}

// The lines of one call stay together, whoever else appends.
func TestJournalBatchesStayTogether(t *testing.T) {
	const batches, size = 100, 25
	name := filepath.Join(t.TempDir(), "journal")
	var writers sync.WaitGroup
	for _, writer := range []string{"a", "b"} {
		j := mustOpen(t, name)
		writers.Go(func() {
			for i := range batches {
				id := fmt.Sprintf("%s%d", writer, i)
				var batch []activity.Change
				for range size {
					batch = append(batch, change(activity.Inserted, id))
				}
				if err := j.Intent(batch); err != nil {
					t.Error(err)
				}
			}
		})
	}
	writers.Wait()

	all := entries(t, name)
	if len(all) != 2*batches*size {
		t.Fatalf("the journal has %d entries, want %d", len(all), 2*batches*size)
	}
	for i, e := range all {
		if first := all[i-i%size]; e.ID != first.ID {
			t.Fatalf("entry %d is of %s, inside the batch of %s", i, e.ID, first.ID)
		}
	}
}

func entries(t *testing.T, name string) []Entry {
	t.Helper()
	var all []Entry
	for _, line := range readLines(t, name) {
		if line == "" {
			continue // after the last line
		}
		var e Entry
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		all = append(all, e)
	}
	return all
}

func TestUnwritableJournal(t *testing.T) {
	folder := t.TempDir()
	missing := filepath.Join(folder, "missing", "journal")
	_, err := OpenJournal(missing)
	if got, want := fmt.Sprint(err), "the journal can't be written: open "+missing+": no such file or directory"; got != want {
		t.Errorf("OpenJournal(in a missing folder) = %q, want %q", got, want)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("OpenJournal(in a missing folder) = %v, want an error that is %v", err, fs.ErrNotExist)
	}

	_, err = OpenJournal(folder)
	if got, want := fmt.Sprint(err), "the journal can't be written: open "+folder+": is a directory"; got != want {
		t.Errorf("OpenJournal(a folder) = %q, want %q", got, want)
	}
}

func TestJournalFailsLater(t *testing.T) {
	name := filepath.Join(t.TempDir(), "journal")
	j := mustOpen(t, name)
	mustAppend(t, j.Intent, change(activity.Inserted, "a"))
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	err := j.Done([]activity.Change{change(activity.Inserted, "a")})
	if got, want := fmt.Sprint(err), "the journal can't be written: write "+name+": file already closed"; got != want {
		t.Errorf("Done(a) once the file is closed = %q, want %q", got, want)
	}
}

// Journals of events that were written before their lines had a stream.
func TestOldJournal(t *testing.T) {
	name := filepath.Join(t.TempDir(), "events")
	old := `{"run":"start","reader":"r","stream":"arn:aws:dynamodb:r:0:table/t/stream/1","at":"2026-11-26T11:19:07Z","counts":{}}
{"event":"lost","id":"","email":"","shard":"s","sequence":"1","at":"2026-11-26T11:19:07Z","old":null,"new":null}
{"event":"expired","id":"a","email":"a@example.com","shard":"s","sequence":"2","at":"2026-11-26T11:19:08Z","old":{"ttl":1795691947},"new":null}
{"run":"end","reader":"r","at":"2026-11-26T11:19:09Z","counts":{}}
`
	if err := os.WriteFile(name, []byte(old), 0o666); err != nil {
		t.Fatal(err)
	}
	got, err := Reconcile([]string{name}, nil)
	if err != nil || got.Err() != nil || got.Events != 1 || got.Gaps != 1 || got.Switches != nil {
		t.Errorf("Reconcile(an old journal) = %+v, %v, want one event and one gap", got, err)
	}
}
