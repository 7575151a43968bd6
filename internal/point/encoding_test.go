package point

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/draw"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

func sameFloat(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }

// TestRegisterOrder: bytes order as MLflow picks the latest point.
func TestRegisterOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := draw.Metric(t, "a"), draw.Metric(t, "b")
		if rapid.Bool().Draw(t, "same step") {
			b.Step = a.Step
		}
		if rapid.Bool().Draw(t, "same time") {
			b.Timestamp = a.Timestamp
		}
		want := cmp.Or(cmp.Compare(a.Step, b.Step), cmp.Compare(a.Timestamp, b.Timestamp),
			cmp.Compare(Of(&a).rank(), Of(&b).rank()))
		got := strings.Compare(NewRegister(&a), NewRegister(&b))
		if want != 0 {
			require.Equal(t, want, got)
		}
		back, ok := RegisterMetric(a.Key, NewRegister(&a))
		require.True(t, ok)
		require.True(t, sameFloat(a.Value, back.Value), "%v became %v", a.Value, back.Value)
		require.Equal(t, [2]int64{a.Step, a.Timestamp}, [2]int64{back.Step, back.Timestamp})
	})
}

func TestRegisterOfNaNAndZero(t *testing.T) {
	t.Parallel()
	nan, zero := mlflow.Metric{Key: "m", Value: math.NaN()}, mlflow.Metric{Key: "m"}
	require.Less(t, NewRegister(&nan), NewRegister(&zero))
	small := mlflow.Metric{Key: "m", Value: -5e-324}
	require.Less(t, NewRegister(&small), NewRegister(&nan))
	_, ok := RegisterMetric("m", "short")
	require.False(t, ok)
}

// TestRecordRoundTrip: a record gives back every point once, by key, and does
// not depend on the order in which points came.
func TestRecordRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		points := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) mlflow.Metric { return draw.Metric(t, "") }), 1, 50).Draw(t, "points")
		points = append(points, points[0])
		record, first := EncodeRecord(points)
		byKey := map[string][]Point{}
		low := points[0].Step
		for i := range points {
			byKey[points[i].Key] = append(byKey[points[i].Key], Of(&points[i]))
			low = min(low, points[i].Step)
		}
		require.Equal(t, low, first)
		for key, want := range byKey {
			slices.SortFunc(want, ByStep)
			want = slices.CompactFunc(want, func(a, b Point) bool { return ByStep(a, b) == 0 })
			got, err := AppendPoints(nil, record, key)
			require.NoError(t, err)
			require.True(t, slices.EqualFunc(got, want, func(a, b Point) bool { return ByStep(a, b) == 0 }))
		}
		slices.Reverse(points)
		again, _ := EncodeRecord(points)
		require.Equal(t, record, again)
		none, err := AppendPoints(nil, record, "absent")
		require.NoError(t, err)
		require.Empty(t, none)
	})
}

func FuzzRecord(f *testing.F) {
	record, _ := EncodeRecord([]mlflow.Metric{{Key: "a", Value: 1}, {Key: "b", Step: 2}})
	f.Add(record, "b")
	f.Fuzz(func(t *testing.T, record, key string) {
		points, err := AppendPoints(nil, record, key)
		if err == nil {
			require.LessOrEqual(t, 10*len(points), len(record))
		}
	})
}
