package dynamodbstore

import (
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter/runfilter"
)

// datasetContextTag is the tag of an input that searches call its context.
const datasetContextTag = "mlflow.data.context"

// runRow shows a packed run to filters and orders.
type runRow struct {
	*packedRun
	e      *expState
	refs   []datasetRef
	parsed bool
}

var _ runfilter.View = (*runRow)(nil)

// Metric returns the latest value of a metric.
func (r *runRow) Metric(key string) (float64, bool) {
	reg, ok := r.lookup(sectionMetrics, key)
	if !ok {
		return 0, false
	}
	m, ok := registerMetric(key, reg)
	return m.Value, ok
}

// Param returns the value of a param.
func (r *runRow) Param(key string) (string, bool) { return r.lookup(sectionParams, key) }

// Tag returns the value of a tag.
func (r *runRow) Tag(key string) (string, bool) { return r.lookup(sectionTags, key) }

// StringAttr returns a string attribute.
func (r *runRow) StringAttr(a filter.Attr) (string, bool) {
	switch a {
	case runfilter.RunID:
		return r.id, true
	case runfilter.RunName:
		return r.name, true
	case runfilter.UserID:
		return r.user, true
	case runfilter.Status:
		return string(r.status), true
	case runfilter.ArtifactURI:
		return runArtifactURI(r.e.artifact, r.id), true
	default:
		return "", false
	}
}

// IntAttr returns a time.
func (r *runRow) IntAttr(a filter.Attr) (int64, bool) {
	switch a {
	case runfilter.StartTime:
		return r.start, true
	case runfilter.EndTime:
		return r.end, r.hasEnd
	default:
		return 0, false
	}
}

// Datasets returns how many dataset inputs the run has.
func (r *runRow) Datasets() int {
	if !r.parsed {
		// A malformed reference fails the unpacking of the run, not the filter.
		r.refs, _ = parseDatasetRefs(r.dict(sectionInputs))
		r.parsed = true
	}
	return len(r.refs)
}

// Dataset returns the i-th dataset input.
func (r *runRow) Dataset(i int) runfilter.Dataset {
	ref := r.refs[i]
	context, ok := ref.tags.get(datasetContextTag)
	return runfilter.Dataset{Name: ref.name, Digest: ref.digest, Context: context, HasContext: ok}
}
