package rest

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

type fieldType uint8

const (
	typeString fieldType = iota
	typeInt32
	typeInt64
	typeDouble
	typeBool
	typeEnum
	typeMessage
)

// field describes a field of a protobuf message as far as its JSON form goes.
type field struct {
	name     string
	json     string // the name in camel case
	typ      fieldType
	repeated bool
	enum     []enumValue
	message  []field
}

type enumValue struct {
	name   string
	number int64
}

// f makes a field of a name in snake case.
func f(name string, typ fieldType) field {
	parts := strings.Split(name, "_")
	for i, p := range parts[1:] {
		parts[i+1] = strings.ToUpper(p[:1]) + p[1:]
	}
	return field{name: name, json: strings.Join(parts, ""), typ: typ}
}

func list(f field) field {
	f.repeated = true
	return f
}

func enum(name string, values ...enumValue) field {
	f := f(name, typeEnum)
	f.enum = values
	return f
}

func messages(name string, fields ...field) field {
	f := f(name, typeMessage)
	f.message = fields
	f.repeated = true
	return f
}

// badField is a value that protobuf's JSON parser refuses.
type badField struct {
	path  string
	value *node
}

// conflictingAliases returns the first field that an object spells in two ways.
func conflictingAliases(n *node, fields []field) *field {
	if n == nil || n.kind != kindDict {
		return nil
	}
	for i := range fields {
		f := &fields[i]
		v, alias := n.get(f.name), n.get(f.json)
		if v != nil && alias != nil && f.name != f.json {
			return f
		}
		if f.typ != typeMessage {
			continue
		}
		if v == nil {
			v = alias
		}
		if v == nil {
			continue
		}
		items := []node{*v}
		if v.kind == kindList {
			items = v.list
		}
		for j := range items {
			if c := conflictingAliases(&items[j], f.message); c != nil {
				return c
			}
		}
	}
	return nil
}

// appendMessage appends an object as the scanner likes it: names in snake case,
// numbers as numbers, nothing unknown. It stops at the first value that
// protobuf's parser would refuse.
func appendMessage(b []byte, n *node, fields []field, path string) ([]byte, *badField) {
	if n.kind != kindDict {
		return b, &badField{path, n}
	}
	b = append(b, '{')
	for i, key := range n.keys {
		v := &n.list[i]
		j := slices.IndexFunc(fields, func(f field) bool { return f.name == key || f.json == key })
		if j < 0 || v.kind == kindNull {
			continue
		}
		if b[len(b)-1] != '{' {
			b = append(b, ',')
		}
		f := &fields[j]
		b = append(strconv.AppendQuote(b, f.name), ':')
		at := f.name
		if path != "" {
			at = path + "." + f.name
		}
		var bad *badField
		if b, bad = appendField(b, v, f, at); bad != nil {
			return b, bad
		}
	}
	return append(b, '}'), nil
}

func appendField(b []byte, v *node, f *field, path string) ([]byte, *badField) {
	if !f.repeated {
		return appendValue(b, v, f, path)
	}
	if v.kind != kindList {
		return b, &badField{path, v}
	}
	b = append(b, '[')
	for i := range v.list {
		if i > 0 {
			b = append(b, ',')
		}
		at := path + "[" + strconv.Itoa(i) + "]"
		if v.list[i].kind == kindNull {
			return b, &badField{at, &v.list[i]}
		}
		var bad *badField
		if b, bad = appendValue(b, &v.list[i], f, at); bad != nil {
			return b, bad
		}
	}
	return append(b, ']'), nil
}

func appendValue(b []byte, v *node, f *field, path string) ([]byte, *badField) {
	bad := &badField{path, v}
	switch f.typ {
	case typeMessage:
		return appendMessage(b, v, f.message, path)
	case typeString:
		if v.kind != kindString || !utf8.ValidString(v.text) {
			return b, bad
		}
		return appendString(b, v.text), nil
	case typeBool:
		if v.kind != kindBool {
			return b, bad
		}
		return append(b, v.text...), nil
	case typeDouble:
		d, ok := v.double()
		if !ok {
			return b, bad
		}
		return appendDouble(b, d), nil
	case typeEnum:
		number, known, ok := v.enum(f.enum)
		switch {
		case !ok:
			return b, bad
		case !known:
			return append(b, "null"...), nil
		}
		return strconv.AppendInt(b, number, 10), nil
	case typeInt32, typeInt64:
		i, ok := v.integer()
		if !ok || f.typ == typeInt32 && (i < math.MinInt32 || i > math.MaxInt32) {
			return b, bad
		}
		return strconv.AppendInt(b, i, 10), nil
	}
	return b, bad
}

// integer reads a value as protobuf reads integers: numbers, quoted or not,
// that have no fraction.
func (n *node) integer() (int64, bool) {
	if n.kind != kindInt && n.kind != kindFloat && n.kind != kindString || strings.Contains(n.text, " ") {
		return 0, false
	}
	text := strings.TrimSpace(n.text)
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
func (n *node) double() (float64, bool) {
	switch n.kind {
	case kindBool:
		if n.text == "true" {
			return 1, true
		}
		return 0, true
	case kindInt, kindFloat:
		d, ok := parseDouble(n.text)
		return d, ok && !math.IsInf(d, 0) && !math.IsNaN(d)
	case kindString:
		if n.text == "nan" {
			return 0, false
		}
		return parseDouble(strings.TrimSpace(n.text))
	case kindNull, kindList, kindDict:
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

// enum reads the name or number of an enum. A name that is not known is as
// good as absent.
func (n *node) enum(values []enumValue) (number int64, known, ok bool) {
	if n.kind == kindString {
		if i := slices.IndexFunc(values, func(v enumValue) bool { return v.name == n.text }); i >= 0 {
			return values[i].number, true, true
		}
	}
	switch n.kind {
	case kindBool:
		if n.text == "true" {
			number = 1
		}
	case kindInt, kindFloat:
		d, isNumber := parseDouble(n.text)
		if !isNumber || math.IsNaN(d) || math.Abs(d) > 1<<31 {
			return 0, false, false
		}
		number = int64(d)
	case kindString:
		i, err := strconv.ParseInt(strings.TrimSpace(n.text), 10, 64)
		if err != nil {
			return 0, false, true
		}
		number = i
	case kindNull, kindList, kindDict:
		return 0, false, false
	}
	known = slices.ContainsFunc(values, func(v enumValue) bool { return v.number == number })
	return number, known, known
}
