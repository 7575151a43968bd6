package dynamodbstore_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/faulty"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/tabletest"
)

// pageOf is a pass with small pages that must not wait.
func pageOf(t tester, n int) dynamodbstore.Option {
	return dynamodbstore.WithPass(n, func(context.Context, time.Duration) error {
		require.Fail(t, "the pass waits")
		return nil
	})
}

func noServers() dynamodbstore.BackfillParams { return dynamodbstore.BackfillParams{NoServers: true} }

// marks is what is complete by what the table says.
func marks(t tester, s *dynamodbstore.Store, exp string) dynamodbstore.ConfigurationMarks {
	t.Helper()
	cfg, err := dynamodbstore.ReadConfiguration(t.Context(), s, exp)
	require.NoError(t, err)
	return cfg.Backfilled
}

// requireIndexed asserts that the list row of a settled run says that it is
// indexed under the given settings, and that all its index rows are there.
func requireIndexed(t tester, tab table.Table, s *dynamodbstore.Store, run string, settings ...string) {
	t.Helper()
	r, err := s.GetRun(t.Context(), run)
	require.NoError(t, err)
	row := item(t, tab, keys.Workspace("default").RunRow(r.Info.ExperimentID, r.Info.StartTime, run))
	list, ok := row.Get(keys.Indexed)
	require.True(t, ok, "run %s is not indexed", r.Info.Name)
	require.ElementsMatch(t, append(settings, "d"), list.Strings(), "run %s", r.Info.Name)
	rows, err := dynamodbstore.RunIndexKeys(t.Context(), s, run)
	require.NoError(t, err)
	requireItems(t, tab, rows, "run "+r.Info.Name)
}

// library makes two experiments with runs in every state; a run is named by
// its state.
func library(t tester, s *dynamodbstore.Store) (exp string, runs map[string]string) {
	t.Helper()
	runs = map[string]string{}
	for _, name := range []string{"one", "two"} {
		id, err := s.CreateExperiment(t.Context(), dynamodbstore.CreateExperimentParams{
			Name: name, Tags: []dynamodbstore.Tag{{Key: "team", Value: "vision"}, {Key: "mlflow.note.content", Value: "about " + name}},
		})
		require.NoError(t, err)
		for i, state := range []string{"open", "settled", "deleted", "reopened", "frozen"} {
			label := name + " " + state
			r, err := s.CreateRun(t.Context(), dynamodbstore.CreateRunParams{
				ExperimentID: id, Name: label, StartTime: int64(i + 1),
				Tags: []dynamodbstore.Tag{{Key: "team", Value: "vision"}, {Key: "mlflow.note.content", Value: "a run " + state}},
			})
			require.NoError(t, err)
			runs[label] = r.Info.RunID
			require.NoError(t, s.LogMetric(t.Context(), r.Info.RunID, point("acc", 1, 0.5)))
			intoState(t, s, r.Info.RunID, state)
		}
		if name == "two" {
			require.NoError(t, s.DeleteExperiment(t.Context(), id))
		} else {
			exp = id
		}
	}
	return exp, runs
}

func intoState(t tester, s *dynamodbstore.Store, run, state string) {
	t.Helper()
	if state == "frozen" {
		require.NoError(t, s.LogBatch(t.Context(), dynamodbstore.LogBatchParams{RunID: run, Params: longParams(5)}))
	}
	if state != "open" {
		require.NoError(t, endRun(t.Context(), s, run))
	}
	switch state {
	case "deleted":
		require.NoError(t, s.DeleteRun(t.Context(), run))
	case "reopened":
		require.NoError(t, s.SetTag(t.Context(), run, dynamodbstore.Tag{Key: "note", Value: "x"}))
	}
}

