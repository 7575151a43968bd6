package filter

import "unicode/utf8"

// like matches s against an SQL LIKE pattern as SQLite does: % stands for any
// text, _ for one character, and nothing escapes them; a backslash is itself.
// With fold, ASCII letters match in either case, and only they: ILIKE becomes
// lower(s) LIKE lower(pattern), and SQLite's lower() leaves other letters alone.
func like(s, pattern string, fold bool) bool {
	si, pi := 0, 0
	backS, backP := 0, -1 // where to resume when the last % has to take more
	for si < len(s) {
		if pi < len(pattern) && pattern[pi] == '%' {
			pi++
			backS, backP = si, pi
			continue
		}
		if pi < len(pattern) {
			if pattern[pi] == '_' {
				si += runeLen(s[si:])
				pi++
				continue
			}
			if sameByte(s[si], pattern[pi], fold) {
				si++
				pi++
				continue
			}
		}
		if backP < 0 {
			return false
		}
		backS += runeLen(s[backS:])
		si, pi = backS, backP
	}
	for pi < len(pattern) && pattern[pi] == '%' {
		pi++
	}
	return pi == len(pattern)
}

func sameByte(a, b byte, fold bool) bool {
	return a == b || (fold && lowerByte(a) == lowerByte(b))
}

// lowerByte folds ASCII letters only, as SQLite's lower() does.
func lowerByte(b byte) byte {
	if b >= 'A' && b <= 'Z' {
		return b + 'a' - 'A'
	}
	return b
}

func runeLen(s string) int {
	if s[0] < utf8.RuneSelf {
		return 1
	}
	_, size := utf8.DecodeRuneInString(s)
	return size
}
