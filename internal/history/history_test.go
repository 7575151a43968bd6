package history

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/point"
)

// TestSample compares samples with what MLflow's SQL gives.
func TestSample(t *testing.T) {
	t.Parallel()
	points := make([]point.Point, 10)
	for i := range points {
		points[i].Step = int64(i)
	}
	steps := func(n int) []int64 {
		var out []int64
		for _, p := range Sample(points, n) {
			out = append(out, p.Step)
		}
		return out
	}
	require.Equal(t, []int64{9}, steps(1))
	require.Equal(t, []int64{0, 4, 9}, steps(3)) // buckets of 4, 3, 3: 0, 4, 7; the last becomes 9
	require.Equal(t, []int64{0, 3, 6, 9}, steps(4))
	require.Len(t, steps(10), 10)
	require.Len(t, steps(11), 10)
}
