//go:build !windows

package tutorial

import (
	"os/exec"
	"syscall"
	"time"
)

// ownGroup lets killGroup end what a command starts too.
func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// killGroup asks a command and all that it started to stop, and kills what
// has not within two seconds.
func killGroup(cmd *exec.Cmd) {
	group := -cmd.Process.Pid
	syscall.Kill(group, syscall.SIGTERM)
	for deadline := time.Now().Add(2 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if syscall.Kill(group, 0) != nil {
			return
		}
	}
	syscall.Kill(group, syscall.SIGKILL)
}
