package dynamodbstore_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/faulty"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/tabletest"
)

// allAtOnce calls f n times at once, with Stores in turn.
func allAtOnce(stores []*dynamodbstore.Store, n int, f func(i int, s *dynamodbstore.Store) error) []error {
	errs := make([]error, n)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			<-start
			errs[i] = f(i, stores[i%len(stores)])
		})
	}
	close(start)
	wg.Wait()
	return errs
}

// twoStores are two servers of one table.
func twoStores(t *testing.T, tab table.Table, clock *tabletest.Clock) []*dynamodbstore.Store {
	t.Helper()
	return []*dynamodbstore.Store{open(t, tab, clock), view(t, tab, clock.Now, "default")}
}

// TestCreatorsOfVersions: creators on two servers get numbers of their own, none
// is left out.
func TestCreatorsOfVersions(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		stores := twoStores(t, tab, clock)
		newModel(t, stores[0], "m")
		const creators = 32
		numbers := make([]int, creators)
		errs := allAtOnce(stores, creators, func(i int, s *dynamodbstore.Store) error {
			v, err := s.CreateModelVersion(t.Context(), dynamodbstore.CreateModelVersionParams{Name: "m", Source: fmt.Sprint("s3://b/", i)})
			if err == nil {
				numbers[i] = v.Version
			}
			return err
		})
		require.NoError(t, errors.Join(errs...))
		slices.Sort(numbers)
		for i, n := range numbers {
			require.Equal(t, i+1, n)
		}
		checkModels(t, tab, stores[1])
		require.NoError(t, stores[1].Close())
	})
}

// TestRacesForNames: of those who want a name at once one gets it.
func TestRacesForNames(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		stores := twoStores(t, tab, clock)
		for round := range 5 {
			want := fmt.Sprint("wanted", round)
			for i := range 4 {
				newModel(t, stores[0], fmt.Sprint("m", round, "-", i))
			}
			errs := allAtOnce(stores, 8, func(i int, s *dynamodbstore.Store) error {
				if i < 4 {
					_, err := s.RenameRegisteredModel(t.Context(), fmt.Sprint("m", round, "-", i), want)
					return err
				}
				_, err := s.CreateRegisteredModel(t.Context(), dynamodbstore.CreateRegisteredModelParams{Name: want})
				return err
			})
			won := 0
			for _, err := range errs {
				if err == nil {
					won++
					continue
				}
				require.ErrorIs(t, err, dynamodbstore.ErrAlreadyExists)
			}
			require.Equal(t, 1, won)
			errs = allAtOnce(stores, 6, func(i int, s *dynamodbstore.Store) error {
				switch i % 3 {
				case 0:
					return s.DeleteRegisteredModel(t.Context(), want)
				case 1:
					_, err := s.RenameRegisteredModel(t.Context(), want, want+"-moved")
					return err
				default:
					_, err := s.CreateModelVersion(t.Context(), dynamodbstore.CreateModelVersionParams{Name: want, Source: "s"})
					return err
				}
			})
			require.Equal(t, 1, countNil(errs[0], errs[1], errs[3], errs[4]), "%v", errs)
			_, err := stores[0].GetRegisteredModel(t.Context(), want)
			require.ErrorIs(t, err, dynamodbstore.ErrNotFound)
			checkModels(t, tab, stores[1])
		}
		require.NoError(t, stores[1].Close())
	})
}

func countNil(errs ...error) int {
	n := 0
	for _, err := range errs {
		if err == nil {
			n++
		}
	}
	return n
}

// TestRacesForStages: however many transitions archive what is in a stage, one
// version is in it in the end.
func TestRacesForStages(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		stores := twoStores(t, tab, clock)
		newModel(t, stores[0], "m")
		for range 8 {
			newVersion(t, stores[0], "m")
		}
		require.NoError(t, errors.Join(allAtOnce(stores, 16, func(i int, s *dynamodbstore.Store) error {
			if i%4 == 3 {
				return s.SetModelVersionTag(t.Context(), "m", 1+i%8, tag("t", fmt.Sprint(i)))
			}
			_, err := s.TransitionModelVersionStage(t.Context(), dynamodbstore.TransitionModelVersionParams{
				Name: "m", Version: 1 + i%8, Stage: "Production", ArchiveExisting: true,
			})
			return err
		})...))
		inProduction := 0
		for _, v := range allVersions(t, stores[1], dynamodbstore.SearchModelVersionsParams{Filter: "name = 'm'"}) {
			if v.Stage == dynamodbstore.StageProduction {
				inProduction++
			}
		}
		require.Equal(t, 1, inProduction)
		checkModels(t, tab, stores[1])
		require.NoError(t, stores[1].Close())
	})
}

