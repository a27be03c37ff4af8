// Package tutorial verifies the steps, by the scripts under testdata, and
// the prose of TUTORIAL.md and README.md.
//
//	go test            # everything here, in about six minutes
//	go test -update    # rewrite the expected outputs; read the diff
//	go test -long      # and what takes long
package tutorial

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"dynamostreamer/internal/embedded"
	"dynamostreamer/internal/endpoint"
	"dynamostreamer/internal/localtest"
)

var (
	update = flag.Bool("update", false, "rewrite the expected outputs of scripts and prose")
	long   = flag.Bool("long", false, "run the proofs that take long too")
)

// bin is the folder of the built steps and of serve. They are built, and not run by
// "go run", so that their own exit codes can be seen.
var bin string

// local says whether DynamoDB Local answers; if not, noLocal says why, and
// what to do.
var (
	local   bool
	noLocal string
)

func TestMain(m *testing.M) {
	flag.Parse()
	// The steps wait more than they work.
	if parallel := flag.Lookup("test.parallel"); parallel.Value.String() == parallel.DefValue {
		parallel.Value.Set("6")
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	var err error
	if bin, err = os.MkdirTemp("", "steps"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(bin)
	build := exec.Command("go", "build", "-o", bin, "./steps/...", "./internal/embedded/serve")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "building the programs: %v\n%s", err, out)
		return 1
	}
	noLocal = localtest.Missing(endpoint.LocalURL)
	local = noLocal == ""
	if !local && os.Getenv("CI") == "true" {
		fmt.Fprintf(os.Stderr, "CI=true, and %s\n", noLocal)
		return 1
	}
	go progress()
	code := m.Run()
	skipped.Lock()
	defer skipped.Unlock()
	for _, s := range skipped.notes {
		fmt.Printf("SKIPPED %s\n", s)
	}
	return code
}

// skipped is what did not run, and what to do about it.
var skipped struct {
	sync.Mutex
	notes []string
}

func skips(note string) {
	skipped.Lock()
	defer skipped.Unlock()
	skipped.notes = append(skipped.notes, note)
}

// An endpoint that the scripts run on, one after the other with the same
// expected outputs.
type target struct {
	name string
	env  string // value of AWS_ENDPOINT_URL; empty: the default, embedded
}

var targets = []target{{"embedded", ""}, {"local", endpoint.LocalURL}}

func TestSteps(t *testing.T) {
	t.Parallel()
	folders, err := filepath.Glob("testdata/[0-9]*")
	if err != nil || len(folders) == 0 {
		t.Fatalf("no scripts under testdata: %v", err)
	}
	for _, on := range targets {
		if on.name == "local" && !local {
			skips("the scripts on DynamoDB Local: " + noLocal)
			continue
		}
		for _, folder := range folders {
			t.Run(on.name+"/"+filepath.Base(folder), func(t *testing.T) {
				t.Parallel()
				testscript.Run(t, testscript.Params{
					Dir:                 folder,
					Setup:               on.setup,
					Condition:           on.condition,
					UpdateScripts:       *update && on.name == "embedded",
					RequireUniqueNames:  true,
					RequireExplicitExec: true,
					Cmds: map[string]func(*testscript.TestScript, bool, []string){
						"address": address,
						"await":   await,
						"call":    on.call,
						"exits":   exits,
						"lab":     lab,
						"scrape":  scrape,
						"stable":  stable,
					},
				})
			})
		}
	}
	if !*long {
		noteLongScripts(t)
	}
}

// noteLongScripts adds the scripts to skipped that need -long.
func noteLongScripts(t *testing.T) {
	scripts, err := filepath.Glob("testdata/*/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, script := range scripts {
		text, err := os.ReadFile(script)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "[!long] skip") {
			skips(script + ": it takes long: run go test -long")
		}
	}
}

// scripts counts those that have ended, for progress.
var scripts atomic.Int64

// progress tells on a terminal now and then how far the scripts are.
func progress() {
	if info, err := os.Stderr.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return
	}
	fmt.Fprintln(os.Stderr, "building is done; the scripts of the steps, TUTORIAL.md and README.md run for about five minutes")
	for began := time.Now(); ; {
		time.Sleep(15 * time.Second)
		fmt.Fprintf(os.Stderr, "%v: %d scripts have run\n", time.Since(began).Round(time.Second), scripts.Load())
	}
}

