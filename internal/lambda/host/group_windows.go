package host

import (
	"os/exec"
	"strconv"
)

func inGroup(*exec.Cmd) {}

// killGroup ends a process, and what it started.
func killGroup(cmd *exec.Cmd) {
	exec.Command("taskkill", "/T", "/F", "/PID", strconv.Itoa(cmd.Process.Pid)).Run()
	cmd.Process.Kill()
}

// killRest does nothing: Windows does not tell what an exited process started.
func killRest(*exec.Cmd) {}
