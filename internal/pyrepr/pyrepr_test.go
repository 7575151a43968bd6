package pyrepr_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pyrepr"
)

func TestString(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"plain": `'plain'`, "it's": `"it's"`, `both ' and "`: `'both \' and "'`, "a\\b": `'a\\b'`,
		"line\nfeed\ttab\r": `'line\nfeed\ttab\r'`, "\x00\x7f": `'\x00\x7f'`, "é": `'é'`, " ": `' '`,
		"\u200b": `'\u200b'`, "\U000e0001": `'\U000e0001'`, "😀": `'😀'`, "\xff": `'\udcff'`, "\ufffd": "'\ufffd'",
	} {
		require.Equal(t, want, pyrepr.String(in), "%q", in)
	}
	require.Equal(t, `['a', "b'"]`, pyrepr.List([]string{"a", "b'"}))
	require.Equal(t, `{'a'}`, pyrepr.Set("a"))
}