// TestModelConflicts: transactions that others are in the way of are tried
// again.
func TestModelConflicts(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		ft := faulty.Wrap(tab, nil)
		s := open(t, ft, clock)
		newModel(t, s, "m")
		calls := 0
		ft.SetPlan(func(faulty.Call) faulty.Fault {
			if calls++; calls == 3 || calls == 5 {
				return faulty.Fault{Wait: func(context.Context) error { return table.ErrConflict }}
			}
			return faulty.Fault{}
		})
		require.Equal(t, 1, newVersion(t, s, "m").Version)
		ft.SetPlan(nil)
		require.Greater(t, calls, 5)
		require.Equal(t, 2, newVersion(t, s, "m").Version)
		checkModels(t, tab, s)
	})
}

// TestRaceForANumber: the rows of a creator who came too late for a number lead
// to a version of another run and source, which is found once and by its own.
func TestRaceForANumber(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		s := open(t, tab, clock)
		newModel(t, s, "m")
		create := func(s *dynamodbstore.Store, run string) {
			_, err := s.CreateModelVersion(t.Context(), dynamodbstore.CreateModelVersionParams{
				Name: "m", Source: "s3://b/" + run, RunID: run, Tags: []dynamodbstore.Tag{tag("long", strings.Repeat("x", 2000))},
			})
			require.NoError(t, err)
		}
		ft := faulty.Wrap(tab, nil)
		late := view(t, ft, clock.Now, "default")
		raced := false
		ft.SetPlan(func(c faulty.Call) faulty.Fault {
			if c.Op == "Transact" && !raced {
				raced = true
				create(s, "first")
			}
			return faulty.Fault{}
		})
		create(late, "second")
		require.NoError(t, late.Close())
		for filter, want := range map[string][]int{
			"run_id = 'first'":                             {1},
			"run_id = 'second'":                            {2},
			"run_id IN ('first', 'second', 'third')":       {1, 2},
			"run_id IN ('first', 'second') AND name = 'm'": {1, 2},
			"source_path = 's3://b/first'":                 {1},
			"source_path = 's3://b/second'":                {2},
		} {
			var got []int
			for _, v := range allVersions(t, s, dynamodbstore.SearchModelVersionsParams{Filter: filter, OrderBy: []string{"version_number"}}) {
				got = append(got, v.Version)
			}
			require.Equal(t, want, got, filter)
		}
		checkModels(t, tab, s)
	})
}

// TestRenameUnderSearch: a model that is renamed while a search reads names is
// shown once.
func TestRenameUnderSearch(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		s := open(t, tab, clock)
		newModel(t, s, "a")
		newVersion(t, s, "a", tag("long", strings.Repeat("x", 2000))) // of which the document has no copy
		for i := range 8 {
			newModel(t, s, fmt.Sprint("prompt", i), tag("mlflow.prompt.is_prompt", "true"))
		}
		newModel(t, s, "y")
		ft := faulty.Wrap(tab, nil)
		searcher := view(t, ft, clock.Now, "default")
		queries := 0
		ft.SetPlan(func(c faulty.Call) faulty.Fault {
			if c.Op == "Query" {
				if queries++; queries == 3 { // behind that of long names and the first page
					_, err := s.RenameRegisteredModel(t.Context(), "a", "z")
					require.NoError(t, err)
				}
			}
			return faulty.Fault{}
		})
		page, err := searcher.SearchRegisteredModels(t.Context(), dynamodbstore.SearchRegisteredModelsParams{MaxResults: 3})
		require.NoError(t, err)
		require.Greater(t, queries, 3)
		var names []string
		for _, m := range page.Items {
			names = append(names, m.Name)
		}
		require.Equal(t, []string{"a", "y"}, names)
		require.Empty(t, page.NextPageToken)
		require.NoError(t, searcher.Close())
	})
}
