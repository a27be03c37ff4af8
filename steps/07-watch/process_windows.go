package main

import (
	"os"
	"os/exec"
)

// freezes: Windows has no signal that stops a process.
const freezes = false

func stopProcess(*os.Process) error {
	return refusef("Windows can't stop a process: kill it instead.")
}

func continueProcess(*os.Process) error {
	return refusef("Windows can't continue a process.")
}

func alone(*exec.Cmd) {}
