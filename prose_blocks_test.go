package tutorial

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// A page is a text and the fenced blocks in it.
type page struct {
	lines  []string
	blocks []*block
}

// A block is the lines between two fences. check may change its body.
type block struct {
	page       string
	line       int // of the opening fence, from 1
	info       string
	start, end int // of the body in the page's lines
	body       []string
	fresh      []string // the body with all outputs as they came now, if it was run
	lacks      string   // a program that its commands need and that isn't there
}

func (b *block) String() string { return fmt.Sprintf("%s:%d: %s", b.page, b.line, b.info) }

func parse(name, text string) (*page, error) {
	p := &page{lines: strings.Split(text, "\n")}
	var open *block
	for i, line := range p.lines {
		switch trimmed := strings.TrimSpace(line); {
		case strings.HasPrefix(trimmed, "~~~"), strings.HasPrefix(trimmed, "```") && trimmed != line:
			return nil, fmt.Errorf("%s:%d: start a fence with ``` in the first column and end it with the line", name, i+1)
		case !strings.HasPrefix(line, "```"):
		case open == nil:
			open = &block{page: name, line: i + 1, info: strings.TrimPrefix(line, "```"), start: i + 1}
		case line != "```":
			return nil, fmt.Errorf("%v: it is not closed before line %d", open, i+1)
		default:
			open.end = i
			open.body = p.lines[open.start:i]
			p.blocks = append(p.blocks, open)
			open = nil
		}
	}
	if open != nil {
		return nil, fmt.Errorf("%v: it is not closed", open)
	}
	return p, nil
}

// String is the page's text with its blocks as they are now.
func (p *page) String() string {
	var lines []string
	from := 0
	for _, b := range p.blocks {
		lines = append(append(lines, p.lines[from:b.start]...), b.body...)
		from = b.end
	}
	return strings.Join(append(lines, p.lines[from:]...), "\n")
}

var errDrift = errors.New("go test -update would write")

// A runner runs a command and returns what it prints.
type runner func(command string) (string, error)

// check corrects the page's blocks and returns what was wrong. The outputs
// of a kind of block for which there is no runner are left unchecked. Where
// one output has to change, all do: times of two runs contradict each other.
func (p *page) check(sources map[string][]string, run map[string]runner) (problems []error) {
	drifted := false
	for _, b := range p.blocks {
		want, err := b.woven(sources, run)
		if err == nil && !slices.Equal(b.body, want) {
			drifted = drifted || b.fresh != nil
			err = fmt.Errorf("%w:\n%s\nin place of:\n%s", errDrift, strings.Join(want, "\n"), strings.Join(b.body, "\n"))
			b.body = want
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("%v: %w", b, err))
		}
	}
	for _, b := range p.blocks {
		if drifted && b.fresh != nil {
			b.body = b.fresh
		}
	}
	return problems
}

// woven is the body that the block should have.
func (b *block) woven(sources map[string][]string, run map[string]runner) ([]string, error) {
	language, region, isCode := strings.Cut(b.info, " ")
	isCode = isCode && slices.Contains([]string{"go", "json", "yaml", "diff"}, language)
	code, found := sources[region]
	switch {
	case isCode && !found:
		return nil, errors.New("there is no such region or file")
	case isCode:
		return code, nil
	case strings.TrimSpace(strings.Join(b.body, "")) == "":
		return nil, errors.New("it is empty")
	case b.info == "mermaid":
		return b.body, nil
	case !slices.Contains(consoles, b.info):
		return nil, errors.New("this kind of block is unknown")
	case !strings.HasPrefix(b.body[0], "$ "):
		return nil, errors.New(`it does not begin with "$ " and a command`)
	case run[b.info] == nil, b.lacks != "":
		return b.body, nil
	}
	woven, fresh, err := replay(b.body, run[b.info])
	b.fresh = fresh
	return woven, err
}

