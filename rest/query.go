package rest

import (
	"strings"
	"unicode/utf8"
)

// pair is a parameter of a query string.
type pair struct{ key, value string }

// parseQuery reads a query string as Flask does: it never fails, and bytes that
// are not UTF-8 stay escaped.
func parseQuery(raw string) []pair {
	var pairs []pair
	for part := range strings.SplitSeq(raw, "&") {
		if part == "" {
			continue
		}
		key, value, _ := strings.Cut(part, "=")
		pairs = append(pairs, pair{unquote(key), unquote(value)})
	}
	return pairs
}

// firstOf returns the first value of each parameter.
func firstOf(params []pair) map[string]string {
	first := make(map[string]string, len(params))
	for _, p := range params {
		if _, again := first[p.key]; !again {
			first[p.key] = p.value
		}
	}
	return first
}

func unquote(s string) string {
	if strings.IndexByte(s, '%') < 0 {
		return strings.ReplaceAll(s, "+", " ")
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '+':
			b = append(b, ' ')
		case c == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
			b = append(b, unhex(s[i+1])<<4|unhex(s[i+2]))
			i += 2
		default:
			b = append(b, c)
		}
	}
	if utf8.Valid(b) {
		return string(b)
	}
	var out []byte
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			out = append(out, '%', "0123456789ABCDEF"[b[0]>>4], "0123456789ABCDEF"[b[0]&15])
		} else {
			out = append(out, b[:n]...)
		}
		b = b[n:]
	}
	return string(out)
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c|' ' >= 'a' && c|' ' <= 'f'
}

func unhex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c | ' ' - 'a' + 10
}

// queryTree turns a query string into the object that it stands for. Only the
// names in snake case count, and of a field that is not repeated the first.
func queryTree(raw string, fields []field) (node, error) {
	pairs := parseQuery(raw)
	n := node{kind: kindDict}
	for i := range fields {
		f := &fields[i]
		var values []node
		for _, p := range pairs {
			if p.key == f.name {
				values = append(values, node{kind: kindString, text: p.value})
			}
		}
		switch {
		case values == nil:
		case f.repeated:
			n.set(f.name, node{kind: kindList, list: values})
		case f.typ == typeBool:
			v := strings.ToLower(values[0].text)
			if v != "true" && v != "false" {
				return n, invalid("Invalid boolean value: " + values[0].text + ", must be 'true' or 'false'.")
			}
			n.set(f.name, node{kind: kindBool, text: v})
		default:
			n.set(f.name, values[0])
		}
	}
	return n, nil
}
