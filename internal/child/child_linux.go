package child

import "syscall"

// DieWithParent makes the kernel kill a child when its parent ends.
func DieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
