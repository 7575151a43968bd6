package dynamodbstore_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	dynamodbstore "github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
)

// runOfKeys is a settled run with that many metric keys, and its experiment.
func runOfKeys(t tester, s *dynamodbstore.Store, keys int) (exp, run string) {
	t.Helper()
	exp, err := s.CreateExperiment(t.Context(), dynamodbstore.CreateExperimentParams{Name: fmt.Sprint("of ", keys)})
	require.NoError(t, err)
	r, err := s.CreateRun(t.Context(), dynamodbstore.CreateRunParams{ExperimentID: exp, StartTime: 1})
	require.NoError(t, err)
	points := make([]dynamodbstore.Metric, 0, 1000)
	for i := range keys {
		points = append(points, point(fmt.Sprintf("metric/of/layer/%06d", i), 1, float64(i)))
		if len(points) == cap(points) {
			require.NoError(t, s.LogBatch(t.Context(), dynamodbstore.LogBatchParams{RunID: r.Info.RunID, Metrics: points}))
			points = points[:0]
		}
	}
	return exp, r.Info.RunID
}

// BenchmarkManyKeys reads runs of 10,000 and 100,000 metric keys: ten times the
// keys take ten times as long.
func BenchmarkManyKeys(b *testing.B) {
	clock := newStillClock()
	tab, drop := briefTable(b, clock)
	defer drop()
	s := view(b, tab, time.Now, "default")
	for _, keys := range []int{10_000, 100_000} {
		exp, run := runOfKeys(b, s, keys)
		b.Run(fmt.Sprint("get, keys=", keys), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r, err := s.GetRun(b.Context(), run)
				require.NoError(b, err)
				require.Len(b, r.Metrics, keys)
			}
		})
		b.Run(fmt.Sprint("page, keys=", keys), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				page, err := s.SearchRuns(b.Context(), dynamodbstore.SearchRunsParams{ExperimentIDs: []string{exp}, MaxResults: 10})
				require.NoError(b, err)
				require.Len(b, page.Items[0].Metrics, keys)
			}
		})
	}
	require.NoError(b, s.Close())
}
