package embedded_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestImportsGoOneWay: each package may import only those to its right, and only
// store may import SQLite.
func TestImportsGoOneWay(t *testing.T) {
	order := []string{"speed", "serve", "server", ".", "wire", "engine", "store", "expr", "attr"}
	const prefix = "dynamostreamer/internal/embedded"
	files := 0
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		files++
		folder := filepath.Dir(path)
		place := slices.Index(order, folder)
		if place < 0 {
			t.Errorf("%s is in a package that this test does not know", path)
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range f.Imports {
			name := strings.Trim(spec.Path.Value, `"`)
			if strings.Contains(name, "sqlite") && folder != "store" {
				t.Errorf("%s imports %s: SQL belongs in store", path, name)
			}
			if strings.HasPrefix(name, "dynamostreamer/") && !strings.HasPrefix(name, prefix) {
				t.Errorf("%s imports %s: the engine knows nothing of the tutorial", path, name)
			}
			if inner, ok := strings.CutPrefix(name, prefix); ok {
				inner = strings.TrimPrefix(inner, "/")
				if inner == "" {
					inner = "."
				}
				if slices.Index(order, inner) <= place {
					t.Errorf("%s imports %s, which is not to its right in %v", path, name, order)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 20 {
		t.Errorf("looked at %d files only", files)
	}
}
