package tutorial

import (
	"encoding/xml"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"dynamostreamer/internal/endpoint"
	"dynamostreamer/internal/stream"
	"dynamostreamer/internal/stream/metrics"
)

var pages = []string{"README.md", "TUTORIAL.md"}

// TestProse holds the pages against the sources and the steps. Each fenced
// block is of a kind that is checked:
//
//	go FILE#REGION    the lines of FILE from //weave:REGION to //weave:end
//	go FILE, json     a whole file under steps or internal
//	FILE, yaml FILE,
//	diff FILE
//	console           commands after "$ ", each with what it prints, in the
//	                  page's one shell; a line … stands for any lines; one
//	                  that ends in & prints its first line
//	console cli       the same, where the AWS CLI and curl are
//	console local     the same, where DynamoDB Local answers
//	console test      commands that .ci/run must run too
//	console docker,   commands that need what a test can't have;
//	console aws,      the test lists them
//	console clients
//	mermaid           a diagram
//
// With -update, code that differs is rewritten, and where an output does,
// all of the page are.
func TestProse(t *testing.T) {
	t.Parallel()
	sources, err := regions(os.DirFS("."))
	if err != nil {
		t.Fatal(err)
	}
	unused := make(map[string]bool)
	for name := range sources {
		if pageOwes(name) {
			unused[name] = true
		}
	}
	for _, name := range pages {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		p, err := parse(name, string(text))
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range p.blocks {
			kind, needs, _ := strings.Cut(b.info, " ")
			delete(unused, needs)
			if b.lacks = lacking(b); b.lacks != "" && os.Getenv("CI") == "true" {
				t.Errorf("%v: CI=true, and %s does not run", b, b.lacks)
			} else if b.lacks != "" {
				skips(fmt.Sprintf("%v: install %s: %s", b, b.lacks, strings.Join(commands(b.body), "; ")))
			}
			if kind == "console" && (needs == "docker" || needs == "aws" || needs == "clients" || needs == "local" && !local) {
				skips(fmt.Sprintf("%v: it needs %s: %s", b, needs, strings.Join(commands(b.body), "; ")))
			}
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			problems := p.check(sources, runners(t))
			if *update {
				if err := os.WriteFile(name, []byte(p.String()), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			for _, problem := range problems {
				if *update && errors.Is(problem, errDrift) {
					t.Logf("rewrote %v", problem)
				} else {
					t.Error(problem)
				}
			}
		})
	}
	for name := range unused {
		t.Errorf("no page uses the region %s: use it or remove its marks", name)
	}
}

// TestTestCommand holds README.md's test command and .ci/run together.
func TestTestCommand(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	ci, err := os.ReadFile(".ci/run")
	if err != nil {
		t.Fatal(err)
	}
	p, err := parse("README.md", string(readme))
	if err != nil {
		t.Fatal(err)
	}
	var tests []string
	for _, b := range p.blocks {
		if b.info == "console test" {
			tests = append(tests, commands(b.body)...)
		}
	}
	if !slices.Contains(tests, "go test") {
		t.Errorf("README.md has the test commands %q, and not go test", tests)
	}
	for _, command := range tests {
		if !slices.Contains(strings.Split(string(ci), "\n"), command) {
			t.Errorf(".ci/run does not run README.md's %s", command)
		}
	}
}

// TestAlerts holds the names of README.md's alerts against the metrics that
// there are.
func TestAlerts(t *testing.T) {
	answer := httptest.NewRecorder()
	readers := map[string]metrics.Reader{"r": someReader{}}
	metrics.Handler(readers).ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
	page, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	name := regexp.MustCompile(`dynamodb_stream_reader_\w+`)
	there := name.FindAllString(answer.Body.String(), -1)
	alerts := 0
	for line := range strings.Lines(string(page)) {
		for _, used := range name.FindAllString(line, -1) {
			if !slices.Contains(there, used) {
				t.Errorf("README.md has the metric %s, which no reader has", used)
			}
		}
		if strings.HasPrefix(line, "|") && name.MatchString(line) {
			alerts++
		}
	}
	if alerts != 6 {
		t.Errorf("README.md has %d alerts, want the six it speaks of", alerts)
	}
}

// someReader shows all that a reader may.
type someReader struct{}

func (someReader) Stats() stream.Stats {
	return stream.Stats{Shards: make([]stream.ShardStats, 1), LastGap: time.Now()}
}
func (someReader) Health(time.Time) error { return nil }

func TestCompose(t *testing.T) {
	compose, err := os.ReadFile("docker-compose.yml")
	if err != nil {
		t.Fatal(err)
	}
	pom, err := os.ReadFile(".ci/dynamodb-local/pom.xml")
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range composeProblems(string(compose), string(pom)) {
		t.Error(problem)
	}
	// And each of these would be seen.
	for _, c := range []struct{ name, from, to, want string }{
		{"another version", "dynamodb-local:3", "dynamodb-local:4", "version"},
		{"any version", "dynamodb-local:3.1.0", "dynamodb-local:latest", "version"},
		{"every address", `"127.0.0.1:8000:`, `"8000:`, "published"},
		{"another port", `"127.0.0.1:8000:`, `"127.0.0.1:8001:`, "published"},
		{"one port more", "    ports:\n", "    ports:\n      - 9000:9000\n", "published"},
		{"no port", "127.0.0.1:8000:8000", "", "published"},
		{"on disk", " -inMemory", "", "-inMemory"},
		{"one database a key", " -sharedDb", "", "-sharedDb"},
		{"no health check", "healthcheck:", "labels:", "health check"},
	} {
		changed := strings.Replace(string(compose), c.from, c.to, 1)
		problems := composeProblems(changed, string(pom))
		if changed == string(compose) || len(problems) != 1 || !strings.Contains(problems[0], c.want) {
			t.Errorf("%s: composeProblems(…) = %q, want one about %s", c.name, problems, c.want)
		}
	}
}

var (
	imageLine = regexp.MustCompile(`(?m)^ +image: amazon/dynamodb-local:(\S+)$`)
	portsList = regexp.MustCompile(`(?m)^ +ports:\n((?: +- .*\n)*)`)
	checkLine = regexp.MustCompile(`(?m)^ +healthcheck:\n(?: +#.*\n)* +test: \[`)
)

// composeProblems says where docker-compose.yml is not what the steps
// and .ci/run take it for.
func composeProblems(compose, pom string) (problems []string) {
	var project struct {
		Version string `xml:"dependencies>dependency>version"`
	}
	if err := xml.Unmarshal([]byte(pom), &project); err != nil {
		return []string{err.Error()}
	}
	image := imageLine.FindStringSubmatch(compose)
	if image == nil || image[1] != project.Version {
		problems = append(problems, fmt.Sprintf("the image's version is %q, and pom.xml has %q", image, project.Version))
	}
	// Published elsewhere, it would be open to the network.
	want := strings.TrimPrefix(endpoint.LocalURL, "http://") + ":8000"
	ports := portsList.FindStringSubmatch(compose)
	if ports == nil || strings.TrimSpace(ports[1]) != `- "`+want+`"` {
		problems = append(problems, fmt.Sprintf("published are %q, want %s and nothing else", ports, want))
	}
	for _, flag := range []string{"-inMemory", "-sharedDb"} {
		if !regexp.MustCompile(`(?m)^ +command: .* ` + flag + `( |$)`).MatchString(compose) {
			problems = append(problems, "DynamoDB Local runs without "+flag)
		}
	}
	if !checkLine.MatchString(compose) {
		problems = append(problems, "there is no health check")
	}
	return problems
}

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
