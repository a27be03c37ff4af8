//go:build !windows

package main

import (
	"os"
	"os/exec"
	"syscall"
)

// freezes: processes can be stopped and continued.
const freezes = true

func stopProcess(p *os.Process) error     { return p.Signal(syscall.SIGSTOP) }
func continueProcess(p *os.Process) error { return p.Signal(syscall.SIGCONT) }

// alone keeps a terminal's Ctrl-C from a reader, which its parent
// stops.
func alone(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
