package dynamodbstore_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/tabletest"
)

// TestLongRunIDs: ids that no key can hold are those of runs that are not there.
func TestLongRunIDs(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		s := open(t, tab, clock)
		id := strings.Repeat("é", 2000)
		_, getErr := s.GetRun(t.Context(), id)
		_, updateErr := s.UpdateRun(t.Context(), dynamodbstore.UpdateRunParams{RunID: id, Status: dynamodbstore.StatusFinished})
		for i, err := range []error{
			getErr, updateErr, s.DeleteRun(t.Context(), id), s.RestoreRun(t.Context(), id), s.SetTag(t.Context(), id, tag("a", "b")),
			s.DeleteTag(t.Context(), id, "a"), s.LogMetric(t.Context(), id, point("a", 1, 1)),
			s.LogParam(t.Context(), id, dynamodbstore.Param{Key: "a", Value: "b"}), s.LogModel(t.Context(), id, "{}"),
			s.LogOutputs(t.Context(), id, []dynamodbstore.ModelOutput{{ModelID: "m"}}),
		} {
			require.ErrorIs(t, err, dynamodbstore.ErrNotFound, "call %d", i)
			require.ErrorContains(t, err, "Run with id="+id+" not found", "call %d", i)
		}
		page, err := s.MetricHistory(t.Context(), dynamodbstore.MetricHistoryParams{RunID: id, Key: "a"})
		require.NoError(t, err)
		require.Empty(t, page.Items)
		points, err := s.MetricHistoryBulk(t.Context(), dynamodbstore.MetricHistoryBulkParams{RunIDs: []string{id, id + "x"}, Key: "a"})
		require.NoError(t, err)
		require.Empty(t, points)
	})
}
