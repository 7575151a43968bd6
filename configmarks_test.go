package dynamodbstore_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/faulty"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/tabletest"
)

// TestReconcileTable starts one or many servers at once with an environment on
// a configuration: lists, retentions and marks afterwards.
func TestReconcileTable(t *testing.T) {
	t.Parallel()
	for _, persisted := range []struct {
		name     string
		made     bool // with the table, so complete
		data     bool // there is data
		patterns []string
		traces   int64
	}{
		{name: "nothing"},
		{name: "nothing, beside data", data: true},
		{name: "made by a server", made: true, patterns: []string{"mlflow.*"}},
		{name: "set by another program", patterns: []string{"team"}, traces: 7},
	} {
		for _, env := range []struct {
			name, patterns, traces string
		}{
			{"none", "", ""},
			{"patterns", "team,owner", ""},
			{"a retention", "", "60"},
			{"everything", "owner", "0"},
		} {
			for _, starters := range []int{1, 8} {
				t.Run(fmt.Sprintf("%s, environment with %s, %d starters", persisted.name, env.name, starters), func(t *testing.T) {
					t.Parallel()
					tab := memoryTable(t, newStillClock())
					prepareConfig(t, tab, persisted.made, persisted.data, persisted.patterns, persisted.traces)
					startTogether(t, tab, starters, env.patterns, env.traces)

					want := persisted.patterns
					if !slices.Contains(want, "mlflow.*") {
						want = append([]string{"mlflow.*"}, want...)
					}
					complete := want
					for _, p := range splitPatterns(env.patterns) {
						if !slices.Contains(want, p) {
							want = append(slices.Clone(want), p)
						}
					}
					it := configItem(t, tab, "DENORMALIZE_TAGS")
					require.Equal(t, want, strs(it, "patterns"))
					switch {
					case persisted.made:
						require.Equal(t, complete, strs(it, "backfilled"), "what the environment adds is not complete")
					case persisted.data || persisted.patterns != nil:
						require.Empty(t, strs(it, "backfilled"))
					default:
						require.Equal(t, want, strs(it, "backfilled"), "all of an empty table is complete")
					}
					traces := map[string]int64{"60": 60, "0": 0}
					days, named := traces[env.traces]
					if !named {
						if days = 30; persisted.traces != 0 {
							days = persisted.traces
						}
					}
					require.Equal(t, [3]int64{days, 90, 365}, policy(configItem(t, tab, "TTL_POLICY")))
					require.Empty(t, strs(configItem(t, tab, "FTS_TRIGRAM_FIELDS"), "fields"))
				})
			}
		}
	}
}

func splitPatterns(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' })
}

func prepareConfig(t *testing.T, tab table.Table, made, data bool, patterns []string, traces int64) {
	t.Helper()
	switch {
	case made:
		start(t, tab)
	case data:
		require.NoError(t, tab.Put(t.Context(), table.Put{Item: table.NewItem(keys.Sequence(),
			table.Attr{Name: "next", Value: table.Number(3)})}))
	case patterns != nil:
		require.NoError(t, tab.Put(t.Context(), table.Put{Item: table.NewItem(keys.DenormalizeTags(),
			table.Attr{Name: "patterns", Value: table.List(patterns)})}))
		require.NoError(t, tab.Put(t.Context(), table.Put{Item: table.NewItem(keys.TTLPolicy(),
			table.Attr{Name: "trace_retention_days", Value: table.Number(traces)})}))
	}
}

func startTogether(t *testing.T, tab table.Table, n int, patterns, traces string) {
	t.Helper()
	var wg sync.WaitGroup
	errs := make([]error, n)
	for i := range errs {
		wg.Go(func() {
			s, err := dynamodbstore.OpenTable(keepOpen{tab}, env(varPatterns, patterns, varTraces, traces, varFields, "description"))
			if err == nil {
				err = errors.Join(s.Init(t.Context()), s.Close())
			}
			errs[i] = err
		})
	}
	wg.Wait()
	require.NoError(t, errors.Join(errs...))
}

