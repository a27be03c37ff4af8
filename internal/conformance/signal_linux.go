package conformance

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
)

// dieWithParent ties a process to the thread that starts it. Go keeps its threads.
func dieWithParent(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGKILL }

// killMarked kills the processes that have a variable in their environment, which they
// inherit also where they leave the group.
func killMarked(variable string) {
	for found := true; found; { // one may start another meanwhile
		found = false
		all, _ := filepath.Glob("/proc/[0-9]*")
		for _, process := range all {
			environ, err := os.ReadFile(filepath.Join(process, "environ")) // empty of one that has died
			if err != nil || !slices.ContainsFunc(bytes.Split(environ, []byte{0}), func(v []byte) bool { return string(v) == variable }) {
				continue
			}
			if pid, err := strconv.Atoi(filepath.Base(process)); err == nil {
				found = syscall.Kill(pid, syscall.SIGKILL) == nil || found
			}
		}
	}
}
