//go:build linux

package conformance

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestNothingIsLeft: no process that the command started, no port, no file.
func TestNothingIsLeft(t *testing.T) {
	for _, c := range []struct {
		name, id string
		stop     bool   // the test is stopped in the middle of the point
		by       string // what runs the other process
	}{
		{"passed", "right", false, ""},
		{"failed", "all-twice", false, ""},
		{"ignores SIGTERM", "never-ends", false, ""},
		{"stopped", "silent", true, ""},
		{"leaves the group", "right", false, "setsid"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			told := filepath.Join(t.TempDir(), "told")
			o := options(c.id)
			// It starts a process that ignores SIGTERM, and tells what it was given.
			script := fmt.Sprintf(`(trap "" TERM; exec %s sleep 1000 >/dev/null 2>&1) & echo "$! $$ $AWS_ENDPOINT_URL $DIR" >%s.new; mv %s.new %s; exec %s %s`, c.by, told, told, told, wrong, c.id)
			o.Command = []string{"sh", "-c", script}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if c.stop {
				go func() {
					for ctx.Err() == nil {
						if _, err := os.Stat(told); err == nil {
							cancel()
						}
						time.Sleep(5 * time.Millisecond)
					}
				}()
			}
			if _, err := Run(ctx, named(t, "one-shard"), o); c.stop != errors.Is(err, context.Canceled) || !c.stop && err != nil {
				t.Fatalf("Run: %v; the test was stopped: %v", err, c.stop)
			}
			text, err := os.ReadFile(told)
			if err != nil {
				t.Fatal(err)
			}
			fields := strings.Fields(string(text))
			for _, pid := range fields[:2] {
				if lives(pid) {
					t.Errorf("process %s lives", pid)
				}
			}
			address, err := url.Parse(fields[2])
			if err != nil {
				t.Fatal(err)
			}
			if conn, err := net.Dial("tcp", address.Host); err == nil {
				conn.Close()
				t.Errorf("port %s is open", address.Port())
			}
			if _, err := os.Stat(fields[3]); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("the folder %s is left: %v", fields[3], err)
			}
		})
	}
}

// lives reports whether a process does. A zombie doesn't.
func lives(pid string) bool {
	status, err := os.ReadFile("/proc/" + pid + "/stat")
	_, rest, _ := strings.Cut(string(status), ") ")
	return err == nil && !strings.HasPrefix(rest, "Z")
}

// TestDiesWithTheTest: a reader's process dies where the test is killed.
func TestDiesWithTheTest(t *testing.T) {
	test := exec.Command(os.Args[0])
	test.Env = append(os.Environ(), isTheTest+"=1")
	out, err := test.StdoutPipe()
	if err == nil {
		err = test.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	pid, err := bufio.NewReader(out).ReadString('\n')
	if err := errors.Join(err, test.Process.Kill()); err != nil {
		t.Fatal(err)
	}
	_ = test.Wait() // it was killed
	for deadline := time.Now().Add(10 * time.Second); lives(strings.TrimSpace(pid)); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("process %s lives", strings.TrimSpace(pid))
		}
	}
}

// isTheTest is in the environment of a test program that starts a reader's process, and waits.
const isTheTest = "CONFORMANCE_STARTS"

func init() {
	if os.Getenv(isTheTest) == "" {
		return
	}
	p, err := startProcess([]string{"sleep", "1000"}, os.Environ(), func([]byte) {}, os.Stderr)
	if err != nil {
		panic(err)
	}
	fmt.Println(p.cmd.Process.Pid)
	<-p.ended
}

// TestEndings: how a reader ends matters where it is told to, and where it ends unasked.
func TestEndings(t *testing.T) {
	for _, c := range []struct {
		name, script, point string
		want                Outcome
		why                 string // the beginning
	}{
		{"143", `trap "wait; exit 143" TERM; $READER right & wait`, "shutdown", Pass, ""},
		{"another status", `trap "wait; exit 3" TERM; $READER right & wait`, "shutdown", Fail, "on SIGTERM it exited with status 3"},
		{"SIGTERM itself", `$READER right & wait`, "shutdown", Fail, "on SIGTERM it ended with signal: terminated"},
		{"unasked", `exec $READER naive-first-shards`, "last-page", Pass, ""},
		{"unasked and badly", `$READER naive-first-shards; exit 3`, "last-page", Fail, "although the stream continues, it exited with status 3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			o := options("right")
			o.Command = []string{"sh", "-c", "READER=" + wrong + "; " + c.script}
			r := runNamed(t, c.point, o)
			if r.Outcome != c.want || !strings.HasPrefix(r.Why, c.why) {
				t.Errorf("point %s is %s: %s; want %s: %s", c.point, r.Outcome, r.Why, c.want, c.why)
			}
		})
	}
}

// TestLongLine: a line without an end is not kept.
func TestLongLine(t *testing.T) {
	longest, lines := 0, 0
	eachLine(io.NopCloser(strings.NewReader(strings.Repeat("x", 2*longestLine)+"\nshort\ncut off")), func(line []byte) {
		longest, lines = max(longest, len(line)), lines+1
	})
	if longest > longestLine || lines != 4 {
		t.Errorf("%d lines of at most %d bytes, want 4 of %d", lines, longest, longestLine)
	}
}

// TestExitTellsLoss: an exit status tells a loss where one is waited for, and nowhere else.
func TestExitTellsLoss(t *testing.T) {
	for _, c := range []struct {
		name string
		then func(*World)
		want Outcome
	}{
		{"waited for", func(w *World) { w.TellsLoss("ada was lost") }, Pass},
		{"possible", func(w *World) { w.Lasts(time.Minute) }, Fail},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			o := options("right")
			o.Command = []string{"sh", "-c", "timeout 1 " + wrong + " right; exit 3"}
			r, err := Run(t.Context(), Point{Name: c.name, play: func(w *World) {
				w.Loses(func() {})
				w.Put("ada")
				w.Start()
				w.Handles()
				c.then(w)
			}}, o)
			if err != nil || r.Outcome != c.want {
				t.Errorf("where a loss is %s, a reader that exited with 3 is %s: %s, error %v; want %s", c.name, r.Outcome, r.Why, err, c.want)
			}
		})
	}
}

func TestSilentCommand(t *testing.T) {
	for _, command := range [][]string{{"true"}, {"sh", "-c", "echo broken >&2; exit 3"}, {"sleep", "1000"}} {
		o := Options{Command: command, Timeout: time.Second, Stderr: new(strings.Builder)}
		_, err := Run(t.Context(), Points[0], o)
		if !errors.Is(err, ErrSilent) {
			t.Errorf("Run of %q: %v, want that it never made a call", command, err)
		}
	}
	o := options("right")
	o.Command = []string{"/nowhere/reader"}
	if _, err := Run(t.Context(), Points[0], o); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Run of a command that doesn't exist: %v, want that it says so", err)
	}
}
