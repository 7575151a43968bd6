package filter

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestParsePyInt has what int of Python 3 gives.
func TestParsePyInt(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{" 1 ": 1, "+1": 1, //nolint:gocritic // Python strips it
		"-01": -1, "1_0": 10, "٣": 3, "１２": 12} {
		v, ok := ParsePyInt(text)
		require.True(t, ok, text)
		require.Equal(t, Value{Kind: ValueInt, Int: want}, v, text)
	}
	for _, text := range []string{"", " ", "+", "_1", "1_", "1__0", "1.0", "0x1", "--1", "a", "1 1"} {
		_, ok := ParsePyInt(text)
		require.False(t, ok, text)
	}
	v, ok := ParsePyInt("99999999999999999999")
	require.True(t, ok)
	require.Equal(t, Value{Kind: ValueFloat, Float: 1e20}, v)
}

func TestCompareIntFloat(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		n    int64
		f    float64
		want int
	}{
		{"equal", 1, 1, 0},
		{"fraction above", 1, 1.5, -1},
		{"fraction below", -1, -1.5, 1},
		{"beyond a float's precision", 9007199254740993, 9007199254740992, 1},
		{"beyond int64", 1<<63 - 1, 1 << 63, -1},
		{"below int64", -1 << 63, -1 << 64, 1},
		{"least int64", -1 << 63, -1 << 63, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tc.want, compareIntFloat(tc.n, tc.f))
		})
	}
}
