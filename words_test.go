package tutorial

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// A phrase is one to avoid, and what to say instead.
type phrase struct {
	avoid   *regexp.Regexp
	instead string
}

// phrases are what an English-speaking engineer would not say, or what this
// project has another word for. They must not be in comments, in messages or on
// the pages.
var phrases = []phrase{
	{regexp.MustCompile(`(?i)\b(is|are|was) no [a-z]+`), "is not a …; there is no …"},
	{regexp.MustCompile(`(?i)\bh(o|e)ld(s|ing)? .{1,40}\bagainst\b`), "compares … with"},
	{regexp.MustCompile(`(?i)\bof (its|their|your|his|our) own\b`), "its own …, separate"},
	{regexp.MustCompile(`(?i)\bso many\b`), "a number"},
	{regexp.MustCompile(`(?i)\bsomebody else`), "another program, another one"},
	{regexp.MustCompile(`(?i)\bgo(es|ing)? on\b`), "continue, resume, restart"},
	{regexp.MustCompile(`(?i)\b(stop|end|shut down)(s|ed|ped|ing|ping)? (it |them )?in order\b`), "cleanly"},
	{regexp.MustCompile(`(?i)\bstart(s|ed)? (it |me )?again\b`), "restart"},
	{regexp.MustCompile(`(?i)\bas far as one can tell\b`), "say what is known"},
	{regexp.MustCompile(`(?i)\bis there, but\b`), "exists with"},
	{regexp.MustCompile(`(?i)\bdisordered\b`), "out of order"},
	{regexp.MustCompile(`(?i)\bseen twice\b`), "redelivered, duplicate"},
	{regexp.MustCompile(`(?i)\brooms\b`), "packages"},
	{regexp.MustCompile(`\bit/s\b`), "a second"},
	{regexp.MustCompile(`(?i)\bhas (it|them|the [a-z]+) (wait|read|panic|repeat|try)\b`), "makes … , lets …"},
}

// words are those that names must not have, by what they mean here.
var words = map[string]string{
	"family": "lineage", "drained": "consumed", "gone": "vanished, removed", "quiet": "idle, caught up",
	"taken": "fenced", "possession": "lease", "disordered": "out of order", "patience": "a limit",
	"spent": "attempts", "floor": "not before", "room": "package", "rooms": "package",
}

// oldNames are in data that version 1 of the reader wrote.
var oldNames = []string{"Gone", "Floor"}

// TestWords reads all that is for people: each name, comment and message of
// the programs, and the pages.
func TestWords(t *testing.T) {
	for _, page := range []string{"README.md", "TUTORIAL.md", "SPEED.md", filepath.Join("internal", "stream", "CHANGES.md"), filepath.Join("internal", "embedded", "CHANGES.md")} {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(string(text), "\n") {
			checkPhrases(t, page, i+1, line)
		}
	}
	for _, folder := range []string{"steps", "internal"} {
		err := filepath.WalkDir(folder, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
				return err
			}
			return checkWords(t, path)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func checkWords(t *testing.T, path string) error {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, nil, parser.ParseComments)
	if err != nil {
		return err
	}
	for _, group := range file.Comments {
		checkPhrases(t, path, files.Position(group.Pos()).Line, strings.ReplaceAll(group.Text(), "\n", " "))
	}
	// The engine's messages are the service's, word for word.
	theirs := strings.HasPrefix(path, filepath.Join("internal", "embedded")+string(filepath.Separator))
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BasicLit:
			if n.Kind == token.STRING && !theirs {
				checkPhrases(t, path, files.Position(n.Pos()).Line, n.Value)
			}
		case *ast.Ident:
			for _, word := range parts(n.Name) {
				if instead := words[word]; instead != "" && n.Obj != nil && !slices.Contains(oldNames, n.Name) {
					t.Errorf("%s:%d: the name %s has the word %q: say %s", path, files.Position(n.Pos()).Line, n.Name, word, instead)
				}
			}
		}
		return true
	})
	return nil
}

func checkPhrases(t *testing.T, path string, line int, text string) {
	for _, p := range phrases {
		if found := p.avoid.FindString(plain.Replace(text)); found != "" {
			t.Errorf("%s:%d: %q: say %s", path, line, found, p.instead)
		}
	}
}

// plain leaves out what is ordinary English, although it looks like a phrase.
var plain = strings.NewReplacer("here is no", "", "here are no", "", "here was no", "", "no longer", "", "no more than", "")

// parts are the words of a name, in lower case.
func parts(name string) []string {
	var words []string
	for i, r := range name {
		if i == 0 || unicode.IsUpper(r) {
			words = append(words, "")
		}
		words[len(words)-1] += string(unicode.ToLower(r))
	}
	return words
}

// TestPhrases finds what it is for.
func TestPhrases(t *testing.T) {
	for text, want := range map[string]bool{
		"-ttl soon is no time":                    true,
		"there is no newer stream":                false,
		"table t is there, but another one":       true,
		"the reader is started again":             true,
		"holds what was written against what is":  true,
		"a reader of its own":                     true,
		"it goes on from there":                   true,
		"stops in order on Ctrl-C":                true,
		"events in order for each item":           false,
		"another program reads the stream":        false,
		"as far as one can tell":                  true,
		"the shard is no longer listed":           false,
		"it is no more than a second, there":      false,
		"a stream that is idle has no new record": false,
	} {
		found := slices.ContainsFunc(phrases, func(p phrase) bool {
			return p.avoid.MatchString(plain.Replace(text))
		})
		if found != want {
			t.Errorf("phrases found in %q: %v, want %v", text, found, want)
		}
	}
}