// TestBackfillTags brings runs and experiments up to a new pattern: what they
// say stays, their tags stand where the pattern puts them, and the pattern
// serves searches.
func TestBackfillTags(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		// A search that settled an open run would bring it up to the pattern.
		s := open(t, tab, clock, pageOf(t, 3), dynamodbstore.WithSettleAfter(time.Hour))
		exp, runs := library(t, s)
		require.NoError(t, s.SetTagPatterns(t.Context(), "", []string{"team"}))
		require.Equal(t, []string{"mlflow.*"}, marks(t, s, "").TagPatterns)
		before, was := look(t, s), meta(t, tab, "RUN#"+runs["one settled"])
		require.Empty(t, was.Str("tag.team"))

		report, err := s.BackfillTags(t.Context(), noServers())
		require.NoError(t, err)
		require.Equal(t, int64(3+10), report.Seen, "experiments, Default among them, and runs")
		require.Equal(t, int64(2+10), report.Changed)
		require.Equal(t, []string{"mlflow.*", "team"}, report.Complete)
		require.Equal(t, []string{"mlflow.*", "team"}, marks(t, s, "").TagPatterns)
		require.Equal(t, before, look(t, s))
		for _, run := range runs {
			require.Equal(t, "vision", meta(t, tab, "RUN#"+run).Str("tag.team"))
		}
		require.Equal(t, "vision", meta(t, tab, "EXP#"+exp).Str("tag.team"))
		is := meta(t, tab, "RUN#"+runs["one settled"])
		for _, name := range []string{keys.Gen, keys.Changed} {
			require.Equal(t, was.Num(name), is.Num(name), name)
		}
		for _, state := range []string{"settled", "deleted", "frozen"} {
			requireIndexed(t, tab, s, runs["one "+state], "t:team")
			requireIndexed(t, tab, s, runs["two "+state], "t:team")
		}
		require.NoError(t, endRun(t.Context(), s, runs["one open"]))
		requireIndexed(t, tab, s, runs["one open"], "t:team")

		report, err = open(t, tab, clock).BackfillTags(t.Context(), noServers())
		require.NoError(t, err)
		require.Zero(t, report.Changed)
		require.Zero(t, report.Units.Write, "a second backfill finds nothing to do")
	})
}

// TestBackfillTagsOfExperiment touches one experiment and its own mark only.
func TestBackfillTagsOfExperiment(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		s := open(t, tab, clock, pageOf(t, 2))
		exp, runs := library(t, s)
		require.NoError(t, s.SetTagPatterns(t.Context(), "", []string{"not.there"}))
		params := dynamodbstore.BackfillParams{ExperimentID: exp, NoServers: true}
		_, err := s.BackfillTags(t.Context(), params)
		require.ErrorIs(t, err, dynamodbstore.ErrInvalid, "no patterns of its own")
		require.NoError(t, s.SetTagPatterns(t.Context(), exp, []string{"team"}))
		_, err = s.BackfillTags(t.Context(), params)
		require.NoError(t, err)
		m := marks(t, s, exp)
		require.Equal(t, []string{"mlflow.*"}, m.TagPatterns)
		require.Equal(t, []string{"team"}, m.OwnTagPatterns)
		require.Equal(t, "vision", meta(t, tab, "RUN#"+runs["one settled"]).Str("tag.team"))
		requireIndexed(t, tab, s, runs["one settled"], "t:not.there", "t:team")
		require.Empty(t, meta(t, tab, "RUN#"+runs["two settled"]).Str("tag.team"))
		_, err = s.BackfillTags(t.Context(), dynamodbstore.BackfillParams{ExperimentID: "77"})
		require.ErrorIs(t, err, dynamodbstore.ErrNotFound)
		_, err = s.BackfillTrigrams(t.Context(), params)
		require.ErrorIs(t, err, dynamodbstore.ErrInvalid)
		_, err = s.BackfillTags(t.Context(), dynamodbstore.BackfillParams{PassOptions: dynamodbstore.PassOptions{UnitsPerSecond: -1}})
		require.ErrorIs(t, err, dynamodbstore.ErrInvalid)
	})
}

