package dynamodbstore_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/faulty"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/pebbletable"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/tabletest"
)

// openWorkspace makes a workspace and opens it.
func openWorkspace(t *testing.T, s *dynamodbstore.Store, name string) *dynamodbstore.Store {
	t.Helper()
	_, err := s.Workspaces().Create(t.Context(), dynamodbstore.Workspace{Name: name})
	require.NoError(t, err)
	w, err := s.Workspaces().Open(t.Context(), name)
	require.NoError(t, err)
	return w
}

// TestOpenWorkspace: what is in a workspace is its own, and a workspace that is
// deleted and made anew has nothing of what it had.
func TestOpenWorkspace(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		base, ctx := open(t, tab, clock), t.Context()
		one, two := openWorkspace(t, base, "team-a"), openWorkspace(t, base, "team-b")
		again, err := base.Workspaces().Open(ctx, "team-a")
		require.NoError(t, err)
		require.Same(t, one, again)

		exp := experiment(t, one, "shared name")
		e, err := one.GetExperiment(ctx, exp)
		require.NoError(t, err)
		require.Equal(t, "mlflow-artifacts:/workspaces/team-a/"+exp, e.ArtifactLocation)
		run := newRun(t, one, exp, 1000)
		_, err = one.CreateRegisteredModel(ctx, dynamodbstore.CreateRegisteredModelParams{Name: "m"})
		require.NoError(t, err)
		for _, s := range []*dynamodbstore.Store{two, base} {
			_, err = s.GetExperiment(ctx, exp)
			require.ErrorIs(t, err, dynamodbstore.ErrNotFound)
			_, err = s.GetRun(ctx, run)
			require.ErrorIs(t, err, dynamodbstore.ErrNotFound)
			_, err = s.GetRegisteredModel(ctx, "m")
			require.ErrorIs(t, err, dynamodbstore.ErrNotFound)
		}
		_, err = two.GetExperiment(ctx, dynamodbstore.DefaultExperimentID)
		require.ErrorIs(t, err, dynamodbstore.ErrNotFound, "only the default workspace has experiment 0")

		ws := base.Workspaces()
		err = ws.Delete(ctx, "team-a", dynamodbstore.DeleteRestrict)
		require.EqualError(t, err, "INVALID_STATE: Cannot delete workspace 'team-a': table 'registered_models' still contains "+
			"1 resource(s). Remove or reassign them before deleting the workspace.")
		require.NoError(t, one.DeleteRegisteredModel(ctx, "m"))
		err = ws.Delete(ctx, "team-a", dynamodbstore.DeleteRestrict)
		require.ErrorContains(t, err, "table 'experiments' still contains 1 resource(s)")
		require.NoError(t, ws.Delete(ctx, "team-b", dynamodbstore.DeleteRestrict))
		require.NoError(t, ws.DeleteWhole(ctx, dynamodbstore.DeleteWholeParams{Name: "team-a"}))
		_, err = ws.Open(ctx, "team-a")
		require.ErrorIs(t, err, dynamodbstore.ErrNotFound)
		anew := openWorkspace(t, base, "team-a")
		require.NotSame(t, one, anew)
		_, err = anew.GetRun(ctx, run)
		require.ErrorIs(t, err, dynamodbstore.ErrNotFound)
		page, err := anew.SearchExperiments(ctx, dynamodbstore.SearchExperimentsParams{View: dynamodbstore.ViewAll})
		require.NoError(t, err)
		require.Empty(t, page.Items)
	})
}

// makers make what nothing else of a workspace vouches for.
func makers() map[string]func(ctx context.Context, s *dynamodbstore.Store) error {
	return map[string]func(ctx context.Context, s *dynamodbstore.Store) error{
		"experiment": func(ctx context.Context, s *dynamodbstore.Store) error {
			_, err := s.CreateExperiment(ctx, dynamodbstore.CreateExperimentParams{Name: "late"})
			return err
		},
		"registered model": func(ctx context.Context, s *dynamodbstore.Store) error {
			_, err := s.CreateRegisteredModel(ctx, dynamodbstore.CreateRegisteredModelParams{Name: "late"})
			return err
		},
		"run": func(ctx context.Context, s *dynamodbstore.Store) error {
			e, err := s.GetExperimentByName(ctx, "old")
			if err == nil {
				_, err = s.CreateRun(ctx, dynamodbstore.CreateRunParams{ExperimentID: e.ID})
			}
			return err
		},
		"rename": func(ctx context.Context, s *dynamodbstore.Store) error {
			e, err := s.GetExperimentByName(ctx, "old")
			if err == nil {
				err = s.RenameExperiment(ctx, e.ID, "late")
			}
			return err
		},
	}
}

