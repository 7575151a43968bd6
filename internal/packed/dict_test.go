package packed_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/draw"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/packed"
)

// TestDict compares a dict with a map.
func TestDict(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.SampledFrom([]string{"", "a", "b", "c", "d", "é"})
		var d packed.Dict
		want := map[string]string{}
		for range rapid.IntRange(0, 20).Draw(t, "steps") {
			k, before := key.Draw(t, "k"), slices.Clone(d)
			old := d
			if rapid.Bool().Draw(t, "remove") {
				d = d.Remove(k)
				delete(want, k)
			} else {
				v := rapid.String().Draw(t, "v")
				d = d.Set(k, v)
				want[k] = v
			}
			require.True(t, slices.Equal(before, old), "a dict was changed in place")
		}
		require.Equal(t, len(want), d.Len())
		for i := 0; i < len(d); i += 2 {
			require.Equal(t, want[d[i]], d[i+1])
			require.True(t, i == 0 || d[i-2] < d[i])
		}
		o := draw.Dict(t, "other", 5)
		union := d.Merge(o)
		for i := 0; i < len(o); i += 2 {
			want[o[i]] = o[i+1]
		}
		require.Equal(t, len(want), union.Len())
		for k, v := range want {
			got, ok := union.Get(k)
			require.True(t, ok)
			require.Equal(t, v, got)
		}
	})
}
