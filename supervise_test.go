package tutorial

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

var kills = flag.Int("kills", 0, "how often 05-supervise is killed on the embedded endpoint, and a fifth of it\non DynamoDB Local; 0: 12 times under CI=true, else 6")

// A supervised is 05-supervise with its folder, endpoint and table.
type supervised struct {
	dir, endpoint, table string
}

func newSupervised(t *testing.T, on target) *supervised {
	s := &supervised{dir: t.TempDir(), endpoint: on.name, table: fmt.Sprintf("supervised-%d", time.Now().UnixNano())}
	if on.name == "local" {
		t.Cleanup(func() {
			for _, name := range []string{s.table, s.table + "-reader"} {
				exec.Command(filepath.Join(bin, "01-create-table"), "-delete", "-table", name, "-endpoint", "local").Run()
			}
		})
	}
	return s
}

func (s *supervised) command(args ...string) (*exec.Cmd, *bytes.Buffer) {
	args = append([]string{"-endpoint", s.endpoint, "-table", s.table, "-ttl", "2s"}, args...)
	cmd := exec.Command(filepath.Join(bin, "05-supervise"), args...)
	cmd.Dir = s.dir
	out := &bytes.Buffer{}
	cmd.Stdout, cmd.Stderr = out, out
	return cmd, out
}

// mustRun runs it to its end, which must be a success.
func (s *supervised) mustRun(t *testing.T, args ...string) string {
	t.Helper()
	cmd, out := s.command(args...)
	if err := cmd.Run(); err != nil {
		t.Fatalf("05-supervise %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out.String()
}

// mustAudit audits all runs so far, in which at least so many writes must
// be.
func (s *supervised) mustAudit(t *testing.T, writes int) {
	t.Helper()
	audit := exec.Command(filepath.Join(bin, "06-audit"), filepath.Join(".dynamodb", "journals"))
	audit.Dir = s.dir
	out, err := audit.CombinedOutput()
	report := string(out)
	t.Logf("\n%s", report)
	if err != nil {
		t.Fatalf("06-audit: %v", err)
	}
	match := regexp.MustCompile(`writes +(\d+) acknowledged`).FindStringSubmatch(report)
	if match == nil {
		t.Fatal("the audit counts no writes")
	}
	if n, err := strconv.Atoi(match[1]); err != nil || n < writes {
		t.Errorf("the audit has %s writes, want %d or more", match[1], writes)
	}
	if !regexp.MustCompile(`(?m)^counts +of 05-supervise in \S+: equal to the \d+ inserts it handled$`).MatchString(report) {
		t.Error("the audit did not compare the counts")
	}
}

// TestKill kills the program again and again, whatever it is doing. What
// it acknowledged must have been seen at the end, in order, and counted
// once.
func TestKill(t *testing.T) {
	t.Parallel()
	times := *kills
	if times == 0 {
		times = 6
		if os.Getenv("CI") == "true" {
			times = 12
		}
	}
	for _, on := range targets {
		times := times
		if on.name == "local" {
			times = max(times/5, 1)
		}
		t.Run(on.name, func(t *testing.T) {
			if on.name == "local" && !local {
				skips("killing 05-supervise on DynamoDB Local: " + noLocal)
				t.Skip(noLocal)
			}
			t.Parallel()
			s := newSupervised(t, on)
			for i := range times {
				cmd, out := s.command("-rate", "1000") // busy whenever it is killed
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				if i%2 == 1 {
					s.awaitProgress(t) // else it may not have come to write
				}
				time.Sleep(100*time.Millisecond + rand.N(1500*time.Millisecond))
				if err := cmd.Process.Kill(); err != nil {
					t.Fatalf("it ended before it was killed: %v\n%s", err, out)
				}
				if err := cmd.Wait(); err == nil || cmd.ProcessState.ExitCode() != -1 {
					t.Fatalf("it ended with %v before it was killed\n%s", err, out)
				}
			}
			s.mustRun(t, "-for", "6s") // long enough for rows to expire
			s.mustAudit(t, 10*times)
		})
	}
}
