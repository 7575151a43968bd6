package dynamodbstore_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/tabletest"
)

// TestZeroTimes: a zero time is now for a library's user, and is what it is for
// who says so.
func TestZeroTimes(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		s, err := dynamodbstore.OpenTable(keepOpen{tab}, dynamodbstore.WithClock(clock.Now))
		require.NoError(t, err)
		require.NoError(t, s.Init(t.Context()))
		t.Cleanup(func() { require.NoError(t, s.Close()) })
		for _, tt := range []struct {
			name string
			ctx  context.Context
			want int64
		}{
			{"now", t.Context(), clock.Now().UnixMilli()},
			{"as given", dynamodbstore.WithTimesAsGiven(t.Context()), 0},
		} {
			r, err := s.CreateRun(tt.ctx, dynamodbstore.CreateRunParams{ExperimentID: "0"})
			require.NoError(t, err)
			require.InDelta(t, tt.want, r.Info.StartTime, 60_000, tt.name)
			run := r.Info.RunID
			batch := []dynamodbstore.Metric{{Key: "b"}, {Key: "c", Timestamp: 7}}
			require.NoError(t, s.LogMetric(tt.ctx, run, dynamodbstore.Metric{Key: "a"}))
			require.NoError(t, s.LogBatch(tt.ctx, dynamodbstore.LogBatchParams{RunID: run, Metrics: batch}))
			require.Zero(t, batch[0].Timestamp, "the caller's")
			r, err = s.GetRun(tt.ctx, run)
			require.NoError(t, err)
			require.Len(t, r.Metrics, 3)
			require.InDelta(t, tt.want, r.Metrics[0].Timestamp, 60_000, tt.name)
			require.InDelta(t, tt.want, r.Metrics[1].Timestamp, 60_000, tt.name)
			require.Equal(t, int64(7), r.Metrics[2].Timestamp)
			checkEnds(t, tt.ctx, s, run, tt.want)
		}
	})
}

// checkEnds ends a run without an end time, with a zero one, and with one.
func checkEnds(t *testing.T, ctx context.Context, s *dynamodbstore.Store, run string, now int64) { //nolint:revive // t comes first
	t.Helper()
	end := func(status dynamodbstore.RunStatus, at *int64) *int64 {
		t.Helper()
		info, err := s.UpdateRun(ctx, dynamodbstore.UpdateRunParams{RunID: run, Status: status, EndTime: at})
		require.NoError(t, err)
		return info.EndTime
	}
	require.Nil(t, end(dynamodbstore.StatusRunning, nil))
	if at := end(dynamodbstore.StatusFinished, nil); now == 0 {
		require.Nil(t, at)
	} else {
		require.InDelta(t, now, *at, 60_000)
	}
	require.InDelta(t, now, *end(dynamodbstore.StatusFinished, new(int64)), 60_000)
	require.Equal(t, int64(9), *end("", new(int64(9))))
	require.Equal(t, int64(9), *end(dynamodbstore.StatusKilled, nil), "it has one")
}

// TestClosed: after Close all methods fail the same way, on any table, and a
// second Close succeeds.
func TestClosed(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		s, err := dynamodbstore.OpenTable(keepOpen{tab}, dynamodbstore.WithClock(clock.Now))
		require.NoError(t, err)
		require.NoError(t, s.Init(t.Context()))
		run := newRun(t, s, "0", 1)
		require.NoError(t, s.Close())
		require.NoError(t, s.Close())
		_, err = s.GetRun(t.Context(), run)
		require.ErrorIs(t, err, dynamodbstore.ErrClosed)
		require.EqualError(t, err, "TEMPORARILY_UNAVAILABLE: The store is closed.: store is closed")
		require.ErrorIs(t, s.LogMetric(t.Context(), run, dynamodbstore.Metric{Key: "m"}), dynamodbstore.ErrClosed)
		require.ErrorIs(t, s.SetTag(t.Context(), run, dynamodbstore.Tag{Key: "k"}), dynamodbstore.ErrClosed)
		_, err = s.CreateRun(t.Context(), dynamodbstore.CreateRunParams{ExperimentID: "0"})
		require.ErrorIs(t, err, dynamodbstore.ErrClosed)
		_, err = s.SearchRuns(t.Context(), dynamodbstore.SearchRunsParams{ExperimentIDs: []string{"0"}, MaxResults: 1})
		require.ErrorIs(t, err, dynamodbstore.ErrClosed)
		require.ErrorIs(t, s.Init(t.Context()), dynamodbstore.ErrClosed)
	})
}

// TestEnsureExperiment: all callers get the one experiment of a name, and a
// deleted one is an error.
func TestEnsureExperiment(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		stores := []*dynamodbstore.Store{open(t, tab, clock), open(t, tab, clock)}
		p := dynamodbstore.CreateExperimentParams{Name: "it's", Tags: []dynamodbstore.Tag{tag("a", "b")}}
		type result struct {
			id  string
			err error
		}
		results := make(chan result)
		for i := range 8 {
			go func() {
				id, err := stores[i%2].EnsureExperiment(t.Context(), p)
				results <- result{id, err}
			}()
		}
		ids := map[string]bool{}
		for range 8 {
			r := <-results
			require.NoError(t, r.err)
			ids[r.id] = true
		}
		require.Len(t, ids, 1)
		e, err := stores[0].GetExperimentByName(t.Context(), "it's")
		require.NoError(t, err)
		require.True(t, ids[e.ID])

		require.NoError(t, stores[0].DeleteExperiment(t.Context(), e.ID))
		_, err = stores[1].EnsureExperiment(t.Context(), p)
		require.EqualError(t, err, `INVALID_PARAMETER_VALUE: Cannot set a deleted experiment "it's" as the active experiment. `+
			"You can restore the experiment, or permanently delete the experiment to create a new one.")
		_, err = stores[1].EnsureExperiment(t.Context(), dynamodbstore.CreateExperimentParams{})
		require.ErrorIs(t, err, dynamodbstore.ErrInvalid)
	})
}
