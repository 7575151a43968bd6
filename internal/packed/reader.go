package packed

import (
	"encoding/binary"
	"errors"
	"sync"

	"github.com/klauspost/compress/zstd"
)

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

var ErrPacked = errors.New("packed run is malformed")

func AppendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

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

func (r *Reader) Byte() byte {
	if r.S == "" {
		r.fail()
		return 0
	}
	c := r.S[0]
	r.S = r.S[1:]
	return c
}

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

func (r *Reader) Varint() int64 {
	u := r.Uvarint()
	return int64(u>>1) ^ -int64(u&1)
}

func (r *Reader) Take(n uint64) string {
	if n > uint64(len(r.S)) {
		r.fail()
		return ""
	}
	s := r.S[:n]
	r.S = r.S[n:]
	return s
}

func (r *Reader) Str() string { return r.Take(r.Uvarint()) }