// TestMarks follows the marks of patterns and fields through every change.
func TestMarks(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		s := open(t, tab, clock)
		exp := experiment(t, s, "marked")
		backfill := func() {
			t.Helper()
			_, err := s.BackfillTags(t.Context(), noServers())
			require.NoError(t, err)
			_, err = s.BackfillTrigrams(t.Context(), noServers())
			require.NoError(t, err)
		}
		set := func(patterns, fields []string) {
			t.Helper()
			require.NoError(t, s.SetTagPatterns(t.Context(), "", patterns))
			require.NoError(t, s.SetTrigramFields(t.Context(), fields))
		}
		want := func(what string, patterns, fields []string) {
			t.Helper()
			m := marks(t, s, exp)
			require.Equal(t, append([]string{"mlflow.*"}, patterns...), m.TagPatterns, what)
			require.Equal(t, append([]string{"experiment_name", "run_name", "model_name"}, fields...), m.TrigramFields, what)
		}
		want("of a new table", nil, nil)
		set([]string{"a", "b"}, []string{"tags.a", "tags.b"})
		want("added", nil, nil)
		backfill()
		want("backfilled", []string{"a", "b"}, []string{"tags.a", "tags.b"})
		set([]string{"b", "c"}, []string{"tags.b", "tags.c"})
		want("what stays", []string{"b"}, []string{"tags.b"})
		set([]string{"b", "a"}, []string{"tags.b", "tags.a"})
		want("removed and added again", []string{"b"}, []string{"tags.b"})
		start(t, tab, env(varPatterns, "z", varFields, "tags.z"))
		want("added by an environment", []string{"b"}, []string{"tags.b"})
		require.NoError(t, s.SetTagPatterns(t.Context(), exp, []string{"own"}))
		require.Empty(t, marks(t, s, exp).OwnTagPatterns)
		backfill()
		require.Equal(t, []string{"b", "a", "z"}, marks(t, s, exp).TagPatterns[1:])
		require.Empty(t, marks(t, s, exp).OwnTagPatterns, "an experiment has its own mark")
		_, err := s.BackfillTags(t.Context(), dynamodbstore.BackfillParams{ExperimentID: exp, NoServers: true})
		require.NoError(t, err)
		require.Equal(t, []string{"own"}, marks(t, s, exp).OwnTagPatterns)
	})
}

// TestEnvironmentFields: fields of the environment are written by the process
// that has them, and never count as complete.
func TestEnvironmentFields(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		s := open(t, tab, clock, env(varFields, "tags.team"))
		run := newRun(t, s, experiment(t, s, "fields"), 1)
		finish(t, s, run)
		requireIndexed(t, tab, s, run, "f:tags.team")
		_, err := s.BackfillTrigrams(t.Context(), noServers())
		require.NoError(t, err)
		require.NotContains(t, marks(t, s, "").TrigramFields, "tags.team")
		require.Empty(t, strs(configItem(t, tab, "FTS_TRIGRAM_FIELDS"), "fields"))
	})
}

// TestDroppedIsStillIndexed: what was taken away is indexed for some minutes,
// as servers that have not noticed yet rely on it.
func TestDroppedIsStillIndexed(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		s := open(t, tab, clock)
		exp := experiment(t, s, "dropped")
		require.NoError(t, s.SetTagPatterns(t.Context(), "", []string{"team"}))
		require.NoError(t, s.SetTrigramFields(t.Context(), []string{"description"}))
		require.NoError(t, s.SetTagPatterns(t.Context(), "", nil))
		require.NoError(t, s.SetTrigramFields(t.Context(), nil))
		run := newRun(t, s, exp, 1)
		finish(t, s, run)
		requireIndexed(t, tab, s, run, "t:team", "f:description")
		require.Empty(t, meta(t, tab, "RUN#"+run).Str("tag.team"))
		clock.Advance(6 * time.Minute)
		run = newRun(t, s, exp, 2)
		finish(t, s, run)
		requireIndexed(t, tab, s, run)
	})
}

// TestOldSettingsIndexNothing: a server that cannot read the configuration for
// half a minute must not settle runs by what it knows.
func TestOldSettingsIndexNothing(t *testing.T) {
	t.Parallel()
	clock := newStillClock()
	ft := faulty.Wrap(memoryTable(t, clock), nil)
	s := configStoreOf(t, ft, clock.Now)
	require.NoError(t, s.Init(t.Context()))
	run := newRun(t, s, "0", 1)
	broken := errors.New("configuration cannot be read")
	ft.SetPlan(func(c faulty.Call) faulty.Fault {
		if c.Op == "Query" && c.Keys[0].PK == "CONFIG" {
			return faulty.Fault{Before: broken}
		}
		return faulty.Fault{}
	})
	clock.Advance(25 * time.Second)
	finish(t, s, run) // by settings that are old, but not too old
	run = newRun(t, s, "0", 2)
	clock.Advance(6 * time.Second)
	require.ErrorIs(t, endRun(t.Context(), s, run), broken)
	ft.SetPlan(nil)
	require.NoError(t, endRun(t.Context(), s, run))
	requireIndexed(t, ft, s, run)
	require.NoError(t, s.Close())
}
