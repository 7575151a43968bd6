package dynamodbstore_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/tabletest"
)

func TestTagPatterns(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		s := open(t, tab, clock, env(varPatterns, "team"))
		exp := experiment(t, s, "own")
		require.NoError(t, s.SetTagPatterns(t.Context(), exp, []string{"custom", "custom"}))
		require.NoError(t, s.SetTagPatterns(t.Context(), "", []string{"git.*"}))
		p, err := s.TagPatterns(t.Context(), exp)
		require.NoError(t, err)
		require.Equal(t, dynamodbstore.TagPatterns{Global: []string{"mlflow.*", "git.*"}, Own: []string{"custom"}}, p)
		run := newRun(t, s, exp, 1)
		for _, key := range []string{"custom", "git.commit", "team2"} {
			require.NoError(t, s.SetTag(t.Context(), run, dynamodbstore.Tag{Key: key, Value: "x"}))
		}
		it := meta(t, tab, "RUN#"+run)
		require.Equal(t, "x", it.Str("tag.custom"), "a change is followed at once by the Store that made it")
		require.Equal(t, "x", it.Str("tag.git.commit"))
		require.Empty(t, it.Str("tag.team2"))

		require.ErrorIs(t, s.SetTagPatterns(t.Context(), "", []string{"a["}), dynamodbstore.ErrInvalid)
		require.ErrorIs(t, s.SetTagPatterns(t.Context(), "77", nil), dynamodbstore.ErrNotFound)
		_, err = s.TagPatterns(t.Context(), "77")
		require.ErrorIs(t, err, dynamodbstore.ErrNotFound)
	})
}

func TestTTLPolicy(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		s := open(t, tab, clock)
		traces, history, bad := int64(60), int64(0), int64(-1)
		require.NoError(t, s.SetTTLPolicy(t.Context(), dynamodbstore.TTLPolicyChange{
			TraceRetentionDays: &traces, MetricHistoryRetentionDays: &history,
		}))
		p, err := s.TTLPolicy(t.Context())
		require.NoError(t, err)
		require.Equal(t, dynamodbstore.TTLPolicy{TraceRetentionDays: 60, SoftDeletedRetentionDays: 90}, p)
		require.Equal(t, [3]int64{60, 90, 0}, policy(configItem(t, tab, "TTL_POLICY")))
		err = s.SetTTLPolicy(t.Context(), dynamodbstore.TTLPolicyChange{SoftDeletedRetentionDays: &bad})
		require.ErrorIs(t, err, dynamodbstore.ErrInvalid)
	})
}

func TestTrigramFields(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		s := open(t, tab, clock)
		require.NoError(t, s.SetTrigramFields(t.Context(), []string{"description", "experiment_name", "tags.team"}))
		f, err := s.TrigramFields(t.Context())
		require.NoError(t, err)
		require.Equal(t, []string{"experiment_name", "run_name", "model_name", "description", "tags.team"}, f)
		require.Equal(t, []string{"description", "tags.team"}, strs(configItem(t, tab, "FTS_TRIGRAM_FIELDS"), "fields"))
		require.ErrorIs(t, s.SetTrigramFields(t.Context(), []string{"names"}), dynamodbstore.ErrInvalid)
	})
}
