package garbage_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/garbage"
)

func TestFormatAge(t *testing.T) {
	t.Parallel()
	for want, age := range map[string]time.Duration{
		"0s": 0, "1d2h3m4s": 26*time.Hour + 3*time.Minute + 4*time.Second, "1.5s": 1500 * time.Millisecond, "7d": 7 * 24 * time.Hour,
	} {
		require.Equal(t, want, garbage.FormatAge(age))
	}
}

func TestBegun(t *testing.T) {
	t.Parallel()
	require.Equal(t, int64(1), garbage.Begun("00000000000170008000000000000000"))
	require.Zero(t, garbage.Begun("00000000000140008000000000000000"), "a UUID of version 4")
	require.Zero(t, garbage.Begun("mine"))
}
