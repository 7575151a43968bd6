package dynamodbstore_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/tabletest"
)

// TestSearchBudgets holds searches through indexes to their budgets, and to
// the plan that is theirs.
func TestSearchBudgets(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		now := clock.Now()
		at := func() time.Time { return now }
		s := open(t, tab, clock, dynamodbstore.WithClock(at))
		exp := experiment(t, s, "searches")
		for i := range 122 {
			run := newRun(t, s, exp, int64(i))
			require.NoError(t, s.LogMetric(t.Context(), run, dynamodbstore.Metric{Key: "accuracy", Value: float64(i * 37 % 122)}))
			require.NoError(t, s.LogParam(t.Context(), run, dynamodbstore.Param{Key: "fold", Value: fmt.Sprint(i % 61)}))
			if i%61 == 0 {
				require.NoError(t, s.LogInputs(t.Context(), dynamodbstore.LogInputsParams{RunID: run, Datasets: []dynamodbstore.DatasetInput{{
					Dataset: dynamodbstore.Dataset{Name: "rare", Digest: fmt.Sprint(i), SourceType: "local", Source: "x"},
				}}}))
			}
			finish(t, s, run)
		}
		now = now.Add(time.Hour) // none has settled lately
		find := func(p dynamodbstore.SearchRunsParams, plan string, runs int, b budget) {
			t.Helper()
			var e dynamodbstore.Explanation
			p.ExperimentIDs = []string{exp}
			u := cost(t, func(ctx context.Context) error {
				page, err := s.SearchRuns(dynamodbstore.WithExplanation(ctx, &e), p)
				require.Len(t, page.Items, runs)
				return err
			})
			within(t, p.Filter+fmt.Sprint(p.OrderBy), u, b)
			require.Equal(t, plan, e.Plan)
			require.Equal(t, dynamodbstore.Units(u), e.Units)
		}
		_, err := s.GetExperiment(t.Context(), exp)
		require.NoError(t, err)
		_, err = s.SearchRuns(t.Context(), dynamodbstore.SearchRunsParams{ExperimentIDs: []string{exp}}) // reads the settings
		require.NoError(t, err)
		const byIndex, byOrder = "run list; candidates from indexes in the order of the run list", "index in the order of the search"
		top := dynamodbstore.SearchRunsParams{OrderBy: []string{"metrics.accuracy DESC"}, MaxResults: 10}
		find(top, byOrder, 10, budget{4, 18, 0})
		top.OrderBy[0] = "metrics.accuracy ASC"
		find(top, byOrder, 10, budget{4, 18, 0})
		find(dynamodbstore.SearchRunsParams{Filter: "params.fold = '7'", MaxResults: 10}, byIndex, 2, budget{5, 18, 0})
		find(dynamodbstore.SearchRunsParams{Filter: "metrics.accuracy > 118", MaxResults: 10}, byIndex, 3, budget{5, 18, 0})
		find(dynamodbstore.SearchRunsParams{Filter: "datasets.name = 'rare'", MaxResults: 10}, byIndex, 2, budget{7, 18, 0})
		find(dynamodbstore.SearchRunsParams{Filter: "datasets.digest IN ('0', '61', 'none')", MaxResults: 10}, byIndex, 2, budget{7, 18, 0})
		find(dynamodbstore.SearchRunsParams{Filter: "attributes.run_name LIKE '%n-1%'", MaxResults: 10}, "run list", 10, budget{2, 18, 0})
		find(dynamodbstore.SearchRunsParams{Filter: "attributes.run_name LIKE '%-61%'", MaxResults: 10}, byIndex, 1, budget{8, 18, 0})
		find(dynamodbstore.SearchRunsParams{Filter: "metrics.accuracy > 118", OrderBy: []string{"attributes.end_time"}},
			"few candidates from indexes, sorted", 3, budget{4, 18, 0})
		openRuns := 5
		for i := range openRuns {
			newRun(t, s, exp, int64(1000+i))
		}
		find(top, byOrder, 10, budget{6, 18 + 2*float64(openRuns) + 1, 0})
	})
}
