package experimentfilter_test

import (
	"strconv"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter/experimentfilter"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter/filtertest"
)

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
	if a != experimentfilter.Name {
		panic("no string attribute: " + strconv.Itoa(int(a)))
	}
	return e.Name, true
}

func (e *experimentRow) IntAttr(a filter.Attr) (int64, bool) {
	switch a {
	case experimentfilter.ExperimentID:
		return e.ID, true
	case experimentfilter.CreationTime:
		return filtertest.Value(e.CreationTime)
	case experimentfilter.LastUpdateTime:
		return filtertest.Value(e.LastUpdateTime)
	default:
		panic("no int attribute: " + strconv.Itoa(int(a)))
	}
}
