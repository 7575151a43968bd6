package syntax

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pyrepr"
)

// Literal is an element of a list: a string, or the Python repr of something
// else.
type Literal struct {
	IsString bool
	Text     string
}

func (l Literal) repr() string {
	if l.IsString {
		return pyrepr.String(l.Text)
	}
	return l.Text
}

// Tuple prints literals as a Python tuple.
func Tuple(items []Literal) string {
	if len(items) == 1 {
		return "(" + items[0].repr() + ",)"
	}
	return "(" + joinLiterals(items) + ")"
}

func joinLiterals(items []Literal) string {
	reprs := make([]string, len(items))
	for i, item := range items {
		reprs[i] = item.repr()
	}
	return strings.Join(reprs, ", ")
}

// ParseTuple evaluates text, a parenthesis, as Python would evaluate a literal.
// Anything but a tuple counts as a tuple of one. Strings, numbers, True, False,
// None and brackets around them are understood; all else is not ok.
func ParseTuple(text string) ([]Literal, bool) {
	p := pyParser{src: text}
	items, tuple, ok := p.sequence(')')
	if !ok || !p.done() {
		return nil, false
	}
	if tuple || items[0].IsString {
		return items, true
	}
	return unwrapTuple(p, items)
}

// unwrapTuple handles nested parentheses: (('a', 'b')) is the tuple inside.
func unwrapTuple(p pyParser, items []Literal) ([]Literal, bool) {
	inner := strings.TrimFunc(p.src[1:len(p.src)-1], pyrepr.IsSpace)
	if !strings.HasPrefix(inner, "(") {
		return items, true
	}
	return ParseTuple(inner)
}

// pyParser reads Python literals.
type pyParser struct {
	src   string
	pos   int
	depth int
}

const maxPyDepth = 50

func (p *pyParser) space() {
	for p.pos < len(p.src) && strings.IndexByte(" \t\r\n\f", p.src[p.pos]) >= 0 {
		p.pos++
	}
}

func (p *pyParser) done() bool {
	p.space()
	return p.pos == len(p.src)
}

// eat skips white space and takes c if it comes next.
func (p *pyParser) eat(c byte) bool {
	p.space()
	if p.pos < len(p.src) && p.src[p.pos] == c {
		p.pos++
		return true
	}
	return false
}

// sequence reads what is in brackets, from the opening one at pos, and tells
// whether a comma or emptiness makes it a tuple.
func (p *pyParser) sequence(shut byte) (items []Literal, tuple, ok bool) {
	p.pos++
	if p.depth++; p.depth > maxPyDepth {
		return nil, false, false
	}
	defer func() { p.depth-- }()
	if p.eat(shut) {
		return nil, true, true
	}
	for {
		item, ok := p.value()
		if !ok {
			return nil, false, false
		}
		items = append(items, item)
		comma := p.eat(',')
		tuple = tuple || comma
		if p.eat(shut) {
			return items, tuple, true
		}
		if !comma {
			return nil, false, false
		}
	}
}

func (p *pyParser) value() (Literal, bool) {
	p.space()
	if p.pos >= len(p.src) {
		return Literal{}, false
	}
	switch c := p.src[p.pos]; c {
	case '(':
		items, tuple, ok := p.sequence(')')
		if ok && !tuple {
			return items[0], true
		}
		return Literal{Text: Tuple(items)}, ok
	case '[':
		items, _, ok := p.sequence(']')
		return Literal{Text: "[" + joinLiterals(items) + "]"}, ok
	case '{':
		p.pos++
		return Literal{Text: "{}"}, p.eat('}')
	case 'b', 'B':
		if p.pos+1 < len(p.src) && isQuote(p.src[p.pos+1]) {
			p.pos++
			s, ok := p.quoted(false)
			return Literal{Text: "b" + pyrepr.String(s)}, ok
		}
		return Literal{}, false
	default:
		if s, isString, ok := p.strings(); isString || !ok {
			return Literal{IsString: true, Text: s}, ok
		}
		return p.scalar()
	}
}

