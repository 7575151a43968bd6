package dynamodbstore_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/faulty"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/tabletest"
)

// TestModelLimits: registered models and versions take tags of the longest
// allowed size in any script; what no item can hold is refused, and nothing of
// it is seen.
func TestModelLimits(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		s := open(t, tab, clock)
		wide := []dynamodbstore.Tag{
			tag(strings.Repeat("é", 250), strings.Repeat("\U0001F600", 100000)), tag("k", strings.Repeat("\U0001F601", 100000)),
		}
		want := []dynamodbstore.Tag{wide[1], wide[0]}
		newModel(t, s, "wide", wide...)
		newVersion(t, s, "wide", wide...)
		newModel(t, s, "set")
		newVersion(t, s, "set")
		for _, x := range wide {
			require.NoError(t, s.SetRegisteredModelTag(t.Context(), "set", x))
			require.NoError(t, s.SetModelVersionTag(t.Context(), "set", 1, x))
		}
		for _, name := range []string{"wide", "set"} {
			m, err := s.GetRegisteredModel(t.Context(), name)
			require.NoError(t, err)
			require.Equal(t, want, m.Tags)
			require.Equal(t, want, m.LatestVersions[0].Tags)
		}
		huge := strings.Repeat("x", 500_000)
		refused := func(err error) {
			t.Helper()
			requireCode(t, dynamodbstore.CodeInvalidParameterValue, "", err)
		}
		before := look(t, s)
		_, err := s.CreateRegisteredModel(t.Context(), dynamodbstore.CreateRegisteredModelParams{Name: "huge", Description: huge})
		refused(err)
		_, err = s.UpdateRegisteredModel(t.Context(), dynamodbstore.UpdateRegisteredModelParams{Name: "set", Description: huge})
		refused(err)
		_, err = s.UpdateModelVersion(t.Context(), dynamodbstore.UpdateModelVersionParams{Name: "set", Version: 1, Description: &huge})
		refused(err)
		for _, p := range []dynamodbstore.CreateModelVersionParams{
			{Name: "set", Source: huge}, {Name: "set", Source: "s", RunID: huge}, {Name: "set", Source: "s", Description: huge},
		} {
			_, err = s.CreateModelVersion(t.Context(), p)
			refused(err)
		}
		require.Equal(t, before, look(t, s))
		require.Equal(t, 2, newVersion(t, s, "set").Version)
	})
}

// TestLongModelNames: a name of any script may be 1,000 characters long. Longer
// ones are refused before their trigrams, a row each, are written.
func TestLongModelNames(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		ft := faulty.Wrap(tab, nil)
		s := open(t, ft, clock)
		most := strings.Repeat("\U0001F600", 999) + "x"
		newModel(t, s, most)
		m, err := s.GetRegisteredModel(t.Context(), most)
		require.NoError(t, err)
		require.Equal(t, most, m.Name)
		ft.SetPlan(nil)
		_, err = s.CreateRegisteredModel(t.Context(), dynamodbstore.CreateRegisteredModelParams{Name: most + "y"})
		requireCode(t, dynamodbstore.CodeInvalidParameterValue, "'name' exceeds the maximum length of 1000 characters", err)
		_, err = s.RenameRegisteredModel(t.Context(), most, most+"y")
		requireCode(t, dynamodbstore.CodeInvalidParameterValue, "'new_name' exceeds the maximum length of 1000 characters", err)
		require.Zero(t, ft.Calls())
		_, err = s.GetRegisteredModel(t.Context(), most+"y")
		require.ErrorIs(t, err, dynamodbstore.ErrNotFound)
	})
}

// TestLoggedModelLimits: one batch may have 1,000 points of the longest keys,
// and of as many datasets.
func TestLoggedModelLimits(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		s := open(t, tab, clock)
		run := newRun(t, s, "0", 1)
		long := make([]dynamodbstore.Metric, 1000)
		sets := make([]dynamodbstore.Metric, 1000)
		for i := range long {
			long[i] = point(fmt.Sprintf("%04d", i)+strings.Repeat("世", 246), 1, float64(i))
			sets[i] = point("acc", int64(i), float64(i))
			sets[i].DatasetName, sets[i].DatasetDigest = fmt.Sprint("data", i), "d"
		}
		for name, points := range map[string][]dynamodbstore.Metric{"long": long, "sets": sets} {
			id := loggedModel(t, s, dynamodbstore.CreateLoggedModelParams{ExperimentID: "0", Name: name}).ID
			for i := range points {
				points[i].ModelID = id
			}
			for range 2 { // the first time the document is full, the second time it was
				require.NoError(t, s.LogBatch(t.Context(), dynamodbstore.LogBatchParams{RunID: run, Metrics: points}), name)
				m, err := s.GetLoggedModel(t.Context(), id)
				require.NoError(t, err)
				require.Len(t, m.Metrics, 1000, name)
			}
		}
		unknown := strings.Repeat("m", 3000)
		_, err := s.GetLoggedModel(t.Context(), unknown)
		require.ErrorIs(t, err, dynamodbstore.ErrNotFound)
		m := point("acc", 1, 1)
		m.ModelID = unknown
		requireCode(t, dynamodbstore.CodeBadRequest, "not found", s.LogMetric(t.Context(), run, m))
	})
}
