//go:build unix

package main

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// TestInterrupt: Ctrl-C deletes the tables, whatever it comes at: it reaches the script, the
// program and the step that runs.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	url := serve(t)
	for _, c := range []struct {
		name, after string
		command     []string
	}{
		{"among the facts", "a put over an item makes a MODIFY", []string{"bash", "../../.ci/aws"}},
		{"while step 05 runs", "a put over an item is a change", []string{filepath.Join(bin, "astaught"), "-steps", bin}},
	} {
		cmd := exec.Command(c.command[0], append(c.command[1:], "-endpoint", url)...)
		cmd.Stdin = strings.NewReader("yes\n")
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		stdout, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		var stderr strings.Builder
		cmd.Stderr = &stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewReader(stdout)
		for line := ""; !strings.Contains(line, c.after); {
			if line, err = lines.ReadString('\n'); err != nil {
				t.Fatalf("%s: it ended before: %v: %s", c.name, err, &stderr)
			}
		}
		if len(tablesAt(t, url)) == 0 {
			t.Errorf("%s: there are no tables yet", c.name)
		}
		if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGINT); err != nil {
			t.Fatal(err)
		}
		rest, err := io.ReadAll(lines)
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Wait(); cmd.ProcessState.ExitCode() != 1 || !strings.Contains(stderr.String(), "astaught: interrupted") || !strings.HasSuffix(string(rest), "all tables are deleted\n") {
			t.Errorf("%s: %v, %q and %q, want exit status 1, interrupted, all tables deleted", c.name, err, &stderr, rest)
		}
		if left := tablesAt(t, url); len(left) > 0 {
			t.Errorf("%s: left behind: %q", c.name, left)
		}
	}
}

// TestInterruptsDeleting: another Ctrl-C ends the deleting, and what is left is named.
func TestInterruptsDeleting(t *testing.T) {
	received := make(chan os.Signal, 1)
	signal.Notify(received, os.Interrupt) // so that it never ends the test
	defer signal.Stop(received)
	db := dynamodb.NewFromConfig(answers(t, "application/x-amz-json-1.0", refusal("ResourceInUseException")))
	w := newWorld(options{}, false, db, nil, io.Discard)
	ended := make(chan error, 1)
	go func() { ended <- w.deleteTables() }()
	for {
		if err := syscall.Kill(os.Getpid(), syscall.SIGINT); err != nil {
			t.Fatal(err)
		}
		select {
		case err := <-ended:
			if err == nil || !strings.Contains(err.Error(), strings.Join(w.tables(), ", ")) {
				t.Errorf("deleteTables() = %v, want it to name %q", err, w.tables())
			}
			return
		case <-time.After(100 * time.Millisecond):
		}
	}
}