// setup gives each script the steps on its PATH, an endpoint and its own
// table, which is deleted when the script ends.
func (on target) setup(env *testscript.Env) error {
	env.Defer(func() { scripts.Add(1) })
	name := fmt.Sprintf("script-%s-%d", filepath.Base(env.WorkDir), time.Now().UnixNano())
	env.Setenv("TABLE", name)
	sources, err := os.Getwd()
	if err != nil {
		return err
	}
	env.Setenv("SOURCES", sources)
	env.Setenv("PATH", bin+string(filepath.ListSeparator)+env.Getenv("PATH"))
	env.Setenv("AWS_ENDPOINT_URL", on.env)
	if on.name == "local" {
		env.Defer(func() {
			// Most scripts leave their table; some never made it.
			for _, table := range []string{name, name + "-reader"} {
				if answer, err := http.DefaultClient.Do(request("DeleteTable", `{"TableName": "`+table+`"}`)); err == nil {
					answer.Body.Close()
				}
			}
		})
	}
	return nil
}

// condition adds to the scripts' conditions [embedded] and [local], the
// endpoint they run on, and [long], the flag.
func (on target) condition(name string) (bool, error) {
	switch name {
	case "embedded", "local":
		return on.name == name, nil
	case "long":
		return *long, nil
	}
	return false, fmt.Errorf("unknown condition %s", name)
}

// await waits until a file that another process writes matches a pattern:
//
//	await FILE PATTERN
func await(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: await FILE PATTERN")
	}
	pattern, err := regexp.Compile("(?m)" + args[1])
	ts.Check(err)
	var text []byte
	for deadline := time.Now().Add(3 * time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if text, err = os.ReadFile(ts.MkAbs(args[0])); err == nil && pattern.Match(text) {
			return
		}
	}
	ts.Fatalf("%s did not match %s within three minutes; it has:\n%s", args[0], args[1], text)
}

// call sends the script's endpoint a request that no step makes, with the
// JSON of a file in which variables are expanded:
//
//	call OPERATION FILE
func (on target) call(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: call OPERATION FILE")
	}
	client := http.DefaultClient
	if on.name == "embedded" {
		db, err := embedded.Open(ts.MkAbs(endpoint.DefaultDir), embedded.Options{})
		ts.Check(err)
		defer db.Close()
		client = db.HTTPClient()
	}
	// DynamoDB Local fails now and then, as the service may: the SDK would
	// try again too.
	for try := 1; ; try++ {
		answer, err := client.Do(request(args[0], os.Expand(ts.ReadFile(args[1]), ts.Getenv)))
		ts.Check(err)
		text, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		ts.Check(err)
		switch {
		case answer.StatusCode == http.StatusOK:
			return
		case answer.StatusCode < 500 || try == 10:
			ts.Fatalf("%s: %s: %s", args[0], answer.Status, text)
		}
		time.Sleep(time.Second)
	}
}

// scrape waits until a path of URL, which address sets, answers with a status
// and a body that matches a pattern:
//
//	scrape PATH STATUS PATTERN
func scrape(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: scrape PATH STATUS PATTERN")
	}
	pattern, err := regexp.Compile("(?m)" + args[2])
	ts.Check(err)
	var status string
	var text []byte
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		answer, err := http.Get(ts.Getenv("URL") + args[0])
		ts.Check(err)
		text, err = io.ReadAll(answer.Body)
		answer.Body.Close()
		ts.Check(err)
		if status = strconv.Itoa(answer.StatusCode); status == args[1] && pattern.Match(text) {
			return
		}
	}
	ts.Fatalf("%s did not give %s and match %s within a minute; it gives %s and:\n%s", args[0], args[1], args[2], status, text)
}

func request(operation, body string) *http.Request {
	request, err := http.NewRequest("POST", endpoint.LocalURL+"/", strings.NewReader(body))
	if err != nil {
		panic(err) // the URL is a constant
	}
	request.Header.Set("Content-Type", "application/x-amz-json-1.0")
	request.Header.Set("X-Amz-Target", "DynamoDB_20120810."+operation)
	request.Header.Set("Authorization", "AWS4-HMAC-SHA256 "+
		"Credential=local/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0")
	return request
}

// exits runs a program that must end with a certain code:
//
//	exits CODE PROGRAM ARGS...
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARGS...")
	}
	code := "0"
	var failed *exec.ExitError
	err := ts.Exec(args[1], args[2:]...)
	if errors.As(err, &failed) {
		code = strconv.Itoa(failed.ExitCode())
	} else {
		ts.Check(err)
	}
	if code != args[0] {
		ts.Fatalf("%s ended with %s, want %s", args[1], code, args[0])
	}
}

