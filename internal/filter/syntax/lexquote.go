package syntax

import "strings"

// quotedName covers names in backticks or acute accents; the quote is doubled
// to stand for itself.
func (l *lexer) quotedName() (kind, int) {
	for _, quote := range [...]string{"`", "´"} {
		if l.has(quote) {
			return kindName, l.closing(quote, false)
		}
	}
	return 0, 0
}

// quoted covers strings in single quotes and symbols in double quotes.
func (l *lexer) quoted() (kind, int) {
	switch l.src[l.pos] {
	case '\'':
		return kindString, l.closing("'", true)
	case '"':
		return kindSymbol, l.closing(`"`, true)
	default:
		return 0, 0
	}
}

// closing returns the end of the quoted text at pos, or 0 when nothing closes it.
// A doubled quote, and with escapes a quote after a backslash, belongs to the
// text, unless no other quote is left to close it: then the last such quote does.
func (l *lexer) closing(quote string, escapes bool) int {
	last := 0
	for i := l.pos + len(quote); i < len(l.src); {
		rest := l.src[i:]
		switch {
		case strings.HasPrefix(rest, quote):
			if !strings.HasPrefix(rest[len(quote):], quote) {
				return i + len(quote)
			}
			last = i + len(quote)
			i += 2 * len(quote)
		case escapes && rest[0] == '\\' && strings.HasPrefix(rest[1:], quote):
			last = i + 1 + len(quote)
			i = last
		default:
			i++
		}
	}
	return last
}

// bracketedName covers [name], which is a name unless it follows a word or a
// closing bracket, where it would be an index.
func (l *lexer) bracketedName() (kind, int) {
	if l.src[l.pos] != '[' {
		return 0, 0
	}
	if r := l.before(); r == ']' || r == ')' || isWordRune(r) {
		return 0, 0
	}
	end := strings.IndexAny(l.src[l.pos+1:], "[]")
	if end < 1 || l.src[l.pos+1+end] != ']' {
		return 0, 0
	}
	return kindName, l.pos + 1 + end + 1
}

// dollarQuoted covers $tag$text$tag$ with or without a tag.
func (l *lexer) dollarQuoted() (kind, int) {
	if l.src[l.pos] != '$' || l.openDollars > maxOpenDollars {
		return 0, 0
	}
	if r := l.before(); r == '"' || r == '$' || isWordRune(r) {
		return 0, 0
	}
	tag := l.pos + 1
	if r, _ := l.at(tag); r == '_' || isLetter(r) {
		tag = l.skip(tag, isWordRune)
	}
	if tag >= len(l.src) || l.src[tag] != '$' {
		return 0, 0
	}
	mark := l.src[l.pos : tag+1]
	end := strings.Index(l.src[tag+1:], mark)
	if end < 0 {
		l.openDollars++
		return 0, 0
	}
	return kindOther, tag + 1 + end + len(mark)
}
