package stream

import (
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// TestThePackageStandsByItself: whoever copies it out needs nothing else of
// this module.
func TestThePackageStandsByItself(t *testing.T) {
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	files := 0
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		files++
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range f.Imports {
			if path := strings.Trim(spec.Path.Value, `"`); strings.HasPrefix(path, "dynamostreamer/") {
				t.Errorf("%s imports %s", name, path)
			}
		}
	}
	if files < 15 {
		t.Errorf("looked at %d files only", files)
	}
}
