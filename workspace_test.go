package dynamodbstore_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/tabletest"
)

// twins are workspaces of one table with the same ids, names and metric keys in
// all of them: what the first one had was copied to the others.
type twins struct {
	names             []string
	stores            []*dynamodbstore.Store
	exp, run, model   string
	registered, other string
}

// TestWorkspaces works in many workspaces at once, whose entities have equal ids
// and names, and finds nothing of one in another.
func TestWorkspaces(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		w := newTwins(t, tab, clock)
		for round := range 5 {
			g, ctx := errgroup.WithContext(t.Context())
			for i := range w.stores {
				g.Go(func() error { return w.work(ctx, i, round) })
			}
			require.NoError(t, g.Wait())
			for i := range w.stores {
				w.check(t, i, round)
			}
		}
		w.endOne(t)
	})
}

func newTwins(t *testing.T, tab table.Table, clock *tabletest.Clock) *twins {
	t.Helper()
	base := open(t, tab, clock)
	w := &twins{exp: dynamodbstore.DefaultExperimentID, registered: "classifier"}
	for i := range 6 {
		w.names = append(w.names, fmt.Sprintf("team%d", i))
		s, err := base.Workspace(w.names[i])
		require.NoError(t, err)
		w.stores = append(w.stores, s)
	}
	ctx, first := t.Context(), w.stores[0]
	require.NoError(t, first.Init(ctx))
	w.other = experiment(t, first, "shared name")
	w.run = newRun(t, first, w.exp, 1000)
	require.NoError(t, first.LogBatch(ctx, dynamodbstore.LogBatchParams{RunID: w.run, Metrics: metrics(2, 3, 0)}))
	m, err := first.CreateLoggedModel(ctx, dynamodbstore.CreateLoggedModelParams{ExperimentID: w.exp, Name: "m"})
	require.NoError(t, err)
	w.model = m.ID
	_, err = first.CreateRegisteredModel(ctx, dynamodbstore.CreateRegisteredModelParams{Name: w.registered})
	require.NoError(t, err)
	scan := table.Scan{}
	for {
		page, err := tab.Scan(ctx, scan)
		require.NoError(t, err)
		for _, it := range page.Items {
			for _, name := range w.names[1:] {
				if pk := strings.Replace(it.Key.PK, "#"+w.names[0]+"#", "#"+name+"#", 1); pk != it.Key.PK {
					it := it.Clone()
					it.Key.PK = pk
					require.NoError(t, tab.Put(ctx, table.Put{Item: it}))
				}
			}
		}
		if scan.After = page.Next; page.Next == (table.Key{}) {
			return w
		}
	}
}

// mark is what a workspace writes in a round.
func (w *twins) mark(i, round int) string { return fmt.Sprintf("%s-%d", w.names[i], round) }

func (w *twins) work(ctx context.Context, i, round int) error {
	s, mark := w.stores[i], w.mark(i, round)
	tag := dynamodbstore.Tag{Key: "mark", Value: mark}
	for _, do := range []func() error{
		func() error { return s.SetTag(ctx, w.run, tag) },
		func() error {
			return s.LogParam(ctx, w.run, dynamodbstore.Param{Key: fmt.Sprintf("p%d", round), Value: mark})
		},
		func() error {
			m := dynamodbstore.Metric{Key: "loss", Value: float64(i), Timestamp: int64(100 + round), Step: int64(round)}
			return s.LogMetric(ctx, w.run, m)
		},
		func() error { return s.SetExperimentTag(ctx, w.exp, tag) },
		func() error { return s.SetLoggedModelTags(ctx, w.model, []dynamodbstore.Tag{tag}) },
		func() error { return s.SetRegisteredModelTag(ctx, w.registered, tag) },
		func() error {
			_, err := s.CreateRun(ctx, dynamodbstore.CreateRunParams{
				ExperimentID: w.other, StartTime: int64(2000 + round), Name: mark,
			})
			return err
		},
	} {
		if err := do(); err != nil {
			return err
		}
	}
	return nil
}

