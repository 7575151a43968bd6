package wire_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/rest/internal/wire"
)

// TestParse: values come out of Python's json.loads and json.dumps like that.
func TestParse(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`[1, -0, 1.50, 1e3, 1E400, -1e400, NaN, Infinity, -Infinity, 12345678901234567890123]`: "[1, 0, 1.5, 1000.0, Infinity, -Infinity, " +
			"NaN, Infinity, -Infinity, 12345678901234567890123]",
		`{"b":{},"a":[],"b":null}`:        `{"b": null, "a": []}`,
		`[true,false,null]`:               `[true, false, null]`,
		`"\u00e9é\ud83d\ude00\ud800\/\b"`: `"\u00e9\u00e9\ud83d\ude00\ud800/\b"`,
		"\ufeff{}":                        `{}`,
	} {
		v, ok, err := wire.Parse([]byte(in))
		require.NoError(t, err, in)
		require.True(t, ok, in)
		require.Equal(t, want, wire.Dumps(&v), in)
	}
	for _, in := range []string{
		"", "{", "[1,]", `{"a":1,}`, "{'a':1}", "01", "1.", "+1", "nan", "tru", `"\x"`, `"\ud80"`, "\"a\nb\"", "[1] 2", "\"\xff\"", `{"a"}`, `{1:2}`,
		strings.Repeat("[", 1000) + strings.Repeat("]", 1000),
	} {
		_, ok, err := wire.Parse([]byte(in))
		require.NoError(t, err, in)
		require.False(t, ok, in)
	}
}

func TestGetAndSet(t *testing.T) {
	t.Parallel()
	v, _, err := wire.Parse([]byte(`{"a":1,"b":2}`))
	require.NoError(t, err)
	v.Set("a", wire.Value{Kind: wire.KindString, Text: "x"})
	v.Set("c", wire.Value{})
	want := strings.TrimSpace(`{"a": "x", "b": 2, "c": null}`)
	require.Equal(t, want, wire.Dumps(&v))
	require.Equal(t, "2", v.Get("b").Text)
	require.Nil(t, v.Get("d"))
	require.Nil(t, v.Get("a").Get("a"))
}

// TestIntLike is Python's int().
func TestIntLike(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]int64{
		"7": 7, "-7.9": -7, "1e3": 1000, `" 5\n"`: 5, "true": 1, "false": 0, "99999999999999999999": 1<<63 - 1, "-99999999999999999999": -1 << 63,
	} {
		v, _, err := wire.Parse([]byte(in))
		require.NoError(t, err)
		got, ok := wire.IntLike(&v)
		require.True(t, ok, in)
		require.Equal(t, want, got, in)
	}
	for _, in := range []string{"null", "[]", "{}", `""`, `"1.0"`, "NaN", "1e30"} {
		v, _, err := wire.Parse([]byte(in))
		require.NoError(t, err)
		_, ok := wire.IntLike(&v)
		require.False(t, ok, in)
	}
}
