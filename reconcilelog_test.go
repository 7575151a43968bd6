package dynamodbstore_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/tabletest"
)

// TestReconcileLog: a start says what it has changed, and what searches cannot
// use yet; one that changes nothing says the latter only.
func TestReconcileLog(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		start := func(opts ...dynamodbstore.Option) string {
			var log bytes.Buffer
			opts = append(opts, dynamodbstore.WithClock(clock.Now), dynamodbstore.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
			s, err := dynamodbstore.OpenTable(keepOpen{tab}, opts...)
			require.NoError(t, err)
			require.NoError(t, s.Init(t.Context()))
			require.NoError(t, s.Close())
			return log.String()
		}
		require.Empty(t, start(), "a new table")
		require.Empty(t, start())
		with := env(varPatterns, "team,env.*", varTraces, "14", varFields, "description")
		log := start(with)
		require.Equal(t, 3, strings.Count(log, "\n"), log)
		require.Contains(t, log, `msg="configuration changed by the environment" tag_patterns_added="[team env.*]" `+
			"trace_retention_days.was=30 trace_retention_days.is=14\n")
		require.Contains(t, log, `tag_patterns="[team env.*]" command="denormalize-tags backfill"`)
		require.Contains(t, log, `trigram_fields=[description] command="fts-trigrams backfill"`)

		log = start(with)
		require.NotContains(t, log, "changed by the environment")
		require.Equal(t, 2, strings.Count(log, "\n"), log)
	})
}
