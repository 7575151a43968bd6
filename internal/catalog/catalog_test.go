package catalog_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/catalog"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/faulty"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/pebbletable"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/workspace"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// clock goes when it is told to.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

func (c *clock) Advance(d time.Duration) { c.now = c.now.Add(d) }

// world is a table with servers on it.
type world struct {
	table *faulty.Table
	clock *clock
	view  *workspace.View
}

func newWorld(t *testing.T) *world {
	t.Helper()
	c := &clock{time.UnixMilli(1700000000000)}
	memory, err := pebbletable.OpenMemory(pebbletable.Options{Clock: c.Now})
	require.NoError(t, err)
	w := &world{table: faulty.Wrap(memory, nil), clock: c}
	t.Cleanup(func() { require.NoError(t, w.table.Close()) })
	require.NoError(t, w.table.Init(t.Context(), true))
	v := workspace.Defaults()
	v.Clock = c.Now
	w.view = v.Of(w.table)
	return w
}

// things counts what is under a name, as the areas do.
type things struct{ *workspace.View }

func (x things) Contents(ctx context.Context, limit int) (string, int, error) {
	q := table.Query{PK: x.Keys.ExperimentsPK(), From: "A", To: keys.Last}
	n, err := table.CountItems(ctx, x.Table, q, limit)
	return "experiments", n, err
}

