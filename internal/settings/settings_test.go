package settings

import (
	"bytes"
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/faulty"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/pebbletable"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/workspace"
)

// server is one process on a table in memory, with a clock that it shares.
type server struct {
	*Store
	below *faulty.Table
	now   *time.Time
	log   *bytes.Buffer
}

func newServer(t *testing.T, env map[string]string) server {
	t.Helper()
	tab, err := pebbletable.OpenMemory(pebbletable.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, tab.Close()) })
	require.NoError(t, tab.Init(t.Context(), true))
	s := server{below: faulty.Wrap(tab, nil), now: new(time.Unix(1_700_000_000, 0))}
	return s.another(t, env)
}

// another returns a second process on the table.
func (s server) another(t *testing.T, env map[string]string) server {
	t.Helper()
	s.log = new(bytes.Buffer)
	v := workspace.Defaults()
	v.Clock = func() time.Time { return *s.now }
	v.Env = func(name string) (string, bool) { value, ok := env[name]; return value, ok }
	v.Logger = slog.New(slog.NewTextHandler(s.log, nil))
	shared, err := NewShared()
	require.NoError(t, err)
	s.Store = New(v.Of(s.below), shared)
	return s
}

func (s server) pass(d time.Duration) { *s.now = s.now.Add(d) }

// TestPatterns: a star matches dots too, other globs as a whole; what no key can
// match is refused.
func TestPatterns(t *testing.T) {
	t.Parallel()
	m, err := compilePatterns([]string{"mlflow.*", "git*", "team", "env.?", "{a,b}.x"})
	require.NoError(t, err)
	for key, want := range map[string]bool{
		"mlflow.user": true, "mlflow.source.git.commit": true, "mlflow": false, "gitlab": true, "team": true, "teams": false,
		"env.1": true, "env.10": false, "a.x": true, "b.x": true, "c.x": false, "": false,
	} {
		require.Equal(t, want, m(key), key)
	}
	none, err := compilePatterns(nil)
	require.NoError(t, err)
	require.False(t, none("mlflow.user"))
	for _, bad := range []string{"a[", "", " a"} {
		require.Error(t, ValidatePatterns([]string{"ok", bad}), "%q", bad)
	}
}

// TestUnions: lists keep their order, and the pattern that cannot be removed is
// there once.
func TestUnions(t *testing.T) {
	t.Parallel()
	list := []string{"b", "a"}
	require.Equal(t, []string{"b", "a", "c"}, UnionOf(list, []string{"a", "c", "c"}))
	require.Equal(t, []string{"b", "a"}, list)
	require.Equal(t, []string{"mlflow.*", "x"}, WithAlways([]string{"x"}))
	require.Equal(t, []string{"x", "mlflow.*"}, WithAlways([]string{"x", "mlflow.*"}))
}

// TestEnvironment: variables are trimmed, what is empty is not set, and an error
// names the variable and its value.
func TestEnvironment(t *testing.T) {
	t.Parallel()
	read := func(env map[string]string) (Environment, error) {
		return ReadEnvironment(func(name string) (string, bool) { v, ok := env[name]; return v, ok })
	}
	env, err := read(map[string]string{
		envDenormalize: " a , b*,,", envDeletedDays: " 7 ", envHistoryDays: "0", envTraceDays: "", envTrigramFields: "tags.a",
	})
	require.NoError(t, err)
	require.Equal(t, Environment{
		patterns: []string{"a", "b*"}, days: map[string]int64{AttrDeletedDays: 7, AttrHistoryDays: 0}, fields: []string{"tags.a"},
	}, env)
	for name, value := range map[string]string{
		envDenormalize: "a[", envDeletedDays: "-1", envHistoryDays: "36501", envTraceDays: "1.5", envTrigramFields: "names",
	} {
		_, err := read(map[string]string{name: value})
		require.ErrorContains(t, err, name+`="`+value+`"`)
	}
}

