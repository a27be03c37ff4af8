//go:build unix

package conformance

import (
	"os/exec"
	"syscall"
)

// separate gives a command a process group, so that signals reach what it starts too. On
// Linux it dies with the test, also where that is killed.
func separate() *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setpgid: true}
	dieWithParent(attr)
	return attr
}

func terminate(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }

// kill kills a command and what it started, on Linux also what left its group.
func kill(cmd *exec.Cmd, mark string) {
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	killMarked(mark)
}
