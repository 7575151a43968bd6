package syntax

import "strings"

// number covers hexadecimal, floating and integer literals. A number must not
// run into a letter; when it would, its last digit is left to the next token.
func (l *lexer) number() (kind, int) {
	start := l.pos
	if l.src[start] == '-' {
		start++
	}
	if start+1 < len(l.src) && l.src[start] == '0' && lowerByte(l.src[start+1]) == 'x' {
		if end := l.skip(start+2, isHexDigit); end > start+2 {
			return kindHex, end
		}
	}
	whole := l.skip(start, isDigit)
	if whole > start {
		if end := l.exponent(whole); end > 0 {
			return kindFloat, end
		}
	}
	if end := l.fraction(start, whole); end > 0 {
		return kindFloat, end
	}
	if whole == start {
		return 0, 0
	}
	return kindInteger, l.unglued(start+1, whole)
}

// exponent returns the end of a number whose whole part ends at i and which has
// an exponent, or 0. The exponent may be negative but takes no plus sign.
func (l *lexer) exponent(i int) int {
	if strings.HasPrefix(l.src[i:], ".") {
		if frac := l.skip(i+1, isDigit); frac > i+1 {
			if end := l.power(frac); end > 0 {
				return end
			}
		}
	}
	return l.power(i)
}

func (l *lexer) power(i int) int {
	if i >= len(l.src) || lowerByte(l.src[i]) != 'e' {
		return 0
	}
	i++
	if strings.HasPrefix(l.src[i:], "-") {
		i++
	}
	if end := l.skip(i, isDigit); end > i {
		return end
	}
	return 0
}

// fraction returns the end of digits with a decimal point, or 0. Digits may
// lack on one side of the point.
func (l *lexer) fraction(start, whole int) int {
	if !strings.HasPrefix(l.src[whole:], ".") {
		return 0
	}
	end := l.skip(whole+1, isDigit)
	if whole > start {
		return l.unglued(whole+1, end)
	}
	if end == whole+1 {
		return 0
	}
	return l.unglued(whole+2, end)
}

// unglued returns end, or one less when a letter follows, or 0 when that would
// leave less than least.
func (l *lexer) unglued(least, end int) int {
	if r, size := l.at(end); size > 0 && (r == '_' || isLetter(r)) {
		end--
	}
	if end < least {
		return 0
	}
	return end
}