func (w *twins) check(t *testing.T, i, round int) {
	t.Helper()
	ctx, s, want := t.Context(), w.stores[i], w.mark(i, round)
	r, err := s.GetRun(ctx, w.run)
	require.NoError(t, err)
	require.Contains(t, r.Tags, dynamodbstore.Tag{Key: "mark", Value: want})
	require.Contains(t, r.Params, dynamodbstore.Param{Key: fmt.Sprintf("p%d", round), Value: want})
	history, err := s.MetricHistory(ctx, dynamodbstore.MetricHistoryParams{RunID: w.run, Key: "loss"})
	require.NoError(t, err)
	require.Len(t, history.Items, round+1)
	for _, m := range history.Items {
		require.Equal(t, float64(i), m.Value)
	}
	e, err := s.GetExperiment(ctx, w.exp)
	require.NoError(t, err)
	require.Contains(t, e.Tags, dynamodbstore.Tag{Key: "mark", Value: want})
	lm, err := s.GetLoggedModel(ctx, w.model)
	require.NoError(t, err)
	require.Contains(t, lm.Tags, dynamodbstore.Tag{Key: "mark", Value: want})
	rm, err := s.GetRegisteredModel(ctx, w.registered)
	require.NoError(t, err)
	require.Contains(t, rm.Tags, dynamodbstore.Tag{Key: "mark", Value: want})
	for j := range w.stores {
		found, err := s.SearchRuns(ctx, dynamodbstore.SearchRunsParams{
			ExperimentIDs: []string{w.exp, w.other}, Filter: "tags.mark = '" + w.mark(j, round) + "'",
		})
		require.NoError(t, err)
		require.Len(t, found.Items, map[bool]int{true: 1}[i == j], "%s in %s", w.names[j], w.names[i])
	}
	made, err := s.SearchRuns(ctx, dynamodbstore.SearchRunsParams{ExperimentIDs: []string{w.other}})
	require.NoError(t, err)
	require.Len(t, made.Items, round+1)
	for _, r := range made.Items {
		require.True(t, strings.HasPrefix(r.Info.Name, w.names[i]+"-"), r.Info.Name)
	}
}

// endOne deletes in one workspace what all have.
func (w *twins) endOne(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	require.NoError(t, w.stores[1].DeleteRun(ctx, w.run))
	require.NoError(t, w.stores[1].DeleteExperiment(ctx, w.other))
	require.NoError(t, w.stores[1].DeleteLoggedModel(ctx, w.model))
	require.NoError(t, w.stores[1].DeleteRegisteredModel(ctx, w.registered))
	for i, s := range w.stores {
		gone := i == 1
		err := s.SetTag(ctx, w.run, dynamodbstore.Tag{Key: "k", Value: "v"})
		require.Equal(t, gone, err != nil, "%v", err)
		_, err = s.CreateRun(ctx, dynamodbstore.CreateRunParams{ExperimentID: w.other, StartTime: 1})
		require.Equal(t, gone, err != nil, "%v", err)
		_, err = s.GetLoggedModel(ctx, w.model)
		require.Equal(t, gone, err != nil, "%v", err)
		_, err = s.GetRegisteredModel(ctx, w.registered)
		require.Equal(t, gone, err != nil, "%v", err)
	}
}

// TestWorkspaceName: what is no name of a workspace is refused.
func TestWorkspaceName(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		s := open(t, tab, clock)
		for _, name := range []string{"", "Team", "a_b", "-a", strings.Repeat("a", 64)} {
			_, err := s.Workspace(name)
			require.ErrorContains(t, err, "Workspace name")
		}
	})
}

// TestWorkspaceClose: a Store of a workspace ends with the one that it was made
// from, and not before.
func TestWorkspaceClose(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		s := open(t, tab, clock)
		w, err := s.Workspace("team")
		require.NoError(t, err)
		require.NoError(t, w.Init(t.Context()))
		require.NoError(t, w.Close())
		_, err = w.CreateExperiment(t.Context(), dynamodbstore.CreateExperimentParams{Name: "e"})
		require.NoError(t, err)
		require.NoError(t, s.Close())
		_, err = w.GetExperiment(t.Context(), "0")
		require.ErrorIs(t, err, dynamodbstore.ErrClosed)
		_, err = w.CreateExperiment(t.Context(), dynamodbstore.CreateExperimentParams{Name: "f"})
		require.ErrorIs(t, err, dynamodbstore.ErrClosed)
	})
}
