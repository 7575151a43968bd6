package syntax

import (
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pyrepr"
)

// leadingKeyword covers the words that stay keywords before a parenthesis and
// before a dot.
func (l *lexer) leadingKeyword() (kind, int) {
	return l.anyOf(kindKeyword, "CASE", "IN", "VALUES", "USING", "FROM", "AS")
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
	dot := l.skip(end, pyrepr.IsSpace)
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

// words matches a phrase in any case from pos to a word boundary and returns the
// end, or 0. A space in the phrase stands for any white space.
func (l *lexer) words(phrase string) int {
	i := l.pos
	for n := range len(phrase) {
		if phrase[n] == ' ' {
			next := l.skip(i, pyrepr.IsSpace)
			if next == i {
				return 0
			}
			i = next
			continue
		}
		if i >= len(l.src) || lowerByte(l.src[i]) != lowerByte(phrase[n]) {
			return 0
		}
		i++
	}
	if r, _ := l.at(i); isWordRune(r) {
		return 0
	}
	return i
}

// anyOf matches the first of several phrases.
func (l *lexer) anyOf(k kind, phrases ...string) (kind, int) {
	for _, phrase := range phrases {
		if end := l.words(phrase); end > 0 {
			return k, end
		}
	}
	return 0, 0
}

// phrase covers operators that are words and keywords of several words. Longer
// phrases come before their beginnings.
func (l *lexer) phrase() (kind, int) {
	switch lowerByte(l.src[l.pos]) {
	case 'a':
		return l.anyOf(kindOrder, "ASC NULLS FIRST", "ASC NULLS LAST", "ASC")
	case 'c':
		return l.anyOf(kindKeywordOther, "CREATE OR REPLACE")
	case 'd':
		if k, end := l.anyOf(kindOrder, "DESC NULLS FIRST", "DESC NULLS LAST", "DESC"); end > 0 {
			return k, end
		}
		return l.anyOf(kindBuiltin, "DOUBLE PRECISION")
	case 'e':
		return l.anyOf(kindKeyword, "END IF", "END LOOP", "END WHILE", "END FOR", "END CASE", "END")
	case 'g':
		return l.anyOf(kindKeyword, "GROUP BY")
	case 'h':
		return l.anyOf(kindKeyword, "HANDLER FOR")
	case 'i':
		if k, end := l.anyOf(kindComparison, "ILIKE"); end > 0 {
			return k, end
		}
		return l.anyOf(kindKeyword, "IF NOT EXISTS", "IF EXISTS")
	case 'l':
		return l.anyOf(kindComparison, "LIKE")
	default:
		return l.laterPhrase()
	}
}

// laterPhrase goes on with phrase from the letter n.
func (l *lexer) laterPhrase() (kind, int) {
	switch lowerByte(l.src[l.pos]) {
	case 'n':
		if k, end := l.anyOf(kindKeyword, "NOT NULL"); end > 0 {
			return k, end
		}
		if k, end := l.anyOf(kindOrder, "NULLS FIRST", "NULLS LAST"); end > 0 {
			return k, end
		}
		return l.anyOf(kindComparison,
			"NOT LIKE", "NOT ILIKE", "NOT RLIKE", "NOT REGEXP BINARY", "NOT REGEXP")
	case 'o':
		return l.anyOf(kindKeyword, "ORDER BY")
	case 'p':
		return l.anyOf(kindKeyword, "PRIMARY KEY")
	case 'r':
		return l.anyOf(kindComparison, "RLIKE", "REGEXP BINARY", "REGEXP")
	case 'u':
		return l.anyOf(kindKeyword, "UNION ALL")
	default:
		return 0, 0
	}
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
