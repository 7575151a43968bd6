package wire_test

import (
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/rest/internal/wire"
)

// TestParseQuery reads what Flask reads.
func TestParseQuery(t *testing.T) {
	t.Parallel()
	got := wire.ParseQuery("a=1&&b&=x&a=%C3%A9+%2b&c=%ff%41%zz%4&d=1=2")
	require.Equal(t, []wire.Pair{{"a", "1"}, {"b", ""}, {"", "x"}, {"a", "é +"}, {"c", "%FFA%zz%4"}, {"d", "1=2"}}, got)
	require.Equal(t, map[string]string{"a": "1", "b": "", "": "x", "c": "%FFA%zz%4", "d": "1=2"}, wire.FirstOf(got))
	require.Empty(t, wire.ParseQuery(""))
}

func FuzzUnquote(f *testing.F) {
	f.Add("%41%ff%C3%A9+%%2")
	f.Fuzz(func(t *testing.T, s string) {
		got := wire.Unquote(s)
		require.True(t, !utf8.ValidString(s) || utf8.ValidString(got), "%q", got)
	})
}
