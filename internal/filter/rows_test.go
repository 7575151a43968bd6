package filter_test

import (
	"math"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter"
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

var _ filter.Run = (*runRow)(nil)

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
	case filter.AttrRunID:
		return r.ID, true
	case filter.AttrRunName:
		return deref(r.Name)
	case filter.AttrStatus:
		return r.Status, true
	case filter.AttrUserID:
		return deref(r.UserID)
	case filter.AttrArtifactURI:
		return deref(r.ArtifactURI)
	default:
		panic("no string attribute: " + a.String())
	}
}

func (r *runRow) IntAttr(a filter.Attr) (int64, bool) {
	switch a {
	case filter.AttrStartTime:
		return deref(r.StartTime)
	case filter.AttrEndTime:
		return deref(r.EndTime)
	default:
		panic("no int attribute: " + a.String())
	}
}

func (r *runRow) Datasets() int { return len(r.Inputs) }

func (r *runRow) Dataset(i int) filter.Dataset {
	d := filter.Dataset{Name: r.Inputs[i].Name, Digest: r.Inputs[i].Digest}
	d.Context, d.HasContext = deref(r.Inputs[i].Context)
	return d
}

// experimentRow is an experiment of the corpus.
type experimentRow struct {
	ID             int64             `json:"experiment_id"`
	Name           string            `json:"name"`
	CreationTime   *int64            `json:"creation_time"`
	LastUpdateTime *int64            `json:"last_update_time"`
	Tags           map[string]string `json:"tags"`
}

var _ filter.Tagged = (*experimentRow)(nil)

func (e *experimentRow) Tag(key string) (string, bool) {
	s, ok := e.Tags[key]
	return s, ok
}

func (e *experimentRow) StringAttr(a filter.Attr) (string, bool) {
	if a != filter.AttrName {
		panic("no string attribute: " + a.String())
	}
	return e.Name, true
}

func (e *experimentRow) IntAttr(a filter.Attr) (int64, bool) {
	switch a {
	case filter.AttrExperimentID:
		return e.ID, true
	case filter.AttrCreationTime:
		return deref(e.CreationTime)
	case filter.AttrLastUpdateTime:
		return deref(e.LastUpdateTime)
	default:
		panic("no int attribute: " + a.String())
	}
}

// modelRow is a registered model or a version of the corpus.
type modelRow struct {
	ID             string            `json:"id"` // of a version
	Name           string            `json:"name"`
	VersionNumber  int64             `json:"version_number"`
	CreationTime   int64             `json:"creation_time"`
	LastUpdateTime int64             `json:"last_update_time"`
	RunID          string            `json:"run_id"`
	SourcePath     string            `json:"source_path"`
	Tags           map[string]string `json:"tags"`
}

var _ filter.Tagged = (*modelRow)(nil)

func (m *modelRow) Tag(key string) (string, bool) {
	s, ok := m.Tags[key]
	return s, ok
}

func (m *modelRow) StringAttr(a filter.Attr) (string, bool) {
	switch a {
	case filter.AttrName:
		return m.Name, true
	case filter.AttrRunID:
		return m.RunID, true
	case filter.AttrSourcePath:
		return m.SourcePath, true
	default:
		panic("no string attribute: " + a.String())
	}
}

func (m *modelRow) IntAttr(a filter.Attr) (int64, bool) {
	switch a {
	case filter.AttrVersionNumber:
		return m.VersionNumber, true
	case filter.AttrCreationTime:
		return m.CreationTime, true
	case filter.AttrLastUpdateTime:
		return m.LastUpdateTime, true
	default:
		panic("no int attribute: " + a.String())
	}
}

func deref[T any](p *T) (T, bool) {
	if p == nil {
		var zero T
		return zero, false
	}
	return *p, true
}