// TestMarks: what stays in a list keeps its marks, what goes loses them and is
// remembered as dropped for its grace, and what comes has none.
func TestMarks(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_700_000_000, 0)
	it := table.Item{Key: keys.DenormalizeTags()}
	l := PatternList()
	l.Set(&it, []string{"a", "b"}, now)
	l.completeAll(&it)
	it.Set(BackfilledIn("w"), table.List([]string{"b", "x"}))
	require.Equal(t, markedList{Complete: []string{"a", "b"}}, marksOf(it, []string{"a", "b"}, "v", 0, now))

	changed := it.Num(AttrChanged)
	l.Set(&it, []string{"a", "b"}, now.Add(time.Hour))
	require.Equal(t, changed, it.Num(AttrChanged), "an equal list is no change")

	l.Set(&it, []string{"b", "c"}, now)
	require.Equal(t, changed+1, it.Num(AttrChanged), "it goes up though the clock has not")
	is := []string{"b", "c"}
	require.Equal(t, markedList{Complete: []string{"b"}, dropped: []string{"a"}}, marksOf(it, is, "v", 0, now))
	require.Equal(t, markedList{Complete: []string{"b"}}, marksOf(it, is, "v", 0, now.Add(dropGrace+time.Second)))

	l.Set(&it, []string{"a", "c"}, now.Add(time.Minute))
	require.Equal(t, markedList{dropped: []string{"b"}}, marksOf(it, []string{"a", "c"}, "w", 0, now.Add(time.Minute)),
		"what has come back is not complete, and dropped no more")
	l.Set(&it, []string{"a", "b", "c"}, now.Add(2*time.Minute))
	_, isThere := it.Get(attrDropped)
	require.False(t, isThere)
}

// TestMarksOfWorkspaces: what a backfill has completed counts in its workspace
// alone.
func TestMarksOfWorkspaces(t *testing.T) {
	t.Parallel()
	it := table.NewItem(keys.DenormalizeTags(), table.Attr{Name: BackfilledIn("w"), Value: table.List([]string{"a"})})
	require.Equal(t, []string{"a"}, marksOf(it, []string{"a", "b"}, "w", 0, time.Unix(0, 0)).Complete)
	require.Empty(t, marksOf(it, []string{"a", "b"}, "v", 0, time.Unix(0, 0)).Complete)
}

// TestReconcile: patterns of servers are united, retentions that are set replace
// theirs, trigram fields stay; a second start writes nothing.
func TestReconcile(t *testing.T) {
	t.Parallel()
	one := newServer(t, map[string]string{envDenormalize: "team", envTraceDays: "14"})
	require.NoError(t, one.Reconcile(t.Context()))
	require.NotContains(t, one.log.String(), "not backfilled", "an empty table is complete at once")
	two := one.another(t, map[string]string{envDenormalize: "env.*", envDeletedDays: "7", envTrigramFields: "tags.team"})
	require.NoError(t, two.Reconcile(t.Context()))
	cfg, err := two.Read(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"mlflow.*", "team", "env.*"}, cfg.Patterns)
	require.Equal(t, Policy{Traces: 14, SoftDeleted: 7, MetricHistory: 365}, cfg.Policy)
	require.Empty(t, cfg.Persisted.TrigramFields)
	require.Equal(t, []string{"experiment_name", "run_name", "model_name", "tags.team"}, cfg.TrigramFieldsWritten())
	require.True(t, cfg.IndexedDatasets)
	require.Equal(t, []string{"d", "f:tags.team", "t:env.*", "t:team"}, cfg.IndexSpec("1"))

	var writes []faulty.Call
	two.below.SetPlan(func(c faulty.Call) faulty.Fault {
		if c.Writes() {
			writes = append(writes, c)
		}
		return faulty.Fault{}
	})
	require.NoError(t, two.Reconcile(t.Context()))
	require.Empty(t, writes)
}

// TestOwnPatterns: an experiment's tags match its own patterns and those of all,
// by what is in force; a tag serves searches once it is complete.
func TestOwnPatterns(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	require.NoError(t, s.Reconcile(t.Context()))
	require.NoError(t, s.SetPatterns(t.Context(), "7", []string{"custom", "custom"}))
	cfg, err := s.Current(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"custom"}, cfg.OwnPatterns["7"])
	for exp, want := range map[string]bool{"7": true, "8": false} {
		m, err := s.Matcher(t.Context(), exp)
		require.NoError(t, err)
		require.Equal(t, want, m("custom"), exp)
		require.True(t, m("mlflow.user"))
		require.False(t, cfg.CompleteTag(exp, "custom"))
		require.True(t, cfg.CompleteTag(exp, "mlflow.user"))
	}
	require.NoError(t, s.SetPatterns(t.Context(), "7", nil))
	cfg, err = s.Current(t.Context())
	require.NoError(t, err)
	require.True(t, cfg.MatcherOf("7")("custom"), "another server may still rely on its rows")
	require.False(t, OfExperiment(cfg.Matchers, "7")("custom"))
}