// TestNothingSlipsIn: whatever a server is at when another one deletes the
// workspace, and between whichever of its calls, nothing of it is in the workspace
// that is made anew under the name.
func TestNothingSlipsIn(t *testing.T) {
	t.Parallel()
	for what, act := range makers() {
		for _, mode := range []dynamodbstore.WorkspaceDeletion{dynamodbstore.DeleteRestrict, dynamodbstore.DeleteCascade} {
			t.Run(what+" "+string(mode), func(t *testing.T) {
				t.Parallel()
				at := 1
				for slipIn(t, act, mode, at) {
					at++
				}
			})
		}
	}
}

// slipIn deletes a workspace before the given call of something that is under way,
// and reports whether there was that call.
func slipIn(
	t *testing.T, act func(context.Context, *dynamodbstore.Store) error, mode dynamodbstore.WorkspaceDeletion, at int,
) bool {
	t.Helper()
	ctx, clock := t.Context(), &tabletest.Clock{}
	memory, err := pebbletable.OpenMemory(pebbletable.Options{Clock: clock.Now})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, memory.Close()) })
	tab := faulty.Wrap(memory, nil)
	writer, other := open(t, tab, clock), open(t, tab, clock)
	w := openWorkspace(t, writer, "team")
	if mode == dynamodbstore.DeleteCascade {
		experiment(t, w, "old")
	}
	var deleted error
	calls := 0
	tab.SetPlan(func(faulty.Call) faulty.Fault {
		if calls++; calls != at {
			return faulty.Fault{}
		}
		return faulty.Fault{Wait: func(ctx context.Context) error {
			if deleted = nil; mode == dynamodbstore.DeleteRestrict {
				deleted = other.Workspaces().Delete(ctx, "team", mode)
			} else {
				deleted = other.Workspaces().DeleteWhole(ctx, dynamodbstore.DeleteWholeParams{Name: "team"})
			}
			return nil
		}}
	})
	made := act(ctx, w)
	tab.SetPlan(nil)
	if calls < at {
		return false
	}
	if deleted != nil { // what was made came first
		require.Equal(t, dynamodbstore.DeleteRestrict, mode)
		require.ErrorContains(t, deleted, "still contains 1 resource(s)")
		require.NoError(t, made)
		return true
	}
	if e, ok := errors.AsType[*dynamodbstore.Error](made); made != nil {
		require.True(t, ok, "%v", made)
		require.Equal(t, dynamodbstore.CodeResourceDoesNotExist, e.Code, e.Message)
	}
	anew := openWorkspace(t, other, "team")
	for _, err := range anew.AllExperiments(ctx, dynamodbstore.SearchExperimentsParams{View: dynamodbstore.ViewAll}) {
		require.NoError(t, err)
		require.Fail(t, "an experiment has slipped in")
	}
	for _, err := range anew.AllRegisteredModels(ctx, dynamodbstore.SearchRegisteredModelsParams{}) {
		require.NoError(t, err)
		require.Fail(t, "a model has slipped in")
	}
	_, err = anew.CreateExperiment(ctx, dynamodbstore.CreateExperimentParams{Name: "late"})
	require.NoError(t, err)
	_, err = anew.CreateRegisteredModel(ctx, dynamodbstore.CreateRegisteredModelParams{Name: "late"})
	require.NoError(t, err)
	return true
}

