package workspace

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// TestValidate: the defaults are valid, and all that is wrong is said at once.
func TestValidate(t *testing.T) {
	t.Parallel()
	v := Defaults()
	require.NoError(t, v.Validate())
	v = View{Workspace: "A", SettleAfter: -time.Second}
	require.EqualError(t, v.Validate(), `logger, clock and environment must not be nil
INVALID_PARAMETER_VALUE: Workspace name 'A' must be between 2 and 63 characters.
artifact root must not be empty
settle time -1s must not be negative`)
}

// TestIn: a view of another workspace differs in its name and keys alone, and
// bad names are refused.
func TestIn(t *testing.T) {
	t.Parallel()
	v := Defaults().Of(nil)
	for _, name := range []string{"a1", "77", "team-a", strings.Repeat("w", 63)} {
		w, err := v.In(name)
		require.NoError(t, err)
		require.Equal(t, name, w.Workspace)
		require.Equal(t, keys.Workspace(name), w.Keys)
		require.NotEqual(t, v.Keys.Experiment("0"), w.Keys.Experiment("0"))
		require.NotEqual(t, v.Own("0"), w.Own("0"))
		require.Equal(t, v.Writer, w.Writer)
		require.Same(t, v.Table, w.Table)
		back, err := w.In(v.Workspace)
		require.NoError(t, err)
		require.Equal(t, v.Own("0"), back.Own("0"))
	}
	for _, name := range []string{"", "a", "api", "-a", "a-", "A", "a_b", "a#b", "é", "a\n", strings.Repeat("w", 64)} {
		_, err := v.In(name)
		require.ErrorContains(t, err, "Workspace name", name)
	}
	require.Equal(t, mlflow.DefaultWorkspace, v.Workspace, "the view itself stays")
}

// TestWriters: views of one process know their rows from those of others.
func TestWriters(t *testing.T) {
	t.Parallel()
	one, two := Defaults(), Defaults()
	require.Len(t, one.Writer, 8)
	require.NotEqual(t, one.Writer, two.Writer)
}

// at returns the view of a process whose clock shows that many seconds.
func at(seconds int64) *View {
	v := Defaults()
	v.Clock = func() time.Time { return time.Unix(seconds, 5_000_000) }
	return &v
}

// TestIsAbsent: a write that lost to nothing, or to what has expired, found
// nothing.
func TestIsAbsent(t *testing.T) {
	t.Parallel()
	v := at(1000)
	with := func(attrs ...table.Attr) *table.ConditionError {
		return &table.ConditionError{Found: true, Item: table.NewItem(table.Key{PK: "p", SK: "s"}, attrs...)}
	}
	require.True(t, v.IsAbsent(&table.ConditionError{}))
	require.False(t, v.IsAbsent(with()))
	require.True(t, v.IsAbsent(with(table.Attr{Name: table.TTLAttr, Value: table.Number(1000)})))
	require.False(t, v.IsAbsent(with(table.Attr{Name: table.TTLAttr, Value: table.Number(1001)})))
}

// TestCheckBegun: a creation gives up long before a collection may take it for
// abandoned.
func TestCheckBegun(t *testing.T) {
	t.Parallel()
	const hour = int64(3600)
	v := at(10 * hour)
	begun := func(ago int64) int64 { return v.NowMillis() - ago*1000 }
	require.NoError(t, v.CheckBegun(begun(hour/2), "Run"))
	err := v.CheckBegun(begun(hour/2+1), "Run")
	require.EqualError(t, err, "TEMPORARILY_UNAVAILABLE: Run could not be created, please try again.")
	require.ErrorIs(t, err, mlflow.ErrUnavailable)
	require.True(t, v.IsYoung(begun(hour-1)))
	require.False(t, v.IsYoung(begun(hour)))
}
