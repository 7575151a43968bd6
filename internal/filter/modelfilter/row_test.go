package modelfilter_test

import (
	"strconv"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter/modelfilter"
)

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
	case modelfilter.Name:
		return m.Name, true
	case modelfilter.RunID:
		return m.RunID, true
	case modelfilter.SourcePath:
		return m.SourcePath, true
	default:
		panic("no string attribute: " + strconv.Itoa(int(a)))
	}
}

func (m *modelRow) IntAttr(a filter.Attr) (int64, bool) {
	switch a {
	case modelfilter.VersionNumber:
		return m.VersionNumber, true
	case modelfilter.CreationTime:
		return m.CreationTime, true
	case modelfilter.LastUpdateTime:
		return m.LastUpdateTime, true
	default:
		panic("no int attribute: " + strconv.Itoa(int(a)))
	}
}
