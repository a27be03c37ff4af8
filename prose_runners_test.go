package tutorial

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"dynamostreamer/internal/table"
)

// runners run a page's commands in one shell, in a clone for the page alone,
// where the embedded engine keeps its data too.
func runners(t *testing.T) map[string]runner {
	sh := newShell(t)
	run := map[string]runner{"console": func(command string) (string, error) {
		if foreign := leavesFolder.FindString(served.ReplaceAllString(command, "")); foreign != "" {
			return "", fmt.Errorf("a console block can't have %s: it runs on the embedded engine, or on one that the page serves", foreign)
		}
		return sh.run(command)
	}}
	run["console cli"] = run["console"]
	if local {
		// This DynamoDB is the developer's too: use a table of our own.
		name := fmt.Sprintf("prose-%d", time.Now().UnixNano())
		t.Cleanup(func() {
			// The page may have deleted it.
			exec.Command(filepath.Join(bin, "01-create-table"), "-delete", "-table", name, "-endpoint", "local").Run()
		})
		run["console local"] = func(command string) (string, error) {
			command, err := onLocal(command, name)
			if err != nil {
				return "", err
			}
			printed, err := sh.run(command)
			return strings.ReplaceAll(printed, name, table.DefaultName), err
		}
	}
	return run
}

var (
	// leavesFolder is how a command may reach another DynamoDB, and served
	// how it reaches the page's server.
	leavesFolder = regexp.MustCompile(`--?endpoint\b|AWS_\w+`)
	served       = regexp.MustCompile(`(--?endpoint(-url)?[ =]|AWS_ENDPOINT_URL\w*=)http://127\.0\.0\.1:\d+` +
		`|AWS_(DEFAULT_)?REGION=\S+|AWS_PAGER=|AWS_(ACCESS_KEY_ID|SECRET_ACCESS_KEY)=any\b|\$AWS_\w+|unset( AWS_\w+)+`)
	goRun = regexp.MustCompile(`go run (\./\S+)`)
)

// onLocal makes a command of a console local block use the table.
func onLocal(command, table string) (string, error) {
	const flag = " -endpoint local"
	if strings.Contains(command, " -table") || strings.Count(command, flag) != len(goRun.FindAllString(command, -1)) {
		return "", fmt.Errorf("each step of a console local block has%s and no -table: the test chooses it", flag)
	}
	return strings.ReplaceAll(command, flag, flag+" -table "+table), nil
}

// lacking is a program that a console cli block names and that can't be run
// here.
func lacking(b *block) string {
	if b.info != "console cli" {
		return ""
	}
	for _, command := range commands(b.body) {
		for _, program := range regexp.MustCompile(`\b(aws|curl) `).FindAllStringSubmatch(command, -1) {
			if exec.Command(program[1], "--version").Run() != nil {
				return program[1]
			}
		}
	}
	return ""
}

func TestLacking(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	for _, c := range []struct{ name, info, body, want string }{
		{"the AWS CLI", "console cli", "$ aws dynamodb list-tables", "aws"},
		{"in a pipe", "console cli", "$ cat x | curl -d @- $URL", "curl"},
		{"neither is named", "console cli", "$ echo $AWS_REGION", ""},
		{"an output", "console cli", "$ echo\naws dynamodb", ""},
		{"another kind", "console clients", "$ aws dynamodb list-tables", ""},
	} {
		if got := lacking(&block{info: c.info, body: strings.Split(c.body, "\n")}); got != c.want {
			t.Errorf("%s: lacking() = %q, want %q", c.name, got, c.want)
		}
	}
}