var consoles = []string{"console", "console cli", "console local", "console test", "console docker", "console aws", "console clients"}

func commands(body []string) []string {
	var commands []string
	for _, line := range body {
		if command, ok := strings.CutPrefix(line, "$ "); ok {
			commands = append(commands, command)
		}
	}
	return commands
}

// replay runs the commands of a console block and returns the block with
// each output that no longer matches replaced; in fresh, all are that can
// be.
func replay(body []string, run runner) (woven, fresh []string, err error) {
	for len(body) > 0 {
		command := body[0]
		end := 1
		for end < len(body) && !strings.HasPrefix(body[end], "$ ") {
			end++
		}
		expected := body[1:end]
		body = body[end:]
		printed, err := run(strings.TrimPrefix(command, "$ "))
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", command, err)
		}
		var got []string
		if printed != "" {
			got = strings.Split(strings.TrimSuffix(printed, "\n"), "\n")
		}
		now, err := elide(expected, got)
		if !matches(unvarying(expected), unvarying(got)) {
			if err != nil {
				return nil, nil, fmt.Errorf("%s: %w; it prints:\n%s", command, err, printed)
			}
			expected = now
		} else if err != nil {
			now = expected
		}
		woven = append(append(woven, command), expected...)
		fresh = append(append(fresh, command), now...)
	}
	return woven, fresh, nil
}

const anyLines = "…"

// notVarying hides from normalise what varies for a script, which runs on
// each endpoint, but not for a block of a page, which runs on one.
var notVarying = strings.NewReplacer("endpoint: ", "endpoint is ", "arn:aws:", "arn of aws:")

// varyingOnPages varies beside what varies in the outputs of scripts.
var varyingOnPages = []struct {
	pattern *regexp.Regexp
	name    string
}{
	// The AWS CLI, whose version 2 has times as text.
	{regexp.MustCompile(`"(\w*DateTime)": ("[0-9T:.+\-]+"|SECONDS(\.\d+)?)`), `"$1": TIME`},
	{regexp.MustCompile(`"(\w*StreamLabel)": "[0-9T:.\-]+"`), `"$1": LABEL`},
	{regexp.MustCompile(`\|1\|[\w+/=]+"`), `|1|ITERATOR"`},
	{regexp.MustCompile(`"eventID": "[0-9a-f]{32}"`), `"eventID": ID`},
	{regexp.MustCompile(`"TableId": "[0-9a-f\-]{36}"`), `"TableId": ID`},
	{regexp.MustCompile(`order=\d{4}-[0-9T:.\-]+/`), "order=LABEL/"},
	// How often a reader polled; go test; Go's log; step 09's last figure.
	{regexp.MustCompile(`\bcalls \d+, records (\d+), empty pages \d+,`), "calls N, records $1, empty pages N,"},
	{regexp.MustCompile(`(?m)^ok  \t(\S+)\t(\(cached\)|\d+\.\d+s)$`), "ok $1 DURATION"},
	{regexp.MustCompile(`\b\d{4}/\d\d/\d\d \d\d:\d\d:\d\d\b`), "TIME"},
	{regexp.MustCompile(`(?m)\bchanges in \d+(\.\d+)?(ms|s); a bare loop fetches them in \d+(\.\d+)?(ms|s)$`), "changes in DURATION"},
}

// unvarying is an output without what varies between runs: times and such,
// and the order of neighbouring lines about different items.
func unvarying(lines []string) []string {
	text := normalise(notVarying.Replace(strings.Join(lines, "\n")))
	for _, v := range varyingOnPages {
		text = v.pattern.ReplaceAllString(text, v.name)
	}
	lines = strings.Split(text, "\n")
	for from := 0; from < len(lines); {
		to := from
		for to < len(lines) && (itemID.MatchString(lines[to]) || to > from && isChange(lines[to])) {
			to++
		}
		if to > from {
			sorted := sortByItem(strings.Join(lines[from:to], "\n") + "\n")
			copy(lines[from:to], strings.Split(sorted, "\n"))
		}
		from = to + 1
	}
	return lines
}

