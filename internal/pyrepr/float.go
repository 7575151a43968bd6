package pyrepr

import (
	"math"
	"slices"
	"strconv"
)

// Float prints a float.
func Float(f float64) string { return string(AppendFloat(nil, f)) }

// AppendFloat appends a float: with a point or an exponent always, in the
// fewest digits that read back as the same number.
func AppendFloat(b []byte, f float64) []byte {
	const exact = 1 << 53
	if i := int64(f); f > -exact && f < exact && float64(i) == f && (i != 0 || !math.Signbit(f)) {
		b = strconv.AppendInt(b, i, 10)
		return append(b, ".0"...)
	}
	if a := math.Abs(f); a != 0 && !(a >= 1e-4 && a < 1e16) {
		return appendScientific(b, f)
	}
	start := len(b)
	b = strconv.AppendFloat(b, f, 'f', -1, 64)
	if slices.Contains(b[start:], '.') {
		return b
	}
	return append(b, ".0"...)
}

// appendScientific appends what is too large or too small for plain digits, or
// no number.
func appendScientific(b []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(b, "nan"...)
	case math.IsInf(f, 1):
		return append(b, "inf"...)
	case math.IsInf(f, -1):
		return append(b, "-inf"...)
	}
	return strconv.AppendFloat(b, f, 'e', -1, 64)
}
