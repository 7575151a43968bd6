package dynamodbstore_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
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
