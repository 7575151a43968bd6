package wire

import (
	"math"
	"strconv"
	"unicode/utf8"
)

type text string

func (p *text) scan(s *Scanner) bool {
	*p = text(s.str())
	return *p != ""
}

func (p *text) take(v *Value) *badValue {
	if v.Kind != KindString || !utf8.ValidString(v.Text) {
		return &badValue{value: v}
	}
	*p = text(v.Text)
	return nil
}

func (p *text) clear() { *p = "" }

type optionalText struct{ to **string }

func (p optionalText) scan(s *Scanner) bool {
	*p.to = new(s.str())
	return **p.to != ""
}

func (p optionalText) take(v *Value) *badValue {
	*p.to = new("")
	return (*text)(*p.to).take(v)
}

func (p optionalText) clear() { *p.to = nil }

type texts []string

func (p *texts) scan(s *Scanner) bool {
	*p = s.Texts()
	return true
}

func (p *texts) take(v *Value) *badValue {
	if v.Kind != KindList {
		return &badValue{value: v}
	}
	*p = nil
	for i := range v.List {
		var t text
		if bad := t.take(&v.List[i]); bad != nil {
			return bad.below(index(i))
		}
		*p = append(*p, string(t))
	}
	return nil
}

func (p *texts) clear() { *p = nil }

// lists are places of more than one value.
type lists interface{ isList() }

func (*texts) isList() {}

// index is the part of a path that says where in a list something is.
func index(i int) string { return "[" + strconv.Itoa(i) + "]" }

// flags are places of a bool.
type flags interface{ isFlag() }

func (*flag) isFlag()    {}
func (*inverse) isFlag() {}

type flag bool

func (p *flag) scan(s *Scanner) bool {
	*p = flag(s.flag())
	return true
}

func (p *flag) take(v *Value) *badValue {
	if v.Kind != KindBool {
		return &badValue{value: v}
	}
	*p = v.Text == "true"
	return nil
}

func (p *flag) clear() { *p = false }

type inverse bool

func (p *inverse) scan(s *Scanner) bool {
	*p = inverse(!s.flag())
	return true
}

func (p *inverse) take(v *Value) *badValue {
	if v.Kind != KindBool {
		return &badValue{value: v}
	}
	*p = v.Text != "true"
	return nil
}

func (p *inverse) clear() { *p = false }

type double float64

func (p *double) scan(s *Scanner) bool {
	*p = double(s.Double())
	return true
}

func (p *double) take(v *Value) *badValue {
	d, ok := v.double()
	if !ok {
		return &badValue{value: v}
	}
	*p = double(d)
	return nil
}

func (p *double) clear() { *p = 0 }

// integer hands a number to its place. That it is absent is a zero that is not
// given.
type integer struct {
	set   func(n int64, given bool)
	small bool  // of 32 bits
	n     int64 // the last one
}

func integerField(name string, set func(n int64, given bool), small bool) Field {
	return Field{name: name, place: &integer{set: set, small: small}}
}

func plain[N ~int | ~int64](to *N) func(int64, bool) {
	return func(n int64, _ bool) { *to = N(n) }
}

func optional[N ~int | ~int64](to **N) func(int64, bool) {
	return func(n int64, given bool) {
		if *to = nil; given {
			*to = new(N(n))
		}
	}
}

func size(to *int) func(int64, bool) {
	return func(n int64, given bool) {
		if *to = int(n); given && n == 0 {
			*to = Zero
		}
	}
}

func (p *integer) scan(s *Scanner) bool {
	if p.small {
		p.n = int64(s.Int32())
	} else {
		p.n = s.Int()
	}
	p.set(p.n, true)
	return true
}

func (p *integer) take(v *Value) *badValue {
	n, ok := v.integer()
	if !ok || p.small && (n < math.MinInt32 || n > math.MaxInt32) {
		return &badValue{value: v}
	}
	p.set(n, true)
	return nil
}

func (p *integer) clear() { p.set(0, false) }

type enum[E any] struct {
	to      *E
	choices []Choice[E]
	open    bool
}

func (p *enum[E]) scan(s *Scanner) bool {
	var known bool
	*p.to, known = scanChoice(s, p.choices)
	s.bad = s.bad || !known && !p.open
	return true
}

func (p *enum[E]) take(v *Value) *badValue {
	p.clear()
	if at := p.named(v); at != nil {
		*p.to = at.Value
		return nil
	}
	n, isNumber := v.enumNumber()
	for i := range p.choices {
		if isNumber && p.choices[i].Number == n {
			*p.to = p.choices[i].Value
			return nil
		}
	}
	if v.Kind == KindString && !isNumber { // a name that is not known
		return nil
	}
	return &badValue{value: v, borne: p.open && isNumber && (v.Kind == KindString || v.Kind == KindInt)}
}

// named returns the choice whose name a value is, or nil.
func (p *enum[E]) named(v *Value) *Choice[E] {
	for i := range p.choices {
		if v.Kind == KindString && p.choices[i].Name == v.Text {
			return &p.choices[i]
		}
	}
	return nil
}

func (p *enum[E]) clear() {
	var none E
	*p.to = none
}
