package host

import (
	"os/exec"
	"syscall"
)

// inGroup gives the command a process group, for what it starts too. The kernel
// ends the process when the thread that started it ends: also when this
// process is killed while the function hangs.
func inGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
