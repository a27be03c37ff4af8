package tutorial

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// TestSQL runs the statements of README.md in SQLite.
func TestSQL(t *testing.T) {
	page, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	// An indented statement ends with a semicolon or before an empty line.
	statement := func(begins string) string {
		t.Helper()
		found := regexp.MustCompile(`(?m)^    ` + begins + `[^;]*?(;|\n\n)`).FindString(string(page))
		if found == "" {
			t.Fatalf("README.md has no statement that begins %q", begins)
		}
		return strings.TrimSpace(found)
	}
	db, err := sqlite.OpenConn(":memory:")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	exec := func(query string, args ...any) (changed int) {
		t.Helper()
		if err := sqlitex.Execute(db, query, &sqlitex.ExecOptions{Args: args}); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		return db.Changes()
	}
	exec(`CREATE TABLE orders (id TEXT PRIMARY KEY, state TEXT, deleted INTEGER, copy INTEGER, position TEXT)`)
	exec(`CREATE TABLE readers (name TEXT PRIMARY KEY, generation INTEGER)`)

	keep := statement(`INSERT INTO orders \(id`)
	for _, event := range []struct {
		name, state string
		deleted     bool
		copy        int
		position    string
		changes     int
	}{
		{"a first change", "placed", false, 0, "s/5", 1},
		{"an older one", "draft", false, 0, "s/4", 0},
		{"the same again", "placed", false, 0, "s/5", 0},
		{"its deletion", "", true, 0, "s/7", 1},
		{"a dead letter of before that", "paid", false, 0, "s/6", 0},
		{"a row of a copy", "paid", false, 1, "s/-1", 1},
		{"a change of before the copy", "void", false, 0, "s/9", 0},
		{"a change after it", "sent", false, 1, "s/8", 1},
	} {
		if n := exec(keep, "7", event.state, event.deleted, event.copy, event.position); n != event.changes {
			t.Errorf("%s changes %d rows, want %d", event.name, n, event.changes)
		}
	}
	sweep := statement(`DELETE FROM orders`)
	if n := exec(sweep, 1); n != 0 {
		t.Errorf("the end of copy 1 deletes %d of its rows", n)
	}
	if n := exec(sweep, 2); n != 1 {
		t.Errorf("the end of copy 2 deletes %d rows of copy 1, want 1", n)
	}

	guard := statement(`INSERT INTO readers`)
	for _, owner := range []struct {
		name                string
		generation, changes int
	}{{"the first owner", 1, 1}, {"again", 1, 1}, {"the next one", 2, 1}, {"the first one, late", 1, 0}} {
		if n := exec(guard, owner.generation); n != owner.changes {
			t.Errorf("%s changes %d rows, want %d", owner.name, n, owner.changes)
		}
	}
}
