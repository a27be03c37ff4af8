package main

import (
	"bufio"
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"dynamostreamer/internal/localtest"
)

// bin is the folder of astaught, the steps and serve, as .ci/aws builds them.
var bin string

func TestMain(m *testing.M) {
	flag.Parse()
	// The steps wait more than they work.
	if parallel := flag.Lookup("test.parallel"); parallel.Value.String() == parallel.DefValue {
		parallel.Value.Set("8")
	}
	os.Exit(build(m))
}

func build(m *testing.M) int {
	var err error
	if bin, err = os.MkdirTemp("", "astaught-bin"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(bin)
	steps, err := filepath.Glob("../../steps/0[1-5]-*")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	args := append([]string{"build", "-o", bin, ".", "../embedded/serve"}, steps...)
	if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "building the programs: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// serve serves an empty DynamoDB in memory until the test ends.
func serve(t *testing.T) (url string) {
	t.Helper()
	cmd := exec.Command(filepath.Join(bin, "serve"), "-memory", "-addr", "127.0.0.1:0")
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	line, err := bufio.NewReader(stderr).ReadString('\n')
	_, url, served := strings.Cut(strings.TrimSpace(line), " at ")
	if err != nil || !served {
		t.Fatalf("serve says %q, %v", line, err)
	}
	return url
}

// tablesAt lists the tables of a server.
func tablesAt(t *testing.T, url string) []string {
	t.Helper()
	db := dynamodb.NewFromConfig(aws.Config{
		Region: "us-east-1", BaseEndpoint: &url, Credentials: credentials.NewStaticCredentialsProvider("local", "local", ""),
	})
	out, err := db.ListTables(context.Background(), &dynamodb.ListTablesInput{})
	if err != nil {
		t.Fatal(err)
	}
	return out.TableNames
}

// A result is what a run printed of each fact that it looked at.
type result struct {
	text     string
	outcomes map[string]outcome // by what is taught
	tables   []string           // that it may have made
}

var (
	factLine   = regexp.MustCompile(`(?m)^(as taught|DIFFERS|FAILED|not seen) +(.*) \(.*\)$`)
	tablesLine = regexp.MustCompile(`(?m)^tables: (.*)$`)
)

func parse(text string) result {
	r := result{text: text, outcomes: make(map[string]outcome)}
	for _, m := range factLine.FindAllStringSubmatch(text, -1) {
		r.outcomes[m[2]] = outcome(m[1])
	}
	if m := tablesLine.FindStringSubmatch(text); m != nil {
		r.tables = strings.Split(m[1], ", ")
	}
	return r
}

// others lists the facts of which a run found another outcome than as taught.
func (r result) others() (others []string) {
	for _, f := range facts {
		if o := r.outcomes[f.taught]; o != asTaught {
			others = append(others, fmt.Sprintf("%s: %s", o, f.taught))
		}
	}
	return others
}

// TestAWS runs the script on the engine, of which all is as taught. Nothing is left there.
func TestAWS(t *testing.T) {
	t.Parallel()
	url := serve(t)
	script := exec.Command("bash", "../../.ci/aws", "-endpoint", url, "-yes", "-ttl-wait", "1m")
	out, err := script.CombinedOutput()
	r := parse(string(out))
	if others := r.others(); err != nil || len(others) > 0 {
		t.Errorf("%v, and not as taught:\n%s\nIt printed:\n%s", err, strings.Join(others, "\n"), out)
	}
	if want := fmt.Sprintf("%d as taught, 0 differ, 0 failed, 0 not seen\nall tables are deleted\n", len(facts)); !strings.HasSuffix(r.text, want) {
		t.Errorf("it ends without %q:\n%s", want, out)
	}
	if left := tablesAt(t, url); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// ofLocal are the facts that DynamoDB Local is known to differ in, which step 5 of the
// tutorial has as a table.
var ofLocal = []string{
	"CreateTable returns while the table is still being made",
	"the region in an ARN is the one that was called",
	"another change of TTL within the hour is refused",
	"AT_TIMESTAMP begins at a time",
	"TTL's removal is a REMOVE with an identity and the old image",
}

// TestAWSFindsDifferences: where DynamoDB is not as taught, it is said.
func TestAWSFindsDifferences(t *testing.T) {
	t.Parallel()
	localtest.Need(t)
	var out bytes.Buffer
	code := run([]string{"-endpoint", localtest.URL, "-yes", "-ttl-wait", "9m", "-steps", bin}, strings.NewReader(""), &out, &out)
	r := parse(out.String())
	if code != 1 || !strings.Contains(r.text, "facts are not as taught") {
		t.Errorf("exit status %d, want 1", code)
	}
	for _, f := range facts {
		got, want := r.outcomes[f.taught], asTaught
		if slices.Contains(ofLocal, f.taught) {
			want = differs
		}
		// Its times are rounded to the minute, which is near enough in the first seconds of one.
		if got != want && f.taught != "a record's time is rounded to the second" {
			t.Errorf("%s: %q, want %q", f.taught, got, want)
		}
	}
	left := tablesAt(t, localtest.URL)
	if len(r.tables) == 0 || slices.ContainsFunc(r.tables, func(name string) bool { return slices.Contains(left, name) }) {
		t.Errorf("of the tables %q, these are left: %q", r.tables, left)
	}
	if t.Failed() {
		t.Log(r.text)
	}
}

// TestAsks: without a yes it makes nothing.
func TestAsks(t *testing.T) {
	t.Parallel()
	url := serve(t)
	for _, answer := range []string{"", "\n", "no\n", "y\n", "yes please\n"} {
		var out bytes.Buffer
		code := run([]string{"-endpoint", url, "-steps", bin}, strings.NewReader(answer), &out, &out)
		if want := "Type \"yes\" to begin: astaught: nothing was made: the answer was not yes\n"; code != 1 || !strings.HasSuffix(out.String(), want) {
			t.Errorf("answer %q: exit status %d and %q, want 1 and %q", answer, code, &out, want)
		}
	}
	if left := tablesAt(t, url); len(left) > 0 {
		t.Errorf("it made %q", left)
	}
}

// TestConsent: on AWS it asks about the cost and the time.
func TestConsent(t *testing.T) {
	for _, answer := range []string{"yes\n", "yes"} {
		var out bytes.Buffer
		if err := consent(strings.NewReader(answer), &out, false, true); err != nil {
			t.Errorf("consent(%q) = %v, want it to begin", answer, err)
		}
		if want := "for up to 29 minutes and deletes them; it costs 0.06 USD at most, on the bill of that account.\nType \"yes\""; !strings.Contains(out.String(), want) {
			t.Errorf("it says %q, want %q", &out, want)
		}
	}
}

func TestUsage(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
		code int
		want string
	}{
		{"no steps", nil, 2, "-steps is missing: start this with bash .ci/aws"},
		{"argument", []string{"now"}, 2, `unexpected argument "now"`},
		{"too long a wait", []string{"-steps", bin, "-ttl-wait", "1h"}, 2, "-ttl-wait 1h0m0s: give more than 0 and at most 10m0s"},
		{"AWS by its address", []string{"-steps", bin, "-endpoint", "https://dynamodb.us-east-1.amazonaws.com"}, 1, "say -endpoint aws if you mean it"},
		{"the engine in the process", []string{"-steps", bin, "-endpoint", "embedded"}, 1, "serve the engine to compare it"},
		{"nothing there", []string{"-steps", bin, "-yes", "-endpoint", "http://127.0.0.1:1"}, 1, "nothing answers at http://127.0.0.1:1"},
		{"help", []string{"-h"}, 0, "usage: bash .ci/aws [flags]"},
	} {
		var out bytes.Buffer
		if code := run(c.args, strings.NewReader(""), &out, &out); code != c.code || !strings.Contains(out.String(), c.want) {
			t.Errorf("%s: run(%q) = %d and %q, want %d and %q", c.name, c.args, code, &out, c.code, c.want)
		}
	}
}

// TestSections: the sections that the facts are of are there, and no two facts have the same name.
func TestSections(t *testing.T) {
	page, err := os.ReadFile("../../TUTORIAL.md")
	if err != nil {
		t.Fatal(err)
	}
	named := make(map[string]bool)
	for _, f := range facts {
		if !regexp.MustCompile(`(?m)^#+ ([0-9.]+ )?` + regexp.QuoteMeta(f.section) + "$").Match(page) {
			t.Errorf("%s: TUTORIAL.md has no section %q", f.taught, f.section)
		}
		if named[f.taught] {
			t.Errorf("two facts have the name %q", f.taught)
		}
		named[f.taught] = true
	}
}
