package dynamodbstore_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/tabletest"
)

const day = 24 * time.Hour

// readyBackends is backends with tables that workspaces can be made on.
func readyBackends(t *testing.T, test func(t *testing.T, tab table.Table, clock *tabletest.Clock)) {
	t.Helper()
	backends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		t.Helper()
		require.NoError(t, tab.Init(t.Context(), true))
		test(t, tab, clock)
	})
}

// requireGone asserts that no read shows a run.
func requireGone(t *testing.T, s *dynamodbstore.Store, exp, run string) {
	t.Helper()
	_, err := s.GetRun(t.Context(), run)
	require.ErrorIs(t, err, dynamodbstore.ErrNotFound)
	require.Empty(t, history(t, s, run, "acc"))
	points, err := s.MetricHistoryBulk(t.Context(), dynamodbstore.MetricHistoryBulkParams{RunIDs: []string{run}, Key: "acc"})
	require.NoError(t, err)
	require.Empty(t, points, "bulk history")
	points, err = s.MetricHistoryBulkInterval(t.Context(), dynamodbstore.MetricHistoryIntervalParams{RunIDs: []string{run}, Key: "acc"})
	require.NoError(t, err)
	require.Empty(t, points, "sampled history")
	for _, order := range [][]string{nil, {"metrics.acc DESC"}, {"end_time ASC"}} {
		p := dynamodbstore.SearchRunsParams{ExperimentIDs: []string{exp}, View: dynamodbstore.ViewAll, OrderBy: order}
		require.NotContains(t, runIDs(allRuns(t, s, p)), run)
	}
	for _, err := range []error{
		s.RestoreRun(t.Context(), run), s.DeleteRun(t.Context(), run), endRun(t.Context(), s, run),
		s.SetTag(t.Context(), run, dynamodbstore.Tag{Key: "k", Value: "v"}), s.LogMetric(t.Context(), run, point("acc", 99, 1)),
		s.LogParam(t.Context(), run, dynamodbstore.Param{Key: "k", Value: "v"}), s.DeleteTag(t.Context(), run, "colour"),
		s.LogInputs(t.Context(), dynamodbstore.LogInputsParams{RunID: run, Models: []string{"m"}}),
	} {
		require.ErrorIs(t, err, dynamodbstore.ErrNotFound)
	}
}

// TestDeletedRunExpires looks for a deleted run after its retention, in each
// state that it may have been deleted in, by a Store that knew it and by one
// that did not.
func TestDeletedRunExpires(t *testing.T) {
	t.Parallel()
	readyBackends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		for _, state := range []string{"open", "settled", "reopened", "wide", "frozen settled", "restored"} {
			t.Run(state, func(t *testing.T) {
				s := view(t, tab, clock.Now, stateSpace(state))
				sc := scenes[state](t, s)
				bystander(t, sc)
				require.NoError(t, s.DeleteRun(t.Context(), sc.run))
				clock.Advance(89 * day)
				r, err := s.GetRun(t.Context(), sc.run)
				require.NoError(t, err)
				require.Equal(t, dynamodbstore.StageDeleted, r.Info.LifecycleStage)
				look(t, s)
				clock.Advance(2 * day)
				requireGone(t, s, sc.exp, sc.run)
				fresh := view(t, tab, clock.Now, stateSpace(state))
				requireGone(t, fresh, sc.exp, sc.run)
				dynamodbstore.WaitSettled(fresh)
				look(t, fresh)
				ks := keys.Workspace(stateSpace(state))
				require.Len(t, partition(t, tab, ks.RunsPK(sc.exp)), 1, "the bystander's row is left")
				require.NoError(t, s.Close())
				require.NoError(t, fresh.Close())
			})
		}
	})
}

func stateSpace(state string) string { return "w" + keys.Hash(state)[:8] }

