package runfilter

import "github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter"

// runNameTag is the tag that a clause on the attribute run_name is about.
const runNameTag = "mlflow.runName"

// View shows a run to filters and orders. Implementations should answer from a
// packed row without allocating.
type View interface {
	// Metric returns the latest value of a metric, which may be NaN.
	Metric(key string) (float64, bool)
	// Param returns the value of a param.
	Param(key string) (string, bool)
	// Tag returns the value of a tag, mlflow.runName included.
	Tag(key string) (string, bool)
	// StringAttr returns a string attribute. The status is its upper-case name.
	StringAttr(a filter.Attr) (string, bool)
	// IntAttr returns [StartTime] or [EndTime].
	IntAttr(a filter.Attr) (int64, bool)
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

// matches tells whether the run satisfies the clause. As in SQL, what is absent
// satisfies nothing but IS NULL, not even !=.
func matches(c *filter.Clause, v View) bool {
	switch c.Entity {
	case filter.EntityMetric:
		f, ok := v.Metric(c.Key)
		return ok && c.MatchMetric(f)
	case filter.EntityParam:
		s, ok := v.Param(c.Key)
		return c.MatchNullable(s, ok)
	case filter.EntityTag:
		s, ok := v.Tag(c.Key)
		return c.MatchNullable(s, ok)
	case filter.EntityDataset:
		return matchesDataset(c, v)
	case filter.EntityAttribute:
		switch {
		case c.Attr.IsInt():
			n, ok := v.IntAttr(c.Attr)
			return ok && c.MatchInt(n)
		case c.Attr == RunName:
			s, ok := v.Tag(runNameTag)
			return ok && c.MatchText(s)
		default:
			s, ok := v.StringAttr(c.Attr)
			return ok && c.MatchText(s)
		}
	}
	return false
}

// matchesDataset tells whether any dataset input satisfies the clause; each
// clause of a query may be satisfied by another.
func matchesDataset(c *filter.Clause, v View) bool {
	for i := range v.Datasets() {
		d := v.Dataset(i)
		if s, ok := d.Field(c.Key); ok && c.MatchText(s) {
			return true
		}
	}
	return false
}
