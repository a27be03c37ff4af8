package tutorial

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"unicode"
)

// TestLinks follows each link of the pages that stays in the repository, to
// its file and to its heading.
func TestLinks(t *testing.T) {
	t.Parallel()
	for _, name := range pages {
		problems, err := brokenLinks(os.DirFS("."), name)
		if err != nil {
			t.Fatal(err)
		}
		for _, problem := range problems {
			t.Error(problem)
		}
	}
}

var (
	codeSpan = regexp.MustCompile("`[^`]*`")
	linkTo   = regexp.MustCompile(`\]\(([^()\s]+)[^()]*\)|^\[[^\]]+\]: +(\S+)|(?:href|src)="([^"]+)"`)
	outside  = regexp.MustCompile(`^[a-z]+:`) // a scheme
	heading  = regexp.MustCompile(`^#{1,6} +(.*?)[ #]*$`)
	named    = regexp.MustCompile(`\b(?:id|name)="([^"]+)"`)
	linked   = regexp.MustCompile(`!?\[([^\]]*)\]\([^)]*\)`)
)

// brokenLinks are a page's links that lead to no file, or to no heading.
func brokenLinks(root fs.FS, name string) (problems []string, err error) {
	lines, err := prose(root, name)
	if err != nil {
		return nil, err
	}
	for i, line := range lines {
		for _, match := range linkTo.FindAllStringSubmatch(codeSpan.ReplaceAllString(line, ""), -1) {
			link := match[1] + match[2] + match[3]
			if outside.MatchString(link) {
				continue
			}
			if problem := broken(root, name, link); problem != "" {
				problems = append(problems, fmt.Sprintf("%s:%d: %s: %s", name, i+1, link, problem))
			}
		}
	}
	return problems, nil
}

// broken says what is wrong with a page's link; if nothing is, it is empty.
func broken(root fs.FS, from, link string) string {
	file, anchor, hasAnchor := strings.Cut(link, "#")
	if file == "" {
		file = from
	} else {
		file = path.Join(path.Dir(from), file)
	}
	if _, err := fs.Stat(root, file); err != nil {
		return "there is no such file"
	}
	if !hasAnchor {
		return ""
	}
	lines, err := prose(root, file)
	if err != nil {
		return err.Error()
	}
	if !slices.Contains(anchors(lines), anchor) {
		return "there is no such heading"
	}
	return ""
}

// prose is a page's lines, those of fenced blocks made empty.
func prose(root fs.FS, name string) ([]string, error) {
	text, err := fs.ReadFile(root, name)
	if err != nil {
		return nil, err
	}
	p, err := parse(name, string(text))
	if err != nil {
		return nil, err
	}
	for _, b := range p.blocks {
		clear(p.lines[b.start:b.end])
	}
	return p.lines, nil
}

// anchors are what a link may name of a page, by GitHub's rule: the heading
// in lower case, with "-" for each space and without punctuation, and for
// headings that are alike "-1", "-2" after the first.
func anchors(lines []string) (all []string) {
	seen := make(map[string]int)
	for _, line := range lines {
		for _, match := range named.FindAllStringSubmatch(line, -1) {
			all = append(all, match[1])
		}
		match := heading.FindStringSubmatch(line)
		if match == nil {
			continue
		}
		anchor := strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-', r == '_', unicode.IsLetter(r), unicode.IsNumber(r):
				return unicode.ToLower(r)
			}
			return -1
		}, linked.ReplaceAllString(match[1], "$1"))
		count := seen[anchor]
		if seen[anchor]++; count > 0 {
			anchor = fmt.Sprintf("%s-%d", anchor, count)
		}
		all = append(all, anchor)
	}
	return all
}

// TestBrokenLinks proves that a link that leads nowhere is found.
func TestBrokenLinks(t *testing.T) {
	const other = "# A heading\n## 3. It's `code`, a_b & more\n## [Linked](x)\n# A heading\n```go\n# none\n```\n<a id=\"here\"></a>\n"
	for _, c := range []struct{ name, page, want string }{
		{"a file", "[x](a/b.md)", ""},
		{"a folder", "[x](a)", ""},
		{"no file", "see [x](a/c.md)", "page.md:1: a/c.md: there is no such file"},
		{"no file, the second of a line", "[x](a) [y](c)", "page.md:1: c: there is no such file"},
		{"a title", `[x](c "title")`, "page.md:1: c: there is no such file"},
		{"a text in two lines", "[x\ny](c)", "page.md:2: c: there is no such file"},
		{"a picture", "![x](c.svg)", "page.md:1: c.svg: there is no such file"},
		{"HTML", `<img src="c.svg">`, "page.md:1: c.svg: there is no such file"},
		{"a reference", "[x]: c", "page.md:1: c: there is no such file"},
		{"code in a link", "[`x`](c)", "page.md:1: c: there is no such file"},
		{"another host", "[x](https://example.com/c) [y](mailto:a@example.com)", ""},
		{"a code span", "`[x](c)`", ""},
		{"a block", "```go\n[x](c)\n```", ""},
		{"a heading", "[x](a/b.md#a-heading)", ""},
		{"the second of a name", "[x](a/b.md#a-heading-1)", ""},
		{"not a third", "[x](a/b.md#a-heading-2)", "page.md:1: a/b.md#a-heading-2: there is no such heading"},
		{"punctuation", "[x](a/b.md#3-its-code-a_b--more)", ""},
		{"a linked heading", "[x](a/b.md#linked)", ""},
		{"a named place", "[x](a/b.md#here)", ""},
		{"a line of code", "[x](a/b.md#none)", "page.md:1: a/b.md#none: there is no such heading"},
		{"capitals", "[x](a/b.md#A-heading)", "page.md:1: a/b.md#A-heading: there is no such heading"},
		{"this page", "# Top\n[x](#top)", ""},
		{"not on this page", "# Top\n[x](#a-heading)", "page.md:2: #a-heading: there is no such heading"},
	} {
		root := fstest.MapFS{"a/b.md": {Data: []byte(other)}, "page.md": {Data: []byte(c.page)}}
		problems, err := brokenLinks(root, "page.md")
		if got := strings.Join(problems, "; "); got != c.want || err != nil {
			t.Errorf("%s: brokenLinks(%q) = %q, %v, want %q", c.name, c.page, got, err, c.want)
		}
	}
}
