package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// need skips a test that lacks a program, and says what to install; under
// CI=true it fails.
func need(t *testing.T, says string, names ...string) string {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("CI") == "true" {
		t.Fatal(says)
	}
	t.Skip(says)
	return ""
}

// TestPageModules runs the tests of the page's modules, which are in
// JavaScript as the modules are.
func TestPageModules(t *testing.T) {
	node := need(t, "node is missing: install Node 20 or later to test the page's modules", "node")
	files, err := filepath.Glob("pagetest/*.test.mjs")
	if err != nil || len(files) < 8 {
		t.Fatalf("pagetest has %d tests, %v: want 8 files or more", len(files), err)
	}
	out, err := exec.CommandContext(t.Context(), node, append([]string{"--test"}, files...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("node --test pagetest: %v\n%s", err, out)
	}
}
