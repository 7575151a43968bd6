package pass_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pass"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// TestStepKeepsPace: a pass that has spent units waits until they are within its
// bound, and says what it has seen and spent.
func TestStepKeepsPace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var last pass.Progress
		p, ctx, err := pass.New(t.Context(), pass.Options{UnitsPerSecond: 10, Report: func(at pass.Progress) { last = at }})
		require.NoError(t, err)
		began := time.Now()
		for range 4 {
			table.Count(ctx, 5, 5)
			require.NoError(t, p.Step(ctx, 3, 1))
		}
		require.Equal(t, 3*time.Second, time.Since(began), "the first ten were there to spend")
		require.Equal(t, int64(12), last.Seen)
		require.Equal(t, int64(4), last.Changed)
		require.Equal(t, table.Units{Requests: 4, Read: 20, Write: 20}, last.Units)
	})
}

// TestStepEnds: a pass whose context ends while it waits says so.
func TestStepEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		outer, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		p, ctx, err := pass.New(outer, pass.Options{UnitsPerSecond: 1})
		require.NoError(t, err)
		table.Count(ctx, 100, 0)
		require.ErrorIs(t, p.Step(ctx, 1, 0), context.DeadlineExceeded)
	})
}

// TestBound: what is no bound is refused.
func TestBound(t *testing.T) {
	t.Parallel()
	_, _, err := pass.New(t.Context(), pass.Options{UnitsPerSecond: -1})
	require.ErrorIs(t, err, mlflow.ErrInvalid)
}