// stable writes a step's output to a file with all that varies between
// runs replaced, and with -sort in the order of the items:
//
//	stable [-sort] stdout|stderr|FILE DST
func stable(ts *testscript.TestScript, neg bool, args []string) {
	sort := len(args) > 0 && args[0] == "-sort"
	if sort {
		args = args[1:]
	}
	if neg || len(args) != 2 {
		ts.Fatalf("usage: stable [-sort] SRC DST")
	}
	text := normalise(strings.ReplaceAll(ts.ReadFile(args[0]), ts.Getenv("TABLE"), "TABLE"))
	if sort {
		text = sortByItem(text)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(text), 0o666))
}

var varying = []struct {
	pattern *regexp.Regexp
	name    string
}{
	{regexp.MustCompile(`(?m)^endpoint: .*$`), "endpoint: ENDPOINT"},
	{regexp.MustCompile(`arn:aws:dynamodb:[a-z0-9\-]+:\d+:`), "arn:aws:dynamodb:REGION:ACCOUNT:"},
	{regexp.MustCompile(`stream/\d{4}-[0-9T:.\-]+`), "stream/LABEL"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`), "TIME"},
	{regexp.MustCompile(`\b\d\d-\d\dT\d\d:\d\d:\d\dZ`), "TIME"},
	{regexp.MustCompile(`shardId-[0-9a-f\-]+`), "SHARD"},
	{regexp.MustCompile(`"sequence":"\d+"`), `"sequence":"SEQUENCE"`},
	{regexp.MustCompile(`\b1\d{9}\b`), "SECONDS"},
	{regexp.MustCompile(`\bin \d+(\.\d+)?(µs|ms|s)\b, \d+(\.\d+)? a second`), "in DURATION, N a second"},
	{regexp.MustCompile(`\b(\d+h)?(\d+m)?\d+(\.\d+)?(µs|ms|s) (after|before) its ttl`), "DURATION $5 its ttl"},
	{regexp.MustCompile(`(?m)^restarting (generator|reader): `), "restarting SERVICE: "},
	// Step 08 names records and batches by what differs between endpoints.
	{regexp.MustCompile(`…\d{5}\b`), "N"},
	{regexp.MustCompile(`(?m)^(batch \d+ of shard) \S+:`), "$1 SHARD:"},
	{regexp.MustCompile(`\b(succeeded|failed|reported \S+) in (\d+m)?\d+(\.\d+)?(ms|s)`), "$1 in DURATION"},
	{regexp.MustCompile(`(?m)^iterator age +\S+$`), "iterator age AGE"},
	// Step 05 does as much as it can until it is stopped.
	{regexp.MustCompile(`(?m)^writes +\d+ acknowledged, \d+ unknown$`), "writes N"},
	{regexp.MustCompile(`(?m)^events +\d+$`), "events N"},
	{regexp.MustCompile(`(?m)^duplicates +0, and \d+ redelivered after a restart$`), "duplicates    0"},
	{regexp.MustCompile(`(?m)^expired +\d+, seen .* after their ttl.*$`), "expired N"},
	{regexp.MustCompile(`(?m)^(counts +of .*: equal to the) \d+ inserts it handled$`), "$1 N inserts"},
}

// normalise replaces what varies between runs by names for it.
func normalise(text string) string {
	for _, v := range varying {
		text = v.pattern.ReplaceAllString(text, v.name)
	}
	return text
}

// itemID is an item's id, whole or shortened.
var itemID = regexp.MustCompile(`\b[a-z2-7]{26}\b|\b[a-z2-7]{7}…`)

// sortByItem sorts lines by the id in them and keeps the order of one
// item's lines: that order is promised, the one among items is not. A change
// stays below its event.
func sortByItem(text string) string {
	var events []string
	for line := range strings.SplitAfterSeq(text, "\n") {
		if isChange(line) && len(events) > 0 {
			events[len(events)-1] += line
		} else {
			events = append(events, line)
		}
	}
	slices.SortStableFunc(events, func(a, b string) int {
		return strings.Compare(itemID.FindString(a), itemID.FindString(b))
	})
	return strings.Join(events, "")
}

// isChange reports whether a line is one of the changes below an event.
func isChange(line string) bool { return strings.HasPrefix(line, "                ") }
