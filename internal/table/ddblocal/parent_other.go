//go:build !linux

package ddblocal

import "syscall"

// dieWithParent has nothing to add where the kernel does not offer it: the
// child ends with its standard input.
func dieWithParent() *syscall.SysProcAttr { return nil }
