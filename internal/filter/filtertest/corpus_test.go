package filtertest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter"
)

func TestSortSets(t *testing.T) {
	t.Parallel()
	require.Equal(t, "one of {'<', '=', 'a b'} or {'x'}, not {}", sortSets("one of {'a b', '=', '<'} or {'x'}, not {}"))
}

// TestIsDeviation: what the real server refuses in words of its own is none.
func TestIsDeviation(t *testing.T) {
	t.Parallel()
	refused := Case{Code: "INVALID_PARAMETER_VALUE", Message: "malformed node or string"}
	require.False(t, refused.isDeviation())
	failed := Case{Code: "INTERNAL_ERROR", Message: "malformed node or string: <ast.Name object>"}
	require.True(t, failed.isDeviation())
	other := Case{Code: "INTERNAL_ERROR", Message: "`order_by` contains duplicate fields: ['name', 'name']"}
	require.False(t, other.isDeviation())
}

func TestSorted(t *testing.T) {
	t.Parallel()
	order := filter.Order{{Key: "n", Attr: filter.IntAttr | 1, Desc: true}}
	ids := Sorted([]int64{1, 3, 2, 5}, func(n *int64) bool { return *n < 5 }, order,
		func(n *int64) filter.Tuple { return filter.Tuple{filter.IntElement(*n, true)} },
		func(n *int64) string { return string(rune('a' + *n)) })
	require.Equal(t, []string{"d", "c", "b"}, ids)
}

func TestValue(t *testing.T) {
	t.Parallel()
	n := 3
	got, ok := Value(&n)
	require.True(t, ok)
	require.Equal(t, 3, got)
	got, ok = Value[int](nil)
	require.False(t, ok)
	require.Zero(t, got)
}
