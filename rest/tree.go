package rest

import (
	"bytes"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxTreeDepth is about the nesting at which MLflow gives up.
const maxTreeDepth = 950

type kind uint8

const (
	kindNull kind = iota
	kindBool
	kindInt
	kindFloat
	kindString
	kindList
	kindDict
)

// node is a JSON value as Python's json.loads sees it.
type node struct {
	kind kind
	text string // a number as written, a string, "true" or "false"
	list []node // elements, or the values of the members
	keys []string
}

// pyType is the name of the value's type in Python.
func (n *node) pyType() string {
	return [...]string{"NoneType", "bool", "int", "float", "str", "list", "dict"}[n.kind]
}

// get returns the member of a name, or nil.
func (n *node) get(key string) *node {
	if n == nil || n.kind != kindDict {
		return nil
	}
	if i := slices.Index(n.keys, key); i >= 0 {
		return &n.list[i]
	}
	return nil
}

func (n *node) set(key string, v node) {
	if old := n.get(key); old != nil { // the last one counts
		*old = v
		return
	}
	n.keys = append(n.keys, key)
	n.list = append(n.list, v)
}

// parseTree reads JSON as Python's json.loads does: it knows NaN and Infinity,
// lets the last of several members of one name win, and keeps halves of
// surrogate pairs, in the bytes that UTF-8 would have for them.
//
// What is not JSON is no error: MLflow takes it for an empty object.
func parseTree(data []byte) (n node, ok bool, err error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(data) {
		return node{}, false, nil
	}
	p := treeParser{scanner{data: data}}
	n = p.value(0)
	if p.items > maxItems {
		return node{}, false, invalid("Bad Request. The body has too many values.")
	}
	return n, p.end(), nil
}

type treeParser struct{ scanner }

func (p *treeParser) value(depth int) node {
	if depth > maxTreeDepth || p.bad {
		p.bad = true
		return node{}
	}
	switch c := p.peek(); c {
	case '"':
		return node{kind: kindString, text: p.text()}
	case '{':
		return p.dict(depth)
	case '[':
		n := node{kind: kindList}
		for first := p.enter('['); p.next(&first, ']'); {
			n.list = append(n.list, p.value(depth+1))
		}
		return n
	case 't':
		p.word("true")
		return node{kind: kindBool, text: "true"}
	case 'f':
		p.word("false")
		return node{kind: kindBool, text: "false"}
	case 'n':
		p.word("null")
		return node{}
	default:
		return p.num()
	}
}

// dict reads an object. Of several members of one name the last one counts.
func (p *treeParser) dict(depth int) node {
	n := node{kind: kindDict}
	seen := map[string]int{}
	for first := p.enter('{'); p.next(&first, '}'); {
		key := p.key()
		v := p.value(depth + 1)
		if i, ok := seen[key]; ok {
			n.list[i] = v
			continue
		}
		seen[key] = len(n.keys)
		n.keys = append(n.keys, key)
		n.list = append(n.list, v)
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

func (p *treeParser) num() node {
	for _, w := range []string{"NaN", "Infinity", "-Infinity"} {
		if bytes.HasPrefix(p.data[p.pos:], []byte(w)) {
			p.pos += len(w)
			return node{kind: kindFloat, text: w}
		}
	}
	text := string(p.number())
	if strings.ContainsAny(text, ".eE") {
		return node{kind: kindFloat, text: text}
	}
	return node{kind: kindInt, text: text}
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

// pyStyle is how json.dumps was asked to write.
type pyStyle struct {
	comma, colon string
	sorted       bool // by key
}

// appendPyJSON appends a value as Python's json.dumps writes it.
func appendPyJSON(b []byte, n *node, style pyStyle) []byte {
	switch n.kind {
	case kindNull:
		return append(b, "null"...)
	case kindInt:
		if n.text == "-0" {
			return append(b, '0')
		}
		return append(b, n.text...)
	case kindFloat:
		return appendPyFloat(b, n.text)
	case kindString:
		return appendString(b, n.text)
	case kindList:
		b = append(b, '[')
		for i := range n.list {
			if i > 0 {
				b = append(b, style.comma...)
			}
			b = appendPyJSON(b, &n.list[i], style)
		}
		return append(b, ']')
	case kindDict:
		b = append(b, '{')
		for i, at := range n.order(style.sorted) {
			if i > 0 {
				b = append(b, style.comma...)
			}
			b = append(appendString(b, n.keys[at]), style.colon...)
			b = appendPyJSON(b, &n.list[at], style)
		}
		return append(b, '}')
	case kindBool:
	}
	return append(b, n.text...)
}

// order returns the places of an object's members in the order in which they
// are written.
func (n *node) order(sorted bool) []int {
	places := make([]int, len(n.keys))
	for i := range places {
		places[i] = i
	}
	if sorted {
		slices.SortFunc(places, func(a, b int) int { return strings.Compare(n.keys[a], n.keys[b]) })
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
	return appendFloat(b, f)
}
