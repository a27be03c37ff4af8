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
