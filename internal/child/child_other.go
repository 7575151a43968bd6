//go:build !linux

package child

import "syscall"

// DieWithParent has nothing to add where the kernel does not offer it.
func DieWithParent() *syscall.SysProcAttr { return nil }
