package pyrepr

import (
	"strings"
	"unicode"
)

// Int reads an integer as Python's int() does: white space around it, a sign,
// digits of any script, single underscores between digits. It returns sign and
// digits in ASCII, of which there may be any number.
func Int(text string) (digits string, ok bool) {
	text = strings.TrimFunc(text, IsSpace)
	out := make([]byte, 0, len(text))
	if text != "" && (text[0] == '-' || text[0] == '+') {
		out = append(out, text[0])
		text = text[1:]
	}
	between := false // whether an underscore may follow
	for _, r := range text {
		d, isDigit := digit(r)
		switch {
		case isDigit:
			out = append(out, d)
		case r != '_' || !between:
			return "", false
		}
		between = isDigit
	}
	return string(out), between
}

// IsSpace tells whether Python's str.strip takes a character for white space.
func IsSpace(r rune) bool { return unicode.IsSpace(r) || (r >= 0x1c && r <= 0x1f) }

// digit returns a decimal digit of any script as that of ASCII. Unicode keeps
// them in runs of ten.
func digit(r rune) (byte, bool) {
	if !unicode.IsDigit(r) {
		return 0, false
	}
	zero := r
	for unicode.IsDigit(zero - 1) {
		zero--
	}
	return "0123456789"[(r-zero)%10], true
}
