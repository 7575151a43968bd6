package wire

import (
	"math"
	"strconv"
	"strings"
)

// Protobuf's JSON parser takes the name of a field in snake case and in camel
// case, and numbers in several spellings.

// camelCase returns a name in camel case.
func camelCase(name string) string {
	parts := strings.Split(name, "_")
	for i, p := range parts[1:] {
		parts[i+1] = strings.ToUpper(p[:1]) + p[1:]
	}
	return strings.Join(parts, "")
}

// isCamelCase reports whether a key is a name in camel case.
func isCamelCase(key, name string) bool {
	at := 0
	for i := 0; i < len(name); i++ {
		c := name[i]
		if c == '_' {
			i++
			c = name[i] - 'a' + 'A'
		}
		if at == len(key) || key[at] != c {
			return false
		}
		at++
	}
	return at == len(key)
}

// conflictingNames returns the name of the first field that an object spells in
// both ways, or "".
func conflictingNames(n *Value, fields []Field) string {
	if n.Kind != KindDict {
		return ""
	}
	for i := range fields {
		f := &fields[i]
		v := n.Get(f.name)
		if strings.IndexByte(f.name, '_') >= 0 {
			alias := n.spelled(f.name)
			if v != nil && alias != nil {
				return f.name
			}
			if v == nil {
				v = alias
			}
		}
		if p, ok := f.place.(parent); ok && v != nil {
			if name := conflictsWithin(v, p.children()); name != "" {
				return name
			}
		}
	}
	return ""
}

// conflictsWithin looks at a message or a list of them.
func conflictsWithin(v *Value, fields []Field) string {
	if v.Kind != KindList {
		return conflictingNames(v, fields)
	}
	for i := range v.List {
		if name := conflictingNames(&v.List[i], fields); name != "" {
			return name
		}
	}
	return ""
}

// spelled returns the member whose name is one in camel case, or nil.
func (n *Value) spelled(name string) *Value {
	for i, key := range n.Keys {
		if isCamelCase(key, name) {
			return &n.List[i]
		}
	}
	return nil
}

// integer reads a value as protobuf reads integers: numbers, quoted or not,
// that have no fraction.
func (n *Value) integer() (int64, bool) {
	if n.Kind != KindInt && n.Kind != KindFloat && n.Kind != KindString || strings.Contains(n.Text, " ") {
		return 0, false
	}
	text := strings.TrimSpace(n.Text)
	if i, err := strconv.ParseInt(text, 10, 64); err == nil {
		return i, true
	}
	d, ok := parseDouble(text)
	if !ok || d != math.Trunc(d) || d < math.MinInt64 || d >= math.MaxInt64 {
		return 0, false
	}
	return int64(d), true
}

// double reads a value as protobuf reads doubles. Only strings may say NaN or
// Infinity.
func (n *Value) double() (float64, bool) {
	switch n.Kind {
	case KindBool:
		if n.Text == "true" {
			return 1, true
		}
		return 0, true
	case KindInt, KindFloat:
		d, ok := parseDouble(n.Text)
		return d, ok && !math.IsInf(d, 0) && !math.IsNaN(d)
	case KindString:
		if n.Text == "nan" {
			return 0, false
		}
		return parseDouble(strings.TrimSpace(n.Text))
	case KindNull, KindList, KindDict:
	}
	return 0, false
}

// parseDouble reads what Python's float() reads: too much is infinite.
func parseDouble(text string) (float64, bool) {
	if strings.ContainsAny(text, "xX_") {
		return 0, false
	}
	d, err := strconv.ParseFloat(text, 64)
	return d, err == nil || math.IsInf(d, 0)
}

// enumNumber reads the number of an enum.
func (n *Value) enumNumber() (number int64, ok bool) {
	switch n.Kind {
	case KindBool:
		if n.Text == "true" {
			return 1, true
		}
		return 0, true
	case KindFloat:
		d, ok := parseDouble(n.Text)
		return int64(d), ok && math.Abs(d) <= 1<<31
	case KindInt, KindString:
		i, err := strconv.ParseInt(strings.TrimSpace(n.Text), 10, 64)
		return i, err == nil
	case KindNull, KindList, KindDict:
	}
	return 0, false
}
