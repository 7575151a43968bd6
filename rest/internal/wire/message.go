package wire

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

type fieldType uint8

const (
	TypeString fieldType = iota
	TypeInt32
	TypeInt64
	TypeDouble
	TypeBool
	typeEnum
	typeMessage
)

// Field describes a field of a protobuf message as far as its JSON form goes.
type Field struct {
	name     string
	json     string // the name in camel case
	typ      fieldType
	Repeated bool
	enum     []EnumValue
	message  []Field
}

type EnumValue struct {
	Name   string
	Number int64
}

// F makes a field of a name in snake case.
func F(name string, typ fieldType) Field {
	parts := strings.Split(name, "_")
	for i, p := range parts[1:] {
		parts[i+1] = strings.ToUpper(p[:1]) + p[1:]
	}
	return Field{name: name, json: strings.Join(parts, ""), typ: typ}
}

func List(f Field) Field {
	f.Repeated = true
	return f
}

func Enum(name string, values ...EnumValue) Field {
	f := F(name, typeEnum)
	f.enum = values
	return f
}

func Messages(name string, fields ...Field) Field {
	f := F(name, typeMessage)
	f.message = fields
	f.Repeated = true
	return f
}

// badField is a value that protobuf's JSON parser refuses.
type badField struct {
	path  string
	value *Value
}

// conflictingAliases returns the first field that an object spells in two ways.
func conflictingAliases(n *Value, fields []Field) *Field {
	if n == nil || n.Kind != KindDict {
		return nil
	}
	for i := range fields {
		f := &fields[i]
		v, alias := n.Get(f.name), n.Get(f.json)
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
		items := []Value{*v}
		if v.Kind == KindList {
			items = v.List
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
func appendMessage(b []byte, n *Value, fields []Field, path string) ([]byte, *badField) {
	if n.Kind != KindDict {
		return b, &badField{path, n}
	}
	b = append(b, '{')
	for i, key := range n.Keys {
		v := &n.List[i]
		j := slices.IndexFunc(fields, func(f Field) bool { return f.name == key || f.json == key })
		if j < 0 || v.Kind == KindNull {
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

func appendField(b []byte, v *Value, f *Field, path string) ([]byte, *badField) {
	if !f.Repeated {
		return appendValue(b, v, f, path)
	}
	if v.Kind != KindList {
		return b, &badField{path, v}
	}
	b = append(b, '[')
	for i := range v.List {
		if i > 0 {
			b = append(b, ',')
		}
		at := path + "[" + strconv.Itoa(i) + "]"
		if v.List[i].Kind == KindNull {
			return b, &badField{at, &v.List[i]}
		}
		var bad *badField
		if b, bad = appendValue(b, &v.List[i], f, at); bad != nil {
			return b, bad
		}
	}
	return append(b, ']'), nil
}

func appendValue(b []byte, v *Value, f *Field, path string) ([]byte, *badField) {
	bad := &badField{path, v}
	switch f.typ {
	case typeMessage:
		return appendMessage(b, v, f.message, path)
	case TypeString:
		if v.Kind != KindString || !utf8.ValidString(v.Text) {
			return b, bad
		}
		return AppendString(b, v.Text), nil
	case TypeBool:
		if v.Kind != KindBool {
			return b, bad
		}
		return append(b, v.Text...), nil
	case TypeDouble:
		d, ok := v.double()
		if !ok {
			return b, bad
		}
		return AppendDouble(b, d), nil
	case typeEnum:
		number, known, ok := v.enum(f.enum)
		switch {
		case !ok:
			return b, bad
		case !known:
			return append(b, "null"...), nil
		}
		return strconv.AppendInt(b, number, 10), nil
	case TypeInt32, TypeInt64:
		i, ok := v.integer()
		if !ok || f.typ == TypeInt32 && (i < math.MinInt32 || i > math.MaxInt32) {
			return b, bad
		}
		return strconv.AppendInt(b, i, 10), nil
	}
	return b, bad
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

// enum reads the name or number of an enum. A name that is not known is as
// good as absent.
func (n *Value) enum(values []EnumValue) (number int64, known, ok bool) {
	if n.Kind == KindString {
		if i := slices.IndexFunc(values, func(v EnumValue) bool { return v.Name == n.Text }); i >= 0 {
			return values[i].Number, true, true
		}
	}
	switch n.Kind {
	case KindBool:
		if n.Text == "true" {
			number = 1
		}
	case KindInt, KindFloat:
		d, isNumber := parseDouble(n.Text)
		if !isNumber || math.IsNaN(d) || math.Abs(d) > 1<<31 {
			return 0, false, false
		}
		number = int64(d)
	case KindString:
		i, err := strconv.ParseInt(strings.TrimSpace(n.Text), 10, 64)
		if err != nil {
			return 0, false, true
		}
		number = i
	case KindNull, KindList, KindDict:
		return 0, false, false
	}
	known = slices.ContainsFunc(values, func(v EnumValue) bool { return v.Number == number })
	return number, known, known
}