// TestRestoredRunLasts waits for the retention of a run that was restored.
func TestRestoredRunLasts(t *testing.T) {
	t.Parallel()
	readyBackends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		s := view(t, tab, clock.Now, "lasting")
		sc := settledScene(t, s)
		want := look(t, s)
		for range 2 {
			require.NoError(t, s.DeleteRun(t.Context(), sc.run))
			require.NoError(t, s.RestoreRun(t.Context(), sc.run))
		}
		checkTable(t, tab, s, "lasting", true)
		clock.Advance(100 * day)
		require.Equal(t, want, look(t, s))
		require.NoError(t, s.LogMetric(t.Context(), sc.run, point("acc", 99, 1)))
		require.NoError(t, s.Close())
	})
}

// TestDeletedExperimentExpires looks for a deleted experiment after its
// retention, and takes its name again.
func TestDeletedExperimentExpires(t *testing.T) {
	t.Parallel()
	readyBackends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		s := view(t, tab, clock.Now, "expiring")
		sc := settledScene(t, s)
		bystander(t, sc)
		require.NoError(t, s.DeleteRun(t.Context(), sc.run))
		require.NoError(t, s.DeleteExperiment(t.Context(), sc.exp))
		clock.Advance(89 * day)
		_, err := s.CreateExperiment(t.Context(), dynamodbstore.CreateExperimentParams{Name: "lab"})
		require.ErrorIs(t, err, dynamodbstore.ErrAlreadyExists)
		require.Len(t, look(t, s), 2+len(sightOfRuns(look(t, s))), "an experiment with one tag, and runs")
		runs := allRuns(t, s, dynamodbstore.SearchRunsParams{ExperimentIDs: []string{sc.exp}, View: dynamodbstore.ViewAll})
		require.Len(t, runs, 2)
		clock.Advance(2 * day)
		for _, s := range []*dynamodbstore.Store{s, view(t, tab, clock.Now, "expiring")} {
			for _, r := range runs {
				requireGone(t, s, sc.exp, r.Info.RunID)
			}
			requireNoLab(t, s, sc.exp)
			require.NoError(t, s.Close())
		}
		s = view(t, tab, clock.Now, "expiring")
		id, err := s.CreateExperiment(t.Context(), dynamodbstore.CreateExperimentParams{Name: "lab"})
		require.NoError(t, err)
		require.NotEqual(t, sc.exp, id)
		require.Len(t, look(t, s), 1, "one experiment without runs")
		checkTable(t, tab, s, "expiring", true)
		require.NoError(t, s.Close())
	})
}

func sightOfRuns(all sight) sight {
	out := sight{}
	for fact, value := range all {
		if fact[:4] == "run " {
			out[fact] = value
		}
	}
	return out
}

func requireNoLab(t *testing.T, s *dynamodbstore.Store, id string) {
	t.Helper()
	_, err := s.GetExperiment(t.Context(), id)
	require.ErrorIs(t, err, dynamodbstore.ErrNotFound)
	_, err = s.GetExperimentByName(t.Context(), "lab")
	require.ErrorIs(t, err, dynamodbstore.ErrNotFound)
	require.Empty(t, allExperiments(t, s, dynamodbstore.ViewAll))
	_, err = s.CreateRun(t.Context(), dynamodbstore.CreateRunParams{ExperimentID: id})
	require.ErrorIs(t, err, dynamodbstore.ErrNotFound)
	for _, err := range []error{
		s.RestoreExperiment(t.Context(), id), s.DeleteExperiment(t.Context(), id), s.RenameExperiment(t.Context(), id, "x"),
		s.SetExperimentTag(t.Context(), id, dynamodbstore.Tag{Key: "k", Value: "v"}), s.DeleteExperimentTag(t.Context(), id, "team"),
	} {
		require.ErrorIs(t, err, dynamodbstore.ErrNotFound)
	}
}

// TestRestoredExperimentLasts deletes runs, then their experiment, and brings
// it back: all runs are there and nothing of them expires.
func TestRestoredExperimentLasts(t *testing.T) {
	t.Parallel()
	readyBackends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		s := view(t, tab, clock.Now, "back")
		sc := settledScene(t, s)
		bystander(t, sc)
		want := sightOfRuns(look(t, s))
		require.NoError(t, s.DeleteRun(t.Context(), sc.run))
		clock.Advance(30 * day)
		require.NoError(t, s.DeleteExperiment(t.Context(), sc.exp))
		other := view(t, tab, clock.Now, "back")
		require.NoError(t, other.DeleteRun(t.Context(), sc.run), "of a deleted experiment")
		clock.Advance(30 * day)
		require.NoError(t, other.RestoreExperiment(t.Context(), sc.exp))
		checkTable(t, tab, s, "back", true)
		clock.Advance(100 * day)
		require.Equal(t, want, sightOfRuns(look(t, s)))
		require.Equal(t, want, sightOfRuns(look(t, other)))
		require.NoError(t, s.Close())
		require.NoError(t, other.Close())
	})
}

