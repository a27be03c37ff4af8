package tutorial

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"
)

const source = `package p

//weave:double

// double is twice n.
func double(n int) int {
	return 2 * n
}
//weave:end

func f() {
	//weave:call
	if true {
		double(1)
	}
	//weave:end
}
`

const (
	code   = "go steps/a.go#call\nif true {\n\tdouble(1)\n}"
	double = "go steps/a.go#double\n// double is twice n.\nfunc double(n int) int {\n\treturn 2 * n\n}"
	hex    = "7d3d1d27964f6da86560b347010716e"
	first  = "ijfnprr33qyhvui7p2drvzs37i"
	second = "3psyqlrfpfudimwbx7cskrkk3u"
)

// weaveCases are blocks, by their lines after the fence: what any command
// prints, what is wrong with the block, and what it becomes, if not itself.
var weaveCases = []struct{ name, block, printed, problem, mended string }{
	{name: "code as it is", block: code},
	{name: "code of a function", block: double},
	{name: "drifted code", block: "go steps/a.go#call\ndouble(2)", problem: "would write", mended: code},
	{name: "no such region", block: "go steps/a.go#gone\nx", problem: "no such region"},
	{name: "a whole file", block: "json internal/service/a.json\n{}"},
	{name: "a drifted file", block: "json internal/service/a.json\n[]", problem: "would write", mended: "json internal/service/a.json\n{}"},
	{name: "a patch", block: "diff steps/a.patch\n-a\n+b\n \n c"},
	{name: "a drifted patch", block: "diff steps/a.patch\n-a\n+c", problem: "would write", mended: "diff steps/a.patch\n-a\n+b\n \n c"},
	{name: "no such patch", block: "diff steps/b.patch\n-a", problem: "no such"},
	{name: "a whole program", block: "go steps/b.go\npackage p"},
	{name: "no such file", block: "go steps/c.go#call\nx", problem: "no such region"},
	{name: "code without a source", block: "go\nx", problem: "unknown"},
	{name: "unknown kind", block: "shell\n$ x", problem: "unknown"},
	{name: "no kind", block: "\nx", problem: "unknown"},
	{name: "an empty diagram", block: "mermaid\n", problem: "empty"},
	{name: "a diagram", block: "mermaid\ngraph LR"},
	{name: "output without a command", block: "console\nx", problem: "does not begin"},
	{name: "not run", block: "console docker\n$ docker\nanything", printed: "x\n"},
	{name: "output as it is", block: "console\n$ x\na\nb", printed: "a\nb\n"},
	{name: "no output", block: "console\n$ x", printed: ""},
	{name: "not run on Local", block: "console local\n$ x\nanything", printed: "x\n"},
	{name: "another endpoint", block: "console\n$ x\nendpoint: a", printed: "endpoint: b\n", problem: "would write", mended: "console\n$ x\nendpoint: b"},
	{
		name: "another region", block: "console\n$ x\narn:aws:dynamodb:a:1:t", printed: "arn:aws:dynamodb:b:1:t\n",
		problem: "would write", mended: "console\n$ x\narn:aws:dynamodb:b:1:t",
	},
	{name: "another time", block: "console\n$ x\n2026-01-01T00:00:00Z", printed: "2027-02-02T02:02:02Z\n"},
	{name: "another time of the AWS CLI", block: "console\n$ x\n\"CreationDateTime\": 1795938287.571,", printed: "\"CreationDateTime\": \"2026-11-29T07:44:47.57+00:00\",\n"},
	{name: "another label", block: "console\n$ x\n\"StreamLabel\": \"2026-11-29T07:44:47.570\",", printed: "\"StreamLabel\": \"2027-11-29T07:44:47.57\",\n"},
	{name: "another iterator", block: "console\n$ x\n\"ShardIterator\": \"arn|1|ZDhj+/M=\"", printed: "\"ShardIterator\": \"arn|1|AA==\"\n"},
	{name: "another identity of a record", block: "console\n$ x\n\"eventID\": \"" + hex + "0\",", printed: "\"eventID\": \"" + hex + "1\",\n"},
	{name: "other polls", block: "console\n$ x\ncalls 8, records 2, empty pages 6, gaps 0", printed: "calls 9, records 2, empty pages 7, gaps 0\n"},
	{
		name: "other records", block: "console\n$ x\ncalls 8, records 2, empty pages 6, gaps 0", printed: "calls 8, records 1, empty pages 6, gaps 0\n",
		problem: "would write", mended: "console\n$ x\ncalls 8, records 1, empty pages 6, gaps 0",
	},
	{name: "another duration of go test", block: "console\n$ x\nok  \ta/b\t(cached)", printed: "ok  \ta/b\t0.387s\n"},
	{name: "another package", block: "console\n$ x\nok  \ta/b\t1.0s", printed: "ok  \ta/c\t1.0s\n", problem: "would write", mended: "console\n$ x\nok  \ta/c\t1.0s"},
	{name: "another order of a log", block: "console\n$ x\norder=2026-11-29T07:47:56.100/0007", printed: "order=2026-11-30T07:47:56.101/0007\n"},
	{name: "another time of a log", block: "console\n$ x\nsaid: 2026/11/29 07:44:58", printed: "said: 2026/11/30 00:00:00\n"},
	{
		name: "another catching up", block: "console\n$ x\nit caught up with 5000 changes in 179ms; a bare loop fetches them in 48ms",
		printed: "it caught up with 5000 changes in 1.2s; a bare loop fetches them in 1s\n",
	},
	{
		name: "another order of items", block: "console\n$ x\nnote\n1 " + first + "\n2 " + second,
		printed: "note\n2 " + second + "\n1 " + first + "\n",
	},
	{
		name: "another order for one item", block: "console\n$ x\n1 " + first + "\n2 " + first,
		printed: "2 " + first + "\n1 " + first + "\n", problem: "would write",
		mended: "console\n$ x\n2 " + first + "\n1 " + first,
	},
	{name: "drifted output", block: "console\n$ x\na\n$ x\nb", printed: "b\n", problem: "would write", mended: "console\n$ x\nb\n$ x\nb"},
	{name: "output that is missing", block: "console\n$ x", printed: "a\n", problem: "would write", mended: "console\n$ x\na"},
	{name: "output too many", block: "console\n$ x\na", problem: "would write", mended: "console\n$ x"},
	{name: "any lines", block: "console\n$ x\na\n…\nd", printed: "a\nb\nc\nd\n"},
	{name: "any lines, none", block: "console\n$ x\na\n…\nd", printed: "a\nd\n"},
	{
		name: "drift beside any lines", block: "console\n$ x\na\n…\nd\ne", printed: "1\n2\n3\n4\n5\n",
		problem: "would write", mended: "console\n$ x\n1\n…\n4\n5",
	},
	{
		name: "outputs of one run", block: "console\n$ x\n2026-01-01T00:00:00Z\n```\nbetween\n```console\n$ x\nb",
		printed: "2027-02-02T02:02:02Z\n", problem: "would write",
		mended: "console\n$ x\n2027-02-02T02:02:02Z\n```\nbetween\n```console\n$ x\n2027-02-02T02:02:02Z",
	},
	{name: "drift between any lines", block: "console\n$ x\n…\na\n…", printed: "b\n", problem: "by hand"},
}

