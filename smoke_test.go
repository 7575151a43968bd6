package dynamodbstore_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	d "github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/local"
)

func TestSmoke(t *testing.T) {
	ctx := t.Context()
	s, err := local.Open(ctx, local.Memory)
	require.NoError(t, err)
	defer s.Close()
	id, err := s.CreateExperiment(ctx, d.CreateExperimentParams{Name: "a", Tags: []d.Tag{{"k", "v"}}})
	require.NoError(t, err)
	require.Equal(t, "1", id)
	_, err = s.CreateExperiment(ctx, d.CreateExperimentParams{Name: "a"})
	require.ErrorIs(t, err, d.ErrAlreadyExists)
	var ids []string
	for i := range 5 {
		r, err := s.CreateRun(ctx, d.CreateRunParams{ExperimentID: id, StartTime: int64(i)})
		require.NoError(t, err)
		ids = append(ids, r.Info.RunID)
		require.NoError(t, s.LogBatch(ctx, d.LogBatchParams{
			RunID: r.Info.RunID, Metrics: []d.Metric{{Key: "m", Value: float64(i), Step: 1}},
			Params: []d.Param{{"p", fmt.Sprint(i)}}, Tags: []d.Tag{{"t", "x"}},
		}))
		_, err = s.UpdateRun(ctx, d.UpdateRunParams{RunID: r.Info.RunID, Status: d.StatusFinished})
		require.NoError(t, err)
	}
	page, err := s.SearchRuns(ctx, d.SearchRunsParams{ExperimentIDs: []string{id}, Filter: "metrics.m > 1", MaxResults: 2})
	require.NoError(t, err)
	require.Len(t, page.Items, 2)
	require.Equal(t, ids[4], page.Items[0].Info.RunID)
	require.NotEmpty(t, page.NextPageToken)
	page, err = s.SearchRuns(ctx, d.SearchRunsParams{ExperimentIDs: []string{id}, Filter: "metrics.m > 1", MaxResults: 2, PageToken: page.NextPageToken})
	require.NoError(t, err)
	require.Len(t, page.Items, 1)
	require.NoError(t, s.SetTag(ctx, ids[0], d.Tag{"late", "1"}))
	require.NoError(t, s.LogMetric(ctx, ids[0], d.Metric{Key: "m", Value: 9, Step: 9}))
	r, err := s.GetRun(ctx, ids[0])
	require.NoError(t, err)
	require.Equal(t, 9.0, r.Metrics[0].Value)
	require.NoError(t, s.DeleteRun(ctx, ids[1]))
	page, err = s.SearchRuns(ctx, d.SearchRunsParams{ExperimentIDs: []string{id}, OrderBy: []string{"metrics.m DESC"}})
	require.NoError(t, err)
	require.Len(t, page.Items, 4)
	require.Equal(t, ids[0], page.Items[0].Info.RunID)
	require.NoError(t, s.DeleteExperiment(ctx, id))
	page, err = s.SearchRuns(ctx, d.SearchRunsParams{ExperimentIDs: []string{id}, View: d.ViewDeletedOnly})
	require.NoError(t, err)
	require.Len(t, page.Items, 5)
	require.NoError(t, s.RestoreExperiment(ctx, id))
	page, err = s.SearchRuns(ctx, d.SearchRunsParams{ExperimentIDs: []string{id}})
	require.NoError(t, err)
	require.Len(t, page.Items, 5)
	h, err := s.MetricHistory(ctx, d.MetricHistoryParams{RunID: ids[0], Key: "m"})
	require.NoError(t, err)
	require.Len(t, h.Items, 2)
}
