package filter

import (
	"cmp"
	"encoding/binary"
	"errors"
	"math"
	"strings"
)

// Tuple is a row's place in an [Order]: one element for each key. It is what a
// page token has to remember of the last row of a page.
type Tuple []Element

// ElementKind is the kind of an [Element]. The numbers are stored in page tokens
// and must not change.
type ElementKind uint8

// The kinds of elements.
const (
	ElementNull   ElementKind = 0 // the row has no such value
	ElementInt    ElementKind = 1 // Int
	ElementFloat  ElementKind = 2 // Float, never NaN
	ElementString ElementKind = 3 // Str
	ElementNaN    ElementKind = 4 // a metric that is NaN
)

// Element is one value of a [Tuple]. Its zero value is null.
type Element struct {
	Kind  ElementKind
	Int   int64
	Float float64
	Str   string
}

// tupleVersion is the first byte of an encoded tuple.
const tupleVersion = 1

// maxTupleLen bounds what a client can make [ParseTuple] allocate.
const maxTupleLen = 1 << 10

// ErrInvalidTuple is returned by [ParseTuple] for bytes that [AppendTuple] did
// not make.
var ErrInvalidTuple = errors.New("filter: invalid order tuple")

// element returns the i-th element, or null when there is none.
func (t Tuple) element(i int) *Element {
	if i >= len(t) {
		return &Element{}
	}
	return &t[i]
}

// rank puts values before NaN and NaN before null.
func (e *Element) rank() int {
	switch e.Kind {
	case ElementNull:
		return 2
	case ElementNaN:
		return 1
	default:
		return 0
	}
}

// compareValue compares elements of equal rank. Kinds that no one key has
// together compare by kind.
func (e *Element) compareValue(other *Element) int {
	if e.Kind != other.Kind {
		return cmp.Compare(e.Kind, other.Kind)
	}
	switch e.Kind {
	case ElementInt:
		return cmp.Compare(e.Int, other.Int)
	case ElementFloat:
		return compareFloats(e.Float, other.Float)
	case ElementString:
		return strings.Compare(e.Str, other.Str)
	default:
		return 0
	}
}

// AppendTuple appends the binary form of t to dst: a version byte, the number of
// elements, and for each its kind and value; integers as varints, floats as their
// bits, strings with their length.
func AppendTuple(dst []byte, t Tuple) []byte {
	dst = append(dst, tupleVersion)
	dst = binary.AppendUvarint(dst, uint64(len(t)))
	for i := range t {
		e := &t[i]
		dst = append(dst, byte(e.Kind))
		switch e.Kind {
		case ElementInt:
			dst = binary.AppendVarint(dst, e.Int)
		case ElementFloat:
			dst = binary.BigEndian.AppendUint64(dst, math.Float64bits(e.Float))
		case ElementString:
			dst = binary.AppendUvarint(dst, uint64(len(e.Str)))
			dst = append(dst, e.Str...)
		case ElementNull, ElementNaN:
		}
	}
	return dst
}

// ParseTuple reads what [AppendTuple] wrote, all of b. Any other bytes give
// [ErrInvalidTuple].
func ParseTuple(b []byte) (Tuple, error) {
	d := tupleDecoder{rest: b}
	if d.byte() != tupleVersion {
		return nil, ErrInvalidTuple
	}
	n := d.uvarint()
	if d.failed || n > maxTupleLen || n > uint64(len(d.rest)) {
		return nil, ErrInvalidTuple
	}
	t := make(Tuple, n)
	for i := range t {
		t[i] = d.element()
	}
	if d.failed || len(d.rest) > 0 {
		return nil, ErrInvalidTuple
	}
	return t, nil
}

// tupleDecoder reads an encoded tuple; after a failure it reads zeros.
type tupleDecoder struct {
	rest   []byte
	failed bool
}

func (d *tupleDecoder) element() Element {
	e := Element{Kind: ElementKind(d.byte())}
	switch e.Kind {
	case ElementNull, ElementNaN:
	case ElementInt:
		u := d.uvarint()
		e.Int = int64(u >> 1)
		if u&1 != 0 {
			e.Int = ^e.Int
		}
	case ElementFloat:
		if b := d.take(8); len(b) == 8 {
			e.Float = math.Float64frombits(binary.BigEndian.Uint64(b))
		}
		d.failed = d.failed || math.IsNaN(e.Float)
	case ElementString:
		e.Str = string(d.take(d.uvarint()))
	default:
		d.failed = true
	}
	return e
}

func (d *tupleDecoder) byte() byte {
	b := d.take(1)
	if len(b) == 0 {
		return 0
	}
	return b[0]
}

func (d *tupleDecoder) take(n uint64) []byte {
	if d.failed || n > uint64(len(d.rest)) {
		d.failed = true
		return nil
	}
	b := d.rest[:n]
	d.rest = d.rest[n:]
	return b
}

// uvarint reads a varint in its shortest form, so that each tuple has one
// encoding.
func (d *tupleDecoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.rest)
	if n <= 0 || (n > 1 && d.rest[n-1] == 0) {
		d.failed = true
		return 0
	}
	d.rest = d.rest[n:]
	return v
}
