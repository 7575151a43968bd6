package filter_test

import (
	"bytes"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter"
)

func TestAnyTupleRoundTrips(t *testing.T) {
	t.Parallel()
	element := rapid.Custom(func(t *rapid.T) filter.Element {
		switch rapid.IntRange(0, 4).Draw(t, "kind") {
		case 0:
			return filter.IntElement(rapid.Int64().Draw(t, "int"), true)
		case 1:
			return filter.MetricElement(rapid.Float64().Draw(t, "float"), true)
		case 2:
			return filter.TextElement(rapid.String().Draw(t, "text"), true)
		case 3:
			return filter.MetricElement(math.NaN(), true)
		default:
			return filter.TextElement("", false)
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		want := filter.Tuple(rapid.SliceOf(element).Draw(t, "tuple"))
		prefix := rapid.SliceOf(rapid.Byte()).Draw(t, "prefix")
		b := filter.AppendTuple(slices.Clone(prefix), want)
		got, err := filter.ParseTuple(b[len(prefix):])
		require.NoError(t, err)
		require.Len(t, got, len(want))
		for i := range want {
			require.Equal(t, want[i], got[i])
		}
	})
}

// TestTupleBytes: tuples are in page tokens of clients.
func TestTupleBytes(t *testing.T) {
	t.Parallel()
	tuple := filter.Tuple{
		{}, filter.IntElement(-7, true), filter.MetricElement(0.5, true), filter.TextElement("é", true), filter.MetricElement(math.NaN(), true),
	}
	require.Equal(t, []byte("\x01\x05\x00\x01\x0d\x02\x3f\xe0\x00\x00\x00\x00\x00\x00\x03\x02\xc3\xa9\x04"), filter.AppendTuple(nil, tuple))
}

func FuzzParseTuple(f *testing.F) {
	f.Add([]byte{})
	f.Add(filter.AppendTuple(nil, filter.Tuple{
		{},
		{Kind: filter.ElementInt, Int: -7},
		{Kind: filter.ElementFloat, Float: 0.5},
		{Kind: filter.ElementString, Str: "é"},
		{Kind: filter.ElementNaN},
	}))
	f.Fuzz(func(t *testing.T, b []byte) {
		tuple, err := filter.ParseTuple(b)
		if err != nil {
			require.ErrorIs(t, err, filter.ErrInvalidTuple)
			return
		}
		require.True(t, bytes.Equal(b, filter.AppendTuple(nil, tuple)), "one tuple, one encoding")
	})
}
