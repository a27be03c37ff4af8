package tutorial

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// copying lists README.md's commands that copy the reader.
func copying(t *testing.T) []string {
	t.Helper()
	page, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	const first = "    mkdir -p YOURS/"
	_, rest, found := strings.Cut(string(page), "\n"+first)
	block, _, ends := strings.Cut(first+rest, "\n\n")
	if !found || !ends {
		t.Fatalf("README.md has no commands that begin with %q", first)
	}
	lines := strings.Split(block, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimPrefix(line, "    ")
	}
	return lines
}

// TestCopy: README.md's commands make a program in an empty folder that compiles.
// This module's requirements stand for those that go mod tidy looks up.
func TestCopy(t *testing.T) {
	t.Parallel()
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(t.TempDir(), "svc")
	script := strings.NewReplacer("YOURS", folder, "YOUR-MODULE", "example.com/svc",
		"go mod tidy", `test -f go.mod && grep -v '^go \|^module ' "$ROOT/go.mod" >> go.mod && cp "$ROOT/go.sum" .`,
	).Replace(strings.Join(copying(t), "\n"))
	sh := exec.CommandContext(t.Context(), "sh", "-ec", script)
	sh.Env = append(os.Environ(), "ROOT="+root, "GOFLAGS=-mod=readonly", "GOWORK=off")
	if out, err := sh.CombinedOutput(); err != nil {
		t.Fatalf("%v:\n%s\n%s", err, script, out)
	}
	if _, err := os.Stat(filepath.Join(folder, "service")); err != nil {
		t.Error(err)
	}
}

// TestCopyInTutorial: TUTORIAL.md has the same commands, with names.
func TestCopyInTutorial(t *testing.T) {
	page, err := os.ReadFile("TUTORIAL.md")
	if err != nil {
		t.Fatal(err)
	}
	want := "$ " + strings.NewReplacer("YOURS", "../my-service", "YOUR-MODULE", "example.com/my-service").
		Replace(strings.Join(copying(t), "\n$ "))
	if !strings.Contains(string(page), want) {
		t.Errorf("TUTORIAL.md does not have README.md's commands:\n%s", want)
	}
}
