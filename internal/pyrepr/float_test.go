package pyrepr_test

import (
	"math"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pyrepr"
)

func TestFloat(t *testing.T) {
	t.Parallel()
	for want, f := range map[string]float64{ // as Python 3.11 prints them
		"0.0": 0, "-0.0": math.Copysign(0, -1), "1.0": 1, "-1.0": -1, "1.5": 1.5, "0.1": 0.1, "1000000000000000.0": 1e15,
		"9007199254740991.0": 1<<53 - 1, "9007199254740992.0": 1 << 53, "1e+16": 1e16, "-1e+16": -1e16, "1e+22": 1e22, "1e+100": 1e100,
		"1.2345678901234568e+17": 123456789012345680, "0.0001": 1e-4, "0.00012": 0.00012, "1e-05": 1e-5, "-2.5e-07": -2.5e-7,
		"5e-324": math.SmallestNonzeroFloat64, "1.7976931348623157e+308": math.MaxFloat64, "123456789.123": 123456789.123,
		"0.30000000000000004": 0.30000000000000004, "inf": math.Inf(1), "-inf": math.Inf(-1), "nan": math.NaN(),
	} {
		require.Equal(t, want, pyrepr.Float(f))
		require.Equal(t, "1.5 "+want, string(pyrepr.AppendFloat([]byte("1.5 "), f)))
	}
}

// TestFloatReadsBack: what is printed is the number, and shows that it is a float.
func TestFloatReadsBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := math.Float64frombits(rapid.Uint64().Draw(t, "bits"))
		text := pyrepr.Float(f)
		got, err := strconv.ParseFloat(text, 64)
		require.NoError(t, err)
		if math.IsNaN(f) {
			require.Equal(t, "nan", text)
			return
		}
		require.Equal(t, math.Float64bits(f), math.Float64bits(got), text)
		require.Regexp(t, `^-?(inf|\d\.?\d*e[-+]\d\d+|\d+\.\d+)$`, text)
	})
}