// TestWorkspaceUnits: calls cost the same in every workspace, but for what is checked
// when something is made that nothing else vouches for.
func TestWorkspaceUnits(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		base := open(t, tab, clock)
		standard, err := open(t, tab, clock).Workspaces().Open(t.Context(), dynamodbstore.DefaultWorkspace)
		require.NoError(t, err)
		team := openWorkspace(t, base, "team-a")
		_, err = team.SearchExperiments(t.Context(), dynamodbstore.SearchExperimentsParams{}) // which reads the configuration
		require.NoError(t, err)
		checked := table.Units{Write: 2}
		for _, c := range []struct {
			what string
			more table.Units
			call func(ctx context.Context, s *dynamodbstore.Store) error
		}{
			{"create experiment", checked, func(ctx context.Context, s *dynamodbstore.Store) error {
				_, err := s.CreateExperiment(ctx, dynamodbstore.CreateExperimentParams{Name: "e"})
				return err
			}},
			{"create model", checked, func(ctx context.Context, s *dynamodbstore.Store) error {
				_, err := s.CreateRegisteredModel(ctx, dynamodbstore.CreateRegisteredModelParams{Name: "m"})
				return err
			}},
			{"get experiment by name", table.Units{}, func(ctx context.Context, s *dynamodbstore.Store) error {
				_, err := s.GetExperimentByName(ctx, "e")
				return err
			}},
			{"run", table.Units{}, func(ctx context.Context, s *dynamodbstore.Store) error {
				e, err := s.GetExperimentByName(ctx, "e")
				if err != nil {
					return err
				}
				r, err := s.CreateRun(ctx, dynamodbstore.CreateRunParams{ExperimentID: e.ID})
				if err != nil {
					return err
				}
				return s.LogMetric(ctx, r.Info.RunID, dynamodbstore.Metric{Key: "k", Value: 1})
			}},
			{"search", table.Units{}, func(ctx context.Context, s *dynamodbstore.Store) error {
				_, err := s.SearchExperiments(ctx, dynamodbstore.SearchExperimentsParams{})
				return err
			}},
		} {
			in := map[*dynamodbstore.Store]table.Units{}
			for _, s := range []*dynamodbstore.Store{base, standard, team} {
				if s == standard && strings.HasPrefix(c.what, "create") {
					continue
				}
				in[s] = cost(t, func(ctx context.Context) error { return c.call(ctx, s) })
			}
			if of, ok := in[standard]; ok {
				require.Equal(t, in[base], of, c.what)
			}
			want := in[base]
			want.Write += c.more.Write
			if c.what == "search" { // the default workspace has experiment 0
				continue
			}
			require.Equal(t, want, in[team], c.what)
		}
	})
}

// TestNewWorkspaceReliesOnIndexes: what was added to the indexes of a table that was
// in use serves the searches of a workspace that is made later.
func TestNewWorkspaceReliesOnIndexes(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		base, ctx := open(t, tab, clock), t.Context()
		experiment(t, base, "old")
		before := openWorkspace(t, base, "before")
		require.NoError(t, base.SetTagPatterns(ctx, "", []string{"team.*"}))
		require.NoError(t, base.SetTrigramFields(ctx, []string{"description"}))
		soon := openWorkspace(t, base, "soon")
		clock.Advance(5 * time.Minute)
		after := openWorkspace(t, base, "after")
		for s, want := range map[*dynamodbstore.Store][]string{
			base: {"mlflow.*"}, before: {"mlflow.*"}, soon: {"mlflow.*"}, after: {"mlflow.*", "team.*"},
		} {
			cfg, err := dynamodbstore.ReadConfiguration(ctx, s, "")
			require.NoError(t, err)
			require.Equal(t, want, cfg.Backfilled.TagPatterns)
		}
		clock.Advance(5 * time.Minute)
		require.NoError(t, base.SetTagPatterns(ctx, "", []string{"other", "team.*"}))
		cfg, err := dynamodbstore.ReadConfiguration(ctx, after, "")
		require.NoError(t, err)
		require.Equal(t, []string{"mlflow.*", "team.*"}, cfg.Backfilled.TagPatterns)
		require.NoError(t, base.SetTagPatterns(ctx, "", nil))
		require.NoError(t, base.SetTagPatterns(ctx, "", []string{"team.*"}))
		cfg, err = dynamodbstore.ReadConfiguration(ctx, after, "")
		require.NoError(t, err)
		require.Equal(t, []string{"mlflow.*"}, cfg.Backfilled.TagPatterns, "it was not there all the time")
	})
}