// server returns one more server on the table.
func (w *world) server(t *testing.T) *catalog.Store {
	t.Helper()
	shared, err := catalog.NewShared(slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(shared.Close)
	return catalog.New(w.view, shared, func(v *workspace.View) []catalog.Contents { return []catalog.Contents{things{v}} })
}

// fill puts an experiment and what is found by it into a workspace.
func (w *world) fill(t *testing.T, name, id string) {
	t.Helper()
	s := keys.Workspace(name)
	for _, k := range []table.Key{
		s.Experiment(id), s.ExperimentName("e" + id), s.ExperimentCreated(5, id), s.Run("r" + id), s.RunRow(id, 5, "r"+id),
		s.RegisteredModel("m" + id), s.ModelPointer("m" + id), s.LoggedModel("l" + id),
	} {
		it := table.NewItem(k, table.Attr{Name: keys.Artifact, Value: table.String("mlflow-artifacts:/" + id)})
		require.NoError(t, w.table.Put(t.Context(), table.Put{Item: it}))
	}
}

// under counts the items of a workspace.
func (w *world) under(t *testing.T, name string) int {
	t.Helper()
	n := 0
	for it, err := range table.ScanItems(t.Context(), w.table, table.Scan{}) {
		require.NoError(t, err)
		if strings.HasPrefix(it.Key.PK, keys.Workspace(name).Prefix()) {
			n++
		}
	}
	return n
}

func names(t *testing.T, s *catalog.Store) []string {
	t.Helper()
	var all []string
	for w, err := range s.All(t.Context()) {
		require.NoError(t, err)
		all = append(all, w.Name)
	}
	return all
}

func requireError(t *testing.T, err error, code mlflow.Code, text string) {
	t.Helper()
	e, ok := errors.AsType[*mlflow.Error](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, code, e.Code)
	require.Equal(t, text, e.Message)
}

func TestCreateAndList(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s, ctx := w.server(t), t.Context()
	require.Equal(t, []string{"default"}, names(t, s))
	d, err := s.Get(ctx, "default")
	require.NoError(t, err)
	require.Equal(t, &mlflow.Workspace{Name: "default", Description: new("Default workspace for legacy resources")}, d)

	full := mlflow.Workspace{
		Name: "team-b", Description: new(""), DefaultArtifactRoot: " s3://b/x ",
		TraceArchival: mlflow.TraceArchival{Location: "s3://b/t", Retention: "30d"},
	}
	made, err := s.Create(ctx, full)
	require.NoError(t, err)
	full.DefaultArtifactRoot = "s3://b/x"
	require.Equal(t, &full, made)
	got, err := w.server(t).Get(ctx, "team-b")
	require.NoError(t, err)
	require.Equal(t, &full, got)
	for _, name := range []string{"a1", "zz"} {
		_, err := s.Create(ctx, mlflow.Workspace{Name: name})
		require.NoError(t, err)
	}
	require.Equal(t, []string{"a1", "default", "team-b", "zz"}, names(t, s))

	_, err = s.Create(ctx, mlflow.Workspace{Name: "a1"})
	requireError(t, err, mlflow.CodeResourceAlreadyExists, "Workspace 'a1' already exists.")
	_, err = s.Create(ctx, mlflow.Workspace{Name: "default"})
	requireError(t, err, mlflow.CodeInvalidParameterValue, "The 'default' workspace is reserved and cannot be created")
	_, err = s.Create(ctx, mlflow.Workspace{Name: "api"})
	requireError(t, err, mlflow.CodeInvalidParameterValue, "Workspace name 'api' is reserved and cannot be used.")
	_, err = s.Create(ctx, mlflow.Workspace{Name: "long", Description: new(strings.Repeat("x", 64<<10+1))})
	require.ErrorIs(t, err, mlflow.ErrInvalid)
	_, err = s.Get(ctx, "nope")
	requireError(t, err, mlflow.CodeResourceDoesNotExist, "Workspace 'nope' not found")
}

func TestUpdate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s, ctx := w.server(t), t.Context()
	_, err := s.Create(ctx, mlflow.Workspace{Name: "aa", DefaultArtifactRoot: "s3://b/x"})
	require.NoError(t, err)
	for _, step := range []struct {
		p    mlflow.UpdateWorkspaceParams
		want mlflow.Workspace
	}{
		{mlflow.UpdateWorkspaceParams{Description: new("d")}, mlflow.Workspace{Description: new("d"), DefaultArtifactRoot: "s3://b/x"}},
		{mlflow.UpdateWorkspaceParams{DefaultArtifactRoot: new("")}, mlflow.Workspace{Description: new("d")}},
		{
			mlflow.UpdateWorkspaceParams{ArchivalRetention: new("3h"), Description: new("")},
			mlflow.Workspace{Description: new(""), TraceArchival: mlflow.TraceArchival{Retention: "3h"}},
		},
	} {
		step.p.Name, step.want.Name = "aa", "aa"
		got, err := s.Update(ctx, step.p)
		require.NoError(t, err)
		require.Equal(t, &step.want, got)
	}
	_, err = s.Update(ctx, mlflow.UpdateWorkspaceParams{Name: "aa"})
	requireError(t, err, mlflow.CodeInvalidParameterValue, "Workspace update must have at least one key")
	_, err = s.Update(ctx, mlflow.UpdateWorkspaceParams{Name: "bb", Description: new("x")})
	requireError(t, err, mlflow.CodeResourceDoesNotExist, "Workspace 'bb' not found")
	got, err := s.Update(ctx, mlflow.UpdateWorkspaceParams{Name: "default", DefaultArtifactRoot: new("s3://d")})
	require.NoError(t, err)
	require.Equal(t, &mlflow.Workspace{
		Name: "default", Description: new("Default workspace for legacy resources"), DefaultArtifactRoot: "s3://d",
	}, got)
	require.Equal(t, []string{"aa", "default"}, names(t, s))
}

// TestOpen: a view knows its root and generation; what another server does is
// noticed in time, and not looked for at each call.
func TestOpen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s, other, ctx := w.server(t), w.server(t), t.Context()
	_, err := s.Create(ctx, mlflow.Workspace{Name: "aa"})
	require.NoError(t, err)
	v, err := s.Open(ctx, "aa")
	require.NoError(t, err)
	require.Equal(t, "mlflow-artifacts:/workspaces/aa", v.Root())
	require.Len(t, v.Live, 16)
	require.Equal(t, w.clock.Now().UnixMilli(), v.Born)
	d, err := s.Open(ctx, "default")
	require.NoError(t, err)
	require.Equal(t, "mlflow-artifacts:/workspaces/default", d.Root())
	require.Empty(t, d.Live)

	_, err = other.Update(ctx, mlflow.UpdateWorkspaceParams{Name: "aa", DefaultArtifactRoot: new("s3://b/x")})
	require.NoError(t, err)
	before := w.table.Calls()
	w.clock.Advance(catalog.KnownFor - time.Second)
	v, err = s.Open(ctx, "aa")
	require.NoError(t, err)
	require.Equal(t, "mlflow-artifacts:/workspaces/aa", v.Root())
	require.Equal(t, before, w.table.Calls())
	w.clock.Advance(2 * time.Second)
	v, err = s.Open(ctx, "aa")
	require.NoError(t, err)
	require.Equal(t, "s3://b/x", v.Root())
	_, err = s.Open(ctx, "A")
	require.ErrorIs(t, err, mlflow.ErrInvalid)
	_, err = s.Open(ctx, "bb")
	require.ErrorIs(t, err, mlflow.ErrNotFound)
}

