package cli

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"syscall"
	"testing"
)

func TestPrintf(t *testing.T) {
	s, stdout, stderr := newStep()
	if err := s.Printf("%d rows\n", 3); err != nil {
		t.Errorf("Printf = %v, want no error", err)
	}
	s.Notef("that was %s", "all")
	if got, want := stdout.String(), "3 rows\n"; got != want {
		t.Errorf("stdout = %q, want %q", got, want)
	}
	if got, want := stderr.String(), "that was all\n"; got != want {
		t.Errorf("stderr = %q, want %q", got, want)
	}
}

// fullDisk is where nothing can be written.
type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

func TestPrintfToAFullDisk(t *testing.T) {
	s, _, stderr := newStep()
	s.stdout = fullDisk{}
	code := s.run(t.Context(), nil, func(context.Context) error { return s.Printf("3 rows\n") })
	if want := "09-test: printing: no space left on device\n"; code != 1 || stderr.String() != want {
		t.Errorf("run that prints to a full disk = %d with stderr %q, want 1 with %q", code, stderr, want)
	}
}

// openTerminal returns a terminal of the system's making.
func openTerminal(t *testing.T) *os.File {
	t.Helper()
	f, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err == nil {
		t.Cleanup(func() { f.Close() })
		t.Setenv("TERM", "xterm")
		if terminal(f) {
			return f
		}
		err = errors.New("/dev/ptmx is no terminal here")
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("no terminal to test with: %v", err)
	}
	t.Skipf("no terminal to test with: %v; run it on Linux with /dev/ptmx", err)
	return nil
}

func TestKind(t *testing.T) {
	for _, test := range []struct {
		name, reason string
		onTerminal   bool
		noColor      string
		term         string
		word, want   string
	}{
		{"pipe", "a program reads it", false, "", "xterm", "inserted", "inserted"},
		{"pipe, padded", "columns stay columns", false, "", "xterm", "deleted", "deleted "},
		{"terminal, inserted", "green", true, "", "xterm", "inserted", "\x1b[32minserted\x1b[0m"},
		{"terminal, modified", "yellow", true, "", "xterm", "modified", "\x1b[33mmodified\x1b[0m"},
		{"terminal, deleted", "red, and padded inside the colour", true, "", "xterm", "deleted", "\x1b[31mdeleted \x1b[0m"},
		{"terminal, expired", "no delete's colour", true, "", "xterm", "expired", "\x1b[35mexpired \x1b[0m"},
		{"terminal, other word", "it has no colour", true, "", "xterm", "kept", "kept    "},
		{"NO_COLOR", "any value turns colours off", true, "0", "xterm", "inserted", "inserted"},
		{"dumb terminal", "it would show the codes", true, "", "dumb", "inserted", "inserted"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, _, _ := newStep()
			if test.onTerminal {
				s.stdout = openTerminal(t)
			}
			t.Setenv("NO_COLOR", test.noColor)
			t.Setenv("TERM", test.term)
			if got := s.Kind(test.word); got != test.want {
				t.Errorf("Kind(%s) with NO_COLOR=%q TERM=%s = %q, want %q (%s)",
					test.word, test.noColor, test.term, got, test.want, test.reason)
			}
		})
	}
}

func TestProgressInAPipe(t *testing.T) {
	for _, total := range []int{3, -1} {
		s, stdout, stderr := newStep()
		bar := s.Progress(total, "rows")
		if err := errors.Join(bar.Add(2), bar.Add(1), bar.Finish()); err != nil {
			t.Errorf("Progress(%d): %v", total, err)
		}
		if stdout.Len()+stderr.Len() > 0 {
			t.Errorf("Progress(%d) in a pipe prints %q and %q, want nothing", total, stdout, stderr)
		}
	}
}

// Main is the only one that ends the process: see it from outside.
func TestMainExits(t *testing.T) {
	if what := os.Getenv("TEST_MAIN_EXITS"); what != "" {
		os.Args = os.Args[:1] // the test's own flags
		New("09-test", "tries things out.", "none").Main(func(context.Context) error {
			switch what {
			case "failure":
				return errors.New("no luck")
			case "wrong use":
				return Usagef("no such thing")
			}
			return nil
		})
		panic("Main returned")
	}
	for what, want := range map[string]int{"success": 0, "failure": 1, "wrong use": 2} {
		t.Run(what, func(t *testing.T) {
			me := exec.Command(os.Args[0], "-test.run=^TestMainExits$")
			me.Env = append(os.Environ(), "TEST_MAIN_EXITS="+what)
			var output bytes.Buffer
			me.Stdout, me.Stderr = &output, &output
			err := me.Run()
			if got := me.ProcessState.ExitCode(); got != want {
				t.Errorf("Main after %s ends the process with %d (%v), want %d; it printed:\n%s", what, got, err, want, &output)
			}
		})
	}
}
