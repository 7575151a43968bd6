package dynamodbstore_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/tabletest"
)

// retain sets the retentions of deleted things and of points.
func retain(t tester, s *dynamodbstore.Store, deleted, history int64) {
	t.Helper()
	require.NoError(t, s.SetTTLPolicy(t.Context(), dynamodbstore.TTLPolicyChange{
		SoftDeletedRetentionDays: &deleted, MetricHistoryRetentionDays: &history,
	}))
}

func applyPolicy(t tester, s *dynamodbstore.Store) dynamodbstore.ApplyTTLReport {
	t.Helper()
	report, err := s.ApplyTTLPolicy(t.Context(), dynamodbstore.ApplyTTLParams{})
	require.NoError(t, err)
	return report
}

const daySeconds = 24 * 60 * 60

// expiries are those of the items of a run: head, registers, list row.
func expiries(t tester, tab table.Table, workspace, exp, run string, start int64) [3]int64 {
	t.Helper()
	ks := keys.Workspace(workspace)
	return [3]int64{
		item(t, tab, ks.Run(run)).Num(table.TTLAttr), item(t, tab, ks.RunMetrics(run, 0)).Num(table.TTLAttr),
		item(t, tab, ks.RunRow(exp, start, run)).Num(table.TTLAttr),
	}
}

func requireNear(t tester, want, got int64, of string) {
	t.Helper()
	require.InDelta(t, want, got, 3600, of)
}

// TestApplyTTLPolicy applies longer, shorter and switched-off retentions to
// what is there: counted from the deletion, and from when a point was logged.
func TestApplyTTLPolicy(t *testing.T) {
	t.Parallel()
	readyBackends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		s := open(t, tab, clock, pageOf(t, 2))
		sc := settledScene(t, s)
		bystander(t, sc)
		deleted := clock.Now().Unix()
		require.NoError(t, s.DeleteRun(t.Context(), sc.run))
		gone := experiment(t, s, "gone")
		goneRun := newRun(t, s, gone, 3)
		model, err := s.CreateLoggedModel(t.Context(), dynamodbstore.CreateLoggedModelParams{ExperimentID: sc.exp, SourceRunID: sc.run})
		require.NoError(t, err)
		living, err := s.CreateLoggedModel(t.Context(), dynamodbstore.CreateLoggedModelParams{ExperimentID: sc.exp})
		require.NoError(t, err)
		require.NoError(t, s.DeleteLoggedModel(t.Context(), model.ID))
		require.NoError(t, s.DeleteExperiment(t.Context(), gone))
		require.NoError(t, s.DeleteExperiment(t.Context(), dynamodbstore.DefaultExperimentID))
		clock.Advance(10 * day)
		before := look(t, s)
		ks := keys.Workspace("default")
		for _, tt := range []struct {
			name             string
			days, points     int64 // the policy
			expiry, pointsAt int64 // days after the deletion; 0: never
		}{
			{"longer", 180, 1000, 180, 1000},
			{"shorter", 20, 30, 20, 30},
			{"off", 0, 0, 0, 0},
			{"on again", 40, 50, 40, 50},
			{"overdue", 1, 2, 11, 11}, // a day from now
		} {
			retain(t, s, tt.days, tt.points)
			require.Positive(t, applyPolicy(t, s).Changed, tt.name)
			want, wantPoints := int64(0), int64(0)
			if tt.days != 0 {
				want, wantPoints = deleted+tt.expiry*daySeconds, deleted+tt.pointsAt*daySeconds
			}
			for _, got := range expiries(t, tab, "default", sc.exp, sc.run, 5) {
				requireNear(t, want, got, tt.name)
			}
			doc := item(t, tab, ks.Experiment(gone))
			requireNear(t, want, doc.Num(table.TTLAttr), tt.name)
			rows := append(partition(t, tab, ks.ExperimentsPK()), item(t, tab, ks.ExperimentName("gone")))
			for _, row := range rows {
				if row.Str(keys.ExpID) == gone {
					require.Equal(t, doc.Num(table.TTLAttr), row.Num(table.TTLAttr), tt.name)
				}
			}
			for _, it := range partition(t, tab, ks.HistoryPK(sc.run)) {
				requireNear(t, wantPoints, it.Num(table.TTLAttr), tt.name)
			}
			if want != 0 {
				row := item(t, tab, ks.DeletedRow(sc.exp, 5, sc.run))
				require.GreaterOrEqual(t, row.Num(table.TTLAttr), want, "who restores has to find the run")
			}
			requireNear(t, want, item(t, tab, ks.LoggedModel(model.ID)).Num(table.TTLAttr), tt.name)
			requireLasting(t, item(t, tab, ks.LoggedModel(living.ID)))
			requireLasting(t, item(t, tab, ks.Experiment(dynamodbstore.DefaultExperimentID)))
			requireLasting(t, partition(t, tab, ks.RunPK(goneRun))...)
			require.Equal(t, before, look(t, s), tt.name)
			checkTable(t, tab, s, "default", false)
			require.Zero(t, applyPolicy(t, s).Changed, "%s: again", tt.name)
		}
		clock.Advance(2 * day)
		requireGone(t, s, sc.exp, sc.run)
		_, err = s.GetExperiment(t.Context(), gone)
		require.ErrorIs(t, err, dynamodbstore.ErrNotFound)
		_, err = s.GetAnyLoggedModel(t.Context(), model.ID)
		require.ErrorIs(t, err, dynamodbstore.ErrNotFound)
		_, err = s.GetLoggedModel(t.Context(), living.ID)
		require.NoError(t, err)
	})
}

