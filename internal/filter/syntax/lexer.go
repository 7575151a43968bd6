package syntax

import (
	"strings"
	"unicode/utf8"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pyrepr"
)

// lexer cuts a filter into tokens. It never fails: what fits no rule becomes a
// token of its own. The order of the rules in next is part of the language.
type lexer struct {
	src string
	pos int
	// unclosed says that no */ follows, so that many openers stay cheap.
	unclosed bool
	// openDollars counts dollar quotes that nothing closes.
	openDollars int
}

// maxOpenDollars bounds the searches for the end of a dollar quote. Filters do
// not have dollar quotes; only hostile ones have this many.
const maxOpenDollars = 1000

// lex returns all tokens of src; their texts concatenate to src.
func lex(src string) []Node {
	l := lexer{src: src}
	tokens := make([]Node, 0, len(src)/3+4)
	for l.pos < len(src) {
		k, end := l.next()
		tokens = append(tokens, Node{kind: k, pos: l.pos, Text: src[l.pos:end]})
		l.pos = end
	}
	return tokens
}

// next returns the kind of the token at pos and where it ends.
func (l *lexer) next() (kind, int) {
	for _, rule := range [...]func(*lexer) (kind, int){
		(*lexer).comment, (*lexer).dollarQuoted, (*lexer).space, (*lexer).symbolic, (*lexer).quotedName,
		(*lexer).placeholder, (*lexer).leadingKeyword, (*lexer).name, (*lexer).number, (*lexer).quoted,
		(*lexer).bracketedName, (*lexer).phrase, (*lexer).word, (*lexer).punctuation,
	} {
		if k, end := rule(l); end > l.pos {
			return k, end
		}
	}
	_, size := utf8.DecodeRuneInString(l.src[l.pos:])
	return kindOther, l.pos + size
}

// at decodes the rune at i, or returns -1 at the end of the source.
func (l *lexer) at(i int) (rune, int) {
	if i >= len(l.src) {
		return -1, 0
	}
	return utf8.DecodeRuneInString(l.src[i:])
}

// before decodes the rune in front of pos, or returns -1 at the start.
func (l *lexer) before() rune {
	if l.pos == 0 {
		return -1
	}
	r, _ := utf8.DecodeLastRuneInString(l.src[:l.pos])
	return r
}

func (l *lexer) has(prefix string) bool { return strings.HasPrefix(l.src[l.pos:], prefix) }

// skip advances from i over all runes that satisfy ok.
func (l *lexer) skip(i int, ok func(rune) bool) int {
	for {
		r, size := l.at(i)
		if size == 0 || !ok(r) {
			return i
		}
		i += size
	}
}

func (l *lexer) comment() (kind, int) {
	switch {
	case l.has("/*") && !l.unclosed:
		if end := strings.Index(l.src[l.pos+2:], "*/"); end >= 0 {
			return kindComment, l.pos + 2 + end + 2
		}
		l.unclosed = true
	case l.has("--"), l.has("# "):
		end := strings.IndexAny(l.src[l.pos:], "\r\n")
		if end < 0 {
			return kindComment, len(l.src)
		}
		end += l.pos
		if strings.HasPrefix(l.src[end:], "\r\n") {
			end++
		}
		return kindComment, end + 1
	}
	return 0, 0
}

func (l *lexer) space() (kind, int) {
	if l.has("\r\n") {
		return kindNewline, l.pos + 2
	}
	r, size := l.at(l.pos)
	switch {
	case r == '\r' || r == '\n':
		return kindNewline, l.pos + size
	case pyrepr.IsSpace(r):
		return kindWhitespace, l.pos + size
	default:
		return 0, 0
	}
}

func (l *lexer) symbolic() (kind, int) {
	switch {
	case l.has(":="):
		return kindAssign, l.pos + 2
	case l.has("::"):
		return kindPunct, l.pos + 2
	case l.has("*"):
		return kindWildcard, l.pos + 1
	default:
		return 0, 0
	}
}

// placeholder covers the marks for bound values: ?, %s, %(name)s, $1, :name.
func (l *lexer) placeholder() (kind, int) {
	switch {
	case l.has("?"):
		return kindPlaceholder, l.pos + 1
	case l.has("%s"), l.has("%S"):
		return kindPlaceholder, l.pos + 2
	case l.has("%("):
		end := l.skip(l.pos+2, isWordRune)
		if end > l.pos+2 && end+1 < len(l.src) && l.src[end] == ')' && lowerByte(l.src[end+1]) == 's' {
			return kindPlaceholder, end + 2
		}
	case l.has("$"), l.has(":"):
		return kindPlaceholder, l.mark()
	case l.has(`\`):
		if end := l.skip(l.pos+1, isWordRune); end > l.pos+1 {
			return kindOther, end
		}
	}
	return 0, 0
}

// mark returns the end of $name or :name at pos, or 0.
func (l *lexer) mark() int {
	end := l.skip(l.pos+1, isWordRune)
	if end == l.pos+1 || isWordRune(l.before()) {
		return 0
	}
	return end
}

func (l *lexer) punctuation() (kind, int) {
	if strings.IndexByte(";:()[],.", l.src[l.pos]) >= 0 {
		return kindPunct, l.pos + 1
	}
	for _, op := range [...]string{"->>", "->", "#>>", "#>", "@>", "<@", "-", "#-"} {
		if l.has(op) {
			return kindOperator, l.pos + len(op)
		}
	}
	if end := l.run("<>=~!"); end > l.pos {
		return kindComparison, end
	}
	return kindOperator, l.run("+/@#%^&|-")
}

// run returns the end of the longest stretch of bytes from set at pos.
func (l *lexer) run(set string) int {
	end := l.pos
	for end < len(l.src) && strings.IndexByte(set, l.src[end]) >= 0 {
		end++
	}
	return end
}
