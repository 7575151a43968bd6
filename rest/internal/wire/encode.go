package wire

import (
	"math"
	"slices"
	"strconv"
	"unicode/utf8"
)

// The encoders write what MLflow's server writes, to the byte: json.dumps with
// an indent of two, ASCII only. A depth is the number of levels that enclose
// what is appended.

const padding = "\n                                "

// Newline appends a line feed and the indent of a depth.
func Newline(b []byte, depth int) []byte { return append(b, padding[:1+2*depth]...) }

// AppendKey appends the name of a member at a depth. The first member of an
// object has no comma before it.
func AppendKey(b []byte, depth int, key string) []byte {
	if b[len(b)-1] != '{' {
		b = append(b, ',')
	}
	b = Newline(b, depth)
	b = append(b, '"')
	b = append(b, key...)
	return append(b, `": `...)
}

// AppendItem starts an element of an array.
func AppendItem(b []byte, depth int) []byte {
	if b[len(b)-1] != '[' {
		b = append(b, ',')
	}
	return Newline(b, depth)
}

// CloseObject ends an object; an empty one stays on its line.
func CloseObject(b []byte, depth int) []byte {
	if b[len(b)-1] != '{' {
		b = Newline(b, depth)
	}
	return append(b, '}')
}

// CloseArray ends an array, which never is empty.
func CloseArray(b []byte, depth int) []byte {
	return append(Newline(b, depth), ']')
}

// AppendOne appends an object that has one member.
func AppendOne[T any](b []byte, key string, x T, one func(b []byte, x T, depth int) []byte) []byte {
	return CloseObject(one(AppendKey(append(b, '{'), 1, key), x, 1), 0)
}

// AppendList appends a member that is an array, or nothing if there is nothing
// in it.
func AppendList[T any](b []byte, depth int, key string, list []T, one func(b []byte, x T, depth int) []byte) []byte {
	if len(list) == 0 {
		return b
	}
	b = append(AppendKey(b, depth, key), '[')
	for _, x := range list {
		b = one(AppendItem(b, depth+1), x, depth+1)
	}
	return CloseArray(b, depth)
}

// AppendStringField appends a member that is a string.
func AppendStringField(b []byte, depth int, key, value string) []byte {
	return AppendString(AppendKey(b, depth, key), value)
}

// AppendIntField appends a member that is an integer.
func AppendIntField(b []byte, depth int, key string, value int64) []byte {
	return strconv.AppendInt(AppendKey(b, depth, key), value, 10)
}

const hexDigits = "0123456789abcdef"

// AppendString appends a string in quotes, with everything beyond ASCII
// escaped.
func AppendString(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c < 0x7f && c != '"' && c != '\\' {
			i++
			continue
		}
		b = append(b, s[start:i]...)
		n := 1
		if c < utf8.RuneSelf {
			b = appendEscaped(b, c)
		} else {
			b, n = appendRune(b, s[i:])
		}
		i += n
		start = i
	}
	b = append(b, s[start:]...)
	return append(b, '"')
}

func appendEscaped(b []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(b, '\\', c)
	case '\n':
		return append(b, `\n`...)
	case '\r':
		return append(b, `\r`...)
	case '\t':
		return append(b, `\t`...)
	case '\b':
		return append(b, `\b`...)
	case '\f':
		return append(b, `\f`...)
	}
	return appendUnit(b, rune(c))
}

// appendRune appends the first character of s as one or two escapes.
func appendRune(b []byte, s string) ([]byte, int) {
	r, n := utf8.DecodeRuneInString(s)
	if r == utf8.RuneError && n == 1 && len(s) >= 3 && s[0] == 0xed && s[1] >= 0xa0 {
		// Half of a surrogate pair, as the tree keeps it.
		return appendUnit(b, 0xd000|rune(s[1]&0x3f)<<6|rune(s[2]&0x3f)), 3
	}
	if r < 0x10000 {
		return appendUnit(b, r), n
	}
	r -= 0x10000
	b = appendUnit(b, 0xd800+r>>10)
	return appendUnit(b, 0xdc00+r&0x3ff), n
}

func appendUnit(b []byte, r rune) []byte {
	return append(b, '\\', 'u', hexDigits[r>>12&15], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
}

// AppendDouble appends a double as protobuf has it in JSON.
func AppendDouble(b []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(b, `"NaN"`...)
	case math.IsInf(f, 1):
		return append(b, `"Infinity"`...)
	case math.IsInf(f, -1):
		return append(b, `"-Infinity"`...)
	}
	return appendFloat(b, f)
}

// appendFloat appends a finite number as Python's repr does.
func appendFloat(b []byte, f float64) []byte {
	const exact = 1 << 53
	if i := int64(f); f > -exact && f < exact && float64(i) == f && (i != 0 || !math.Signbit(f)) {
		b = strconv.AppendInt(b, i, 10)
		return append(b, ".0"...)
	}
	if a := math.Abs(f); a != 0 && (a < 1e-4 || a >= 1e16) {
		return strconv.AppendFloat(b, f, 'e', -1, 64)
	}
	start := len(b)
	b = strconv.AppendFloat(b, f, 'f', -1, 64)
	if slices.Contains(b[start:], '.') {
		return b
	}
	return append(b, ".0"...)
}
