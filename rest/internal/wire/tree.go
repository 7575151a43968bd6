package wire

import (
	"bytes"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pyrepr"
)

// maxTreeDepth is about the nesting at which MLflow gives up.
const maxTreeDepth = 950

// Kind is what a [Value] is.
type Kind uint8

// The kinds of values; of numbers a fraction or an exponent makes floats.
const (
	KindNull Kind = iota
	KindBool
	KindInt
	KindFloat
	KindString
	KindList
	KindDict
)

// Value is a JSON value as Python's json.loads sees it.
type Value struct {
	Kind Kind
	Text string  // a number as written, a string, "true" or "false"
	List []Value // elements, or the values of the members
	Keys []string
}

// pyType is the name of the value's type in Python.
func (n *Value) pyType() string {
	return [...]string{"NoneType", "bool", "int", "float", "str", "list", "dict"}[n.Kind]
}

// Get returns the member of a name, or nil.
func (n *Value) Get(key string) *Value {
	if n == nil || n.Kind != KindDict {
		return nil
	}
	if i := slices.Index(n.Keys, key); i >= 0 {
		return &n.List[i]
	}
	return nil
}

// Set sets the member of a name.
func (n *Value) Set(key string, v Value) {
	if old := n.Get(key); old != nil { // the last one counts
		*old = v
		return
	}
	n.Keys = append(n.Keys, key)
	n.List = append(n.List, v)
}

// Parse reads JSON as Python's json.loads does: it knows NaN and Infinity,
// lets the last of several members of one name win, and keeps halves of
// surrogate pairs, in the bytes that UTF-8 would have for them.
//
// What is not JSON is no error: MLflow takes it for an empty object.
func Parse(data []byte) (n Value, ok bool, err error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(data) {
		return Value{}, false, nil
	}
	p := treeParser{Scanner{data: data}}
	n = p.value(0)
	if p.items > maxItems {
		return Value{}, false, Error("Bad Request. The body has too many values.")
	}
	return n, p.end(), nil
}

type treeParser struct{ Scanner }

func (p *treeParser) value(depth int) Value {
	if depth > maxTreeDepth || p.bad {
		p.bad = true
		return Value{}
	}
	switch c := p.peek(); c {
	case '"':
		return Value{Kind: KindString, Text: p.text()}
	case '{':
		return p.dict(depth)
	case '[':
		n := Value{Kind: KindList}
		for first := p.Enter('['); p.Next(&first, ']'); {
			n.List = append(n.List, p.value(depth+1))
		}
		return n
	case 't':
		p.word("true")
		return Value{Kind: KindBool, Text: "true"}
	case 'f':
		p.word("false")
		return Value{Kind: KindBool, Text: "false"}
	case 'n':
		p.word("null")
		return Value{}
	default:
		return p.num()
	}
}

// dict reads an object. Of several members of one name the last one counts.
func (p *treeParser) dict(depth int) Value {
	n := Value{Kind: KindDict}
	seen := map[string]int{}
	for first := p.Enter('{'); p.Next(&first, '}'); {
		key := p.key()
		v := p.value(depth + 1)
		if i, ok := seen[key]; ok {
			n.List[i] = v
			continue
		}
		seen[key] = len(n.Keys)
		n.Keys = append(n.Keys, key)
		n.List = append(n.List, v)
	}
	return n
}

func (p *treeParser) key() string {
	if p.peek() != '"' {
		p.bad = true
		return ""
	}
	key := p.text()
	if p.peek() != ':' {
		p.bad = true
		return ""
	}
	p.pos++
	return key
}

func (p *treeParser) num() Value {
	for _, w := range []string{"NaN", "Infinity", "-Infinity"} {
		if bytes.HasPrefix(p.data[p.pos:], []byte(w)) {
			p.pos += len(w)
			return Value{Kind: KindFloat, Text: w}
		}
	}
	text := string(p.number())
	if strings.ContainsAny(text, ".eE") {
		return Value{Kind: KindFloat, Text: text}
	}
	return Value{Kind: KindInt, Text: text}
}

func (p *treeParser) text() string {
	i := p.pos + 1
	var b []byte
	for i < len(p.data) {
		switch c := p.data[i]; {
		case c == '"':
			p.pos = i + 1
			return string(b)
		case c < ' ':
			p.bad = true
			return ""
		case c != '\\':
			b = append(b, c)
			i++
			continue
		}
		r, n := unescape(p.data[i:])
		if n == 0 {
			break
		}
		if r >= 0xd800 && r < 0xe000 {
			b = append(b, 0xe0|byte(r>>12), 0x80|byte(r>>6&0x3f), 0x80|byte(r&0x3f))
		} else {
			b = utf8.AppendRune(b, r)
		}
		i += n
	}
	p.bad = true
	return ""
}

// Dumps writes a value as Python's json.dumps does.
func Dumps(n *Value) string { return string(appendPyJSON(nil, n, pyStyle{comma: ", ", colon: ": "})) }

// pyStyle is how json.dumps was asked to write.
type pyStyle struct {
	comma, colon string
	sorted       bool // by key
}

// appendPyJSON appends a value as Python's json.dumps writes it.
func appendPyJSON(b []byte, n *Value, style pyStyle) []byte {
	switch n.Kind {
	case KindNull:
		return append(b, "null"...)
	case KindInt:
		if n.Text == "-0" {
			return append(b, '0')
		}
		return append(b, n.Text...)
	case KindFloat:
		return appendPyFloat(b, n.Text)
	case KindString:
		return pyrepr.AppendJSON(b, n.Text)
	case KindList:
		b = append(b, '[')
		for i := range n.List {
			if i > 0 {
				b = append(b, style.comma...)
			}
			b = appendPyJSON(b, &n.List[i], style)
		}
		return append(b, ']')
	case KindDict:
		b = append(b, '{')
		for i, at := range n.order(style.sorted) {
			if i > 0 {
				b = append(b, style.comma...)
			}
			b = append(pyrepr.AppendJSON(b, n.Keys[at]), style.colon...)
			b = appendPyJSON(b, &n.List[at], style)
		}
		return append(b, '}')
	case KindBool:
	}
	return append(b, n.Text...)
}

// order returns the places of an object's members in the order in which they
// are written.
func (n *Value) order(sorted bool) []int {
	places := make([]int, len(n.Keys))
	for i := range places {
		places[i] = i
	}
	if sorted {
		slices.SortFunc(places, func(a, b int) int { return strings.Compare(n.Keys[a], n.Keys[b]) })
	}
	return places
}

func appendPyFloat(b []byte, text string) []byte {
	f, _ := strconv.ParseFloat(text, 64) // too much is infinite
	switch {
	case math.IsNaN(f):
		return append(b, "NaN"...)
	case math.IsInf(f, 1):
		return append(b, "Infinity"...)
	case math.IsInf(f, -1):
		return append(b, "-Infinity"...)
	}
	return pyrepr.AppendFloat(b, f)
}
