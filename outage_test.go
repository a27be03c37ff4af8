package tutorial

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"testing"
	"time"

	"dynamostreamer/internal/endpoint"
)

// TestOutage takes DynamoDB Local away from the running program and gives it
// back. The program must go on, and nothing that was acknowledged may be
// lost. The server itself is not killed: it acknowledges transactions that
// are not on its disk yet.
func TestOutage(t *testing.T) {
	t.Parallel()
	if !local {
		skips("taking DynamoDB Local away from 05-supervise: " + noLocal)
		t.Skip(noLocal)
	}
	address := "127.0.0.1:" + freePort(t)
	door := openDoor(t, address)
	defer func() { door.Close() }()

	s := newSupervised(t, target{name: "local"})
	s.endpoint = "http://" + address
	cmd, out := s.command("-rate", "50", "-for", "1h")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		cmd.Process.Kill()
		cmd.Wait()
		if t.Failed() {
			t.Logf("\n%s", out)
		}
	}()
	for range 4 {
		s.awaitProgress(t)
		door.Close() // with the answers that are under way
		time.Sleep(3 * time.Second)
		door = openDoor(t, address)
	}
	s.awaitProgress(t)
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("05-supervise: %v", err)
	}
	s.mustAudit(t, 100)
}

// openDoor lets requests at the address through to DynamoDB Local.
func openDoor(t *testing.T, address string) *http.Server {
	t.Helper()
	to, err := url.Parse(endpoint.LocalURL)
	if err != nil {
		t.Fatal(err)
	}
	through := httputil.NewSingleHostReverseProxy(to)
	through.ErrorLog = log.New(io.Discard, "", 0) // of those that were cut
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	door := &http.Server{Handler: through}
	go door.Serve(l)
	return door
}

// TestFullDisk runs the program on a disk of a few megabytes until that is
// full. It must end and say so; with space again, it must go on, and
// nothing that was acknowledged may be lost.
func TestFullDisk(t *testing.T) {
	disk := t.TempDir()
	mount := exec.Command("mount", "-t", "tmpfs", "-o", "size=4m", "none", disk)
	if runtime.GOOS != "linux" || os.Getuid() != 0 || mount.Run() != nil {
		cannot(t, "running 05-supervise on a full disk: it takes root on Linux, to mount a small one")
	}
	defer exec.Command("umount", "-l", disk).Run()
	t.Parallel()
	t.Cleanup(func() { exec.Command("umount", "-l", disk).Run() })

	s := &supervised{dir: disk, endpoint: "embedded", table: "full-disk"}
	cmd, out := s.command("-rate", "0", "-for", "1m")
	err := cmd.Run()
	t.Logf("\n%s", out)
	if err == nil || cmd.ProcessState.ExitCode() != 1 {
		t.Fatalf("on a full disk it ended with %v, want exit code 1", err)
	}
	if !regexp.MustCompile("(?i)no space left on device|disk is full").MatchString(out.String()) {
		t.Error("it did not say that the disk is full")
	}
	if text, err := exec.Command("mount", "-o", "remount,size=100m", disk).CombinedOutput(); err != nil {
		t.Fatalf("making the disk larger: %v\n%s", err, text)
	}
	s.mustRun(t, "-for", "2s")
	s.mustAudit(t, 100)
}

// awaitProgress waits until both journals have grown for a while.
func (s *supervised) awaitProgress(t *testing.T) {
	t.Helper()
	size := func(which string) (sum int64) {
		names, err := filepath.Glob(filepath.Join(s.dir, ".dynamodb", "journals", "*-"+which+".jsonl"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if info, err := os.Stat(name); err == nil {
				sum += info.Size()
			}
		}
		return sum
	}
	const more = 20_000
	writes, events := size("writes"), size("events")
	for deadline := time.Now().Add(2 * time.Minute); size("writes") < writes+more || size("events") < events+more; {
		if time.Now().After(deadline) {
			t.Fatal("it wrote nothing, or saw nothing, for two minutes")
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// cannot skips a test that needs what isn't there, aloud, and fails it
// where everything must be.
func cannot(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(why)
	}
	skips(why)
	t.Skip(why)
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return fmt.Sprint(l.Addr().(*net.TCPAddr).Port)
}
