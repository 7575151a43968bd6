package dynamodbstore_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/tabletest"
)

const logModelTag = "mlflow.log-model.history"

// modelHistory returns the models that a run's history lists.
func modelHistory(t *testing.T, s *dynamodbstore.Store, run string) []string {
	t.Helper()
	var list []struct {
		Path string `json:"artifact_path"`
	}
	require.NoError(t, json.Unmarshal([]byte(tagOf(t, s, run, logModelTag)), &list))
	paths := make([]string, len(list))
	for i, m := range list {
		paths[i] = m.Path
	}
	return paths
}

func tagOf(t *testing.T, s *dynamodbstore.Store, run, key string) string {
	t.Helper()
	r, err := s.GetRun(t.Context(), run)
	require.NoError(t, err)
	for _, tag := range r.Tags {
		if tag.Key == key {
			return tag.Value
		}
	}
	return ""
}

// TestLogModel: the list grows in the order of the calls, and is written as
// MLflow writes it.
func TestLogModel(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		s := open(t, tab, clock)
		exp := experiment(t, s, "models")
		for name, filled := range map[string]bool{"inline": false, "elsewhere": true} {
			run := newRun(t, s, exp, 1)
			if filled {
				require.NoError(t, logBatch(s, run, nil, longParams(5))(t.Context()))
			}
			require.NoError(t, s.LogModel(t.Context(), run, `{"a": 1}`), name)
			require.Equal(t, `[{"a": 1}]`, tagOf(t, s, run, logModelTag))
			finish(t, s, run) // a settled run is opened again
			require.NoError(t, s.LogModel(t.Context(), run, `{"b": NaN}`), name)
			require.NoError(t, s.LogModel(t.Context(), run, `{"c": "NaN\\\"]"}`), name)
			want := strings.Join([]string{`[{"a": 1}`, `{"b": NaN}`, `{"c": "NaN\\\"]"}]`}, ", ") // no JSON, but Python's
			require.Equal(t, want, tagOf(t, s, run, logModelTag))
			page, err := s.SearchRuns(t.Context(), dynamodbstore.SearchRunsParams{
				ExperimentIDs: []string{exp}, Filter: "tags.`mlflow.log-model.history` LIKE '%NaN}%'", MaxResults: 10,
			})
			require.NoError(t, err)
			require.Equal(t, run, page.Items[0].Info.RunID)

			require.NoError(t, s.SetTag(t.Context(), run, tag(logModelTag, " [ ] ")))
			require.NoError(t, s.LogModel(t.Context(), run, `{"d": 1}`))
			require.Equal(t, `[{"d": 1}]`, tagOf(t, s, run, logModelTag))
			for _, bad := range []string{"", "x", "{}", "5", "[", "]", "[]]", `["NaN", \NaN]`, `[{"a": 1} {"b": 2}]`} {
				require.NoError(t, s.SetTag(t.Context(), run, tag(logModelTag, bad)))
				requireCode(t, dynamodbstore.CodeInvalidParameterValue,
					"The tag 'mlflow.log-model.history' of the run is not a list of models.", s.LogModel(t.Context(), run, `{}`))
				require.Equal(t, bad, tagOf(t, s, run, logModelTag))
			}
			require.NoError(t, s.DeleteTag(t.Context(), run, logModelTag))
			require.NoError(t, s.LogModel(t.Context(), run, `{"e": 1}`))
			require.Equal(t, `[{"e": 1}]`, tagOf(t, s, run, logModelTag))
			require.NoError(t, s.DeleteRun(t.Context(), run))
			requireCode(t, dynamodbstore.CodeInvalidParameterValue,
				"The run "+run+" must be in the 'active' state. Current state is deleted.", s.LogModel(t.Context(), run, `{}`))
		}
		requireCode(t, dynamodbstore.CodeResourceDoesNotExist, "Run with id=nope not found", s.LogModel(t.Context(), "nope", "{}"))
	})
}

// TestLongModelHistory: the list may be longer than other tags, moves out of
// the head when it has to, and ends at what an item holds.
func TestLongModelHistory(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		s := open(t, tab, clock)
		run := newRun(t, s, experiment(t, s, "long"), 1)
		var want []string
		for i := range 9 {
			path := fmt.Sprint(i, strings.Repeat("x", 46_000))
			err := s.LogModel(t.Context(), run, `{"artifact_path": "`+path+`"}`)
			if i == 8 {
				requireCode(t, dynamodbstore.CodeInvalidParameterValue, "Too large: the tag 'mlflow.log-model.history' of the run, ", err)
				break
			}
			require.NoError(t, err)
			want = append(want, path)
		}
		require.Equal(t, want, modelHistory(t, s, run))

		strict := open(t, tab, clock, dynamodbstore.WithTruncateLongValues(false))
		other := newRun(t, strict, experiment(t, s, "strict"), 1)
		require.NoError(t, strict.LogModel(t.Context(), other, `"`+strings.Repeat("x", 7996)+`"`))
		requireCode(t, dynamodbstore.CodeInvalidParameterValue, "'value' exceeds the maximum length of 8000 characters",
			strict.LogModel(t.Context(), other, `{}`))
	})
}

// TestNoLostModels lets two Stores log models to one run at once: while the
// list stands in the head, while it leaves it, and in an item of its own.
func TestNoLostModels(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		stores := twoStores(t, tab, clock)
		defer func() { require.NoError(t, stores[1].Close()) }()
		exp := experiment(t, stores[0], "at once")
		for _, filler := range []int{0, 21_000, 30_000} {
			run := newRun(t, stores[0], exp, 1)
			require.NoError(t, logBatch(stores[0], run, nil, longParams(filler/5990))(t.Context()))
			errs := allAtOnce(stores, 20, func(i int, s *dynamodbstore.Store) error {
				return s.LogModel(t.Context(), run, fmt.Sprintf(`{"artifact_path": "model %02d %s"}`, i, strings.Repeat("y", 400)))
			})
			require.NoError(t, errors.Join(errs...))
			seen := map[string]bool{}
			for _, path := range modelHistory(t, stores[1], run) {
				seen[path[:8]] = true
			}
			require.Len(t, seen, 20)
			require.Len(t, modelHistory(t, stores[0], run), 20)
			look(t, stores[1])
		}
	})
}
