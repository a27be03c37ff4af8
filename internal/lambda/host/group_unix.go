//go:build unix

package host

import (
	"os/exec"
	"syscall"
)

// inGroup gives the command a process group, for what it starts too.
func inGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// killGroup ends a process, and what is in its group.
func killGroup(cmd *exec.Cmd) { syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }

// killRest ends what is in the group of a process that has just exited.
func killRest(cmd *exec.Cmd) { killGroup(cmd) }
