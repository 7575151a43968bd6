package dynamodbstore_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/pebbletable"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/tabletest"
)

// TestScale holds searches of many runs to the budgets that those of few have:
// of 20,000 on the embedded table, of 1,200 on DynamoDB Local, which is slow
// to fill and counts the same. make bench-scale does so with 100,000.
func TestScale(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		n := 1_200
		if _, ok := tab.(*pebbletable.Table); ok {
			n = 20_000
		}
		now := clock.Now()
		s := open(t, tab, clock, dynamodbstore.WithClock(func() time.Time { return now }))
		exp := experiment(t, s, "many")
		run := newRun(t, s, exp, 1_700_000_000_000)
		logged := append(metrics(9, 1, 0), dynamodbstore.Metric{Key: "accuracy", Value: -1})
		require.NoError(t, logBatch(s, run, logged, params(10, 0))(t.Context()))
		finish(t, s, run)
		for i := range 11 { // older than all copies
			old := newRun(t, s, exp, int64(i))
			require.NoError(t, s.LogMetric(t.Context(), old, dynamodbstore.Metric{Key: "accuracy", Value: math.NaN()}))
			require.NoError(t, s.LogInputs(t.Context(), dynamodbstore.LogInputsParams{RunID: old, Datasets: []dynamodbstore.DatasetInput{{
				Dataset: dynamodbstore.Dataset{Name: "rare", Digest: "1", SourceType: "local", Source: "x"},
			}}}))
			finish(t, s, old)
		}
		// 37 and n have no common divisor: each value comes once.
		value := func(i int) float64 { return float64(i * 37 % n) }
		require.NoError(t, dynamodbstore.PutCopies(t.Context(), s, run, "accuracy", n, value))
		now = now.Add(time.Hour) // none has settled lately

		p := dynamodbstore.SearchRunsParams{ExperimentIDs: []string{exp}, OrderBy: []string{"metrics.accuracy DESC"}}
		values, token := tenWithin(t, s, "top 10", p, budget{4, 18, 0})
		require.Equal(t, consecutive(float64(n-1), -1), values)
		p.PageToken = token
		values, _ = tenWithin(t, s, "top 10, page 2", p, budget{5, 18, 0})
		require.Equal(t, consecutive(float64(n-11), -1), values)
		p = dynamodbstore.SearchRunsParams{ExperimentIDs: []string{exp}, OrderBy: []string{"metrics.accuracy ASC"}}
		values, _ = tenWithin(t, s, "bottom 10", p, budget{4, 18, 0})
		require.Equal(t, consecutive(-1, 1), values)
		p = dynamodbstore.SearchRunsParams{ExperimentIDs: []string{exp}, Filter: fmt.Sprintf("metrics.accuracy > %d", n-101)}
		values, _ = tenWithin(t, s, "100 hits", p, budget{5, 20, 0})
		require.Greater(t, slices.Min(values), float64(n-101))
		for _, where := range []string{"datasets.name = 'rare'", "datasets.digest IN ('1', '2')", "datasets.name LIKE 'ra%'"} {
			p = dynamodbstore.SearchRunsParams{ExperimentIDs: []string{exp}, Filter: where}
			tenWithin(t, s, where, p, budget{6, 18, 0})
		}
		tenWithin(t, s, "page 1", dynamodbstore.SearchRunsParams{ExperimentIDs: []string{exp}}, budget{2, 5, 0})
	})
}

// tenWithin finds ten of more runs within a budget, and returns their accuracies
// and the token of the next page.
func tenWithin(t *testing.T, s *dynamodbstore.Store, name string, p dynamodbstore.SearchRunsParams, b budget) ([]float64, string) {
	t.Helper()
	p.MaxResults = 10
	var page dynamodbstore.Page[*dynamodbstore.Run]
	search := func(ctx context.Context) (err error) {
		page, err = s.SearchRuns(ctx, p)
		return err
	}
	require.NoError(t, search(t.Context())) // reads the settings
	within(t, name, cost(t, search), b)
	require.Len(t, page.Items, p.MaxResults)
	require.NotEmpty(t, page.NextPageToken)
	var values []float64
	for _, r := range page.Items {
		require.Equal(t, "accuracy", r.Metrics[0].Key)
		values = append(values, r.Metrics[0].Value)
	}
	return values, page.NextPageToken
}

// consecutive returns ten values from the first one on.
func consecutive(first, step float64) []float64 {
	values := make([]float64, 10)
	for i := range values {
		values[i] = first + float64(i)*step
	}
	return values
}
