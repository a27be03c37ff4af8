package conformance

import (
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// These are the program that has the wrong readers, and the step's own reader. They are
// built without the race detector, which makes processes slow to start.
var wrong, ours string

func TestMain(m *testing.M) {
	flag.Parse()
	// The readers wait more than they work.
	if parallel := flag.Lookup("test.parallel"); parallel.Value.String() == parallel.DefValue {
		parallel.Value.Set("16")
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "wrong")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	wrong, ours = filepath.Join(dir, "wrong"), filepath.Join(dir, "ours")
	build := exec.Command("go", "build", "-o", dir, "./wrong", "../../steps/09-conformance/ours")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "building the readers: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// fails are the points that each reader fails, and with these no others. Those of the naive
// readers are without what none of them gives.
var fails = map[string]string{
	"ours": "", "right": "", "right-in-table": "", "right-slow": "", "right-refuses-late": "",

	// What is said.
	"silent":             every,
	"all-twice":          every,
	"losses-untold":      "trimmed trimmed-while-away vanished-while-away stream-switched table-again",
	"changes-as-inserts": "kinds",
	"ttl-ignored":        "expired",
	"ttl-by-the-clock":   "deleted-after-its-ttl",
	"numbers-as-floats":  "values",
	// Shards.
	"first-page-of-shards":   "shard-pages",
	"one-child":              "split shard-pages one-slow-shard", // a shard has split in each
	"sorts-for-a-second":     "parent-first killed-mid-page",     // it saves what waits to be printed
	"grandchildren-early":    "three-generations",
	"ends-with-the-list":     "shard-pages stale-list stream-switched table-again", // no listed shard is open
	"vanished-for-ever":      "vanished-shards",
	"later-shards-at-latest": "latest later-shards split stale-list shard-pages expired-iterator trimmed stream-switched table-again",
	// Pages.
	"one-change-a-row": "no-change kinds expired values",
	// Iterators.
	"expired-starts-over": "expired-iterator",
	"expired-skips":       "expired-iterator",
	// Failures.
	"throttled-dies":      "throttled-lists throttled-iterators throttled-records one-slow-shard call-rates",
	"failed-dies":         "server-errors",
	"broken-dies":         "lost-answers hang",
	"no-timeout":          "hang",
	"one-shard-at-a-time": "one-slow-shard",
	"hammers":             "call-rates",
	// Positions.
	"no-checkpoint":     "latest-resumed resume killed-mid-page two-at-once shutdown trimmed-while-away vanished-while-away",
	"saves-seldom":      "resume killed-mid-page two-at-once", // where it begins it saves at once
	"no-lease":          "two-at-once",
	"idle-forgotten":    "latest-resumed",
	"handled-too-early": "killed-mid-page",
	// The end.
	"never-ends": "shutdown",
	"ends-badly": "shutdown",

	// It ends wherever it has caught up.
	"naive-empty-page": "one-shard later-shards empty-page hundred-empty-pages last-page expired-iterator " +
		"throttled-records server-errors hang one-slow-shard no-change expired deleted-after-its-ttl shutdown",
	"naive-last-page": "parent-first three-generations split shard-pages hundred-empty-pages last-page", // a shard is closed in each
	// It takes the shards one after the other.
	"naive-side-by-side": "parent-first three-generations split one-slow-shard",
	// It ends with the shards that it knows.
	"naive-first-shards":     "split later-shards stale-list expired-iterator",
	"naive-latest":           every, // all of them begin with a change before the start
	"naive-expired-iterator": "expired-iterator",
}

const every = "every point"

// TestWrongReadersFail: each reader fails the points that its mistake is about, and no
// others.
func TestWrongReadersFail(t *testing.T) {
	for _, id := range slices.Sorted(maps.Keys(fails)) {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			for _, p := range Points {
				if !everyPair && fails[id] != "" && !failsAt(id, p) {
					continue
				}
				t.Run(p.Name, func(t *testing.T) {
					t.Parallel()
					checkVerdict(t, id, p)
				})
			}
		})
	}
}

// TestEachPointHasItsReader: for each point there is a reader that fails it and passes
// others, and no wrong reader is left out.
func TestEachPointHasItsReader(t *testing.T) {
	for _, p := range Points {
		if !slices.ContainsFunc(slices.Collect(maps.Keys(fails)), func(id string) bool { return fails[id] != every && failsAt(id, p) }) {
			t.Errorf("no reader fails %s that passes another point", p.Name)
		}
	}
	for id, points := range fails {
		if points == every {
			continue
		}
		if _, err := Named(strings.Fields(points)); err != nil {
			t.Errorf("reader %s: %v", id, err)
		}
	}
	out, _ := exec.Command(wrong).CombinedOutput() // it lists its readers
	_, list, _ := strings.Cut(string(out), "one of ")
	for _, id := range strings.Split(strings.TrimSpace(list), ", ") {
		if _, tested := fails[id]; !tested {
			t.Errorf("reader %q is not tested", id)
		}
	}
}

