//go:build !unix

package rest

// newRegion returns n bytes. Where the system cannot map memory they come from
// the heap.
func newRegion(n int) ([]byte, error) { return make([]byte, n), nil }

func freeRegion([]byte) {}