// matches compares an output with what is expected of it, in which a line
// … stands for any number of lines.
func matches(expected, got []string) bool {
	switch {
	case len(expected) == 0:
		return len(got) == 0
	case expected[0] == anyLines:
		for skip := range len(got) + 1 {
			if matches(expected[1:], got[skip:]) {
				return true
			}
		}
		return false
	}
	return len(got) > 0 && expected[0] == got[0] && matches(expected[1:], got[1:])
}

// elide leaves out the middle of a new output as the old one did: as many
// lines stay before and after it.
func elide(old, got []string) ([]string, error) {
	at := slices.Index(old, anyLines)
	if at < 0 {
		return got, nil
	}
	after := len(old) - at - 1
	if slices.Contains(old[at+1:], anyLines) {
		return nil, errors.New("its output differs, and with more than one … it must be mended by hand")
	}
	if at+after >= len(got) {
		return got, nil
	}
	return slices.Concat(got[:at], []string{anyLines}, got[len(got)-after:]), nil
}

// wholeFiles are the extensions of files that a page may have as a whole.
var wholeFiles = []string{".go", ".json", ".yaml", ".patch"}

// regions finds the marked regions of the sources, by "FILE#REGION", and the
// files that pages may have as a whole, by "FILE".
func regions(root fs.FS) (map[string][]string, error) {
	all := make(map[string][]string)
	for _, folder := range []string{"steps", "internal"} {
		err := fs.WalkDir(root, folder, func(path string, entry fs.DirEntry, err error) error {
			extension := filepath.Ext(path)
			if err != nil || entry.IsDir() || !slices.Contains(wholeFiles, extension) {
				return err
			}
			text, err := fs.ReadFile(root, path)
			if err != nil {
				return err
			}
			all[path] = strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
			if extension != ".go" {
				return nil
			}
			return regionsOf(path, string(text), all)
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// pageOwes reports whether some page must use a region or a file: what is
// marked, and what a service is deployed with.
func pageOwes(name string) bool {
	service := filepath.Base(filepath.Dir(name)) == "service" && !strings.HasSuffix(name, "_test.go")
	return service || strings.Contains(name, "#")
}

var weaveMark = regexp.MustCompile(`^\s*//weave:([a-z-]+)$`)

func regionsOf(path, text string, all map[string][]string) error {
	name, from := "", 0
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		mark := weaveMark.FindStringSubmatch(line)
		switch {
		case mark == nil && strings.Contains(line, "//weave:"):
			return fmt.Errorf("%s:%d: this mark can't be read: %s", path, i+1, line)
		case mark == nil:
		case (mark[1] == "end") != (name != ""):
			return fmt.Errorf("%s:%d: regions begin and end in turn", path, i+1)
		case name != "":
			all[path+"#"+name] = dedent(lines[from:i])
			name = ""
		default:
			name, from = mark[1], i+1
			if _, ok := all[path+"#"+name]; ok {
				return fmt.Errorf("%s:%d: there are two regions %s", path, i+1, name)
			}
		}
	}
	if name != "" {
		return fmt.Errorf("%s: the region %s does not end", path, name)
	}
	return nil
}

// dedent removes blank lines around the others, and the tabs that all of
// them begin with.
func dedent(lines []string) []string {
	for len(lines) > 0 && lines[0] == "" {
		lines = lines[1:]
	}
	for len(lines) > 0 && lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	depth := 100
	for _, line := range lines {
		if line != "" {
			depth = min(depth, len(line)-len(strings.TrimLeft(line, "\t")))
		}
	}
	dedented := make([]string, len(lines))
	for i, line := range lines {
		dedented[i] = line[min(depth, len(line)):]
	}
	return dedented
}
