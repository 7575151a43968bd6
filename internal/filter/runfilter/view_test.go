package runfilter_test

import (
	"math"
	"strconv"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter/filtertest"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter/runfilter"
)

// runRow is a run of the corpus, in the corpus's JSON form.
type runRow struct {
	ID          string            `json:"run_id"`
	Name        *string           `json:"run_name"`
	Status      string            `json:"status"`
	StartTime   *int64            `json:"start_time"`
	EndTime     *int64            `json:"end_time"`
	UserID      *string           `json:"user_id"`
	ArtifactURI *string           `json:"artifact_uri"`
	Tags        map[string]string `json:"tags"`
	Params      map[string]string `json:"params"`
	Metrics     map[string]any    `json:"metrics"`
	Inputs      []struct {
		Name    string  `json:"name"`
		Digest  string  `json:"digest"`
		Context *string `json:"context"`
	} `json:"datasets"`
}

var _ runfilter.View = (*runRow)(nil)

func (r *runRow) Metric(key string) (float64, bool) {
	switch v := r.Metrics[key].(type) {
	case float64:
		return v, true
	case string:
		return math.NaN(), true
	default:
		return 0, false
	}
}

func (r *runRow) Param(key string) (string, bool) {
	s, ok := r.Params[key]
	return s, ok
}

func (r *runRow) Tag(key string) (string, bool) {
	s, ok := r.Tags[key]
	return s, ok
}

func (r *runRow) StringAttr(a filter.Attr) (string, bool) {
	switch a {
	case runfilter.RunID:
		return r.ID, true
	case runfilter.RunName:
		return filtertest.Value(r.Name)
	case runfilter.Status:
		return r.Status, true
	case runfilter.UserID:
		return filtertest.Value(r.UserID)
	case runfilter.ArtifactURI:
		return filtertest.Value(r.ArtifactURI)
	default:
		panic("no string attribute: " + strconv.Itoa(int(a)))
	}
}

func (r *runRow) IntAttr(a filter.Attr) (int64, bool) {
	switch a {
	case runfilter.StartTime:
		return filtertest.Value(r.StartTime)
	case runfilter.EndTime:
		return filtertest.Value(r.EndTime)
	default:
		panic("no int attribute: " + strconv.Itoa(int(a)))
	}
}

func (r *runRow) Datasets() int { return len(r.Inputs) }

func (r *runRow) Dataset(i int) runfilter.Dataset {
	d := runfilter.Dataset{Name: r.Inputs[i].Name, Digest: r.Inputs[i].Digest}
	d.Context, d.HasContext = filtertest.Value(r.Inputs[i].Context)
	return d
}