// TestHistoryExpires waits for the retention of points: latest values stay.
func TestHistoryExpires(t *testing.T) {
	t.Parallel()
	readyBackends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		s := view(t, tab, clock.Now, "history")
		sc := openScene(t, s)
		clock.Advance(200 * day)
		require.NoError(t, s.LogMetric(t.Context(), sc.run, point("loss", 2, 1)))
		require.Len(t, history(t, s, sc.run, "loss"), 2)
		clock.Advance(170 * day)
		require.Equal(t, []dynamodbstore.Metric{point("loss", 2, 1)}, history(t, s, sc.run, "loss"))
		require.Empty(t, history(t, s, sc.run, "acc"))
		clock.Advance(200 * day)
		require.Empty(t, history(t, s, sc.run, "loss"))
		r, err := s.GetRun(t.Context(), sc.run)
		require.NoError(t, err)
		require.Equal(t, []dynamodbstore.Metric{point("acc", 1, 0.5), point("loss", 2, 1)}, r.Metrics)
		require.NoError(t, s.Close())
	})
}

// TestRetentionOfZero keeps everything for ever.
func TestRetentionOfZero(t *testing.T) {
	t.Parallel()
	readyBackends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		never := map[string]string{
			"MLFLOW_DYNAMODB_SOFT_DELETED_RETENTION_DAYS": "0", "MLFLOW_DYNAMODB_METRIC_HISTORY_RETENTION_DAYS": "0",
		}
		s := open(t, tab, clock, dynamodbstore.WithEnvironment(func(name string) (string, bool) {
			v, ok := never[name]
			return v, ok
		}))
		sc := settledScene(t, s)
		bystander(t, sc)
		require.NoError(t, s.DeleteRun(t.Context(), sc.run))
		ks := keys.Workspace("default")
		requireLasting(t, partition(t, tab, ks.RunPK(sc.run))...)
		requireLasting(t, partition(t, tab, ks.RunsPK(sc.exp))...)
		requireLasting(t, partition(t, tab, ks.HistoryPK(sc.run))...)
		require.NoError(t, s.DeleteExperiment(t.Context(), sc.exp))
		requireLasting(t, partition(t, tab, ks.ExperimentsPK())...)
		requireLasting(t, partition(t, tab, ks.ExperimentName("").PK)...)
		want := look(t, s)
		clock.Advance(5000 * day)
		require.Equal(t, want, look(t, s))
		require.NoError(t, s.RestoreExperiment(t.Context(), sc.exp))
		r, err := s.GetRun(t.Context(), sc.run)
		require.NoError(t, err)
		require.Equal(t, dynamodbstore.StageActive, r.Info.LifecycleStage)
	})
}

// TestDefaultExperimentStaysDeleted starts a Store long after the experiment
// that it makes was deleted: its runs must not come back.
func TestDefaultExperimentStaysDeleted(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		s := open(t, tab, clock)
		run := newRun(t, s, dynamodbstore.DefaultExperimentID, 1)
		require.NoError(t, s.DeleteExperiment(t.Context(), dynamodbstore.DefaultExperimentID))
		clock.Advance(1000 * day)
		s = open(t, tab, clock)
		r, err := s.GetRun(t.Context(), run)
		require.NoError(t, err)
		require.Equal(t, dynamodbstore.StageDeleted, r.Info.LifecycleStage)
		require.NoError(t, s.RestoreExperiment(t.Context(), dynamodbstore.DefaultExperimentID))
		r, err = s.GetRun(t.Context(), run)
		require.NoError(t, err)
		require.Equal(t, dynamodbstore.StageActive, r.Info.LifecycleStage)
	})
}
