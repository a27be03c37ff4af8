package table

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Ensure mends what is missing, once, and leaves a table of a different
// schema as it is.
func TestEnsure(t *testing.T) {
	db := newDB(t, func(string) (int, string) { return 0, "" })
	for _, want := range []Outcome{Created, Unchanged} {
		d, done, err := Ensure(t.Context(), db, "ours")
		if err != nil || done != want || !d.TTLEnabled() || d.StreamARN == "" {
			t.Errorf("Ensure() = %v, %v, %v; want outcome %v and a whole table", d, done, err, want)
		}
	}
	if _, err := Create(t.Context(), db, "without"); err != nil {
		t.Fatal(err)
	}
	if d, done, err := Ensure(t.Context(), db, "without"); err != nil || done != TTLEnabled || !d.TTLEnabled() {
		t.Errorf("Ensure(a table without TTL) = %v, %v, %v; want its TTL enabled", d, done, err)
	}
}

func TestMismatch(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*Description)
		want   *MismatchError
	}{
		"ours": {nil, nil},
		"no stream": {func(d *Description) { d.StreamARN = "" },
			&MismatchError{DefaultName, []string{"it has no stream"}, false}},
		"other keys": {func(d *Description) { d.Keys = d.Keys[:1] },
			&MismatchError{DefaultName, []string{"its keys are id (S, HASH), not id (S, HASH), email (S, RANGE)"}, true}},
	} {
		var got *MismatchError
		err := ours(test.change).Mismatch()
		if errors.As(err, &got); (err == nil) != (test.want == nil) || !cmp.Equal(got, test.want) {
			t.Errorf("%s: Mismatch() = %+v, want %+v", name, err, test.want)
		}
	}
}
