package syntax

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pyrepr"
)

// The expectations are what ast.literal_eval and repr of Python 3 give.

func TestParseTuple(t *testing.T) {
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
			items, ok := ParseTuple(tc.text)
			require.True(t, ok)
			require.Equal(t, tc.want, Tuple(items))
		})
	}
	for _, text := range []string{
		`(,)`, `('a',,)`, `('a' 1)`, `(foo)`, `('a`, "('a\n')", `('\xZZ')`, `('\x4')`, `('\N{DASH}')`, `('a') 1`, `(01)`, `(1__0)`, `(0x1F)`,
		`(inf)`, `(nan)`, `({'a'})`, `([1)`, `(b)`, `('\`,
	} {
		_, ok := ParseTuple(text)
		require.False(t, ok, text)
	}
}

func TestQuotedText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a": `'a'`, "it's": `"it's"`, `"it's"`: `'"it\'s"'`, "\n\r\t\\": `'\n\r\t\\'`, "\x00\x7f\u00a0": `'\x00\x7f\xa0'`,
		"\u200b": `'\u200b'`, "\U000e0001": `'\U000e0001'`, "é日": `'é日'`, "\xff": `'\udcff'`,
	} {
		require.Equal(t, want, pyrepr.String(text))
	}
}
