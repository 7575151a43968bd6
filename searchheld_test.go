package dynamodbstore_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/pebbletable"
)

// memoryStore returns a ready Store and its table, which it closes at the end
// of the test.
func memoryStore(t *testing.T) (*pebbletable.Table, *dynamodbstore.Store) {
	t.Helper()
	tab, err := pebbletable.OpenMemory(pebbletable.Options{})
	require.NoError(t, err)
	s, err := dynamodbstore.OpenTable(tab)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	require.NoError(t, s.Init(t.Context()))
	return tab, s
}

// TestPagesOfLargeRuns: a page ends where its runs take too much, in any order,
// and the next one goes on there.
func TestPagesOfLargeRuns(t *testing.T) {
	t.Parallel()
	tab, s := memoryStore(t)
	var ids []string
	for i := range 20 {
		r, err := s.CreateRun(t.Context(), dynamodbstore.CreateRunParams{
			ExperimentID: dynamodbstore.DefaultExperimentID, Name: fmt.Sprintf("run %02d", i*7%20), StartTime: int64(i),
		})
		require.NoError(t, err)
		ids = append(ids, r.Info.RunID)
		require.NoError(t, s.LogBatch(t.Context(), dynamodbstore.LogBatchParams{
			RunID: r.Info.RunID, Metrics: []dynamodbstore.Metric{{Key: "m", Value: float64(i % 5)}},
			Params: []dynamodbstore.Param{{Key: "p", Value: strings.Repeat("x", 1000)}},
		}))
		if i%3 > 0 {
			_, err = s.UpdateRun(t.Context(), dynamodbstore.UpdateRunParams{RunID: r.Info.RunID, Status: dynamodbstore.StatusFinished})
			require.NoError(t, err)
		}
	}
	few, err := dynamodbstore.OpenTable(tab, dynamodbstore.WithHeldBytes(5000))
	require.NoError(t, err)
	for _, p := range []dynamodbstore.SearchRunsParams{
		{},
		{MaxResults: 50000},
		{OrderBy: []string{"metrics.m DESC"}},
		{OrderBy: []string{"attributes.run_name"}},
		{OrderBy: []string{"attributes.status", "attributes.end_time"}},
		{Filter: "attributes.run_id IN ('" + strings.Join(ids, "','") + "')"},
		{Filter: "metrics.m > -1"},
	} {
		p.ExperimentIDs = []string{dynamodbstore.DefaultExperimentID}
		want, err := s.SearchRuns(t.Context(), p)
		require.NoError(t, err)
		require.Len(t, want.Items, 20)
		require.Empty(t, want.NextPageToken)
		var got []string
		for pages := 1; ; pages++ {
			page, err := few.SearchRuns(t.Context(), p)
			require.NoError(t, err)
			require.LessOrEqual(t, len(page.Items), 5, "%v", p)
			for _, r := range page.Items {
				got = append(got, r.Info.RunID)
			}
			if p.PageToken = page.NextPageToken; p.PageToken == "" {
				require.GreaterOrEqual(t, pages, 4)
				break
			}
		}
		require.True(t, slices.EqualFunc(want.Items, got, func(r *dynamodbstore.Run, id string) bool { return r.Info.RunID == id }), "%v", p)
	}
}

// TestHeldLoggedModels: a page of logged models ends where they take much, in any
// order, and goes on behind that.
func TestHeldLoggedModels(t *testing.T) {
	t.Parallel()
	tab, s := memoryStore(t)
	for i := range 20 {
		loggedModel(t, s, dynamodbstore.CreateLoggedModelParams{
			ExperimentID: dynamodbstore.DefaultExperimentID, Name: fmt.Sprintf("m%02d", i*7%20),
			Params: []dynamodbstore.Param{{Key: "p", Value: strings.Repeat("x", 1000)}},
		})
	}
	few, err := dynamodbstore.OpenTable(tab, dynamodbstore.WithHeldBytes(5000))
	require.NoError(t, err)
	for _, order := range [][]dynamodbstore.LoggedModelOrder{nil, {{Field: "name"}}} {
		p := dynamodbstore.SearchLoggedModelsParams{ExperimentIDs: []string{dynamodbstore.DefaultExperimentID}, OrderBy: order}
		want := allLoggedModels(t, s, p)
		require.Len(t, want, 20)
		var got []*dynamodbstore.LoggedModel
		for pages := 1; ; pages++ {
			page, err := few.SearchLoggedModels(t.Context(), p)
			require.NoError(t, err)
			require.LessOrEqual(t, len(page.Items), 5)
			got = append(got, page.Items...)
			if p.PageToken = page.NextPageToken; p.PageToken == "" {
				require.GreaterOrEqual(t, pages, 4)
				break
			}
		}
		require.Equal(t, want, got)
	}
}

// TestVisitsEnd: an error of who is visited ends a visit.
func TestVisitsEnd(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	_, s := memoryStore(t)
	r, err := s.CreateRun(ctx, dynamodbstore.CreateRunParams{ExperimentID: dynamodbstore.DefaultExperimentID})
	require.NoError(t, err)
	require.NoError(t, s.LogBatch(ctx, dynamodbstore.LogBatchParams{
		RunID: r.Info.RunID, Metrics: []dynamodbstore.Metric{{Key: "m", Step: 1}, {Key: "m", Step: 2}, {Key: "m", Step: 3}},
	}))
	enough := errors.New("enough")
	calls := 0
	_, err = s.VisitRuns(ctx, dynamodbstore.SearchRunsParams{ExperimentIDs: []string{dynamodbstore.DefaultExperimentID}},
		func(got *dynamodbstore.Run) error {
			calls++
			require.Equal(t, r.Info.RunID, got.Info.RunID)
			return enough
		})
	require.Equal(t, enough, err)
	_, err = s.VisitMetricHistory(ctx, dynamodbstore.MetricHistoryParams{RunID: r.Info.RunID, Key: "m"}, func(m dynamodbstore.Metric) error {
		if calls++; m.Step == 2 {
			return enough
		}
		return nil
	})
	require.Equal(t, enough, err)
	require.Equal(t, 3, calls)
}
