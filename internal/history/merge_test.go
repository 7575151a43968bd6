package history

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/point"
)

// TestHistoryMerge: whatever stands in records and blocks, and twice, comes out
// by time and once, from any place on.
func TestHistoryMerge(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := &Merging{}
		var all []point.Point
		for range rapid.IntRange(0, 5).Draw(t, "parts") {
			points := drawPoints(t, 100)
			if len(all) > 0 {
				points = append(points, all[:len(all)/2]...)
			}
			all = append(all, points...)
		}
		if len(all) > 0 && rapid.Bool().Draw(t, "from a place") {
			m.After = new(rapid.SampledFrom(all).Draw(t, "after"))
		}
		for rest := all; len(rest) > 0; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "part")
			part := slices.Clone(rest[:n])
			rest = rest[n:]
			if rapid.Bool().Draw(t, "record") {
				m.add(part)
				continue
			}
			items, err := blockStore().blockItems("r", "loss", 0, part, 0)
			require.NoError(t, err)
			for _, it := range items {
				if rapid.Bool().Draw(t, "without times") {
					it.Remove(keys.MinTime)
					it.Remove(keys.MaxTime)
				}
				m.addBlock(it)
			}
		}
		want := slices.Clone(all)
		slices.SortFunc(want, point.ByTime)
		want = slices.CompactFunc(want, func(a, b point.Point) bool { return point.ByTime(a, b) == 0 })
		if m.After != nil {
			want = slices.DeleteFunc(want, func(p point.Point) bool { return point.ByTime(p, *m.After) <= 0 })
		}
		var got []point.Point
		m.Begin()
		for {
			p, ok, err := m.Next()
			require.NoError(t, err)
			if !ok {
				break
			}
			got = append(got, p)
		}
		require.True(t, slices.EqualFunc(want, got, func(a, b point.Point) bool { return point.ByTime(a, b) == 0 }), "%v\n%v", want, got)
	})
}

// TestHistoryMergeUnpacksLate: of blocks that follow one another one is unpacked
// at a time.
func TestHistoryMergeUnpacksLate(t *testing.T) {
	t.Parallel()
	const blocks = 20
	points := make([]point.Point, blocks*maxBlockPoints)
	for i := range points {
		points[i] = point.Point{Step: int64(i), Timestamp: 1700000000000 + int64(i), Value: float64(i)}
	}
	items, err := blockStore().blockItems("r", "loss", 0, points, 0)
	require.NoError(t, err)
	m := &Merging{}
	for _, it := range items {
		m.addBlock(it)
	}
	m.Begin()
	for range points {
		_, ok, err := m.Next()
		require.NoError(t, err)
		require.True(t, ok)
		unpacked := 0
		for i := range m.heap {
			if m.heap[i].block == "" {
				unpacked++
			}
		}
		require.LessOrEqual(t, unpacked, 2)
	}
	require.Empty(t, m.heap)
}
