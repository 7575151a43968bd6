package filter

import (
	"math"
	"strings"
)

// Order is a complete order of entities: no two of them compare equal, for the
// last key is the entity's id.
//
// Absent values come last in both directions, and a metric that is NaN between
// the numbers and the absent ones, as sqlalchemy_store.py, _get_orderby_clauses,
// has it; under keys that are NullLow, absent values are the smallest, as in
// SQLite. NaNs are equal to each other. Strings compare bytewise.
type Order []OrderKey

// String returns the order in canonical form.
func (o Order) String() string {
	var b strings.Builder
	for i, k := range o {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(k.String())
	}
	return b.String()
}

// Fits tells whether t could be a tuple of this order: of its length, each
// element of a kind that its key can have. Check tuples that came from a client.
func (o Order) Fits(t Tuple) bool {
	if len(t) != len(o) {
		return false
	}
	for i := range o {
		if !o[i].fits(t[i].Kind) {
			return false
		}
	}
	return true
}

func (k *OrderKey) fits(kind ElementKind) bool {
	switch {
	case kind == ElementNull:
		return true
	case k.Entity == EntityMetric:
		return kind == ElementFloat || kind == ElementNaN
	case k.Entity == EntityAttribute && k.Attr.IsInt():
		return kind == ElementInt
	default:
		return kind == ElementString
	}
}

// Compare returns a negative number when an entity with tuple a comes before one with
// tuple b, a positive one when it comes after, and 0 when neither does. Both must
// fit the order; an element that is missing counts as null.
func (o Order) Compare(a, b Tuple) int {
	for i := range o {
		if c := o[i].compare(a.element(i), b.element(i)); c != 0 {
			return c
		}
	}
	return 0
}

func (k *OrderKey) compare(a, b *Element) int {
	if c := a.rank() - b.rank(); c != 0 {
		if k.NullLow && !k.Desc {
			return -c
		}
		return c
	}
	c := a.compareValue(b)
	if k.Desc {
		return -c
	}
	return c
}

// MetricElement is the place of a metric; null without one.
func MetricElement(v float64, ok bool) Element {
	switch {
	case !ok:
		return Element{}
	case math.IsNaN(v):
		return Element{Kind: ElementNaN}
	default:
		return Element{Kind: ElementFloat, Float: v}
	}
}

// TextElement is the place of a text; null without one.
func TextElement(s string, ok bool) Element {
	if !ok {
		return Element{}
	}
	return Element{Kind: ElementString, Str: s}
}

// IntElement is the place of an integer; null without one.
func IntElement(n int64, ok bool) Element {
	if !ok {
		return Element{}
	}
	return Element{Kind: ElementInt, Int: n}
}
