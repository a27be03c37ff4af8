package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// Readers end with the step, even if it is killed while one of them is frozen.
func TestNoOrphans(t *testing.T) {
	cmd := exec.Command(os.Args[0], asStep, "-addr", "127.0.0.1:0", "-rate", "0")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	b := &browser{T: t, address: strings.TrimSpace(address)}
	b.authenticate()
	b.connect(t.Context())
	b.until("both readers run", func() bool { return b.state(ours) == running && b.state("naive") == running })
	pids := []int{b.readers[ours].PID, b.readers["naive"].PID}
	b.post("/watch/readers/naive", body{"do": "freeze"})
	for _, pid := range pids {
		if !lives(pid) {
			t.Fatalf("process %d doesn't live", pid)
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(20 * time.Second); lives(pids[0]) || lives(pids[1]); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the readers outlive the step: ours %v, the frozen one %v", lives(pids[0]), lives(pids[1]))
		}
	}
}

// lives reports whether a process has not ended, even if nobody waited for it.
func lives(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(text), ") Z ")
}
