//go:build unix

package rest

import (
	"fmt"
	"syscall"
)

// newRegion returns n bytes outside of the heap, which take memory once they are
// written to. They are to be freed, and not to be used any more then.
func newRegion(n int) ([]byte, error) {
	b, err := syscall.Mmap(-1, 0, n, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		return nil, fmt.Errorf("memory for a body: %w", err)
	}
	return b, nil
}

func freeRegion(b []byte) {
	_ = syscall.Munmap(b) // it is one that newRegion has returned
}
