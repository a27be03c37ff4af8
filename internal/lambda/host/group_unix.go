//go:build unix

package host

import (
	"os/exec"
	"syscall"
)

// killGroup ends a process, and what is in its group.
func killGroup(cmd *exec.Cmd) { syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }

// killRest ends what is in the group of a process that has just exited.
func killRest(cmd *exec.Cmd) { killGroup(cmd) }
