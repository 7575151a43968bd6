package syntax

import (
	"unicode"
	"unicode/utf8"
)

// The character classes are those of Python's re module on text, which differ
// from Go's: \w is letters, numbers of any kind and the underscore; \s includes
// the information separators.

func isWordRune(r rune) bool {
	if r < utf8.RuneSelf {
		return r == '_' || isASCIILetter(r) || isDigit(r)
	}
	return unicode.IsLetter(r) || unicode.IsNumber(r)
}

// isLetter is the tokenizer's class of letters that may begin a name before a
// dot: ASCII, most of Latin-1, and the two letters that fold to ASCII ones.
func isLetter(r rune) bool {
	const longS, kelvin = 0x17f, 0x212a
	return isASCIILetter(r) || (r >= 0xc0 && r <= 0xdc) || (r >= 0xe0 && r <= 0xfc) || r == longS || r == kelvin
}

func isASCIILetter(r rune) bool {
	return (r >= 'a' && r <= 'z') || (r >= 'A' && r <= 'Z')
}

func isDigit(r rune) bool { return r >= '0' && r <= '9' }

func isHexDigit(r rune) bool {
	return isDigit(r) || (r >= 'a' && r <= 'f') || (r >= 'A' && r <= 'F')
}

// lowerByte folds ASCII letters only.
func lowerByte(b byte) byte {
	if b >= 'A' && b <= 'Z' {
		return b + 'a' - 'A'
	}
	return b
}

// equalFold compares ASCII text without regard to case.
func equalFold(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if lowerByte(a[i]) != lowerByte(b[i]) {
			return false
		}
	}
	return true
}
