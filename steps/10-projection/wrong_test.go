package main_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A mistake is the solution with some of its text replaced, the scenario that
// must find it, and what that says.
type mistake struct {
	name, finds, says string
	replace           []string // pairs of old and new
}

// These are pieces of the solution, and what some mistakes make of them.
const (
	noted     = "now = append(now, u)"
	inOne     = "_, err := p.db.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: items})\n\treturn err"
	eachAlone = `for i := range items {
		if _, err := p.db.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: items[i : i+1]}); err != nil {
			return err
		}
	}
	return nil`
	loaded   = "was, err := p.load(ctx, now)"
	oldImage = loaded + `
	for _, e := range page.Events {
		u, _ := read(stream.Event{Keys: e.Keys, New: e.Old})
		u.Order = was[u.Place].Order
		was[u.Place] = u
	}`
	copies = "Copy:        rows,"
)

// without ignores events of a kind.
func without(kind string) []string {
	return []string{noted, "if e.Kind != stream." + kind + " { " + noted + " }"}
}

var mistakes = []mistake{
	{"half-a-key", "inserts", "the table has 3 on page /cart, and the projection says 2", []string{`row.ID + " " + row.Email`, `row.ID`}},
	{"ignores-moves", "moves", "the table has 1 on page /cart, and the projection says 3", without("Modified")},
	{"never-counts-down", "moves", "and the projection says", []string{"more[was[place].Page]--", ""}},
	{"ignores-deletes", "deletes", "the table has 0 on page /, and the projection says 1", without("Deleted")},
	{"ignores-expiries", "expiries", "the table has 1 on page /cart, and the projection says 2", without("Expired")},
	{"large-transactions", "many", "the table has 1 on page /products/0, and the projection says 0", []string{"PageSize:    eventsAtOnce,", ""}},
	{"starts-at-oldest", "older-rows", "the table has 2 on page /cart, and the projection says 0", []string{copies, "", "rows := &", "_ = ", "rows.Rate = stream.Unbounded", "_ = 0"}},
	{"starts-at-latest", "older-rows", "the table has 2 on page /cart, and the projection says 0", []string{copies, "Start: stream.Latest,"}},
	{"goes-by-old-images", "older-rows", "on page /cart, and the projection says", []string{loaded, oldImage}},
	{"keeps-users-in-memory", "restart", "the table has 1 on page /checkout, and the projection says 0", []string{
		loaded, "was, err := memory, error(nil)",
		"is[u.Place] = u", "is[u.Place] = u; defer func() { memory[u.Place] = u }()",
		"func read(", "var memory = map[string]user{}\n\nfunc read(",
	}},
	{"checkpoint-first", "killed-before", "the table has 0 on page /cart, and the projection says 1", []string{inOne, eachAlone}},
	{"checkpoint-last", "killed-after", "the table has 1 on page /checkout, and the projection says 2", []string{inOne, "slices.Reverse(items)\n\t" + eachAlone, `"strconv"`, `"slices"; "strconv"`}},
	{"ends-at-a-gap", "gap", "the program ended by itself: exit status 1", []string{"!errors.As(err, &gap)", "!errors.As(err, &gap) || gap != nil"}},
	{"skips-gaps", "gap", "the table has 0 on page /, and the projection says 1", []string{copies, copies + "OnGap: stream.SkipGaps,"}},
	{"keeps-the-vanished", "gap", "the table has 0 on page /, and the projection says 1", []string{"p.forget(ctx, e.Copy)", "error(nil)"}},
	{"no-fence", "two-replicas", "the table has 0 on page /checkout, and the projection says 1", []string{"p.change(ctx, was, now, checkpoints.TransactItem(page))", "p.change(ctx, was, now)"}},
}

// TestWrong: each mistake is found.
func TestWrong(t *testing.T) {
	if !*wrong {
		t.Skip("it takes minutes: go test ./steps/10-projection -run TestWrong -wrong")
	}
	for _, m := range mistakes {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			binary := build(t, "./solution", m.overlay(t))
			s := scenarios[slices.IndexFunc(scenarios, func(s scenario) bool { return s.name == m.finds })]
			why, _ := play(t, s, binary)
			if why == "" || !strings.Contains(why, m.says) {
				t.Errorf("scenario %s says %q, want %q", s.name, why, m.says)
			}
			t.Logf("%s: %s", m.name, why)
		})
	}
}

// overlay writes the solution with the mistake, and what go build needs to take
// it in the place of the solution.
func (m mistake) overlay(t *testing.T) string {
	folder := t.TempDir()
	texts := make(map[string]string)
	for _, name := range []string{"main.go", "counts.go"} {
		text, err := os.ReadFile(filepath.Join("solution", name))
		if err != nil {
			t.Fatal(err)
		}
		texts[name] = string(text)
	}
	for pair := range slices.Chunk(m.replace, 2) {
		found := 0
		for name, text := range texts {
			found += strings.Count(text, pair[0])
			texts[name] = strings.ReplaceAll(text, pair[0], pair[1])
		}
		if found != 1 {
			t.Fatalf("%q is %d times in the solution, want once", pair[0], found)
		}
	}
	replace := make(map[string]string)
	for name, text := range texts {
		file, err := filepath.Abs(filepath.Join("solution", name))
		if err != nil {
			t.Fatal(err)
		}
		replace[file] = filepath.Join(folder, name)
		if err := os.WriteFile(replace[file], []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	overlay := filepath.Join(folder, "overlay.json")
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(overlay, text, 0o666); err != nil {
		t.Fatal(err)
	}
	return overlay
}