// TestCurrent: known settings are read again when they are old; while the table
// cannot be read the last ones stay, but not for who decides by them what is
// written.
func TestCurrent(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	require.NoError(t, s.Reconcile(t.Context()))
	other := s.another(t, nil)
	require.NoError(t, other.SetPolicy(t.Context(), PolicyChange{TraceRetentionDays: new(int64(5))}))
	days := func(read func(context.Context) (*Configuration, error)) int64 {
		cfg, err := read(t.Context())
		require.NoError(t, err)
		return cfg.Policy.Traces
	}
	s.below.SetPlan(nil)
	s.pass(refreshAfter - 1)
	require.Equal(t, int64(30), days(s.Current))
	require.Zero(t, s.below.Calls(), "what is known costs nothing")
	s.pass(1)
	require.Equal(t, int64(5), days(s.Current))
	require.Equal(t, 1, s.below.Calls())

	s.below.SetPlan(faulty.StopAt(1, false))
	s.pass(refreshAfter)
	require.Equal(t, int64(5), days(s.Current))
	require.Equal(t, int64(5), days(s.Fresh))
	s.pass(FreshFor - refreshAfter)
	require.Equal(t, int64(5), days(s.Current))
	_, err := s.Fresh(t.Context())
	require.ErrorIs(t, err, faulty.ErrStopped)
	require.Contains(t, s.log.String(), "configuration cannot be read, the last one stays")
}

// TestClockSetBack: settings of the future are not trusted, and an older reading
// never replaces a newer one.
func TestClockSetBack(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	old, err := s.Fresh(t.Context())
	require.NoError(t, err)
	s.pass(time.Minute)
	last, err := s.Fresh(t.Context())
	require.NoError(t, err)
	require.NotSame(t, old, last)
	require.Same(t, last, s.Set(old))
	require.False(t, s.youngerThan(last, 0))
	s.pass(-time.Hour)
	require.False(t, s.youngerThan(last, FreshFor))
}

// TestViewsShare: two views of one workspace know the same configuration, those
// of two workspaces each their own.
func TestViewsShare(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	shared, err := NewShared()
	require.NoError(t, err)
	other, err := s.In("other")
	require.NoError(t, err)
	a, b, c := New(s.View, shared), New(s.View, shared), New(other, shared)
	cfg, err := a.Fresh(t.Context())
	require.NoError(t, err)
	require.Same(t, cfg, b.known.Load())
	require.Nil(t, c.known.Load())
}

// TestSetPolicy: a retention out of bounds is refused and changes nothing; what
// is not named stays.
func TestSetPolicy(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	require.NoError(t, s.SetPolicy(t.Context(), PolicyChange{SoftDeletedRetentionDays: new(int64(0))}))
	for _, days := range []int64{-1, maxRetentionDays + 1} {
		err := s.SetPolicy(t.Context(), PolicyChange{TraceRetentionDays: new(int64(1)), MetricHistoryRetentionDays: &days})
		require.ErrorContains(t, err, "metric_history_retention_days must be from 0 to 36500 days")
	}
	cfg, err := s.Read(t.Context())
	require.NoError(t, err)
	require.Equal(t, Policy{Traces: 30, SoftDeleted: 0, MetricHistory: 365}, cfg.Policy)
}

// TestForeignItem: an item that another program has made, without a revision,
// gets one and keeps what this one does not know.
func TestForeignItem(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	require.NoError(t, s.Table.Put(t.Context(), table.Put{Item: table.NewItem(keys.DenormalizeTags(),
		table.Attr{Name: attrPatterns, Value: table.List([]string{"theirs"})},
		table.Attr{Name: "note", Value: table.String("kept")})}))
	require.NoError(t, s.SetPatterns(t.Context(), "", []string{"ours"}))
	it, found, err := s.Table.Get(t.Context(), keys.DenormalizeTags(), table.Strong)
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, int64(2), it.Num(keys.Rev))
	require.Equal(t, "kept", it.Str("note"))
	require.Equal(t, []string{"mlflow.*", "ours"}, ListOf(it, attrPatterns))
	require.Equal(t, []string{"theirs"}, ListOf(it, attrDropped))
}
