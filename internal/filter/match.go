package filter

import (
	"math"
	"slices"
)

// runNameTag is the tag that a clause on the attribute run_name is about.
const runNameTag = "mlflow.runName"

// Run gives access to what a search can ask of a run. Implementations should
// answer from a packed row without allocating.
type Run interface {
	// Metric returns the latest value of a metric, which may be NaN.
	Metric(key string) (float64, bool)
	// Param returns the value of a param.
	Param(key string) (string, bool)
	// Tag returns the value of a tag, mlflow.runName included.
	Tag(key string) (string, bool)
	// StringAttr returns a string attribute. The status is its upper-case name.
	StringAttr(a Attr) (string, bool)
	// IntAttr returns AttrStartTime or AttrEndTime.
	IntAttr(a Attr) (int64, bool)
	// Datasets returns how many dataset inputs the run has.
	Datasets() int
	// Dataset returns the i-th of them.
	Dataset(i int) Dataset
}

// Dataset is what a search can ask of a dataset input.
type Dataset struct {
	Name       string
	Digest     string
	Context    string // the input's tag mlflow.data.context
	HasContext bool   // whether the input has that tag
}

// DatasetKeys returns what filters can ask of a dataset input.
func DatasetKeys() []string { return []string{"name", "digest", "context"} }

// Field returns what one of [DatasetKeys] asks for; false if the input does not
// have it.
func (d *Dataset) Field(key string) (string, bool) {
	switch key {
	case "digest":
		return d.Digest, true
	case "context":
		return d.Context, d.HasContext
	default:
		return d.Name, true
	}
}

// Tagged gives access to what a search can ask of an experiment, a registered
// model or a model version.
type Tagged interface {
	// Tag returns the value of a tag.
	Tag(key string) (string, bool)
	// StringAttr returns AttrName; of a version also AttrRunID and AttrSourcePath.
	StringAttr(a Attr) (string, bool)
	// IntAttr returns one of the times; AttrExperimentID of an experiment,
	// AttrVersionNumber of a version.
	IntAttr(a Attr) (int64, bool)
}

// Match tells whether the run satisfies every clause of the query.
func (q *RunQuery) Match(r Run) bool {
	for i := range q.Clauses {
		if !q.Clauses[i].MatchRun(r) {
			return false
		}
	}
	return true
}

// Match tells whether the experiment satisfies every clause of the query.
func (q *ExperimentQuery) Match(e Tagged) bool { return matchTagged(q.Clauses, e) }

func matchTagged(clauses []Clause, e Tagged) bool {
	for i := range clauses {
		if !clauses[i].matchTagged(e) {
			return false
		}
	}
	return true
}

// MatchRun tells whether the run satisfies the clause. As in SQL, what is absent
// satisfies nothing but IS NULL, not even !=.
func (c *Clause) MatchRun(r Run) bool {
	switch c.Entity {
	case EntityMetric:
		v, ok := r.Metric(c.Key)
		return ok && c.matchMetric(v)
	case EntityParam:
		s, ok := r.Param(c.Key)
		return c.matchNullable(s, ok)
	case EntityTag:
		s, ok := r.Tag(c.Key)
		return c.matchNullable(s, ok)
	case EntityDataset:
		return c.matchDatasets(r)
	case EntityAttribute:
		switch {
		case c.Attr.IsInt():
			n, ok := r.IntAttr(c.Attr)
			return ok && c.matchInt(n)
		case c.Attr == AttrRunName:
			s, ok := r.Tag(runNameTag)
			return ok && c.matchString(s)
		default:
			s, ok := r.StringAttr(c.Attr)
			return ok && c.matchString(s)
		}
	}
	return false
}

func (c *Clause) matchTagged(e Tagged) bool {
	switch {
	case c.Entity == EntityTag:
		s, ok := e.Tag(c.Key)
		return c.matchNullable(s, ok)
	case c.Attr.IsInt():
		n, ok := e.IntAttr(c.Attr)
		return ok && c.matchInt(n)
	default:
		s, ok := e.StringAttr(c.Attr)
		return ok && c.matchString(s)
	}
}

func (c *Clause) matchNullable(s string, ok bool) bool {
	switch c.Op {
	case OpIsNull:
		return !ok
	case OpIsNotNull:
		return ok
	default:
		return ok && c.matchString(s)
	}
}

// matchMetric compares a metric's latest value. NaN differs from every number
// and satisfies no other comparison.
func (c *Clause) matchMetric(v float64) bool {
	if math.IsNaN(v) {
		return c.Op == OpNe
	}
	return compared(c.Op, compareFloats(v, c.Value.Float))
}

func (c *Clause) matchString(s string) bool {
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

func (c *Clause) matchInt(n int64) bool {
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

// matchDatasets tells whether any dataset input satisfies the clause; each
// clause of a query may be satisfied by another.
func (c *Clause) matchDatasets(r Run) bool {
	for i := range r.Datasets() {
		d := r.Dataset(i)
		if s, ok := d.Field(c.Key); ok && c.matchString(s) {
			return true
		}
	}
	return false
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
