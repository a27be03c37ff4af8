//go:build !unix

package conformance

import (
	"os/exec"
	"syscall"
)

func separate() *syscall.SysProcAttr { return nil }

// terminate kills: there is no SIGTERM.
func terminate(cmd *exec.Cmd) { _ = cmd.Process.Kill() }

func kill(cmd *exec.Cmd, _ string) { _ = cmd.Process.Kill() }
