package keys

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
)

const hexDigits = "0123456789abcdef"

// sortableLen is the length of what [Asc] and [Desc] return.
const sortableLen = 16

// errSortable is returned for text that no encoder of this file wrote.
var errSortable = errors.New("keys: malformed sortable integer")

// appendAsc appends n as 16 hex digits whose order is the order of n.
func appendAsc(b []byte, n int64) []byte {
	u := uint64(n) ^ (1 << 63)
	for shift := 60; shift >= 0; shift -= 4 {
		b = append(b, hexDigits[u>>shift&15])
	}
	return b
}

// Asc returns n as 16 hex digits whose lexical order is the order of n.
func Asc(n int64) string { return string(appendAsc(make([]byte, 0, 16), n)) }

// Desc returns n as 16 hex digits whose lexical order is the reverse of n's.
func Desc(n int64) string { return Asc(^n) }

// ParseAsc is the inverse of [Asc].
func ParseAsc(s string) (int64, error) {
	if len(s) != sortableLen {
		return 0, errSortable
	}
	var u uint64
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= '0' && c <= '9':
			u = u<<4 | uint64(c-'0')
		case c >= 'a' && c <= 'f':
			u = u<<4 | uint64(c-'a'+10)
		default:
			return 0, errSortable
		}
	}
	return int64(u ^ (1 << 63)), nil
}

// ParseDesc is the inverse of [Desc].
func ParseDesc(s string) (int64, error) {
	n, err := ParseAsc(s)
	return ^n, err
}

// MaxPart is the most bytes of a part that users choose; a longer one is
// hashed. With the rest of any key it stays below DynamoDB's 1,024.
const MaxPart = 512

// Hashed reports whether a part that users choose stands in keys as its hash.
func Hashed(p string) bool { return len(p) > MaxPart }

// part writes a part that users choose, see the package comment.
func part(p string) string {
	if !Hashed(p) {
		return "=" + p
	}
	return "~" + Hash(p)
}

// Hash returns 32 hex digits that identify the given strings: a truncated
// SHA-256 over their lengths and contents.
func Hash(parts ...string) string {
	h := sha256.New()
	var n [8]byte
	for _, p := range parts {
		binary.BigEndian.PutUint64(n[:], uint64(len(p)))
		h.Write(n[:])
		h.Write([]byte(p))
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