// TestBorn: a name under which something is there already is not empty from the
// start.
func TestBorn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fill(t, "used", "1")
	s, ctx := w.server(t), t.Context()
	_, err := s.Create(ctx, mlflow.Workspace{Name: "used"})
	require.NoError(t, err)
	v, err := s.Open(ctx, "used")
	require.NoError(t, err)
	require.Zero(t, v.Born)
}

func TestRestrict(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s, ctx := w.server(t), t.Context()
	for _, name := range []string{"empty", "full"} {
		_, err := s.Create(ctx, mlflow.Workspace{Name: name})
		require.NoError(t, err)
	}
	w.fill(t, "full", "1")
	was, err := s.Open(ctx, "full")
	require.NoError(t, err)

	err = s.Delete(ctx, catalog.DeleteParams{Name: "full", Mode: mlflow.DeleteRestrict})
	requireError(t, err, mlflow.CodeInvalidState, "Cannot delete workspace 'full': table 'experiments' still contains 1 resource(s). "+
		"Remove or reassign them before deleting the workspace.")
	is, err := s.Open(ctx, "full")
	require.NoError(t, err)
	require.Equal(t, was.Live, is.Live)
	require.NoError(t, w.table.Transact(ctx, "t1", is.CheckLive()...), "it may be made in again")

	require.NoError(t, s.Delete(ctx, catalog.DeleteParams{Name: "empty", Mode: mlflow.DeleteRestrict}))
	require.Equal(t, []string{"default", "full"}, names(t, s))
	for _, mode := range []mlflow.WorkspaceDeletion{mlflow.DeleteRestrict, mlflow.DeleteCascade} {
		requireError(t, s.Delete(ctx, catalog.DeleteParams{Name: "empty", Mode: mode}), mlflow.CodeResourceDoesNotExist,
			"Workspace 'empty' not found")
	}
	requireError(t, s.Delete(ctx, catalog.DeleteParams{Name: "full", Mode: "cascade"}), mlflow.CodeInvalidParameterValue,
		"Invalid deletion mode 'cascade'. Must be one of: SET_DEFAULT, CASCADE, RESTRICT")
	requireError(t, s.Delete(ctx, catalog.DeleteParams{Name: "default"}), mlflow.CodeInvalidParameterValue,
		"The 'default' workspace is reserved and cannot be deleted")
}

// TestCascade: all of a workspace goes, nothing of another, and the name is free.
func TestCascade(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s, ctx := w.server(t), t.Context()
	for i, name := range []string{"team", "team-a", "tea"} {
		_, err := s.Create(ctx, mlflow.Workspace{Name: name})
		require.NoError(t, err)
		for range 3 {
			w.fill(t, name, string(rune('1'+i)))
		}
	}
	old, err := s.Open(ctx, "team")
	require.NoError(t, err)
	var artifacts []string
	require.NoError(t, s.Delete(ctx, catalog.DeleteParams{
		Name: "team", Mode: mlflow.DeleteCascade, Whole: true,
		DeleteArtifacts: func(_ context.Context, uri string) error { artifacts = append(artifacts, uri); return nil },
	}))
	require.Zero(t, w.under(t, "team"))
	require.Equal(t, 8, w.under(t, "team-a"))
	require.Equal(t, 8, w.under(t, "tea"))
	require.Equal(t, []string{"mlflow-artifacts:/1"}, artifacts)
	require.Equal(t, []string{"default", "tea", "team-a"}, names(t, s))

	_, err = s.Create(ctx, mlflow.Workspace{Name: "team"})
	require.NoError(t, err)
	again, err := s.Open(ctx, "team")
	require.NoError(t, err)
	require.NotEqual(t, old.Live, again.Live)
	err = w.table.Transact(ctx, "t", old.CheckLive()...)
	lost, ok := errors.AsType[*table.CanceledError](err)
	require.True(t, ok)
	requireError(t, old.NotLive(lost, 1), mlflow.CodeResourceDoesNotExist, "Workspace 'team' not found")
}

