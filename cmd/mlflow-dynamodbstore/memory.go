package main

import (
	"math"
	"runtime/debug"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

const (
	// gcPercent lets the heap of the server grow to five times what lives before
	// it is collected. What lives is a few megabytes, so that costs little memory
	// and saves up to a third of the CPU of a search.
	gcPercent = 400
	// leastHeap is what the heap may always have: a limit below what lives would
	// only cost CPU.
	leastHeap = 64 << 20
)

// tuneGC sets the garbage collector unless the environment does. The heap stays
// within nine tenths of what the container has, if it has a limit, less what
// bodies may take beside it.
func tuneGC(env func(string) (string, bool), bodyMemory int64) {
	if _, set := env("GOGC"); !set {
		debug.SetGCPercent(gcPercent)
	}
	if _, set := env("GOMEMLIMIT"); set {
		return // the runtime has read it
	}
	if limit, err := memlimit.FromCgroup(); err == nil { // else there is none
		debug.SetMemoryLimit(heapLimit(limit, bodyMemory))
	}
}

// heapLimit is the limit of the heap in a container with a limit.
func heapLimit(container uint64, bodyMemory int64) int64 {
	limit := int64(min(container, math.MaxInt64))
	return max(limit-limit/10-bodyMemory, leastHeap)
}
