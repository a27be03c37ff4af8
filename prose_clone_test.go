package tutorial

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A clone is a copy of the working tree, as a git repository with one commit:
// a page may build in it, and change and restore its sources.
type clone struct {
	folder string
	env    []string // what go and git need there
}

func newClone(t *testing.T) clone {
	c := clone{folder: t.TempDir(), env: []string{"GIT_CONFIG_NOSYSTEM=1"}}
	ignored, err := os.ReadFile(".gitignore")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.copy(append(strings.Fields(string(ignored)), "/.git")); err != nil {
		t.Fatal(err)
	}
	for _, arguments := range [][]string{
		{"init", "-q"}, {"config", "user.name", "reader"}, {"config", "user.email", "reader@example.com"},
		{"add", "--all"}, {"commit", "-q", "-m", "The workspace"},
	} {
		if _, err := c.git(arguments...); err != nil {
			t.Fatal(err)
		}
	}
	// go builds with what the user has, and fetches nothing.
	caches, err := exec.Command("go", "env", "GOCACHE", "GOMODCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	build, modules, _ := strings.Cut(strings.TrimSpace(string(caches)), "\n")
	c.env = append(c.env, "GOCACHE="+build, "GOMODCACHE="+modules, "GOPROXY=off", "GOFLAGS=-buildvcs=false")
	return c
}

// copy copies the working tree's files into the clone, but for what is
// ignored: paths from the root.
func (c clone) copy(ignored []string) error {
	skip := make(map[string]bool)
	for _, path := range ignored {
		skip[filepath.Clean("."+path)] = true
	}
	return filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		to := filepath.Join(c.folder, path)
		switch {
		case err != nil:
			return err
		case skip[path] && entry.IsDir():
			return filepath.SkipDir
		case skip[path], !entry.IsDir() && !entry.Type().IsRegular():
			return nil
		case entry.IsDir():
			return os.MkdirAll(to, 0o777)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(to, text, 0o666)
	})
}

// git runs git in the clone and returns what it prints.
func (c clone) git(arguments ...string) (string, error) {
	git := exec.Command("git", append([]string{"--no-optional-locks"}, arguments...)...)
	git.Dir, git.Env = c.folder, append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + c.folder}, c.env...)
	out, err := git.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("git %s: %w: %s", strings.Join(arguments, " "), err, out)
	}
	return string(out), nil
}

// changed reports whether the page has changed what a program is built from:
// its folder, or any shared package.
func (c clone) changed(program string) (bool, error) {
	status, err := c.git("status", "--porcelain", "--", "internal", "go.mod", ":(glob)"+program+"/*")
	return status != "", err
}