// TestBackfillTrigrams indexes a new field of runs and experiments.
func TestBackfillTrigrams(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		s := open(t, tab, clock, pageOf(t, 3))
		exp, runs := library(t, s)
		names := []string{"experiment_name", "run_name", "model_name"}
		require.Equal(t, names, marks(t, s, "").TrigramFields)
		require.NoError(t, s.SetTrigramFields(t.Context(), []string{"description"}))
		require.Equal(t, names, marks(t, s, "").TrigramFields)
		before := look(t, s)
		report, err := s.BackfillTrigrams(t.Context(), noServers())
		require.NoError(t, err)
		require.Equal(t, append(names, "datasets", "description"), report.Complete)
		require.Equal(t, append(names, "description"), marks(t, s, "").TrigramFields)
		require.Equal(t, before, look(t, s))
		for _, state := range []string{"settled", "deleted", "frozen"} {
			requireIndexed(t, tab, s, runs["one "+state], "f:description")
		}
		rows, err := dynamodbstore.ExperimentIndexKeys(t.Context(), s, exp)
		require.NoError(t, err)
		requireItems(t, tab, rows, "experiment")
		report, err = open(t, tab, clock).BackfillTrigrams(t.Context(), noServers())
		require.NoError(t, err)
		require.Zero(t, report.Units.Write, "a second backfill finds nothing to do")
	})
}

// TestBackfillWaitsForServers: a server that has not noticed the change settles
// a run behind the back of the pass. The pass waits until that cannot be any
// more, and looks again.
func TestBackfillWaitsForServers(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		old := open(t, tab, clock) // knows the settings from its start
		_, runs := library(t, old)
		var waited []time.Duration
		var doing []string
		s := open(t, tab, clock, dynamodbstore.WithPass(100, func(_ context.Context, d time.Duration) error {
			require.NoError(t, endRun(t.Context(), old, runs["one open"])) //nolint:contextcheck // a server of its own
			requireIndexed(t, tab, old, runs["one open"])                  //nolint:contextcheck // the test looks
			waited = append(waited, d)
			clock.Advance(d)
			return nil
		}))
		require.NoError(t, s.SetTagPatterns(t.Context(), "", []string{"team"}))
		params := dynamodbstore.BackfillParams{PassOptions: dynamodbstore.PassOptions{Progress: func(p dynamodbstore.Progress) {
			if p.Doing != "" {
				doing = append(doing, p.Doing)
			}
		}}}
		_, err := s.BackfillTags(t.Context(), params)
		require.NoError(t, err)
		require.Len(t, waited, 1)
		require.InDelta(t, time.Minute, waited[0], float64(10*time.Second))
		require.Equal(t, []string{"waiting until all servers have noticed"}, doing)
		requireIndexed(t, tab, s, runs["one open"], "t:team")
		require.Equal(t, []string{"mlflow.*", "team"}, marks(t, s, "").TagPatterns)

		require.NoError(t, s.SetTagPatterns(t.Context(), "", []string{"team", "note"}))
		clock.Advance(2 * time.Minute)
		_, err = s.BackfillTags(t.Context(), params)
		require.NoError(t, err)
		require.Len(t, waited, 1, "of a change long ago all servers know")
	})
}

