package explain_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/explain"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// TestReport: who asks gets what was said, each phrase once, and the cost of the
// search alone.
func TestReport(t *testing.T) {
	t.Parallel()
	var got []explain.Explanation
	ctx := explain.With(t.Context(), func(e explain.Explanation) { got = append(got, e) })
	inner, e, done := explain.Begin(ctx)
	e.Say("run list")
	e.Say("index of tags")
	e.Say("run list")
	e.ListRows = 3
	table.Count(ctx, 7, 0)
	table.Count(inner, 1.5, 0)
	require.Empty(t, got, "before the end")
	done()
	require.Equal(t, []explain.Explanation{
		{Plan: "run list; index of tags", ListRows: 3, Units: table.Units{Requests: 1, Read: 1.5}},
	}, got)
}

// TestNobodyAsks: a search may fill what nobody reads, without a meter.
func TestNobodyAsks(t *testing.T) {
	t.Parallel()
	ctx, e, done := explain.Begin(t.Context())
	e.Say("run list")
	done()
	require.Equal(t, t.Context(), ctx)
}
