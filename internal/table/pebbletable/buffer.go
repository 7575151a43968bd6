package pebbletable

import (
	"sync"
	"unsafe"
)

// The size of a new buffer, and the size up to which buffers are reused.
const (
	newBuffer  = 4 << 10
	keepBuffer = 64 << 10
)

// buffer is reusable memory for keys and encoded items.
type buffer struct{ b []byte }

// bufferPool keeps buffers for reuse.
type bufferPool struct{ pool sync.Pool }

func (p *bufferPool) get() *buffer {
	if buf, ok := p.pool.Get().(*buffer); ok {
		return buf
	}
	return &buffer{b: make([]byte, 0, newBuffer)}
}

func (p *bufferPool) put(buf *buffer) {
	if cap(buf.b) <= keepBuffer {
		buf.b = buf.b[:0]
		p.pool.Put(buf)
	}
}

// asString returns b as a string without a copy. Nothing may change b after.
func asString(b []byte) string {
	return unsafe.String(unsafe.SliceData(b), len(b)) //nolint:gosec // the caller owns b and drops it
}