// TestBackfillMeetsChange: the patterns are changed while the pass is under
// way, to and fro. Only what was there all the time counts as complete.
func TestBackfillMeetsChange(t *testing.T) {
	t.Parallel()
	clock := newStillClock()
	complete := 0
	for k := 1; ; k++ {
		tab := memoryTable(t, clock)
		ft := faulty.Wrap(tab, nil)
		s := configStoreOf(t, ft, clock.Now, pageOf(t, 2))
		require.NoError(t, s.Init(t.Context()))
		_, runs := library(t, s)
		operator := configStoreOf(t, tab, clock.Now)
		require.NoError(t, operator.SetTagPatterns(t.Context(), "", []string{"team"}))
		stale := configStoreOf(t, tab, clock.Now)
		ft.SetPlan(func(c faulty.Call) faulty.Fault {
			if c.N != k {
				return faulty.Fault{}
			}
			require.NoError(t, operator.SetTagPatterns(t.Context(), "", []string{"note"}))
			require.NoError(t, endRun(t.Context(), stale, runs["one open"])) // knows of no team
			require.NoError(t, operator.SetTagPatterns(t.Context(), "", []string{"team"}))
			return faulty.Fault{}
		})
		_, err := s.BackfillTags(t.Context(), noServers())
		require.NoError(t, err)
		changed := ft.Calls() >= k
		ft.SetPlan(nil)
		if len(marks(t, s, "").TagPatterns) == 2 { // else the change came last, and took the mark away
			for _, run := range runs {
				require.Equal(t, "vision", meta(t, tab, "RUN#"+run).Str("tag.team"), "changed at call %d", k)
			}
			requireCovered(t, tab, s, runs["one open"], "t:team", changed, k)
			complete++
		}
		require.NoError(t, errors.Join(s.Close(), operator.Close(), stale.Close()))
		if !changed {
			break
		}
	}
	require.Greater(t, complete, 50)
}

// requireCovered asserts that the rows of a run that has ended meanwhile are
// indexed under a setting.
func requireCovered(t tester, tab table.Table, s *dynamodbstore.Store, run, setting string, ended bool, k int) {
	t.Helper()
	if !ended {
		return
	}
	r, err := s.GetRun(t.Context(), run)
	require.NoError(t, err)
	row := item(t, tab, keys.Workspace("default").RunRow(r.Info.ExperimentID, r.Info.StartTime, run))
	list, _ := row.Get(keys.Indexed)
	require.Contains(t, list.Strings(), setting, "changed at call %d", k)
}

func configStoreOf(t tester, tab table.Table, clock func() time.Time, opts ...dynamodbstore.Option) *dynamodbstore.Store {
	t.Helper()
	return view(t, tab, clock, "default", opts...)
}

// TestBackfillOfWorkspace: a backfill of one workspace says nothing about
// another one.
func TestBackfillOfWorkspace(t *testing.T) {
	t.Parallel()
	readyBackends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		a, b := open(t, tab, clock), view(t, tab, clock.Now, "other")
		require.NoError(t, a.SetTagPatterns(t.Context(), "", []string{"team"}))
		_, err := a.BackfillTags(t.Context(), noServers())
		require.NoError(t, err)
		require.Equal(t, []string{"mlflow.*", "team"}, marks(t, a, "").TagPatterns)
		require.Equal(t, []string{"mlflow.*"}, marks(t, b, "").TagPatterns)
		require.NoError(t, b.Close())
	})
}

// TestBackfillResumes: a pass that was stopped goes on where it was.
func TestBackfillResumes(t *testing.T) {
	t.Parallel()
	clock := newStillClock()
	ft := faulty.Wrap(memoryTable(t, clock), nil)
	s := configStoreOf(t, ft, clock.Now, pageOf(t, 2))
	require.NoError(t, s.Init(t.Context()))
	library(t, s)
	require.NoError(t, s.SetTagPatterns(t.Context(), "", []string{"team"}))
	ctx, cancel := context.WithCancel(t.Context())
	params := noServers()
	params.Progress = func(p dynamodbstore.Progress) {
		if p.Seen >= 8 {
			cancel()
		}
	}
	_, err := s.BackfillTags(ctx, params)
	require.ErrorIs(t, err, context.Canceled)
	cursor, ok := item(t, ft, keys.DenormalizeTags()).Get("cursor")
	require.True(t, ok)
	require.Len(t, cursor.Strings(), 10)
	report, err := s.BackfillTags(t.Context(), noServers())
	require.NoError(t, err)
	require.Less(t, report.Seen, int64(13))
	_, ok = item(t, ft, keys.DenormalizeTags()).Get("cursor")
	require.False(t, ok)

	restarted := noServers()
	restarted.Restart = true
	report, err = s.BackfillTags(t.Context(), restarted)
	require.NoError(t, err)
	require.Equal(t, int64(13), report.Seen)
	require.NoError(t, s.Close(), fmt.Sprint(report))
}
