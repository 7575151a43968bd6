package filter

import "strings"

// leadingKeyword covers the words that stay keywords before a parenthesis and
// before a dot.
func (l *lexer) leadingKeyword() (kind, int) {
	for _, word := range [...]string{"CASE", "IN", "VALUES", "USING", "FROM", "AS"} {
		if end := l.words(l.pos, word); end > 0 {
			return kindKeyword, end
		}
	}
	return 0, 0
}

// name covers words that are names by position: before a dot, after a dot,
// before a parenthesis, and after @, # or ##.
func (l *lexer) name() (kind, int) {
	start := l.pos
	for _, mark := range [...]string{"@", "##", "#"} {
		if l.has(mark) {
			start = l.pos + len(mark)
			break
		}
	}
	r, size := l.at(start)
	if !isLetter(r) {
		return 0, 0
	}
	end := l.skip(start+size, isWordRune)
	if start > l.pos {
		if end == start+size {
			return 0, 0
		}
		return kindName, end
	}
	dot := l.skip(end, isSpaceRune)
	if l.before() == '.' || strings.HasPrefix(l.src[end:], "(") || l.dotAt(dot) {
		return kindName, end
	}
	return 0, 0
}

// dotAt tells whether a dot is at i that does not begin a number.
func (l *lexer) dotAt(i int) bool {
	if i >= len(l.src) || l.src[i] != '.' {
		return false
	}
	r, _ := l.at(i + 1)
	return !isDigit(r)
}

// words matches words in any case with white space between them, from i to a
// word boundary, and returns the end, or 0.
func (l *lexer) words(i int, words ...string) int {
	for n, word := range words {
		if n > 0 {
			next := l.skip(i, isSpaceRune)
			if next == i {
				return 0
			}
			i = next
		}
		if len(l.src)-i < len(word) || !equalFold(l.src[i:i+len(word)], word) {
			return 0
		}
		i += len(word)
	}
	if r, _ := l.at(i); isWordRune(r) {
		return 0
	}
	return i
}

// phrase covers operators that are words and keywords of several words. Longer
// phrases come before their beginnings.
func (l *lexer) phrase() (kind, int) {
	if lowerByte(l.src[l.pos]) < 'a' || lowerByte(l.src[l.pos]) > 'z' {
		return 0, 0
	}
	for _, p := range [...]struct {
		kind  kind
		words string
	}{
		{kindKeyword, "END IF"},
		{kindKeyword, "END LOOP"},
		{kindKeyword, "END WHILE"},
		{kindKeyword, "END FOR"},
		{kindKeyword, "END CASE"},
		{kindKeyword, "END"},
		{kindKeyword, "IF NOT EXISTS"},
		{kindKeyword, "IF EXISTS"},
		{kindKeyword, "NOT NULL"},
		{kindOrder, "ASC NULLS FIRST"},
		{kindOrder, "ASC NULLS LAST"},
		{kindOrder, "DESC NULLS FIRST"},
		{kindOrder, "DESC NULLS LAST"},
		{kindOrder, "ASC"},
		{kindOrder, "DESC"},
		{kindOrder, "NULLS FIRST"},
		{kindOrder, "NULLS LAST"},
		{kindKeyword, "UNION ALL"},
		{kindKeywordOther, "CREATE OR REPLACE"},
		{kindBuiltin, "DOUBLE PRECISION"},
		{kindKeyword, "GROUP BY"},
		{kindKeyword, "ORDER BY"},
		{kindKeyword, "PRIMARY KEY"},
		{kindKeyword, "HANDLER FOR"},
		{kindComparison, "NOT LIKE"},
		{kindComparison, "NOT ILIKE"},
		{kindComparison, "NOT RLIKE"},
		{kindComparison, "LIKE"},
		{kindComparison, "ILIKE"},
		{kindComparison, "RLIKE"},
		{kindComparison, "NOT REGEXP BINARY"},
		{kindComparison, "NOT REGEXP"},
		{kindComparison, "REGEXP BINARY"},
		{kindComparison, "REGEXP"},
	} {
		if lowerByte(p.words[0]) != lowerByte(l.src[l.pos]) {
			continue
		}
		if end := l.words(l.pos, strings.Fields(p.words)...); end > 0 {
			return p.kind, end
		}
	}
	return 0, 0
}

// word covers every other word: a keyword, or else a name.
func (l *lexer) word() (kind, int) {
	r, size := l.at(l.pos)
	if !isWordRune(r) {
		return 0, 0
	}
	end := l.skip(l.pos+size, func(r rune) bool { return r == '$' || r == '#' || isWordRune(r) })
	return classifyWord(strings.ToUpper(l.src[l.pos:end])), end
}
