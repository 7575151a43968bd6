package rest

import (
	"net/http"
	"strconv"
	"sync"
)

// maxPooledBuffer keeps a rare large answer from staying in memory.
const maxPooledBuffer = 1 << 20

//nolint:gochecknoglobals // a pool is a cache without state that anyone could see
var buffers = sync.Pool{New: func() any { return new(make([]byte, 0, 4096)) }}

func getBuffer() *[]byte {
	b := buffers.Get().(*[]byte) //nolint:forcetypeassert // the pool holds nothing else
	*b = (*b)[:0]
	return b
}

func putBuffer(b *[]byte) {
	if cap(*b) <= maxPooledBuffer {
		buffers.Put(b)
	}
}

func writeJSON(w http.ResponseWriter, code int, body []byte) {
	header := w.Header()
	header["Content-Type"] = jsonType
	header.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(code)
	_, _ = w.Write(body) //nolint:gosec // it is JSON and says so; when it fails, the client has gone
}
