package wire_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/rest/internal/wire"
)

// TestAppend wants what json.dumps writes with an indent of two.
func TestAppend(t *testing.T) {
	t.Parallel()
	appendAddress := func(b []byte, a address, depth int) []byte {
		b = wire.AppendStringField(append(b, '{'), depth+1, "city", a.City)
		b = wire.AppendIntField(b, depth+1, "zip", -7)
		return wire.CloseObject(b, depth)
	}
	appendOrder := func(b []byte, o order, depth int) []byte {
		b = wire.AppendStringField(append(b, '{'), depth+1, "id", o.ID)
		b = wire.AppendList(b, depth+1, "none", []address{}, appendAddress)
		b = wire.AppendList(b, depth+1, "addresses", []address{{City: "é\n"}, {}}, appendAddress)
		b = wire.CloseObject(append(wire.AppendKey(b, depth+1, "empty"), '{'), depth+1)
		return wire.CloseObject(b, depth)
	}
	want := strings.TrimSpace(`
{
  "order": {
    "id": "o",
    "addresses": [
      {
        "city": "\u00e9\n",
        "zip": -7
      },
      {
        "city": "",
        "zip": -7
      }
    ],
    "empty": {}
  }
}`)
	got := wire.AppendOne(nil, "order", order{ID: "o"}, appendOrder)
	require.Equal(t, want, string(got))
	require.True(t, json.Valid(got))
}

func TestAppendDouble(t *testing.T) {
	t.Parallel()
	for want, f := range map[string]float64{
		`"NaN"`: math.NaN(), `"Infinity"`: math.Inf(1), `"-Infinity"`: math.Inf(-1), "1.0": 1, "-0.0": math.Copysign(0, -1), "1e-05": 1e-5,
	} {
		require.Equal(t, "x"+want, string(wire.AppendDouble([]byte("x"), f)))
	}
}
