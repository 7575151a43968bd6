package wire

import (
	"strings"
	"unicode/utf8"
)

// Pair is a parameter of a query string.
type Pair struct{ Key, Value string }

// ParseQuery reads a query string as Flask does: it never fails, and bytes that
// are not UTF-8 stay escaped.
func ParseQuery(raw string) []Pair {
	var pairs []Pair
	for part := range strings.SplitSeq(raw, "&") {
		if part == "" {
			continue
		}
		key, value, _ := strings.Cut(part, "=")
		pairs = append(pairs, Pair{Unquote(key), Unquote(value)})
	}
	return pairs
}

// FirstOf returns the first value of each parameter.
func FirstOf(params []Pair) map[string]string {
	first := make(map[string]string, len(params))
	for _, p := range params {
		if _, again := first[p.Key]; !again {
			first[p.Key] = p.Value
		}
	}
	return first
}

// Unquote undoes the escapes of a query string. Bytes that are not UTF-8 stay
// escaped.
func Unquote(s string) string {
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
// names in snake case count, and of a field that is not a list the first.
func queryTree(raw string, fields []Field) (Value, error) {
	pairs := ParseQuery(raw)
	n := Value{Kind: KindDict}
	for i := range fields {
		f := &fields[i]
		var values []Value
		for _, p := range pairs {
			if p.Key == f.name {
				values = append(values, Value{Kind: KindString, Text: p.Value})
			}
		}
		if values == nil {
			continue
		}
		v, err := queryValue(f, values)
		if err != nil {
			return n, err
		}
		n.Set(f.name, v)
	}
	return n, nil
}

// queryValue returns the value of a field that a query string has so often.
func queryValue(f *Field, values []Value) (Value, error) {
	switch f.place.(type) {
	case lists:
		return Value{Kind: KindList, List: values}, nil
	case flags:
		text := values[0].Text
		v := strings.ToLower(text)
		if v != "true" && v != "false" {
			return Value{}, Error("Invalid boolean value: " + text + ", must be 'true' or 'false'.")
		}
		return Value{Kind: KindBool, Text: v}, nil
	default:
		return values[0], nil
	}
}
