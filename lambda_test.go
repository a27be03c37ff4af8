package tutorial

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestFunctions runs three functions on one stream: this step's, one of
// aws-lambda-go's own events, and one of Python's standard library. They must
// get the same records, and leave no process.
func TestFunctions(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	plain := filepath.Join(folder, "plain")
	if out, err := exec.Command("go", "build", "-o", plain, "./steps/08-lambda/testdata/plain").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	python, err := filepath.Abs("steps/08-lambda/testdata/function.py")
	if err != nil {
		t.Fatal(err)
	}
	mark := "MARK=" + folder // in the environment of all that is started
	run := func(name string, args ...string) string {
		t.Helper()
		cmd := exec.Command(filepath.Join(bin, name), args...)
		cmd.Dir, cmd.Env = folder, append(os.Environ(), "AWS_ENDPOINT_URL=", mark)
		var said bytes.Buffer
		cmd.Stderr = &said
		if err := cmd.Run(); err != nil {
			t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, &said)
		}
		return said.String()
	}
	run("01-create-table")
	run("02-generate", "-n", "6667", "-updates", "0.3", "-deletes", "0.2", "-seed", "1")
	var want map[string]int
	for _, function := range []struct {
		name string
		args []string
	}{
		{"this step", nil},
		{"aws-lambda-go", []string{"-function", plain}},
		{"Python", []string{"-function", "python3", python}},
	} {
		if _, err := exec.LookPath("python3"); err != nil && function.name == "Python" {
			if os.Getenv("CI") == "true" {
				t.Fatal(err)
			}
			skips("a function of Python: install python3")
			continue
		}
		said := run("08-lambda", append([]string{"-idle", "1s", "-batch-size", "1000", "-parallelization-factor", "4"}, function.args...)...)
		got := counts(said)
		if want == nil {
			if want = got; want["delivered"] < 10_000 || want["inserted"] != 6667 || want["inserted"]+want["modified"]+want["deleted"] != want["delivered"] {
				t.Errorf("%s got %v, want 10,000 records or more, each once", function.name, got)
			}
		}
		if !maps.Equal(got, want) {
			t.Errorf("%s got %v, want %v as this step does", function.name, got, want)
		}
	}
	if found, err := filepath.Glob("/proc/[0-9]*/environ"); err == nil {
		for _, environ := range found {
			if text, err := os.ReadFile(environ); err == nil && bytes.Contains(text, []byte(mark)) {
				t.Errorf("a process is left: see %s", environ)
			}
		}
	}
}

// counts are the events by kind that a function printed, and how many the step
// says were delivered.
func counts(said string) map[string]int {
	kinds := map[string]string{"INSERT": "inserted", "MODIFY": "modified", "REMOVE": "deleted"}
	got := make(map[string]int)
	for line := range strings.Lines(said) {
		word, rest, _ := strings.Cut(line, " ")
		if kind := kinds[word]; kind != "" {
			word = kind
		}
		switch word {
		case "inserted", "modified", "deleted":
			got[word]++
		case "delivered":
			var n int
			fmt.Sscan(rest, &n)
			got[word] = n
		}
	}
	return got
}

// lab makes a call of the lab of serve -lab at URL, which address sets:
//
//	lab PATH BODY
func lab(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: lab PATH BODY")
	}
	answer, err := http.Post(ts.Getenv("URL")+args[0], "application/json", strings.NewReader(args[1]))
	ts.Check(err)
	defer answer.Body.Close()
	if text, err := io.ReadAll(answer.Body); err != nil || answer.StatusCode != http.StatusOK {
		ts.Fatalf("%s: %s: %s (%v)", args[0], answer.Status, text, err)
	}
}
