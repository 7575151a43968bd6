package runfilter_test

import (
	"testing"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter/filtertest"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter/runfilter"
)

func TestCorpus(t *testing.T) {
	t.Parallel()
	filtertest.Replay(t, "runs.json", func(where string, orderBy []string, rows []runRow) ([]string, error) {
		q, err := runfilter.Parse(where, orderBy)
		if err != nil {
			return nil, err
		}
		place := func(r *runRow) filter.Tuple { return q.AppendPlace(nil, r) }
		return filtertest.Sorted(rows, func(r *runRow) bool { return q.Match(r) }, q.Order, place, func(r *runRow) string { return r.ID }), nil
	})
}
