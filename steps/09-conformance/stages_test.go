package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"dynamostreamer/internal/conformance"
)

// stages are those of the tutorial's own reader: its file, and the points that fail before
// it and pass with it. The first one is the one that the page shows.
var stages = []struct{ name, points string }{
	{"1-one-shard", "one-shard no-change"},
	{"2-empty-page", "empty-page"},
	{"3-last-page", "last-page"},
	{"4-new-shards", "later-shards shard-pages stale-list"},
	{"5-parents-first", "parent-first three-generations split"},
	{"6-expired-iterator", "expired-iterator"},
	{"7-throttling", "throttled-records throttled-lists throttled-iterators server-errors lost-answers hang"},
	{"8-resume", "resume killed-mid-page shutdown"},
}

// most is how many lines the finished reader may have.
const most = 165

func TestMain(m *testing.M) {
	flag.Parse()
	// The readers wait more than they work.
	if parallel := flag.Lookup("test.parallel"); parallel.Value.String() == parallel.DefValue {
		parallel.Value.Set("16")
	}
	os.Exit(m.Run())
}

// TestStages: each stage's points fail before it and pass with it, beginning with the stub.
func TestStages(t *testing.T) {
	t.Parallel()
	readers := build(t, 0)
	for i, stage := range stages {
		for _, p := range named(t, stage.points) {
			t.Run(stage.name+"/"+p.Name, func(t *testing.T) {
				t.Parallel()
				verdict(t, readers[i], p, conformance.Fail)
				verdict(t, readers[i+1], p, conformance.Pass)
			})
		}
	}
}

// TestWhatIsLeft: the finished reader fails the points that the page says, lacks what the
// page says, and passes the others.
func TestWhatIsLeft(t *testing.T) {
	t.Parallel()
	finished := build(t, len(stages))[0]
	page, err := os.ReadFile("../../TUTORIAL.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "\n### What your reader lacks\n")
	section, _, _ = strings.Cut(section, "\n## ")
	left := make(map[string]conformance.Outcome)
	for _, row := range regexp.MustCompile("(?m)^\\| (`.*`) \\| (fail|absent) \\|").FindAllStringSubmatch(section, -1) {
		for name := range strings.SplitSeq(strings.ReplaceAll(row[1], "`", ""), ", ") {
			left[name] = conformance.Outcome(row[2])
		}
	}
	counts := make(map[conformance.Outcome]int)
	for _, p := range conformance.Points {
		want := cmp.Or(left[p.Name], conformance.Pass)
		counts[want]++
		delete(left, p.Name)
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			verdict(t, finished, p, want)
		})
	}
	for name := range left {
		t.Errorf("TUTORIAL.md speaks of the point %s, which isn't one", name)
	}
	said := fmt.Sprintf("%d passed, %d failed, %d absent",
		counts[conformance.Pass], counts[conformance.Fail], counts[conformance.Absent])
	if !strings.Contains(section, said) {
		t.Errorf("the section on what is left doesn't say %q", said)
	}
}

// build builds the reader of each stage from one on; 0 is the stub.
func build(t *testing.T, from int) (readers []string) {
	if _, err := exec.LookPath("git"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skipf("the stages can't be applied: %v: install git", err)
	}
	const source = "steps/09-conformance/yours/main.go"
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, source))
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	file := filepath.Join(folder, source)
	overlay := filepath.Join(folder, "overlay.json")
	replaced, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(root, source): file}})
	if err := errors.Join(err, os.MkdirAll(filepath.Dir(file), 0o777), os.WriteFile(file, text, 0o666), os.WriteFile(overlay, replaced, 0o666)); err != nil {
		t.Fatal(err)
	}
	for i := range len(stages) + 1 {
		if i > 0 {
			patch := filepath.Join(root, filepath.Dir(source), "stages", stages[i-1].name+".patch")
			apply := exec.Command("git", "apply", patch)
			apply.Dir = folder
			apply.Env = append(os.Environ(), "GIT_CEILING_DIRECTORIES="+filepath.Dir(folder))
			if out, err := apply.CombinedOutput(); err != nil {
				t.Fatalf("%s doesn't apply: %v\n%sIs your reader in %s? git restore %[4]s brings back where it began.", patch, err, out, source)
			}
		}
		if i < from {
			continue
		}
		reader := filepath.Join(folder, fmt.Sprint("reader-", i))
		build := exec.Command("go", "build", "-overlay", overlay, "-o", reader, "./"+filepath.Dir(source))
		build.Dir = root
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("building the reader after %d stages: %v\n%s", i, err, out)
		}
		readers = append(readers, reader)
	}
	finished, err := os.ReadFile(file)
	if lines := strings.Count(string(finished), "\n"); err != nil || lines > most || strings.Contains(string(finished), `"dynamostreamer/`) {
		t.Errorf("the finished reader has %d lines, want %d at most and nothing of this module (%v)", lines, most, err)
	}
	return readers
}

func named(t *testing.T, names string) []conformance.Point {
	points, err := conformance.Named(strings.Fields(names))
	if err != nil {
		t.Fatal(err)
	}
	return points
}

// verdict puts a reader to a point.
func verdict(t *testing.T, reader string, p conformance.Point, want conformance.Outcome) {
	o := conformance.Options{Command: []string{reader}, Timeout: time.Minute, Stderr: io.Discard}
	if want == conformance.Fail {
		o.Timeout = 6 * time.Second // some fails are certain only then
	}
	r, err := conformance.Run(t.Context(), p, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s: %v %s", filepath.Base(reader), r.Took.Round(time.Millisecond), r.Why)
	if r.Outcome != want {
		t.Errorf("%s: point %s is %s, want %s: %s", filepath.Base(reader), p.Name, r.Outcome, want, r.Why)
	}
}
