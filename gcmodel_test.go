package dynamodbstore_test

import (
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

// modelLitter leaves behind what interrupted changes of registered models do:
// after it "vision" and "greeting" live.
func modelLitter(t *testing.T, tab table.Table, clock *stillClock) {
	t.Helper()
	s := gcStore(t, tab, clock)
	modelScene(t, s)
	newModel(t, s, "deleted", tag("long", strings.Repeat("x", 9000)))
	newVersion(t, s, "deleted", tag("long", strings.Repeat("x", 9000)))
	large := dynamodbstore.CreateModelVersionParams{
		Name: "vision", Source: "s3://b/large", RunID: "some run", Tags: []dynamodbstore.Tag{tag("long", strings.Repeat("x", 9000))},
	}
	v, err := s.CreateModelVersion(t.Context(), large)
	require.NoError(t, err)

	ft := faulty.Wrap(tab, nil)
	stop := func(op string) {
		ft.SetPlan(func(c faulty.Call) faulty.Fault {
			if c.Op == op {
				return faulty.Fault{Before: faulty.ErrStopped}
			}
			return faulty.Fault{}
		})
	}
	cut := view(t, ft, clock.Now, gcSpace)
	stop("BatchWrite") // what follows a deletion
	require.NoError(t, cut.DeleteRegisteredModel(t.Context(), "deleted"))
	require.NoError(t, cut.DeleteModelVersion(t.Context(), "vision", v.Version))
	stop("Transact") // creations and a renaming that wrote ahead
	_, err = cut.CreateRegisteredModel(t.Context(), dynamodbstore.CreateRegisteredModelParams{
		Name: "never made", Tags: []dynamodbstore.Tag{tag("long", strings.Repeat("x", 9000))},
	})
	require.Error(t, err)
	large.RunID = "another run"
	_, err = cut.CreateModelVersion(t.Context(), large)
	require.Error(t, err)
	_, err = cut.RenameRegisteredModel(t.Context(), "vision", "never renamed")
	require.Error(t, err)
	require.NoError(t, cut.Close())
}

// TestCollectModels: what interrupted changes of registered models leave is
// removed once nobody can be at it any more, and nothing else.
func TestCollectModels(t *testing.T) {
	t.Parallel()
	onStillTables(t, func(t *testing.T, tab table.Table, clock *stillClock) {
		modelLitter(t, tab, clock)
		s := gcStore(t, tab, clock)
		want := look(t, s)
		clock.Advance(2 * time.Hour)
		dry, err := s.CollectGarbage(t.Context(), dynamodbstore.GCParams{DryRun: true})
		require.NoError(t, err)
		report, err := s.CollectGarbage(t.Context(), dynamodbstore.GCParams{})
		require.NoError(t, err)
		require.Equal(t, dry.Removed, report.Removed)
		trigrams := len("deleted") + len("never made") + len("never renamed") - 3*2
		require.Equal(t, map[string]int64{
			string(keys.KindModelOverflow):   2, // of "deleted" and of what was never made
			string(keys.KindModelVersion):    1,
			string(keys.KindVersionOverflow): 3,
			string(keys.KindVersionIndex):    3 * 2, // of three versions, by source and by run
			string(keys.KindModelTrigram):    int64(trigrams),
		}, report.Removed)
		require.Equal(t, want, look(t, s))
		requireNoModelGarbage(t, tab, s)
		again, err := s.CollectGarbage(t.Context(), dynamodbstore.GCParams{})
		require.NoError(t, err)
		require.Empty(t, again.Removed)
	})
}

// requireNoModelGarbage asserts that a table has no row of a registered model
// but those that it has to have.
func requireNoModelGarbage(t *testing.T, tab table.Table, s *dynamodbstore.Store) {
	t.Helper()
	rows, err := dynamodbstore.CheckModels(t.Context(), s)
	require.NoError(t, err)
	wanted := map[table.Key]bool{}
	for _, k := range rows {
		wanted[k] = true
	}
	for it, err := range table.ScanItems(t.Context(), tab, table.Scan{}) {
		require.NoError(t, err)
		if c := keys.Classify(it.Key); c.Kind == keys.KindVersionIndex || c.Kind == keys.KindModelTrigram {
			require.True(t, wanted[it.Key], "row %v", it.Key)
		}
	}
}

// TestCollectModelsUnderCreation: rows that somebody may be about to complete
// stay, and a creation that takes longer than that fails.
func TestCollectModelsUnderCreation(t *testing.T) {
	t.Parallel()
	onStillTables(t, func(t *testing.T, tab table.Table, clock *stillClock) {
		s := gcStore(t, tab, clock)
		newModel(t, s, "m")
		ft := faulty.Wrap(tab, nil)
		creator := view(t, ft, clock.Now, gcSpace)
		create := func(wait time.Duration) error {
			calls := 0
			ft.SetPlan(func(c faulty.Call) faulty.Fault {
				if c.Op != "Transact" {
					return faulty.Fault{}
				}
				if calls++; calls > 1 {
					return faulty.Fault{}
				}
				clock.Advance(wait)
				_, err := s.CollectGarbage(t.Context(), dynamodbstore.GCParams{})
				require.NoError(t, err)
				return faulty.Fault{Before: table.ErrConflict}
			})
			_, err := creator.CreateModelVersion(t.Context(), dynamodbstore.CreateModelVersionParams{
				Name: "m", Source: "s3://b/x", RunID: "run", Tags: []dynamodbstore.Tag{tag("long", strings.Repeat("x", 9000))},
			})
			return err
		}
		require.NoError(t, create(20*time.Minute))
		checkModels(t, tab, s)
		require.ErrorIs(t, create(2*time.Hour), dynamodbstore.ErrUnavailable)
		v, err := s.GetModelVersion(t.Context(), "m", 1)
		require.NoError(t, err)
		require.Len(t, v.Tags[0].Value, 9000)
		_, err = s.GetModelVersion(t.Context(), "m", 2)
		require.ErrorIs(t, err, dynamodbstore.ErrNotFound)
		require.NoError(t, creator.Close())
	})
}

// TestCollectAModelUnderCreation: a model whose rows were taken for abandoned is
// not made any more.
func TestCollectAModelUnderCreation(t *testing.T) {
	t.Parallel()
	onStillTables(t, func(t *testing.T, tab table.Table, clock *stillClock) {
		s := gcStore(t, tab, clock)
		ft := faulty.Wrap(tab, nil)
		creator := view(t, ft, clock.Now, gcSpace)
		create := func(name string, wait time.Duration) error {
			ft.SetPlan(func(c faulty.Call) faulty.Fault {
				if c.Op == "Transact" {
					clock.Advance(wait)
					_, err := s.CollectGarbage(t.Context(), dynamodbstore.GCParams{})
					require.NoError(t, err)
				}
				return faulty.Fault{}
			})
			_, err := creator.CreateRegisteredModel(t.Context(), dynamodbstore.CreateRegisteredModelParams{
				Name: name, Tags: []dynamodbstore.Tag{tag("long", strings.Repeat("x", 9000))},
			})
			return err
		}
		require.NoError(t, create("in time", 50*time.Minute))
		require.ErrorIs(t, create("too late", 2*time.Hour), dynamodbstore.ErrUnavailable)
		_, err := s.GetRegisteredModel(t.Context(), "too late")
		require.ErrorIs(t, err, dynamodbstore.ErrNotFound)
		checkModels(t, tab, s)
		m, err := s.GetRegisteredModel(t.Context(), "in time")
		require.NoError(t, err)
		require.Len(t, m.Tags[0].Value, 9000)
		require.NoError(t, creator.Close())
	})
}

// TestCollectModelsSlowly: what a slow pass has learnt of a model is hours old
// when it meets what a version has that was made meanwhile.
func TestCollectModelsSlowly(t *testing.T) {
	t.Parallel()
	onStillTables(t, func(t *testing.T, tab table.Table, clock *stillClock) {
		s := gcStore(t, tab, clock)
		long := func(source string) dynamodbstore.CreateModelVersionParams {
			p := dynamodbstore.CreateModelVersionParams{Name: "vision", Source: source}
			for i := range 4 {
				p.Tags = append(p.Tags, tag(fmt.Sprint("long", i), strings.Repeat("x", 9000)))
			}
			return p
		}
		newModel(t, s, "vision")
		_, err := s.CreateModelVersion(t.Context(), long("first"))
		require.NoError(t, err)
		clock.Advance(2 * time.Hour)
		ft := faulty.Wrap(tab, nil)
		made := 0
		ft.SetPlan(func(c faulty.Call) faulty.Fault {
			if c.Op == "Scan" { // each page takes hours
				made++
				_, err := s.CreateModelVersion(t.Context(), long(fmt.Sprint("made", made)))
				require.NoError(t, err)
				clock.Advance(2 * time.Hour)
			}
			return faulty.Fault{}
		})
		slow := view(t, ft, clock.Now, gcSpace)
		report, err := dynamodbstore.CollectInPages(t.Context(), slow, dynamodbstore.GCParams{}, 12)
		require.NoError(t, err)
		require.NoError(t, slow.Close())
		require.Greater(t, made, 2)
		require.Empty(t, report.Removed)
		for n := 1; n <= 1+made; n++ {
			v, err := s.GetModelVersion(t.Context(), "vision", n)
			require.NoError(t, err)
			require.Len(t, v.Tags, 4, "version %d", n)
		}
	})
}
