package pyrepr_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pyrepr"
)

func TestInt(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{" 1 ": "1", "+1\n": "+1", "-01": "-01", "1_0": "10", "٣": "3", "１２": "12", //nolint:gocritic // Python strips it
		"99999999999999999999": "99999999999999999999"} {
		digits, ok := pyrepr.Int(text)
		require.True(t, ok, text)
		require.Equal(t, want, digits, text)
	}
	for _, text := range []string{"", " ", "+", "_1", "1_", "1__0", "1.0", "0x1", "--1", "a", "1 1", "²"} {
		_, ok := pyrepr.Int(text)
		require.False(t, ok, text)
	}
}
