// Package main_test tests a projection: it runs the program on an engine, lets
// it meet what a stream may do, and compares its counts with the table.
//
//	go test ./steps/10-projection         # the solution passes, the stub fails
//	go test ./steps/10-projection -yours  # your main.go passes
//	go test ./steps/10-projection -wrong  # wrong solutions fail
package main_test

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

var (
	yours  = flag.Bool("yours", false, "test main.go, and not the solution")
	wrong  = flag.Bool("wrong", false, "test that wrong solutions fail, which takes minutes")
	within = flag.Duration("within", 30*time.Second, "how `long` the program may take until its counts are right")
)

func TestMain(m *testing.M) {
	flag.Parse()
	// The programs wait more than they work.
	if parallel := flag.Lookup("test.parallel"); parallel.Value.String() == parallel.DefValue {
		parallel.Value.Set("8")
	}
	os.Exit(m.Run())
}

// build builds a program, with the files that an overlay replaces. It is built
// without the race detector, which makes processes slow to start.
func build(t *testing.T, folder, overlay string) (binary string) {
	binary = filepath.Join(t.TempDir(), "projection")
	args := []string{"build", "-o", binary}
	if overlay != "" {
		args = append(args, "-overlay", overlay)
	}
	if out, err := exec.Command("go", append(args, folder)...).CombinedOutput(); err != nil {
		t.Fatalf("building %s: %v\n%s", folder, err, out)
	}
	return binary
}

// TestProjection puts the solution, or with -yours your program, to all
// scenarios.
func TestProjection(t *testing.T) {
	t.Parallel()
	folder := "./solution"
	if *yours {
		folder = "."
	}
	binary := build(t, folder, "")
	for _, s := range scenarios {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			if why, printed := play(t, s, binary); why != "" {
				t.Errorf("%s.\nLook at this: %s (TUTORIAL.md, %q).\nThe program printed:\n%s", why, s.look, s.section, printed)
			}
		})
	}
}

// TestStubFails: what the learner begins with fails honestly.
func TestStubFails(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("main.go")
	if err != nil {
		t.Fatal(err)
	}
	const end = "nothing is counted: your projection is not written yet"
	if !bytes.Contains(text, []byte(end)) {
		if os.Getenv("CI") == "true" {
			t.Fatal("main.go is not the stub")
		}
		t.Skip("main.go is not the stub any more: test yours with -yours")
	}
	why, _ := play(t, scenarios[0], build(t, ".", ""))
	if !strings.Contains(why, "exit status 1") || !strings.Contains(why, end) {
		t.Errorf("the stub's failure is %q; it should end with status 1 and say %q", why, end)
	}
}

// TestSections: the sections that explain the scenarios are there.
func TestSections(t *testing.T) {
	page, err := os.ReadFile("../../TUTORIAL.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range scenarios {
		if !regexp.MustCompile(`(?m)^#+ ([0-9.]+ )?` + regexp.QuoteMeta(s.section) + "$").Match(page) {
			t.Errorf("scenario %s: TUTORIAL.md has no section %q", s.name, s.section)
		}
	}
}