func failsAt(id string, p Point) bool {
	return fails[id] == every || slices.Contains(strings.Fields(fails[id]), p.Name)
}

func checkVerdict(t *testing.T, id string, p Point) {
	o := options(id)
	want := Pass
	if failsAt(id, p) {
		want = Fail
		o.Timeout = 3 * time.Second // most fails are certain only then
	}
	if strings.HasPrefix(id, "naive-") {
		o.Without = []string{"resume", "images", "latest", "losses", "standby"}
		if slices.ContainsFunc(p.needs, func(need string) bool { return slices.Contains(o.Without, need) }) {
			want = Absent
		}
	}
	r, err := Run(t.Context(), p, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%v %s", r.Took.Round(time.Millisecond), r.Why)
	if r.Outcome != want {
		t.Errorf("reader %s: point %s is %s, want %s: %s", id, p.Name, r.Outcome, want, r.Why)
	}
}

// options are those for a reader.
func options(id string) Options {
	o := Options{Command: []string{wrong, id}, Timeout: time.Minute, Stderr: io.Discard}
	if id == "ours" {
		o.Command = []string{ours}
	}
	return o
}

// TestSaves: a reader that saves its position seldom passes where one waits for that.
func TestSaves(t *testing.T) {
	for _, point := range strings.Fields(fails["saves-seldom"]) {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			o := options("saves-seldom")
			o.Saves = 10 * time.Second
			if r := runNamed(t, point, o); r.Outcome != Pass {
				t.Errorf("point %s is %s, want %s: %s", point, r.Outcome, Pass, r.Why)
			}
		})
	}
}

// TestSentences: a verdict says what happened.
func TestSentences(t *testing.T) {
	for _, c := range []struct{ id, point, why string }{
		{"silent", "one-shard", `^the insert of ada was never handled: it was on a page of shard A; it has printed nothing \(is each line flushed\?\)$`},
		{"grandchildren-early", "three-generations", `^barbara was deleted before she was inserted: shard C was read before the end of A$`},
		{"no-timeout", "hang", `^the insert of grace was never handled: the call of GetRecords of shard A that hung was not repeated within [23](\.[0-9])?s$`},
		{"one-shard-at-a-time", "one-slow-shard", `^the change of row-[0-9]+ was never handled: .* while shard B was throttled$`},
	} {
		t.Run(c.id, func(t *testing.T) {
			t.Parallel()
			o := options(c.id)
			o.Timeout = 3 * time.Second
			if r := runNamed(t, c.point, o); !regexp.MustCompile(c.why).MatchString(r.Why) {
				t.Errorf("point %s: %q doesn't match %s", c.point, r.Why, c.why)
			}
		})
	}
}

func named(t *testing.T, point string) Point {
	t.Helper()
	points, err := Named([]string{point})
	if err != nil {
		t.Fatal(err)
	}
	return points[0]
}

func runNamed(t *testing.T, point string, o Options) Result {
	t.Helper()
	r, err := Run(t.Context(), named(t, point), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestMixed: the worlds that mix all pass a right reader, and find out wrong ones.
func TestMixed(t *testing.T) {
	for _, c := range []struct {
		id   string
		seed uint64
		want Outcome
	}{
		{"ours", 1, Pass},
		{"ours", 2, Pass},
		{"right-in-table", 3, Pass},
		{"all-twice", 1, Fail},
		{"one-child", 3, Fail},
		{"no-checkpoint", 3, Fail},
		{"expired-starts-over", 1, Fail},
		{"throttled-dies", 1, Fail},
	} {
		t.Run(fmt.Sprint(c.id, "/", c.seed), func(t *testing.T) {
			t.Parallel()
			o := options(c.id)
			if c.want == Fail {
				o.Timeout = 10 * time.Second
			}
			r, err := Run(t.Context(), Mixed(c.seed), o)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%v %s", r.Took.Round(time.Millisecond), r.Why)
			if r.Outcome != c.want {
				t.Errorf("seed %d is %s, want %s: %s", c.seed, r.Outcome, c.want, r.Why)
			}
		})
	}
}

func TestCatchUp(t *testing.T) {
	r, loop, err := CatchUp(t.Context(), options("ours"))
	if err != nil {
		t.Fatal(err)
	}
	if r.Outcome != Pass || r.Took <= 0 || loop <= 0 {
		t.Errorf("CatchUp is %s after %v, and %v by a bare loop: %s", r.Outcome, r.Took, loop, r.Why)
	}
}

// TestSections: the sections that explain the points are there.
func TestSections(t *testing.T) {
	page, err := os.ReadFile("../../TUTORIAL.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range Points {
		if len("it "+p.About) > 49 {
			t.Errorf("point %s: %q has more than a line of the table", p.Name, p.About)
		}
		if !regexp.MustCompile(`(?m)^#+ ([0-9.]+ )?` + regexp.QuoteMeta(p.Section) + "$").Match(page) {
			t.Errorf("point %s: TUTORIAL.md has no section %q", p.Name, p.Section)
		}
	}
}