// TestApplySparesWhatIsDueSoon: the day of grace of an earlier pass is not
// lengthened by the next one.
func TestApplySparesWhatIsDueSoon(t *testing.T) {
	t.Parallel()
	readyBackends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		s := open(t, tab, clock)
		sc := settledScene(t, s)
		require.NoError(t, s.DeleteRun(t.Context(), sc.run))
		clock.Advance(10 * day)
		retain(t, s, 1, 365)
		applyPolicy(t, s)
		was := expiries(t, tab, "default", sc.exp, sc.run, 5)
		clock.Advance(day / 2)
		require.Zero(t, applyPolicy(t, s).Changed)
		require.Equal(t, was, expiries(t, tab, "default", sc.exp, sc.run, 5))
	})
}

// TestApplyWithoutTimes: a run and points of a version that kept no times of
// deletion and writing.
func TestApplyWithoutTimes(t *testing.T) {
	t.Parallel()
	readyBackends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		s := open(t, tab, clock)
		sc := settledScene(t, s)
		deleted := clock.Now().Unix()
		require.NoError(t, s.DeleteRun(t.Context(), sc.run))
		ks := keys.Workspace("default")
		head := item(t, tab, ks.Run(sc.run))
		head.Remove(keys.Deleted)
		items := []table.Item{head}
		for _, it := range partition(t, tab, ks.HistoryPK(sc.run)) {
			it.Remove(keys.Changed)
			items = append(items, it)
		}
		require.NoError(t, tab.BatchWrite(t.Context(), items, nil))
		clock.Advance(10 * day)
		s = open(t, tab, clock)
		retain(t, s, 60, 20)
		applyPolicy(t, s)
		for _, got := range expiries(t, tab, "default", sc.exp, sc.run, 5) {
			requireNear(t, deleted+60*daySeconds, got, "counted from the last change")
		}
		for _, it := range partition(t, tab, ks.HistoryPK(sc.run)) {
			requireNear(t, deleted+30*daySeconds, it.Num(table.TTLAttr), "counted from the pass")
		}
		clock.Advance(5 * day)
		require.Zero(t, applyPolicy(t, s).Changed, "the times are known from then on")
	})
}

// TestApplyAndRestore deletes a run and its experiment and brings them back,
// with passes under changing policies in between: nothing expires.
func TestApplyAndRestore(t *testing.T) {
	t.Parallel()
	readyBackends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		s := open(t, tab, clock)
		sc := settledScene(t, s)
		bystander(t, sc)
		want := sightOfRuns(look(t, s))
		require.NoError(t, s.DeleteRun(t.Context(), sc.run))
		retain(t, s, 0, 0)
		applyPolicy(t, s)
		retain(t, s, 5, 0)
		applyPolicy(t, s)
		require.NoError(t, s.DeleteExperiment(t.Context(), sc.exp))
		retain(t, s, 50, 0)
		applyPolicy(t, s)
		clock.Advance(40 * day)
		require.NoError(t, s.RestoreExperiment(t.Context(), sc.exp))
		applyPolicy(t, s)
		checkTable(t, tab, s, "default", true)
		clock.Advance(1000 * day)
		require.Equal(t, want, sightOfRuns(look(t, s)))
	})
}
