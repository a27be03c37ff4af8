//go:build unix

package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"dynamostreamer/internal/endpoint"
)

// wrongSteps makes a folder of steps that are a shell's command each. In it, $STEP is the
// right one.
func wrongSteps(t *testing.T, command string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"01-create-table", "02-generate", "03-read-stream", "04-ttl", "05-supervise"} {
		script := fmt.Sprintf("#!/bin/sh\nSTEP=%s\n%s\n", endpoint.Quoted(filepath.Join(bin, name)), command)
		if err := os.WriteFile(filepath.Join(dir, name), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestNoticesSteps: steps that do otherwise than taught are found to differ.
func TestNoticesSteps(t *testing.T) {
	t.Parallel()
	last := len(pointFacts) - 2 // these two need the table of againFacts
	var all []string
	for _, f := range slices.Concat(stepFacts, pointFacts[:last]) {
		all = append(all, f.taught)
	}
	named := func(points ...string) (names []string) {
		for _, p := range points {
			names = append(names, point(p, nil).taught)
		}
		return names
	}
	kinds := slices.Concat(pointFacts[:5], againFacts, pointFacts[last:])
	for _, c := range []struct {
		name, command string
		seen          []fact
		noticed       []string
	}{
		{"silent", `exit 0`, slices.Concat(stepFacts, pointFacts[:last]), all},
		{"failing", `"$STEP" "$@"; exit 1`, pointFacts[:5], named("one-shard", "no-change", "kinds", "deleted-after-its-ttl", "values")},
		{"twice", `"$STEP" "$@" | sed p`, kinds, named("one-shard", "no-change", "kinds", "values", "stream-switched", "table-again")},
		{"backwards", `"$STEP" "$@" | sed '1!G;h;$!d'`, kinds, named("one-shard", "no-change", "kinds", "deleted-after-its-ttl", "stream-switched", "table-again")},
		{"all expired", `"$STEP" "$@" | sed s/deleted/expired/`, kinds, named("kinds", "deleted-after-its-ttl")},
		{"no losses", `"$STEP" "$@" | grep -v lost`, kinds, named("stream-switched", "table-again")},
		{"37 digits", `"$STEP" "$@" | sed s/12345678,/1234567,/`, kinds, named("values")},
		{"no memory", `rm -f resume; "$STEP" "$@"`, pointFacts[5:6], named("resume")},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			w := worldAt(serve(t), wrongSteps(t, c.command), &out)
			if c.name == "silent" {
				w.within = time.Second // for what it never prints
			}
			err := w.look(t.Context(), c.seen)
			for name, got := range parse(out.String()).outcomes {
				want := asTaught
				if slices.Contains(c.noticed, name) {
					want = differs
				}
				if err == nil || got != want {
					t.Errorf("%s: %q, want %q (%v):\n%s", name, got, want, err, &out)
				}
			}
		})
	}
}