// scalar reads a number or a named constant.
func (p *pyParser) scalar() (Literal, bool) {
	start := p.pos
	for p.pos < len(p.src) && strings.IndexByte(" \t\r\n\f,()[]{}'\"", p.src[p.pos]) < 0 {
		p.pos++
	}
	text := p.src[start:p.pos]
	switch text {
	case "True", "False", "None":
		return Literal{Text: text}, true
	}
	if n, ok := smallInt(text); ok && (n == 0 || text[0] != '0') && text[0] < 0x80 {
		return Literal{Text: strconv.FormatInt(n, 10)}, true
	}
	if f, err := strconv.ParseFloat(text, 64); err == nil && text[0] < 'A' && strings.ContainsAny(text, ".eE") && !strings.ContainsAny(text, "xXpP_") {
		return Literal{Text: pyrepr.Float(f)}, true
	}
	return Literal{}, false
}

// smallInt reads an integer of 64 bits as Python's int does.
func smallInt(text string) (int64, bool) {
	digits, ok := pyrepr.Int(text)
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	return n, err == nil
}

// strings reads one or more adjacent string literals, which Python concatenates.
func (p *pyParser) strings() (s string, isString, ok bool) {
	for {
		p.space()
		start, raw := p.pos, false
		if p.pos+1 < len(p.src) && strings.IndexByte("uUrR", p.src[p.pos]) >= 0 && isQuote(p.src[p.pos+1]) {
			raw = lowerByte(p.src[p.pos]) == 'r'
			p.pos++
		}
		if p.pos >= len(p.src) || !isQuote(p.src[p.pos]) {
			p.pos = start
			return s, isString, true
		}
		part, ok := p.quoted(raw)
		if !ok {
			return "", true, false
		}
		s, isString = s+part, true
	}
}

func isQuote(c byte) bool { return c == '\'' || c == '"' }

// quoted reads one string literal with its quotes at pos.
func (p *pyParser) quoted(raw bool) (string, bool) {
	quote := p.src[p.pos : p.pos+1]
	if triple := strings.Repeat(quote, 3); strings.HasPrefix(p.src[p.pos:], triple) {
		quote = triple
	}
	p.pos += len(quote)
	var b strings.Builder
	for p.pos < len(p.src) {
		switch c := p.src[p.pos]; {
		case strings.HasPrefix(p.src[p.pos:], quote):
			p.pos += len(quote)
			return b.String(), true
		case c == '\n' && len(quote) == 1:
			return "", false
		case c == '\\' && p.pos+1 < len(p.src):
			if !p.escape(&b, raw) {
				return "", false
			}
		default:
			b.WriteByte(c)
			p.pos++
		}
	}
	return "", false
}

// escape reads a backslash and what belongs to it.
func (p *pyParser) escape(b *strings.Builder, raw bool) bool {
	c := p.src[p.pos+1]
	if raw {
		b.WriteString(p.src[p.pos : p.pos+2])
		p.pos += 2
		return true
	}
	const from, to = "\n\\'\"abfnrtv", "\x00\\'\"\a\b\f\n\r\t\v"
	if i := strings.IndexByte(from, c); i >= 0 {
		if i > 0 { // a backslash before a newline joins the lines
			b.WriteByte(to[i])
		}
		p.pos += 2
		return true
	}
	p.pos++
	switch {
	case c == 'x':
		return p.code(b, 1, 2, 16)
	case c == 'u':
		return p.code(b, 1, 4, 16)
	case c == 'U':
		return p.code(b, 1, 8, 16)
	case c >= '0' && c <= '7':
		return p.octal(b)
	case c == 'N':
		return false
	default:
		b.WriteByte('\\')
		return true
	}
}

// code writes the rune whose code has exactly n digits, skip bytes from here.
func (p *pyParser) code(b *strings.Builder, skip, n, base int) bool {
	from := p.pos + skip
	if from+n > len(p.src) {
		return false
	}
	code, err := strconv.ParseUint(p.src[from:from+n], base, 32)
	if err != nil || code > utf8.MaxRune {
		return false
	}
	b.WriteRune(rune(code))
	p.pos = from + n
	return true
}

func (p *pyParser) octal(b *strings.Builder) bool {
	n := 1
	for n < 3 && p.pos+n < len(p.src) && p.src[p.pos+n] >= '0' && p.src[p.pos+n] <= '7' {
		n++
	}
	return p.code(b, 0, n, 8)
}
