package tutorial

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"dynamostreamer/internal/endpoint"
)

// A shell runs a page's commands as a reader's terminal does: folder,
// variables and background jobs last from one command to the next.
type shell struct {
	clone clone
	home  string        // not the user's
	takes time.Duration // most for a command, and for a job's first line
	cmd   *exec.Cmd
	in    io.Writer
	out   *os.File // what commands in the foreground print
	jobs  int      // started in the background
	ports ports
}

// ending comes after what a command prints.
const ending = "\nthe command has ended\n"

// step runs a built step as go run would: its failure is code 1 and is
// said on stderr.
const step = `step() { "$@" || { echo "exit status $?" >&2; return 1; }; }` + "\n"

// newShell starts a shell in a new clone, which ends with the test.
func newShell(t *testing.T) *shell {
	for _, program := range []string{"bash", "git", "mkfifo"} {
		_, err := exec.LookPath(program)
		if err != nil && os.Getenv("CI") == "true" {
			t.Fatal(err)
		} else if err != nil {
			skips(t.Name() + ": install " + program)
			t.Skip(err)
		}
	}
	s := &shell{clone: newClone(t), home: t.TempDir(), takes: 2 * time.Minute, cmd: exec.Command("bash"), ports: make(ports)}
	out, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	s.out = out
	s.cmd.Dir, s.cmd.Stdout, s.cmd.Stderr = s.clone.folder, w, w
	// Nothing of the user's: no other endpoint, no credentials.
	s.cmd.Env = append([]string{
		"PATH=" + bin + string(filepath.ListSeparator) + os.Getenv("PATH"),
		"HOME=" + s.home, "AWS_EC2_METADATA_DISABLED=true",
	}, s.clone.env...)
	// In a terminal curl shows no progress.
	if err := os.WriteFile(filepath.Join(s.home, ".curlrc"), []byte("silent\nshow-error\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	ownGroup(s.cmd)
	if s.in, err = s.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	t.Cleanup(func() {
		killGroup(s.cmd)
		out.Close()
	})
	go s.cmd.Wait()
	io.WriteString(s.in, step)
	return s
}

// run runs a command of a page and returns what it prints, or the first line
// of a command that ends in & and runs in the background.
func (s *shell) run(command string) (string, error) {
	job, inBackground := strings.CutSuffix(s.ports.mapped(command), " &")
	command, err := s.withPrograms(job, inBackground)
	if err != nil {
		return "", err
	}
	var printed string
	switch {
	case inBackground:
		if printed, err = s.start(command); err == nil {
			err = s.listens(command)
		}
	case strings.HasPrefix(command, "kill %"):
		printed, err = s.eval(command + "; wait " + strings.Fields(command)[1])
	default:
		printed, err = s.eval(command)
	}
	return s.ports.shown(complaint.ReplaceAllString(printed, "bash: ")), err
}

// withPrograms puts the programs that are built in bin in place of go run,
// unless the page has changed their sources. One in the background is built
// first: it gets the signals of kill, which go run would not pass on.
func (s *shell) withPrograms(command string, inBackground bool) (string, error) {
	var failed error
	command = goRun.ReplaceAllStringFunc(command, func(run string) string {
		folder := strings.TrimPrefix(run, "go run ./")
		program := filepath.Base(folder)
		changed, err := s.clone.changed(folder)
		if err != nil {
			failed = err
		}
		switch inBin := filepath.Dir(folder) == "steps" || folder == "internal/embedded/serve"; {
		case inBin && !changed && inBackground:
			return program
		case inBin && !changed:
			return "step " + program
		case !inBackground:
			return run
		}
		built := filepath.Join(s.home, program)
		if said, err := s.send("go build -o " + quoted(built) + " ./" + folder); said != "" || err != nil {
			failed = fmt.Errorf("go build ./%s: %w: %s", folder, err, said)
		}
		return quoted(built)
	})
	return command, failed
}

// complaint begins what the shell says; in a terminal it has no line.
var complaint = regexp.MustCompile(`(?m)^(bash|main): (eval: )?line \d+: `)

// eval runs a command in the foreground.
func (s *shell) eval(command string) (string, error) {
	return s.send("{ eval " + quoted(command) + "; } </dev/null")
}

// start runs a command in the background, and returns its first line.
func (s *shell) start(command string) (string, error) {
	s.jobs++
	lines := filepath.Join(s.home, fmt.Sprintf("job-%d", s.jobs))
	if out, err := exec.Command("mkfifo", lines).CombinedOutput(); err != nil {
		return "", fmt.Errorf("mkfifo: %w: %s", err, out)
	}
	// The shell waits until somebody reads.
	from, err := os.OpenFile(lines, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return "", err
	}
	if said, err := s.send("{ eval " + quoted(command+" &") + "; } </dev/null >" + quoted(lines) + " 2>&1"); said != "" || err != nil {
		from.Close()
		return said, err
	}
	line, err := readTo(from, s.takes, "\n")
	if err != nil {
		from.Close()
		if err == io.EOF {
			return line, nil // it writes elsewhere, or has ended
		}
		return "", fmt.Errorf("the job printed no line: %w", err)
	}
	go func() {
		from.SetReadDeadline(time.Time{})
		io.Copy(io.Discard, from)
		from.Close()
	}()
	return line + "\n", nil
}

var listensAt = regexp.MustCompile(`(?:-addr |ADDR=)(127\S+)`)

// listens waits until a job listens at the address that its command names.
func (s *shell) listens(command string) error {
	address := listensAt.FindStringSubmatch(command)
	if address == nil {
		return nil
	}
	for deadline := time.Now().Add(s.takes); ; time.Sleep(20 * time.Millisecond) {
		c, err := net.Dial("tcp", address[1])
		if err == nil {
			return c.Close()
		} else if time.Now().After(deadline) {
			return err
		}
	}
}

// send runs lines in the shell and returns what they print.
func (s *shell) send(lines string) (string, error) {
	// $? lasts too.
	if _, err := fmt.Fprintf(s.in, "%s\ncode=$?; printf %s; (exit $code)\n", lines, quoted(strings.ReplaceAll(ending, "\n", `\n`))); err != nil {
		return "", fmt.Errorf("the shell has ended: %w", err)
	}
	text, err := readTo(s.out, s.takes, ending)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		killGroup(s.cmd)
	}
	if err != nil {
		return "", fmt.Errorf("the command did not end: %w; it printed:\n%s", err, text)
	}
	return text, nil
}

// readTo reads up to an end, which is left out. What comes with the end is
// lost.
func readTo(from *os.File, within time.Duration, end string) (string, error) {
	if err := from.SetReadDeadline(time.Now().Add(within)); err != nil {
		return "", err
	}
	var text []byte
	for some := make([]byte, 4096); ; {
		n, err := from.Read(some)
		text = append(text, some[:n]...)
		if before, _, ended := bytes.Cut(text, []byte(end)); ended {
			return string(before), nil
		} else if err != nil {
			return string(text), err
		}
	}
}

func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// ports are the addresses of the page's servers in the test, by those that
// the page has, which may be in use.
type ports map[string]string

var (
	loopback = regexp.MustCompile(`127\.0\.0\.1:[1-9]\d+`)
	// unsaid are the addresses of servers where the command has none.
	unsaid = strings.NewReplacer(
		"go run ./internal/embedded/serve", "go run ./internal/embedded/serve -addr "+strings.TrimPrefix(endpoint.LocalURL, "http://"),
		"go run ./steps/07-watch", "go run ./steps/07-watch -addr 127.0.0.1:8007")
)

// mapped is a command with the test's addresses.
func (p ports) mapped(command string) string {
	if !strings.Contains(command, "-addr") {
		command = unsaid.Replace(command)
	}
	return loopback.ReplaceAllStringFunc(command, func(address string) string {
		if p[address] == "" {
			p[address] = freeAddress()
		}
		return p[address]
	})
}

// shown is an output with the page's addresses.
func (p ports) shown(output string) string {
	for page, test := range p {
		output = strings.ReplaceAll(output, test, page)
	}
	return output
}

// freeAddress is one at which nothing listens. The system gives larger ports
// to those who want any, so it stays free.
func freeAddress() string {
	for {
		address := fmt.Sprintf("127.0.0.1:%d", 20000+rand.IntN(10000))
		if l, err := net.Listen("tcp", address); err == nil {
			l.Close()
			return address
		}
	}
}

// TestShell runs commands one after the other in one shell.
func TestShell(t *testing.T) {
	sh := newShell(t)
	for _, c := range []struct{ name, command, want string }{
		{"an output", "echo a; echo b >&2", "a\nb\n"},
		{"no end of a line", "printf a", "a"},
		{"an input that has ended", "cat", ""},
		{"a quote", `echo "it's"`, "it's\n"},
		{"a quote that is open", "echo 'a 2>/dev/null", "bash: unexpected EOF while looking for matching `''\n"},
		{"a variable", "export A=1 B=2", ""},
		{"it lasts", "echo $A$B", "12\n"},
		{"another folder", "mkdir below && cd below", ""},
		{"it lasts too", "basename $PWD", "below\n"},
		{"a step that fails", "go run ./steps/02-generate extra", "02-generate: unexpected argument \"extra\" (see -h)\nexit status 2\n"},
		{"its code", "echo $?", "1\n"},
		{"a server", "go run ./internal/embedded/serve -memory &", "serving DynamoDB, kept in memory, at http://127.0.0.1:8000\n"},
		{"its address", "go run ./steps/01-create-table -endpoint http://127.0.0.1:8000 2>&1 >/dev/null", "endpoint: http://127.0.0.1:8000\n"},
		{"a job that writes elsewhere", "sleep 600 >log 2>&1 &", ""},
		{"a job that fails", "exit 1 &", ""},
		{"the server ends", "kill %1", ""},
		{"it has ended", "go run ./steps/01-create-table -endpoint http://127.0.0.1:8000 2>&1 | grep -o 'nothing answers at http://127.0.0.1:8000'", "nothing answers at http://127.0.0.1:8000\n"},
		{"a step", "cd .. && go run ./steps/06-audit extra 2>&1 | head -n 1", "06-audit: reading a journal: stat extra: no such file or directory\n"},
		{"other sources", `printf 'package main\nfunc main() { println("mine") }\n' >steps/06-audit/main.go`, ""},
		{"they run", "go run ./steps/06-audit", "mine\n"},
		{"in the background too", "A=1 go run ./steps/06-audit &", "mine\n"},
		{"they are seen", "git status --short", " M steps/06-audit/main.go\n?? below/\n"},
		{"the sources as they were", "git restore steps", ""},
		{"the step again", "go run ./steps/06-audit extra 2>&1 | head -n 1", "06-audit: reading a journal: stat extra: no such file or directory\n"},
		{"another server", "go run ./internal/embedded/serve -memory -lab &", "serving DynamoDB, kept in memory, at http://127.0.0.1:8000\n"},
	} {
		if got, err := sh.run(c.command); got != c.want || err != nil {
			t.Errorf("%s: run(%q) = %q, %v, want %q", c.name, c.command, got, err, c.want)
		}
	}
	sh.takes = time.Second
	for _, command := range []string{"sleep 600 &", "ADDR=127.0.0.1:9090 echo &", "sleep 600", "echo"} {
		if got, err := sh.run(command); err == nil {
			t.Errorf("run(%q) = %q, want an error", command, got)
		}
	}
	// The command that took too long ended all.
	if c, err := net.Dial("tcp", sh.ports["127.0.0.1:8000"]); err == nil {
		c.Close()
		t.Error("the server outlasts its shell")
	}
}
