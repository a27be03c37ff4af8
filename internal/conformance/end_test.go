//go:build linux

package conformance

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestNothingIsLeft: no process that the command started, no port, no file.
func TestNothingIsLeft(t *testing.T) {
	for _, c := range []struct {
		name, id string
		stop     bool // the test is stopped in the middle of the point
	}{
		{"passed", "right", false},
		{"failed", "all-twice", false},
		{"ignores SIGTERM", "never-ends", false},
		{"stopped", "silent", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			told := filepath.Join(t.TempDir(), "told")
			o := options(c.id)
			// It starts a process that ignores SIGTERM, and tells what it was given.
			script := fmt.Sprintf(`(trap "" TERM; exec sleep 1000 >/dev/null 2>&1) & echo "$! $$ $AWS_ENDPOINT_URL $DIR" >%s.new; mv %s.new %s; exec %s %s`, told, told, told, wrong, c.id)
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
			points, err := Named([]string{"one-shard"})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := Run(ctx, points[0], o); c.stop != errors.Is(err, context.Canceled) || !c.stop && err != nil {
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
