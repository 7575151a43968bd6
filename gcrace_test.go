package dynamodbstore_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/faulty"
)

// beforeCall does something once, right before the first call of a kind.
func beforeCall(op string, do func()) faulty.Plan {
	done := false
	return func(c faulty.Call) faulty.Fault {
		if done || c.Op != op {
			return faulty.Fault{}
		}
		done = true
		return faulty.Fault{Wait: func(context.Context) error { do(); return nil }}
	}
}

// TestCollectBesideCreation: a creation under way is not touched; one that has
// taken hours fails, and can be repeated.
func TestCollectBesideCreation(t *testing.T) {
	t.Parallel()
	tags := make([]dynamodbstore.Tag, 7)
	for i := range tags {
		tags[i] = dynamodbstore.Tag{Key: fmt.Sprint("long", i), Value: strings.Repeat("a", 4900)}
	}
	for _, tt := range []struct {
		name, op string
		create   func(ctx context.Context, s *dynamodbstore.Store) error
	}{
		{"run", "Put", func(ctx context.Context, s *dynamodbstore.Store) error {
			_, err := s.CreateRun(ctx, dynamodbstore.CreateRunParams{ExperimentID: "0", Name: "new", Tags: tags})
			return err
		}},
		{"experiment", "Transact", func(ctx context.Context, s *dynamodbstore.Store) error {
			_, err := s.CreateExperiment(ctx, dynamodbstore.CreateExperimentParams{Name: "new experiment", Tags: tags})
			return err
		}},
	} {
		for _, late := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, late %t", tt.name, late), func(t *testing.T) {
				t.Parallel()
				collectBesideCreation(t, tt.op, late, tt.create)
			})
		}
	}
}

// collectBesideCreation collects right before the call that makes something
// visible, at once or hours later.
func collectBesideCreation(t *testing.T, op string, late bool, create func(ctx context.Context, s *dynamodbstore.Store) error) {
	t.Helper()
	clock := newStillClock()
	tab := memoryTable(t, clock)
	gc := gcStore(t, tab, clock)
	ft := faulty.Wrap(tab, nil)
	creator := view(t, ft, clock.Now, gcSpace)
	ft.SetPlan(beforeCall(op, func() {
		if late {
			clock.Advance(3 * time.Hour)
		}
		report := collect(t, gc, dynamodbstore.GCParams{})
		require.Equal(t, late, len(report.Removed) > 0)
		require.Equal(t, !late, report.Left > 0)
	}))
	err := create(t.Context(), creator)
	if late {
		require.Error(t, err)
		require.NoError(t, create(t.Context(), creator))
	} else {
		require.NoError(t, err)
	}
	require.NoError(t, creator.Close())
	require.Empty(t, collect(t, gc, dynamodbstore.GCParams{}).Removed)
	checkTable(t, tab, gc, gcSpace, false)
}

// TestLateExperiment: who meets a tombstone is told to try again, and every
// reader takes it for nothing.
func TestLateExperiment(t *testing.T) {
	t.Parallel()
	clock := newStillClock()
	tab := memoryTable(t, clock)
	s := gcStore(t, tab, clock)
	for id := range 3 {
		require.NoError(t, tab.Put(t.Context(), table.Put{Item: table.NewItem(keys.Workspace(gcSpace).Experiment(fmt.Sprint(id+1)),
			table.Attr{Name: keys.Stage, Value: table.String("TOMBSTONE")})}))
	}
	_, err := s.CreateExperiment(t.Context(), dynamodbstore.CreateExperimentParams{Name: "late"})
	require.ErrorIs(t, err, dynamodbstore.ErrUnavailable)
	_, err = s.GetExperiment(t.Context(), "2")
	require.ErrorIs(t, err, dynamodbstore.ErrNotFound)
	_, err = s.CreateRun(t.Context(), dynamodbstore.CreateRunParams{ExperimentID: "2"})
	require.ErrorIs(t, err, dynamodbstore.ErrNotFound)
	for name, do := range map[string]func(ctx context.Context, id string) error{
		"delete": s.DeleteExperiment, "restore": s.RestoreExperiment,
		"rename": func(ctx context.Context, id string) error { return s.RenameExperiment(ctx, id, "other") },
		"tag": func(ctx context.Context, id string) error {
			return s.SetExperimentTag(ctx, id, dynamodbstore.Tag{Key: "a", Value: "b"})
		},
	} {
		require.ErrorIs(t, do(t.Context(), "2"), dynamodbstore.ErrNotFound, name)
	}
	page, err := s.SearchRuns(t.Context(), dynamodbstore.SearchRunsParams{ExperimentIDs: []string{"0", "2"}})
	require.NoError(t, err)
	require.Empty(t, page.Items)
	require.Len(t, allExperiments(t, s, dynamodbstore.ViewAll), 1)
}

