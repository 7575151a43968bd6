package draw_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/draw"
)

// TestDict: what is drawn is what a Dict has to be: sorted, each key once, of no
// more entries than were asked for.
func TestDict(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		most := rapid.IntRange(0, 6).Draw(t, "most")
		d := draw.Dict(t, "dict", most)
		require.LessOrEqual(t, d.Len(), most)
		var names []string
		for i := 0; i < len(d); i += 2 {
			names = append(names, d[i])
		}
		require.Equal(t, slices.Compact(slices.Sorted(slices.Values(names))), names)
	})
}

// TestMetric: few keys come, so that metrics of one key meet, and steps of both
// signs.
func TestMetric(t *testing.T) {
	t.Parallel()
	names, signs := map[string]int{}, map[bool]int{}
	for seed := range 200 {
		m := rapid.Custom(func(t *rapid.T) sample { return sample{draw.Metric(t, "m").Key, draw.Metric(t, "n").Step < 0} }).Example(seed)
		names[m.key]++
		signs[m.isNegative]++
	}
	require.Len(t, names, 3)
	require.Len(t, signs, 2)
}

type sample struct {
	key        string
	isNegative bool
}