// TestWeave proves that what drifts, or is no block that can be checked,
// is found and, where that is possible, mended.
func TestWeave(t *testing.T) {
	sources, err := regions(fstest.MapFS{
		"steps/a.go":    {Data: []byte(source)},
		"internal/a.md": {Data: []byte("//weave:ignored")},

		"steps/b.go":    {Data: []byte("package p\n")},
		"steps/a.patch": {Data: []byte("-a\n+b\n \n c\n")},

		"internal/service/a.json": {Data: []byte("{}\n")},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range weaveCases {
		text := "before\n```" + c.block + "\n```\nafter\n"
		p, err := parse("page", text)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		problem := errors.Join(p.check(sources, map[string]runner{"console": func(string) (string, error) { return c.printed, nil }})...)
		if (problem == nil) != (c.problem == "") || problem != nil && !strings.Contains(problem.Error(), c.problem) {
			t.Errorf("%s: check() = %v, want %q", c.name, problem, c.problem)
		}
		if c.mended != "" {
			text = "before\n```" + c.mended + "\n```\nafter\n"
		}
		if p.String() != text {
			t.Errorf("%s: it becomes\n%s\nwant\n%s", c.name, p, text)
		}
	}
}

func TestUnreadable(t *testing.T) {
	for name, text := range map[string]string{
		"a fence is open":     "```mermaid\ngraph",
		"a fence in a fence":  "```mermaid\n```mermaid\n```",
		"an indented fence":   "- x\n  ```mermaid\n  ```",
		"a fence of tildes":   "~~~\n~~~",
		"a space after fence": "```mermaid\nx\n``` ",
	} {
		if _, err := parse("page", text); err == nil {
			t.Errorf("%s: parse(%q) gives no error", name, text)
		}
	}
	for name, text := range map[string]string{
		"it does not end":     "//weave:a\n",
		"it does not begin":   "//weave:end\n",
		"one in another":      "//weave:a\n//weave:b\n//weave:end\n",
		"two of a name":       "//weave:a\n//weave:end\n//weave:a\n//weave:end\n",
		"a mark with capital": "//weave:A\n//weave:end\n",
	} {
		if err := regionsOf("a.go", text, make(map[string][]string)); err == nil {
			t.Errorf("%s: regionsOf(%q) gives no error", name, text)
		}
	}
	for name, command := range map[string]string{
		"no endpoint":         "go run ./steps/02-generate",
		"another endpoint":    "go run ./steps/02-generate -endpoint aws",
		"one step without it": "go run ./steps/02-generate -endpoint local | go run ./steps/03-read-stream",
		"another table":       "go run ./steps/02-generate -endpoint local -table other",
	} {
		if _, err := onLocal(command, "mine"); err == nil {
			t.Errorf("%s: onLocal(%q) gives no error", name, command)
		}
	}
	run := runners(t)["console"]
	for _, command := range []string{"go run ./steps/02-generate -endpoint local", "AWS_ENDPOINT_URL=http://h go run ./steps/02-generate"} {
		if _, err := run(command); err == nil {
			t.Errorf("the runner of console blocks runs %q", command)
		}
	}
}
