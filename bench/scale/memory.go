package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
)

// memory is what a process holds, in bytes.
type memory struct{ heap, resident uint64 }

// memoryInUse returns what this process holds once it has cleaned up; resident
// is 0 where the system does not tell.
func memoryInUse() memory {
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return memory{m.HeapAlloc, resident()}
}

func resident() uint64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if text, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			var kilobytes uint64
			if _, err := fmt.Sscan(text, &kilobytes); err == nil {
				return kilobytes << 10
			}
		}
	}
	return 0
}