// TestRestoreBesideCollection restores right before what was to be deleted for
// good is deleted: it stays, whole.
func TestRestoreBesideCollection(t *testing.T) {
	t.Parallel()
	for name, of := range map[string]func(sc scene) (dynamodbstore.GCParams, func(context.Context, *dynamodbstore.Store) error){
		"deleted": func(sc scene) (dynamodbstore.GCParams, func(context.Context, *dynamodbstore.Store) error) {
			return dynamodbstore.GCParams{RunIDs: []string{sc.run}},
				func(ctx context.Context, s *dynamodbstore.Store) error { return s.RestoreRun(ctx, sc.run) }
		},
		"experiment deleted": func(sc scene) (dynamodbstore.GCParams, func(context.Context, *dynamodbstore.Store) error) {
			return dynamodbstore.GCParams{ExperimentIDs: []string{sc.exp}},
				func(ctx context.Context, s *dynamodbstore.Store) error { return s.RestoreExperiment(ctx, sc.exp) }
		},
		"both deleted": func(sc scene) (dynamodbstore.GCParams, func(context.Context, *dynamodbstore.Store) error) {
			return dynamodbstore.GCParams{RunIDs: []string{sc.run}},
				func(ctx context.Context, s *dynamodbstore.Store) error { return s.RestoreExperiment(ctx, sc.exp) }
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := newStillClock()
			tab := memoryTable(t, clock)
			s := gcStore(t, tab, clock)
			sc := scenes[name](t, s)
			p, restore := of(sc)
			ft := faulty.Wrap(tab, nil)
			gc := view(t, ft, clock.Now, gcSpace)
			var want map[table.Key]table.Item
			ft.SetPlan(beforeCall("Transact", func() {
				require.NoError(t, restore(t.Context(), s))
				want = dump(t, tab)
			}))
			report := collect(t, gc, p)
			require.NoError(t, gc.Close())
			require.NotNil(t, want)
			require.Empty(t, report.Removed)
			require.Zero(t, report.Runs+report.Experiments)
			equalTables(t, want, dump(t, tab))
			r, err := s.GetRun(t.Context(), sc.run)
			require.NoError(t, err)
			require.Equal(t, dynamodbstore.StageActive, r.Info.LifecycleStage)
		})
	}
}

// TestCollectStaleBesideRuns: a row that becomes right while the pass looks at
// it stays.
func TestCollectStaleBesideRuns(t *testing.T) {
	t.Parallel()
	clock := newStillClock()
	tab := memoryTable(t, clock)
	s := gcStore(t, tab, clock)
	exp, runs := home(t, s, "home")
	run := runs[1]
	text, _ := keys.Text("green")
	place := keys.RunRowSK(1, run)
	key := table.Key{PK: keys.Workspace(gcSpace).IndexPK(exp, keys.IndexTag, "colour"), SK: keys.IndexSK(text, place)}
	require.NoError(t, tab.Put(t.Context(), table.Put{Item: table.NewItem(key, table.Attr{Name: keys.Gen, Value: table.Number(1)})}))
	ft := faulty.Wrap(tab, nil)
	gc := view(t, ft, clock.Now, gcSpace)
	done := false
	ft.SetPlan(func(c faulty.Call) faulty.Fault {
		if done || c.Op != "Delete" || c.Keys[0] != key {
			return faulty.Fault{}
		}
		done = true
		return faulty.Fault{Wait: func(ctx context.Context) error {
			require.NoError(t, s.SetTag(ctx, run, dynamodbstore.Tag{Key: "colour", Value: "green"}))
			return endRun(ctx, s, run)
		}}
	})
	require.Empty(t, collect(t, gc, dynamodbstore.GCParams{}).Removed)
	require.NoError(t, gc.Close())
	require.True(t, done)
	_, found, err := tab.Get(t.Context(), key, table.Strong)
	require.NoError(t, err)
	require.True(t, found)
}

// TestCollectStaleBesideExperiments is the same for an experiment, whose rows
// are there before its document.
func TestCollectStaleBesideExperiments(t *testing.T) {
	t.Parallel()
	clock := newStillClock()
	tab := memoryTable(t, clock)
	s := gcStore(t, tab, clock)
	id := experiment(t, s, "before")
	clock.Advance(2 * time.Hour)
	ft := faulty.Wrap(tab, nil)
	writer, gc := view(t, ft, clock.Now, gcSpace), view(t, tab, clock.Now, gcSpace)
	// The writer has put its rows; the pass removes them, and has made sure
	// that the writer has to put them again.
	ft.SetPlan(beforeCall("Transact", func() {
		report := collect(t, gc, dynamodbstore.GCParams{})
		require.Equal(t, map[string]int64{string(keys.KindExperimentTrigram): 3}, report.Removed)
	}))
	require.NoError(t, writer.RenameExperiment(t.Context(), id, "after"))
	require.NoError(t, writer.Close())
	require.NoError(t, gc.Close())
	checkTable(t, tab, s, gcSpace, false)
}
