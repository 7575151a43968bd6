package dynamodbstore_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/tabletest"
)

// What a Store knows of an experiment may be a second old when something is
// logged; see recentState. It never refuses by that, and makes nothing new in an
// experiment that is deleted.

// staleWorld is a run with a logged model that two Stores know, one of which
// changes what the other has just seen.
type staleWorld struct {
	scene
	other *dynamodbstore.Store
}

// onStaleTables runs a test on both tables. The clock stands still.
func onStaleTables(t *testing.T, test func(t *testing.T, open func(t *testing.T) staleWorld)) {
	t.Helper()
	backends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		now := clock.Now()
		still := func() time.Time { return now }
		require.NoError(t, tab.Init(t.Context(), true))
		spaces := 0
		test(t, func(t *testing.T) staleWorld {
			t.Helper()
			spaces++
			workspace := "w" + string(rune('a'+spaces/26)) + string(rune('a'+spaces%26))
			other := view(t, tab, still, workspace)
			w := staleWorld{loggedModelScene(t, other), other}
			w.s = view(t, tab, still, workspace)
			t.Cleanup(func() {
				require.NoError(t, w.s.Close())
				require.NoError(t, other.Close())
			})
			return w
		})
	})
}

// know has the Store that is asked learn all that it keeps of the scene.
func (w *staleWorld) know(t *testing.T) {
	t.Helper()
	_, err := w.s.GetRun(t.Context(), w.run)
	require.NoError(t, err)
	_, err = w.s.GetAnyLoggedModel(t.Context(), w.model)
	require.NoError(t, err)
	for _, err := range []error{
		w.s.DeleteTag(t.Context(), w.run, "missing"), w.s.DeleteLoggedModelTag(t.Context(), w.model, "missing"),
		w.s.LogMetric(t.Context(), w.run, point("known", 1, 1)),
	} {
		if err != nil {
			requireNoFault(t, err)
		}
	}
}

// ofRunsInExperiments are all acts that ask whether a run is active.
func ofRunsInExperiments(t *testing.T) []act {
	t.Helper()
	all := slices.DeleteFunc(slices.Concat(acts, loggedModelActs), func(a act) bool {
		return !slices.Contains([]string{
			"UpdateRun", "LogMetric", "LogParam", "SetTag", "DeleteTag", "LogBatch", "LogInputs", "LogOutputs", "LogModel",
		}, a.method) || a.label == "elsewhere" || a.label == "changed"
	})
	require.Len(t, all, 16)
	return all
}

// creations are all acts that make something in an experiment.
var creations = []string{"CreateRun ", "CreateRun with long tags", "CreateLoggedModel ", "CreateLoggedModel with long tags"}

// flips change what another Store knows, there and back.
var flips = map[string]struct {
	delete, restore func(ctx context.Context, w staleWorld) error
}{
	"experiment": {
		func(ctx context.Context, w staleWorld) error { return w.other.DeleteExperiment(ctx, w.exp) },
		func(ctx context.Context, w staleWorld) error { return w.other.RestoreExperiment(ctx, w.exp) },
	},
	"run": {
		func(ctx context.Context, w staleWorld) error { return w.other.DeleteRun(ctx, w.run) },
		func(ctx context.Context, w staleWorld) error { return w.other.RestoreRun(ctx, w.run) },
	},
}

// TestRefusesByCurrentState: nobody is refused for what was restored since.
func TestRefusesByCurrentState(t *testing.T) {
	t.Parallel()
	onStaleTables(t, func(t *testing.T, open func(t *testing.T) staleWorld) {
		t.Helper()
		for name, flip := range flips {
			doing := ofRunsInExperiments(t)
			for _, c := range creations {
				doing = append(doing, act{method: c, do: rivalOf(strings.TrimSpace(c))})
			}
			for _, a := range doing {
				w := open(t)
				require.NoError(t, flip.delete(t.Context(), w))
				w.know(t)
				require.NoError(t, flip.restore(t.Context(), w))
				require.NoError(t, a.do(t.Context(), w.s, w.scene), "%s of a restored %s", a.method+" "+a.label, name)
			}
		}
		w := open(t) // a name that is free again
		require.NoError(t, w.other.RenameExperiment(t.Context(), w.exp, "first"))
		_, err := w.s.CreateExperiment(t.Context(), dynamodbstore.CreateExperimentParams{Name: "lab"})
		require.NoError(t, err)
	})
}

// TestAcceptsForASecond: what another Store has deleted is refused at once,
// but for what is logged to the runs of an experiment.
func TestAcceptsForASecond(t *testing.T) {
	t.Parallel()
	onStaleTables(t, func(t *testing.T, open func(t *testing.T) staleWorld) {
		t.Helper()
		for _, a := range ofRunsInExperiments(t) {
			w := open(t)
			w.know(t)
			require.NoError(t, flips["run"].delete(t.Context(), w))
			require.ErrorIs(t, a.do(t.Context(), w.s, w.scene), dynamodbstore.ErrInvalid, "%s of a deleted run", a.method+" "+a.label)

			w = open(t)
			w.know(t)
			require.NoError(t, flips["experiment"].delete(t.Context(), w))
			if a.label != "beaten" { // which changes nothing, and asks
				require.NoError(t, a.do(t.Context(), w.s, w.scene), "%s in a deleted experiment", a.method+" "+a.label)
			}
		}
	})
}

// TestCreatesInNoDeletedExperiment: whatever is known of an experiment, nothing
// is made in one that is deleted, and nothing of it is left.
func TestCreatesInNoDeletedExperiment(t *testing.T) {
	t.Parallel()
	onStaleTables(t, func(t *testing.T, open func(t *testing.T) staleWorld) {
		t.Helper()
		for _, c := range creations {
			w := open(t)
			w.know(t)
			require.NoError(t, flips["experiment"].delete(t.Context(), w))
			before := look(t, w.other)
			err := rivalOf(strings.TrimSpace(c))(t.Context(), w.s, w.scene)
			require.ErrorIs(t, err, dynamodbstore.ErrInvalid, c)
			require.ErrorContains(t, err, "must be in the 'active' state. Current state is deleted.")
			require.Equal(t, before, look(t, w.other), c)
			report, err := w.other.CollectGarbage(t.Context(), dynamodbstore.GCParams{})
			require.NoError(t, err)
			require.Empty(t, report.Removed, c)
			require.Zero(t, report.Left, "%s: rows without a document", c)
		}
	})
}

// TestDeletedLoggedModel: a logged model takes tags, params and metrics while it
// is deleted, as in MLflow, and is refused nothing by what was known of it.
func TestDeletedLoggedModel(t *testing.T) {
	t.Parallel()
	onStaleTables(t, func(t *testing.T, open func(t *testing.T) staleWorld) {
		t.Helper()
		w := open(t)
		w.know(t)
		tags := []dynamodbstore.Tag{tag("late", "1")}
		require.NoError(t, w.other.SetLoggedModelTags(t.Context(), w.model, tags))
		require.NoError(t, w.s.DeleteLoggedModelTag(t.Context(), w.model, "late"), "a tag that was not there")
		require.NoError(t, w.other.DeleteLoggedModel(t.Context(), w.model))
		_, err := w.s.GetLoggedModel(t.Context(), w.model)
		require.ErrorIs(t, err, dynamodbstore.ErrNotFound)
		require.NoError(t, w.s.SetLoggedModelTags(t.Context(), w.model, tags))
	})
}
