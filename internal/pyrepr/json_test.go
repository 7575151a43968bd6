package pyrepr_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pyrepr"
)

func TestJSON(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{ // as Python 3.11 writes them
		"": `""`, "plain": `"plain"`, `"\/`: `"\"\\/"`, "\n\r\t\b\f": `"\n\r\t\b\f"`, "\x00\x1f\x7f": `"\u0000\u001f\u007f"`,
		"é日": `"\u00e9\u65e5"`, "\ufffd": `"\ufffd"`, "😀": `"\ud83d\ude00"`, "\xff": `"\ufffd"`,
	} {
		require.Equal(t, want, pyrepr.JSON(in), "%q", in)
		require.Equal(t, "x"+want, string(pyrepr.AppendJSON([]byte("x"), in)), "%q", in)
	}
}

// TestJSONHalves: half of a surrogate pair stays one where it is appended, and
// nothing that follows a byte that only looks like one is lost.
func TestJSONHalves(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, in, appended, whole string }{
		{"high", "\xed\xa0\x80", `"\ud800"`, `"\ufffd\ufffd\ufffd"`},
		{"low", "a\xed\xbf\xbfb", `"a\udfffb"`, `"a\ufffd\ufffd\ufffdb"`},
		{"cut", "\xed\xa0", `"\ufffd\ufffd"`, `"\ufffd\ufffd"`},
		{"letter third", "\xed\xa0b", `"\ufffd\ufffdb"`, `"\ufffd\ufffdb"`},
		{"letter second", "\xedé", `"\ufffd\u00e9"`, `"\ufffd\u00e9"`},
	} {
		require.Equal(t, tc.appended, string(pyrepr.AppendJSON(nil, tc.in)), tc.name)
		require.Equal(t, tc.whole, pyrepr.JSON(tc.in), tc.name)
	}
}

// TestJSONReadsBack: what is written is ASCII, and JSON of the same string.
func TestJSONReadsBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.String(), rapid.StringOfN(rapid.SampledFrom([]rune("\x00\x1f \"\\\x7f\u0080é\ud7ff\ue000\uffff\U00010000\U0010ffff")), 0, 8, -1)).Draw(t, "s")
		text := pyrepr.JSON(s)
		require.Negative(t, strings.IndexFunc(text, func(r rune) bool { return r < ' ' || r >= 0x7f }))
		var got string
		require.NoError(t, json.Unmarshal([]byte(text), &got))
		require.Equal(t, s, got)
		require.Equal(t, text, string(pyrepr.AppendJSON(nil, s)))
	})
}
