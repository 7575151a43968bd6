package history

import (
	"encoding/hex"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/draw"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/point"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/workspace"
)

func drawPoints(t *rapid.T, most int) []point.Point {
	smooth := rapid.Bool().Draw(t, "smooth")
	n := rapid.IntRange(1, most).Draw(t, "points")
	points := make([]point.Point, n)
	for i := range points {
		if smooth { // as metrics are: long enough to be compressed
			points[i] = point.Point{Step: int64(i * 10), Timestamp: 1700000000000 + int64(i)*1000, Value: float64(i % 7)}
			continue
		}
		m := draw.Metric(t, "")
		points[i] = point.Of(&m)
	}
	return points
}

// blockStore is enough of a Store to make blocks.
func blockStore() *Store { return &Store{View: &workspace.View{Keys: keys.Workspace("w")}} }

// TestBlockRoundTrip: blocks give back every point once and in order, say
// their ranges, keep to their size, and do not depend on the order in which
// points came.
func TestBlockRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := drawPoints(t, 300)
		shuffled := append(slices.Clone(want), want[0])
		slices.Reverse(shuffled)
		level, expiry := rapid.IntRange(0, maxLevel).Draw(t, "level"), rapid.Int64Range(0, 1<<40).Draw(t, "expiry")
		items, err := blockStore().blockItems("r", "loss", level, shuffled, expiry)
		require.NoError(t, err)
		again, err := blockStore().blockItems("r", "loss", level, slices.Clone(want), expiry)
		require.NoError(t, err)
		require.Equal(t, items, again)
		require.Len(t, items, 1)
		slices.SortFunc(want, point.ByStep)
		want = slices.CompactFunc(want, func(a, b point.Point) bool { return point.ByStep(a, b) == 0 })
		requireBlock(t, items[0], want, level, expiry)
	})
}

func requireBlock(t require.TestingT, it table.Item, want []point.Point, level int, expiry int64) {
	got, err := appendBlock(nil, it.Str(keys.Points))
	require.NoError(t, err)
	require.True(t, slices.EqualFunc(got, want, func(a, b point.Point) bool { return point.ByStep(a, b) == 0 }))
	require.NoError(t, table.CheckItem(it))
	require.Equal(t, expiry, it.Num(table.TTLAttr))
	id, err := keys.ParseBlockSK(it.Key.SK)
	require.NoError(t, err)
	require.Equal(t, level, id.Level)
	require.Equal(t, want[0].Step, id.First)
	require.Equal(t, want[len(want)-1].Step, it.Num(keys.LastStep))
	require.LessOrEqual(t, earliestFirst(id.Span, it.Num(keys.LastStep)), id.First)
	for _, p := range want {
		require.True(t, it.Num(keys.MinTime) <= p.Timestamp && p.Timestamp <= it.Num(keys.MaxTime))
	}
}

// TestBlocksAreBounded cuts many points of the dearest kind.
func TestBlocksAreBounded(t *testing.T) {
	t.Parallel()
	points := make([]point.Point, 2*maxBlockPoints+1)
	for i := range points {
		sign := int64(1 - 2*(i%2))
		points[i] = point.Point{Step: math.MinInt64 + int64(i)<<49, Timestamp: sign * (math.MaxInt64 - int64(i)), Value: math.Float64frombits(uint64(i+1) * 0x9e3779b97f4a7c15)}
	}
	items, err := blockStore().blockItems("r", "loss", 0, points, 0)
	require.NoError(t, err)
	require.Len(t, items, 3)
	for i, it := range items {
		require.Less(t, it.Size(), 128<<10)
		requireBlock(t, it, points[i*maxBlockPoints:min((i+1)*maxBlockPoints, len(points))], 0, 0)
	}
}

// TestSpanClass: a block of a class reaches a step only if its first one is
// not before the earliest.
func TestSpanClass(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		first, last := rapid.Int64().Draw(t, "first"), rapid.Int64().Draw(t, "last")
		if rapid.Bool().Draw(t, "near") {
			last = first + rapid.Int64Range(0, 1<<20).Draw(t, "span")
		}
		if first > last {
			first, last = last, first
		}
		class := spanClass(first, last)
		require.True(t, class >= 0 && class <= anySpan)
		require.LessOrEqual(t, earliestFirst(class, last), first)
		if class > 0 && class < anySpan {
			require.Greater(t, earliestFirst(class-1, last), first)
		}
	})
	require.Equal(t, 0, spanClass(7, 7))
	require.Equal(t, 2, spanClass(0, 255))
	require.Equal(t, 3, spanClass(0, 256))
	require.Equal(t, anySpan, spanClass(math.MinInt64, math.MaxInt64))
}

// TestBlockGolden pins the bytes: what is stored must not change. The
// compressed form is pinned by reading what an earlier version wrote.
func TestBlockGolden(t *testing.T) {
	t.Parallel()
	points := []point.Point{{Step: 2, Timestamp: 1700000002000, Value: 0.25}, {Step: 3, Timestamp: 1700000003000, Value: math.NaN()}}
	items, err := blockStore().blockItems("r", "loss", 1, points, 99)
	require.NoError(t, err)
	require.Equal(t, "B#=loss#11#8000000000000002#b521b0cbc518cf1d", items[0].Key.SK)
	require.Equal(t, "01020402a0bfabfef962d00f000000000000d03f010000000000f87f", hex.EncodeToString([]byte(items[0].Str(keys.Points))))
	require.Equal(t, int64(3), items[0].Num(keys.LastStep))
	_, hasKey := items[0].Get(keys.Key)
	require.False(t, hasKey)

	packed, err := hex.DecodeString("0228b52ffd4400bd004d0100340128000280a0abfef962d00f00f03f004000084007001143a92028c6a061800deeb89943791e370487f35a1f")
	require.NoError(t, err)
	got, err := appendBlock(nil, string(packed))
	require.NoError(t, err)
	require.Len(t, got, 40)
	for i, p := range got {
		require.Equal(t, point.Point{Step: int64(i), Timestamp: 1700000000000 + int64(i)*1000, Value: float64(i % 4)}, p)
	}
}

// TestBlockOfLongKey: a long name stands in the key as a hash, and in an
// attribute.
func TestBlockOfLongKey(t *testing.T) {
	t.Parallel()
	long := string(slices.Repeat([]byte("x"), 2000))
	items, err := blockStore().blockItems("r", long, 0, []point.Point{{Step: 1, Timestamp: 1, Value: 1}}, 0)
	require.NoError(t, err)
	require.Equal(t, long, items[0].Str(keys.Key))
	require.Less(t, len(items[0].Key.SK), 100)
}

func TestLatestExpiry(t *testing.T) {
	t.Parallel()
	require.Equal(t, int64(7), latestExpiry(5, 7))
	require.Equal(t, int64(0), latestExpiry(0, 7))
	require.Equal(t, int64(0), latestExpiry(7, 0))
}

func FuzzBlock(f *testing.F) {
	for _, n := range []int{1, 40} {
		points := make([]point.Point, n)
		for i := range points {
			points[i] = point.Point{Step: int64(i), Timestamp: int64(i) * 1000, Value: 0.5}
		}
		items, err := blockStore().blockItems("r", "loss", 0, points, 0)
		require.NoError(f, err)
		f.Add(items[0].Str(keys.Points))
	}
	f.Fuzz(func(t *testing.T, block string) {
		points, err := appendBlock(nil, block)
		if err == nil {
			require.LessOrEqual(t, len(points), maxColumnBytes/10)
		}
	})
}
