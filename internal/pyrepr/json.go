package pyrepr

import "unicode/utf8"

const hexDigits = "0123456789abcdef"

// JSON returns a string as json.dumps writes it, see [AppendJSON]. A byte that
// is no UTF-8 becomes U+FFFD, those of half a surrogate pair too.
func JSON(s string) string { return string(AppendJSON(nil, string([]rune(s)))) }

// AppendJSON appends a string as json.dumps writes it: in quotes, with
// everything beyond ASCII escaped. Half of a surrogate pair, in the three bytes
// that UTF-8 would have for it, is written as such; any other byte that is no
// UTF-8 becomes U+FFFD.
func AppendJSON(b []byte, s string) []byte {
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

// appendRune appends the first character of s as one or two escapes, and
// returns its length in s.
func appendRune(b []byte, s string) ([]byte, int) {
	r, n := utf8.DecodeRuneInString(s)
	if r == utf8.RuneError && n == 1 && isHalf(s) {
		return appendUnit(b, 0xd000|rune(s[1]&0x3f)<<6|rune(s[2]&0x3f)), 3
	}
	if r < 0x10000 {
		return appendUnit(b, r), n
	}
	r -= 0x10000
	b = appendUnit(b, 0xd800+r>>10)
	return appendUnit(b, 0xdc00+r&0x3ff), n
}

// isHalf tells whether s begins with half of a surrogate pair.
func isHalf(s string) bool {
	return len(s) >= 3 && s[0] == 0xed && s[1] >= 0xa0 && s[1] < 0xc0 && s[2] >= 0x80 && s[2] < 0xc0
}

// appendUnit appends the escape of a unit of UTF-16.
func appendUnit(b []byte, r rune) []byte {
	return append(b, '\\', 'u', hexDigits[r>>12&15], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
}
