package pebbletable

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// itemVersion is the first byte of every stored item. Stored; a new layout
// takes a new number, and older code refuses it.
const itemVersion = 1

// Flags of an item, its second byte. Stored; must not change.
const flagTTL = 1

var (
	errCorrupt = errors.New("stored item is damaged")
	errNewer   = fmt.Errorf("%w: item written by a newer version", table.ErrSchema)
)

// header is what can be known of a stored item without reading its attributes.
type header struct {
	size    int   // as DynamoDB counts it
	ttl     int64 // epoch seconds, if hasTTL
	hasTTL  bool
	attrs   int // number of attributes
	strings int // number of strings in all lists and maps
	len     int // bytes of the header itself
}

func (h header) expiredAt(unix int64) bool { return h.hasTTL && h.ttl <= unix }

// appendItem appends the stored form of the item, whose size DynamoDB counts
// as size. The key is not part of it.
//
//	version  byte
//	flags    byte
//	size     uvarint
//	ttl      varint, if flagTTL
//	attrs    uvarint, number of attributes
//	strings  uvarint, number of strings in all lists and maps
//	then for each attribute:
//	name     uvarint length, bytes
//	kind     byte
//	value    string, bytes: uvarint length, bytes
//	         number: varint
//	         list, map: uvarint number of strings, each uvarint length, bytes
func appendItem(b []byte, it table.Item, size int) []byte {
	ttl, hasTTL := expiry(it)
	var flags byte
	if hasTTL {
		flags |= flagTTL
	}
	b = append(b, itemVersion, flags)
	b = binary.AppendUvarint(b, uint64(size))
	if hasTTL {
		b = binary.AppendVarint(b, ttl)
	}
	b = binary.AppendUvarint(b, uint64(len(it.Attrs)))
	strs := 0
	for i := range it.Attrs {
		strs += len(it.Attrs[i].Value.Strings())
	}
	b = binary.AppendUvarint(b, uint64(strs))
	for i := range it.Attrs {
		b = appendString(b, it.Attrs[i].Name)
		b = appendValue(b, it.Attrs[i].Value)
	}
	return b
}

func appendValue(b []byte, v table.Value) []byte {
	b = append(b, byte(v.Kind()))
	switch v.Kind() {
	case table.KindString, table.KindBytes:
		return appendString(b, v.Str())
	case table.KindNumber:
		return binary.AppendVarint(b, v.Num())
	case table.KindList, table.KindMap:
		l := v.Strings()
		b = binary.AppendUvarint(b, uint64(len(l)))
		for _, s := range l {
			b = appendString(b, s)
		}
	case table.Invalid: // refused by the checks before
	}
	return b
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// expiry returns the item's ttl, if it has one that counts.
func expiry(it table.Item) (int64, bool) {
	v, ok := it.Get(table.TTLAttr)
	return v.Num(), ok && v.Kind() == table.KindNumber
}

// readHeader reads the header of a stored item.
func readHeader[T string | []byte](s T) (header, error) {
	if len(s) < 2 {
		return header{}, errCorrupt
	}
	if s[0] != itemVersion {
		return header{}, errNewer
	}
	h := header{hasTTL: s[1]&flagTTL != 0}
	r := reader[T]{s: s, pos: 2}
	h.size = int(r.uvarint())
	if h.hasTTL {
		h.ttl = r.varint()
	}
	h.attrs = r.count()
	h.strings = r.count()
	h.len = r.pos
	if r.bad {
		return header{}, errCorrupt
	}
	return h, nil
}

// decodeItem reads a stored item. Its strings are parts of s: reading an item
// allocates only its attributes and, where there are lists or maps, one slice
// for all their strings.
func decodeItem(key table.Key, s string) (table.Item, error) {
	h, err := readHeader(s)
	if err != nil {
		return table.Item{}, err
	}
	r := reader[string]{s: s, pos: h.len}
	it := table.Item{Key: key}
	if h.attrs > 0 {
		it.Attrs = make([]table.Attr, h.attrs)
	}
	var strs []string
	if h.strings > 0 {
		strs = make([]string, 0, h.strings)
	}
	for i := range it.Attrs {
		it.Attrs[i].Name = r.str()
		it.Attrs[i].Value, strs = decodeValue(&r, strs)
	}
	if r.bad || r.pos != len(s) {
		return table.Item{}, errCorrupt
	}
	return it, nil
}

// decodeValue reads one value. Strings of lists and maps go to the end of
// strs, which has room for them.
func decodeValue(r *reader[string], strs []string) (table.Value, []string) {
	switch table.Kind(r.byte()) {
	case table.KindString:
		return table.String(r.str()), strs
	case table.KindBytes:
		return table.Bytes(r.str()), strs
	case table.KindNumber:
		return table.Number(r.varint()), strs
	case table.KindList:
		l, rest := decodeStrings(r, strs)
		return table.List(l), rest
	case table.KindMap:
		l, rest := decodeStrings(r, strs)
		r.bad = r.bad || len(l)%2 != 0
		return table.Map(l), rest
	case table.Invalid:
	}
	r.bad = true
	return table.Value{}, strs
}

func decodeStrings(r *reader[string], strs []string) (list, rest []string) {
	n := r.count()
	if n > cap(strs)-len(strs) {
		r.bad = true
		return nil, strs
	}
	start, end := len(strs), len(strs)+n
	strs = strs[:end]
	for i := start; i < end; i++ {
		strs[i] = r.str()
	}
	return strs[start:end:end], strs
}

// reader reads the parts of a stored item. After a read behind the end it is
// bad and returns zeros.
type reader[T string | []byte] struct {
	s   T
	pos int
	bad bool
}

func (r *reader[T]) byte() byte {
	if r.pos >= len(r.s) {
		r.bad = true
		return 0
	}
	c := r.s[r.pos]
	r.pos++
	return c
}

func (r *reader[T]) uvarint() uint64 {
	if r.pos < len(r.s) && r.s[r.pos] < 0x80 { // almost all lengths
		r.pos++
		return uint64(r.s[r.pos-1])
	}
	var v uint64
	for shift := uint(0); shift < 64; shift += 7 {
		c := r.byte()
		v |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return v
		}
	}
	r.bad = true
	return 0
}

func (r *reader[T]) varint() int64 {
	u := r.uvarint()
	return int64(u>>1) ^ -int64(u&1)
}

// count reads a number of parts, each of which takes a byte at least.
func (r *reader[T]) count() int {
	n := r.uvarint()
	if n > uint64(len(r.s)-r.pos) {
		r.bad = true
		return 0
	}
	return int(n)
}

func (r *reader[T]) str() T {
	n := r.count()
	r.pos += n
	return r.s[r.pos-n : r.pos]
}
