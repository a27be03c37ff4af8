package conformance

import "syscall"

// dieWithParent ties a process to the thread that starts it. Go keeps its threads.
func dieWithParent(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGKILL }
