package tracking

import (
	"context"
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/draw"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/packed"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/point"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/workspace"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// newStore returns a Store without a table, whose clock shows 1,000,000 ms.
func newStore(t *testing.T) *Store {
	t.Helper()
	v := workspace.Defaults()
	v.Clock = func() time.Time { return time.UnixMilli(1_000_000) }
	shared, err := NewShared()
	require.NoError(t, err)
	return New(&v, shared, Areas{})
}

// TestLatest: the register of a key is the greatest of its points', and they are
// sorted by key.
func TestLatest(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		points := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) mlflow.Metric { return draw.Metric(t, "m") }), 1, 10).Draw(t, "points")
		d := latest(points)
		keys := map[string]bool{}
		for i := range points {
			keys[points[i].Key] = true
			register, ok := d.Get(points[i].Key)
			require.True(t, ok)
			require.GreaterOrEqual(t, register, point.NewRegister(&points[i]))
		}
		require.Equal(t, len(keys), d.Len())
		for i := 2; i < len(d); i += 2 {
			require.Less(t, d[i-2], d[i])
		}
	})
}

// TestTimes: what has no time gets the present one, unless zero is meant; what
// callers gave stays theirs.
func TestTimes(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	meant := mlflow.WithTimesAsGiven(t.Context())
	require.Equal(t, int64(1_000_000), s.orNow(t.Context(), 0))
	require.Equal(t, int64(5), s.orNow(t.Context(), 5))
	require.Zero(t, s.orNow(meant, 0))

	points := []mlflow.Metric{{Key: "a"}, {Key: "b", Timestamp: 7}}
	require.Equal(t, []mlflow.Metric{{Key: "a", Timestamp: 1_000_000}, {Key: "b", Timestamp: 7}}, s.stampMetrics(t.Context(), points))
	require.Zero(t, points[0].Timestamp)
	require.Equal(t, points, s.stampMetrics(meant, points))
}

// TestEndOf: a run ends when it is said to, or now; an end that it has stays
// when none is given.
func TestEndOf(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	meant := mlflow.WithTimesAsGiven(t.Context())
	for _, tc := range []struct {
		name string
		ctx  context.Context //nolint:containedctx // what the case is about
		p    mlflow.UpdateRunParams
		was  *int64
		want *int64
	}{
		{"given", t.Context(), mlflow.UpdateRunParams{EndTime: new(int64(9))}, new(int64(3)), new(int64(9))},
		{"zero", t.Context(), mlflow.UpdateRunParams{EndTime: new(int64(0))}, nil, new(int64(1_000_000))},
		{"zero that is meant", meant, mlflow.UpdateRunParams{EndTime: new(int64(0))}, nil, new(int64(0))},
		{"ends", t.Context(), mlflow.UpdateRunParams{Status: mlflow.StatusFailed}, nil, new(int64(1_000_000))},
		{"has ended", t.Context(), mlflow.UpdateRunParams{Status: mlflow.StatusFailed}, new(int64(3)), new(int64(3))},
		{"ends, as given", meant, mlflow.UpdateRunParams{Status: mlflow.StatusFailed}, nil, nil},
		{"goes on", t.Context(), mlflow.UpdateRunParams{Status: mlflow.StatusRunning}, new(int64(3)), new(int64(3))},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tc.want, s.endOf(tc.ctx, tc.p)(tc.was))
		})
	}
}

// TestNewRunTags: name and tag of a new run agree; one makes the other, and
// without either there is a random one.
func TestNewRunTags(t *testing.T) {
	t.Parallel()
	named := []mlflow.Tag{{Key: mlflow.RunNameTag, Value: "x"}}
	for _, tc := range []struct {
		name, runName string
		tags          []mlflow.Tag
	}{{"name", "x", nil}, {"tag", "", named}, {"both", "x", named}, {"empty tag", "x", []mlflow.Tag{{Key: mlflow.RunNameTag}}}} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			d, name, err := newRunTags(mlflow.CreateRunParams{Name: tc.runName, Tags: tc.tags})
			require.NoError(t, err)
			require.Equal(t, "x", name)
			require.Equal(t, packed.Dict{mlflow.RunNameTag, "x"}, d)
		})
	}
	d, name, err := newRunTags(mlflow.CreateRunParams{})
	require.NoError(t, err)
	require.Regexp(t, `^[a-z]+-[a-z]+-\d+$`, name)
	require.Equal(t, packed.Dict{mlflow.RunNameTag, name}, d)
	_, _, err = newRunTags(mlflow.CreateRunParams{Name: "y", Tags: named})
	require.EqualError(t, err, "INVALID_PARAMETER_VALUE: Both 'run_name' argument and 'mlflow.runName' tag are specified, but with "+
		"different values (run_name='y', mlflow.runName='x').")
}

// TestClashError: a refused change of params is worded as MLflow does, for one
// param and for a batch.
func TestClashError(t *testing.T) {
	t.Parallel()
	clashes := []clash{{"lr", "1", "2"}, {"it's", "a", "b"}}
	require.EqualError(t, (&entryChange{run: "r"}).clashError(clashes[:1]), "INVALID_PARAMETER_VALUE: Changing param values is not allowed. "+
		"Param with key='lr' was already logged with value='1' for run ID='r'. Attempted logging new value '2'.")
	require.EqualError(t, (&entryChange{run: "r", batch: true}).clashError(clashes), "INVALID_PARAMETER_VALUE: Changing param values is not "+
		`allowed. Params were already logged='[{'key': 'lr', 'old_value': '1', 'new_value': '2'}, {'key': "it's", 'old_value': 'a', `+
		"'new_value': 'b'}]' for run ID='r'.")
}

// TestCheckOutputs: an output may be logged again at its step, and not at
// another.
func TestCheckOutputs(t *testing.T) {
	t.Parallel()
	known := packed.Dict{"m1", "1", "m2", "2"}
	require.NoError(t, checkOutputs("r", packed.Dict{"m1", "1", "m3", "9"}, known))
	require.EqualError(t, checkOutputs("r", packed.Dict{"m2", "3"}, known),
		"BAD_REQUEST: Model with ID 'm2' was already logged as an output of run with ID 'r', at another step.")
	require.Equal(t, packed.Dict{"m3", "9"}, without(packed.Dict{"m1", "7", "m3", "9"}, known))
	require.Empty(t, without(known, known))
}

// TestWithModel: a list of models grows at its end; what is no list is refused.
func TestWithModel(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	for list, want := range map[string]string{
		"[]": `[{"b":1}]`, ` [ ] `: `[{"b":1}]`, `[{"a": NaN}]`: `[{"a": NaN}, {"b":1}]`,
		`["NaN\"", -Infinity]`: `["NaN\"", -Infinity, {"b":1}]`,
	} {
		got, err := s.withModel(list, true, `{"b":1}`)
		require.NoError(t, err, list)
		require.Equal(t, want, got)
	}
	got, err := s.withModel("", false, `{"b":1}`)
	require.NoError(t, err)
	require.Equal(t, `[{"b":1}]`, got)
	for _, list := range []string{"", "{}", "[", "[NaNs]", "[1] 2"} {
		_, err := s.withModel(list, true, "{}")
		require.ErrorIs(t, err, mlflow.ErrInvalid, list)
	}
	s.Truncate = false
	_, err = s.withModel("["+strings.Repeat(" ", 10)+`"`+strings.Repeat("x", 9000)+`"]`, true, "{}")
	require.ErrorIs(t, err, mlflow.ErrInvalid)
}

// TestPlainJSON: what Python writes of strings and numbers becomes JSON, and
// strings stay as they are.
func TestPlainJSON(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`(NaN|Infinity|[a-z"\\ ]){0,6}`).Draw(t, "text")
		quoted, err := json.Marshal(text)
		require.NoError(t, err)
		var got []any
		require.NoError(t, json.Unmarshal([]byte(plainJSON("["+string(quoted)+", NaN, -Infinity]")), &got))
		require.Equal(t, []any{text, 0.0, math.Copysign(0, -1)}, got)
	})
}
