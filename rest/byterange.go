package rest

import (
	"net/http"
	"net/textproto"
	"strconv"
	"strings"
)

// byteRange is a part of a file.
type byteRange struct{ start, length int64 }

// describe sets the headers that tell which part of a file follows.
func (b byteRange) describe(w http.ResponseWriter, status int, size int64) {
	w.Header().Set("Content-Length", strconv.FormatInt(b.length, 10))
	if status == http.StatusPartialContent {
		w.Header().Set("Content-Range", "bytes "+strconv.FormatInt(b.start, 10)+"-"+
			strconv.FormatInt(b.start+b.length-1, 10)+"/"+strconv.FormatInt(size, 10))
	}
}

// rangeKind is what a Range header asks for.
type rangeKind uint8

const (
	wholeFile rangeKind = iota // nothing, or nothing that can be understood
	onePart
	noRange // a part that the file does not have
)

// parseRange reads a Range header for a file of a size. Several ranges are
// answered with the whole file, as a server may: each would cost storage a
// request. So is what is no range at all. Source: RFC 9110, section 14.
func parseRange(header string, size int64) (byteRange, rangeKind) {
	set, ok := strings.CutPrefix(header, "bytes=")
	first, last, dash := strings.Cut(textproto.TrimString(set), "-")
	if !ok || !dash || strings.Contains(set, ",") {
		return byteRange{}, wholeFile
	}
	if first == "" {
		n, ok := position(last)
		switch {
		case !ok:
			return byteRange{}, wholeFile
		case n == 0 || size == 0:
			return byteRange{}, noRange
		}
		n = min(n, size)
		return byteRange{size - n, n}, onePart
	}
	start, ok := position(first)
	end := size - 1
	if ok && last != "" {
		end, ok = position(last)
	}
	switch {
	case !ok || last != "" && end < start:
		return byteRange{}, wholeFile
	case start >= size:
		return byteRange{}, noRange
	}
	return byteRange{start, min(end, size-1) - start + 1}, onePart
}

// position reads a decimal number. One that is larger than any file is as good
// as the largest.
func position(digits string) (int64, bool) {
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	_ = err // it is too large then, and n the largest
	return n, true
}
