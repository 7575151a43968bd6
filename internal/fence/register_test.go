package fence

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/packed"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/run"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// TestMergeRegisters: the greatest register of each key stays, in the order of
// the keys, however many items there are.
func TestMergeRegisters(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		entry := rapid.Custom(func(t *rapid.T) mlflow.Tag {
			return mlflow.Tag{Key: rapid.StringMatching("[a-d]{1,2}").Draw(t, "key"), Value: rapid.StringMatching("[0-9]").Draw(t, "register")}
		})
		items := make([]packed.Dict, rapid.IntRange(0, 20).Draw(t, "items"))
		want := map[string]string{}
		for i := range items {
			items[i] = packed.DictOf(rapid.SliceOfN(entry, 0, 12).Draw(t, "entries"))
			for d := items[i]; len(d) > 0; d = d[2:] {
				want[d[0]] = max(want[d[0]], d[1])
			}
		}
		got := run.MergeRegisters(items)
		require.Equal(t, len(want), got.Len())
		for i := 0; i < len(got); i += 2 {
			require.Equal(t, want[got[i]], got[i+1], "register of %s", got[i])
			require.True(t, i == 0 || got[i-2] < got[i], "%q and %q", got[max(0, i-2)], got[i])
		}
	})
}

// TestMergeRegistersWork: what is merged is not made anew for each item, nor
// for each key that is in two.
func TestMergeRegistersWork(t *testing.T) {
	runtime.GC() // its first run allocates for itself
	for _, n := range []int{16, 256, maxShards} {
		items := make([]packed.Dict, n+1)
		for shard := 1; shard <= n; shard++ {
			for i := range 24 {
				key := fmt.Sprintf("metric/%d/%d", i, shard)
				items[shard] = append(items[shard], key, "2")
				if i == 9 { // logged before there were shards
					items[0] = append(items[0], key, "1")
				}
			}
			items[shard] = packed.DictOf(items[shard].Tags())
		}
		items[0] = packed.DictOf(items[0].Tags())
		require.LessOrEqual(t, testing.AllocsPerRun(2, func() {
			if merged := run.MergeRegisters(items); merged.Len() != 24*n {
				panic(merged.Len())
			}
		}), 4.0, "allocations for %d items", n)
	}
}
