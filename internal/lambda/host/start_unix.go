//go:build unix && !linux

package host

import (
	"os/exec"
	"syscall"
)

// inGroup gives the command a process group, for what it starts too. When this
// process is killed, one that hangs outlives it.
func inGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
