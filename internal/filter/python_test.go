package filter

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pyrepr"
)

// The expectations are what ast.literal_eval, repr and int of Python 3 give.

func TestParsePyTuple(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, text, want string
	}{
		{"strings", `('a', "b",)`, `('a', 'b')`},
		{"one", `('a')`, `('a',)`},
		{"empty", `( )`, `()`},
		{"joined", `('a' "b" r'\n')`, `('ab\\n',)`},
		{"escapes", `('\x41\u00e9\U0001F600\101\0\t\q\'\
')`, `("Aé😀A\x00\t\\q'",)`},
		{"triple", `('''it's''', """a""")`, `("it's", 'a')`},
		{"scalars", `(1, -2, 1.5, 1e100, True, None, 1_0)`, `(1, -2, 1.5, 1e+100, True, None, 10)`},
		{"nested", `(('a', 'b'), [1, 'c'], [], {}, ())`, `(('a', 'b'), [1, 'c'], [], {}, ())`},
		{"inner tuple", `(('a', 'b'))`, `('a', 'b')`},
		{"bytes", `(b'a')`, `(b'a',)`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			items, ok := parsePyTuple(tc.text)
			require.True(t, ok)
			require.Equal(t, tc.want, pyTuple(items))
		})
	}
	for _, text := range []string{
		`(,)`, `('a',,)`, `('a' 1)`, `(foo)`, `('a`, "('a\n')", `('\xZZ')`, `('\x4')`, `('\N{DASH}')`, `('a') 1`, `(01)`, `(1__0)`, `(0x1F)`,
		`(inf)`, `(nan)`, `({'a'})`, `([1)`, `(b)`, `('\`,
	} {
		_, ok := parsePyTuple(text)
		require.False(t, ok, text)
	}
}

func TestPyString(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a": `'a'`, "it's": `"it's"`, `"it's"`: `'"it\'s"'`, "\n\r\t\\": `'\n\r\t\\'`, "\x00\x7f\u00a0": `'\x00\x7f\xa0'`,
		"\u200b": `'\u200b'`, "\U000e0001": `'\U000e0001'`, "é日": `'é日'`, "\xff": `'\udcff'`,
	} {
		require.Equal(t, want, pyrepr.String(text))
	}
}

func TestPyFloat(t *testing.T) {
	t.Parallel()
	for f, want := range map[float64]string{
		1: "1.0", 1.5: "1.5", 1e15: "1000000000000000.0", 1e16: "1e+16", 1e-4: "0.0001", 1e-5: "1e-05", 1e22: "1e+22", -2.5e-7: "-2.5e-07",
		123456789.123: "123456789.123", 1e100: "1e+100",
	} {
		require.Equal(t, want, pyFloat(f))
	}
}

func TestParsePyInt(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{" 1 ": 1, "+1": 1, //nolint:gocritic // Python strips it
		"-01": -1, "1_0": 10, "٣": 3, "１２": 12} {
		v, ok := parsePyInt(text)
		require.True(t, ok, text)
		require.Equal(t, Value{Kind: ValueInt, Int: want}, v, text)
	}
	for _, text := range []string{"", " ", "+", "_1", "1_", "1__0", "1.0", "0x1", "--1", "a", "1 1"} {
		_, ok := parsePyInt(text)
		require.False(t, ok, text)
	}
	v, ok := parsePyInt("99999999999999999999")
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
