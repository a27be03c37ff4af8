package tutorial

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestServe runs the scripts of the served engine.
func TestServe(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "serve"),
		RequireUniqueNames:  true,
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", bin+string(filepath.ListSeparator)+env.Getenv("PATH"))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"address": address,
			"await":   await,
			"exits":   exits,
		},
	})
}

var servedAt = regexp.MustCompile(`(?m)^(?:(?:serving DynamoDB, kept .*,|metrics) at )?(http://[^\s/]+)`)

// address waits until a server, whose output goes to a file, says where it
// listens, and sets URL to that and HOST to its host and port:
//
//	address FILE
func address(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: address FILE")
	}
	await(ts, false, []string{args[0], servedAt.String()})
	url := servedAt.FindStringSubmatch(ts.ReadFile(args[0]))[1]
	ts.Setenv("URL", url)
	ts.Setenv("HOST", strings.TrimPrefix(url, "http://"))
}
