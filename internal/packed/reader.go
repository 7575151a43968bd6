package packed

import (
	"encoding/binary"
	"errors"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// ZstdWriter makes the encoder that all use.
//
//nolint:gochecknoglobals // immutable once made; EncodeAll is safe for concurrent use
var ZstdWriter = sync.OnceValues(func() (*zstd.Encoder, error) {
	return zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
})

// Dict reads a section of strings.
func (r *Reader) Dict() Dict {
	in := Reader{S: r.Str()}
	var d Dict
	for in.S != "" {
		d = append(d, in.Str(), in.Str())
	}
	if in.Bad {
		r.fail()
		return nil
	}
	return d
}

// ErrPacked says that packed bytes are malformed.
var ErrPacked = errors.New("packed run is malformed")

// AppendString appends a string behind its length.
func AppendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// AppendSection appends the entries of d; fixed: values whose length readers
// know.
func AppendSection(b []byte, d Dict, fixed bool) []byte {
	n := 0
	for i := 0; i < len(d); i += 2 {
		n += uvarintLen(len(d[i])) + len(d[i]) + len(d[i+1])
		if !fixed {
			n += uvarintLen(len(d[i+1]))
		}
	}
	b = binary.AppendUvarint(b, uint64(n))
	for i := 0; i < len(d); i += 2 {
		b = AppendString(b, d[i])
		if fixed {
			b = append(b, d[i+1]...)
		} else {
			b = AppendString(b, d[i+1])
		}
	}
	return b
}

func uvarintLen(n int) int {
	l := 1
	for ; n >= 0x80; n >>= 7 {
		l++
	}
	return l
}

// Reader takes a packed form apart; after a failure it only returns zeroes.
type Reader struct {
	S   string
	Bad bool
}

func (r *Reader) fail() { r.S, r.Bad = "", true }

// Byte reads one byte.
func (r *Reader) Byte() byte {
	if r.S == "" {
		r.fail()
		return 0
	}
	c := r.S[0]
	r.S = r.S[1:]
	return c
}

// Uvarint reads a number.
func (r *Reader) Uvarint() uint64 {
	var x uint64
	for shift := 0; shift < 64; shift += 7 {
		c := r.Byte()
		if c < 0x80 {
			return x | uint64(c)<<shift
		}
		x |= uint64(c&0x7f) << shift
	}
	r.fail()
	return 0
}

// Varint reads a number that may be negative.
func (r *Reader) Varint() int64 {
	u := r.Uvarint()
	return int64(u>>1) ^ -int64(u&1)
}

// Take reads n bytes.
func (r *Reader) Take(n uint64) string {
	if n > uint64(len(r.S)) {
		r.fail()
		return ""
	}
	s := r.S[:n]
	r.S = r.S[n:]
	return s
}

// Str reads a string behind its length.
func (r *Reader) Str() string { return r.Take(r.Uvarint()) }
