package dynamodbstore_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// TestCollectLoggedModels: deleted models go with all that is theirs, by
// themselves and with their experiment, and those that live stay as they are.
func TestCollectLoggedModels(t *testing.T) {
	t.Parallel()
	onStillTables(t, func(t *testing.T, tab table.Table, clock *stillClock) {
		s := gcStore(t, tab, clock)
		ks := keys.Workspace(gcSpace)
		wide := func(exp string) string {
			run := newRun(t, s, exp, 1)
			require.NoError(t, s.LogInputs(t.Context(), dynamodbstore.LogInputsParams{RunID: run, Datasets: []dynamodbstore.DatasetInput{
				{Dataset: dynamodbstore.Dataset{Name: "d", Digest: "1", SourceType: "local", Source: "file"}},
			}}))
			m, err := s.CreateLoggedModel(t.Context(), dynamodbstore.CreateLoggedModelParams{
				ExperimentID: exp, Name: "net", SourceRunID: run, Tags: []dynamodbstore.Tag{tag("long", strings.Repeat("x", 13000))},
			})
			require.NoError(t, err)
			require.NoError(t, s.LogBatch(t.Context(), dynamodbstore.LogBatchParams{RunID: run, Metrics: modelMetrics(m.ID, 60)}))
			return m.ID
		}
		stays, goes := experiment(t, s, "stays"), experiment(t, s, "goes")
		living, deleted, ofGone := wide(stays), wide(stays), wide(goes)
		want, err := s.GetLoggedModel(t.Context(), living)
		require.NoError(t, err)
		require.NoError(t, s.DeleteLoggedModel(t.Context(), deleted))
		require.Equal(t, clock.Now().Add(90*24*time.Hour).Unix(), item(t, tab, ks.LoggedModel(deleted)).Num(table.TTLAttr))
		require.NoError(t, s.DeleteExperiment(t.Context(), goes))

		report, err := s.CollectGarbage(t.Context(), dynamodbstore.GCParams{})
		require.NoError(t, err)
		require.Empty(t, report.Removed, "nothing has outlived its parent")
		clock.Advance(time.Hour)
		var removed []string
		report, err = s.CollectGarbage(t.Context(), dynamodbstore.GCParams{
			OlderThan:       new(time.Minute),
			DeleteArtifacts: func(_ context.Context, uri string) error { removed = append(removed, uri); return nil },
		})
		require.NoError(t, err)
		require.Equal(t, int64(2), report.Removed[string(keys.KindLoggedModel)])
		require.Equal(t, int64(3), report.Removed[string(keys.KindLoggedModelList)], "the deleted one has one row")
		require.Equal(t, int64(1), report.Removed[string(keys.KindDatasetUse)])
		require.Contains(t, removed, "mlflow-artifacts:/"+stays+"/models/"+deleted+"/artifacts")
		require.Contains(t, removed, "mlflow-artifacts:/"+goes+"/models/"+ofGone+"/artifacts")
		for _, id := range []string{deleted, ofGone} {
			_, err = s.GetAnyLoggedModel(t.Context(), id)
			requireCode(t, dynamodbstore.CodeResourceDoesNotExist, "not found", err)
			require.Len(t, partition(t, tab, ks.LoggedModelPK(id)), 1, "only a tombstone is left")
			requireCode(t, dynamodbstore.CodeResourceDoesNotExist, "not found",
				s.SetLoggedModelTags(t.Context(), id, []dynamodbstore.Tag{tag("a", "b")}))
		}
		require.Empty(t, partition(t, tab, ks.LoggedModelsPK(goes)))
		got, err := s.GetLoggedModel(t.Context(), living)
		require.NoError(t, err)
		require.Equal(t, want, got)
	})
}

// TestExpiredLoggedModel: what a deleted model leaves when its document has
// expired is garbage.
func TestExpiredLoggedModel(t *testing.T) {
	t.Parallel()
	onStillTables(t, func(t *testing.T, tab table.Table, clock *stillClock) {
		s := gcStore(t, tab, clock)
		m, err := s.CreateLoggedModel(t.Context(), dynamodbstore.CreateLoggedModelParams{
			ExperimentID: "0", Tags: []dynamodbstore.Tag{tag("long", strings.Repeat("x", 13000))},
		})
		require.NoError(t, err)
		require.NoError(t, s.DeleteLoggedModel(t.Context(), m.ID))
		clock.Advance(91 * 24 * time.Hour)
		_, err = s.GetAnyLoggedModel(t.Context(), m.ID)
		requireCode(t, dynamodbstore.CodeResourceDoesNotExist, "not found", err)
		report, err := s.CollectGarbage(t.Context(), dynamodbstore.GCParams{})
		require.NoError(t, err)
		require.Equal(t, map[string]int64{string(keys.KindLoggedModelPart): 1}, report.Removed)
	})
}
