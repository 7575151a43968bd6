package runsearch

import (
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/index"
)

// runProber reads the index rows of an experiment's runs.
func (rs *runSearch) runProber(exp string) *index.Prober {
	return &index.Prober{V: rs.s.View, Stats: rs.stats, PK: func(r index.Range) string { return rs.s.Keys.IndexPK(exp, r.Kind, r.Name) }}
}
