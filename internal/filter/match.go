package filter

import (
	"math"
	"slices"
)

// MatchNullable tells whether a text satisfies the clause, or its absence does.
// As in SQL, what is absent satisfies nothing but IS NULL, not even !=.
func (c *Clause) MatchNullable(s string, ok bool) bool {
	switch c.Op {
	case OpIsNull:
		return !ok
	case OpIsNotNull:
		return ok
	default:
		return ok && c.MatchText(s)
	}
}

// MatchMetric compares a metric's latest value. NaN differs from every number
// and satisfies no other comparison.
func (c *Clause) MatchMetric(v float64) bool {
	if math.IsNaN(v) {
		return c.Op == OpNe
	}
	return compared(c.Op, compareFloats(v, c.Value.Float))
}

// MatchText tells whether a text satisfies the clause.
func (c *Clause) MatchText(s string) bool {
	switch c.Op {
	case OpEq:
		return s == c.Value.Str
	case OpNe:
		return s != c.Value.Str
	case OpLike:
		return like(s, c.Value.Str, false)
	case OpILike:
		return like(s, c.Value.Str, true)
	case OpIn, OpNotIn:
		return slices.Contains(c.Value.Strs, s) == (c.Op == OpIn)
	default:
		return false
	}
}

// MatchInt tells whether an integer satisfies the clause.
func (c *Clause) MatchInt(n int64) bool {
	switch c.Value.Kind {
	case ValueInts:
		return slices.Contains(c.Value.Ints, n) == (c.Op == OpIn)
	case ValueFloat:
		return compared(c.Op, compareIntFloat(n, c.Value.Float))
	default:
		switch {
		case n < c.Value.Int:
			return compared(c.Op, -1)
		case n > c.Value.Int:
			return compared(c.Op, 1)
		default:
			return compared(c.Op, 0)
		}
	}
}

// compared applies a comparator to the outcome of a comparison.
func compared(op Op, outcome int) bool {
	switch op {
	case OpEq:
		return outcome == 0
	case OpNe:
		return outcome != 0
	case OpGt:
		return outcome > 0
	case OpGe:
		return outcome >= 0
	case OpLt:
		return outcome < 0
	case OpLe:
		return outcome <= 0
	default:
		return false
	}
}

// compareFloats compares two numbers, neither of them NaN.
func compareFloats(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	default:
		return 0
	}
}

// compareIntFloat compares an integer with a float exactly, as SQLite does.
func compareIntFloat(n int64, f float64) int {
	const limit = 1 << 63
	switch {
	case f >= limit:
		return -1
	case f < -limit:
		return 1
	}
	whole := math.Trunc(f)
	switch i := int64(whole); {
	case n < i:
		return -1
	case n > i:
		return 1
	default:
		return compareFloats(whole, f)
	}
}
