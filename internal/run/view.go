package run

import (
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/experiment"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter/runfilter"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/point"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// View shows a packed run to filters and orders.
type View struct {
	*Packed
	E      *experiment.State
	refs   []DatasetRef
	parsed bool
}

var _ runfilter.View = (*View)(nil)

// Metric returns the latest value of a metric.
func (r *View) Metric(key string) (float64, bool) {
	reg, ok := r.lookup(sectionMetrics, key)
	if !ok {
		return 0, false
	}
	m, ok := point.RegisterMetric(key, reg)
	return m.Value, ok
}

// Param returns the value of a param.
func (r *View) Param(key string) (string, bool) { return r.lookup(sectionParams, key) }

// Tag returns the value of a tag.
func (r *View) Tag(key string) (string, bool) { return r.lookup(sectionTags, key) }

// StringAttr returns a string attribute.
func (r *View) StringAttr(a filter.Attr) (string, bool) {
	switch a {
	case runfilter.RunID:
		return r.ID, true
	case runfilter.RunName:
		return r.name, true
	case runfilter.UserID:
		return r.user, true
	case runfilter.Status:
		return string(r.status), true
	case runfilter.ArtifactURI:
		return experiment.RunArtifactURI(r.E.Artifact, r.ID), true
	default:
		return "", false
	}
}

// IntAttr returns a time.
func (r *View) IntAttr(a filter.Attr) (int64, bool) {
	switch a {
	case runfilter.StartTime:
		return r.Start, true
	case runfilter.EndTime:
		return r.end, r.hasEnd
	default:
		return 0, false
	}
}

// Datasets returns how many dataset inputs the run has.
func (r *View) Datasets() int {
	if !r.parsed {
		// A malformed reference fails the unpacking of the run, not the filter.
		r.refs, _ = ParseDatasetRefs(r.Dict(SectionInputs))
		r.parsed = true
	}
	return len(r.refs)
}

// Dataset returns the i-th dataset input.
func (r *View) Dataset(i int) runfilter.Dataset {
	ref := r.refs[i]
	context, ok := ref.Tags.Get(mlflow.DatasetContextTag)
	return runfilter.Dataset{Name: ref.Name, Digest: ref.Digest, Context: context, HasContext: ok}
}