// TestDeleteStopsEverywhere: wherever a deletion stops, before or after the call has
// had its effect, the workspace is there as it was or gone for everybody, and another
// server ends what was begun.
func TestDeleteStopsEverywhere(t *testing.T) {
	t.Parallel()
	for _, mode := range []mlflow.WorkspaceDeletion{mlflow.DeleteRestrict, mlflow.DeleteCascade} {
		for _, applied := range []bool{false, true} {
			at := 1
			for stopDeletion(t, mode, at, applied) {
				at++
			}
		}
	}
}

// stopDeletion stops a deletion at a call, and reports whether there was that call.
func stopDeletion(t *testing.T, mode mlflow.WorkspaceDeletion, at int, applied bool) bool {
	t.Helper()
	w := newWorld(t)
	s, ctx := w.server(t), t.Context()
	_, err := s.Create(ctx, mlflow.Workspace{Name: "team"})
	require.NoError(t, err)
	if mode == mlflow.DeleteCascade {
		w.fill(t, "team", "1")
	}
	p := catalog.DeleteParams{Name: "team", Mode: mode, Whole: true}
	w.table.SetPlan(faulty.StopAt(at, applied))
	err = s.Delete(ctx, p)
	w.table.SetPlan(nil)
	if err == nil {
		require.Zero(t, w.under(t, "team"))
		return false
	}
	w.clock.Advance(2 * time.Minute) // a check may take one
	other := w.server(t)
	deleting, err := other.Deleting(ctx)
	require.NoError(t, err)
	if len(deleting) > 0 {
		require.Equal(t, mlflow.DeleteCascade, mode)
		require.Equal(t, []string{"default"}, names(t, other))
		_, err = other.Create(ctx, mlflow.Workspace{Name: "team"})
		requireError(t, err, mlflow.CodeResourceAlreadyExists, "Workspace 'team' already exists: it is being deleted.")
		require.NoError(t, other.Sweep(ctx, catalog.DeleteParams{Name: "team"}))
	}
	if slices.Contains(names(t, other), "team") { // as it was
		v, err := other.Open(ctx, "team")
		require.NoError(t, err)
		require.NoError(t, w.table.Transact(ctx, "t", v.CheckLive()...))
		require.NoError(t, other.Delete(ctx, p))
	}
	require.Zero(t, w.under(t, "team"))
	require.Equal(t, []string{"default"}, names(t, other))
	return true
}

// TestResume: a server that starts ends in the background what another one has
// begun.
func TestResume(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s, ctx := w.server(t), t.Context()
	_, err := s.Create(ctx, mlflow.Workspace{Name: "team"})
	require.NoError(t, err)
	w.fill(t, "team", "1")
	w.table.SetPlan(faulty.StopAt(3, false)) // behind the mark
	err = s.Delete(ctx, catalog.DeleteParams{Name: "team", Mode: mlflow.DeleteCascade, Whole: true})
	require.ErrorIs(t, err, faulty.ErrStopped)
	w.table.SetPlan(nil)
	require.Equal(t, 8, w.under(t, "team"))

	other := w.server(t)
	require.NoError(t, other.Resume(ctx))
	other.Shared.Wait()
	require.Zero(t, w.under(t, "team"))
	_, err = other.Create(ctx, mlflow.Workspace{Name: "team"})
	require.NoError(t, err, "the name is free")
}
