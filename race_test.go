package dynamodbstore_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/tabletest"
)

// together runs f n times at once and returns the errors.
func together(n int, f func(i int) error) []error {
	errs := make([]error, n)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			<-start
			errs[i] = f(i)
		})
	}
	close(start)
	wg.Wait()
	return errs
}

func requireAll(t *testing.T, errs []error) {
	t.Helper()
	for _, err := range errs {
		require.NoError(t, err)
	}
}

// requireOneWinner asserts that one call succeeded and the others failed with
// a code, and returns the winner.
func requireOneWinner(t *testing.T, errs []error, loser dynamodbstore.Code) int {
	t.Helper()
	winner := -1
	for i, err := range errs {
		if err == nil {
			require.Equal(t, -1, winner, "calls %d and %d both won", winner, i)
			winner = i
			continue
		}
		var known *dynamodbstore.Error
		require.ErrorAs(t, err, &known)
		require.Equal(t, loser, known.Code, "%v", err)
	}
	require.NotEqual(t, -1, winner, "nobody won")
	return winner
}

// pair is two Stores on one table, each with what it knows.
func pair(t *testing.T, tab table.Table, clock *tabletest.Clock) [2]*dynamodbstore.Store {
	t.Helper()
	return [2]*dynamodbstore.Store{open(t, tab, clock), open(t, tab, clock)}
}

// TestNoLostUpdates lets two Stores change one run and one experiment at once.
func TestNoLostUpdates(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		stores := pair(t, tab, clock)
		exp := experiment(t, stores[0], "contended")
		run := newRun(t, stores[0], exp, 1)
		requireAll(t, together(16, func(i int) error {
			s := stores[i%2]
			return errors.Join(
				s.SetTag(t.Context(), run, dynamodbstore.Tag{Key: fmt.Sprintf("t%02d", i), Value: "v"}),
				s.LogParam(t.Context(), run, dynamodbstore.Param{Key: fmt.Sprintf("p%02d", i), Value: "v"}),
				s.SetExperimentTag(t.Context(), exp, dynamodbstore.Tag{Key: fmt.Sprintf("t%02d", i), Value: "v"}),
				// Together they pass what one item holds.
				s.SetTag(t.Context(), run, dynamodbstore.Tag{Key: fmt.Sprintf("u%02d", i), Value: strings.Repeat("u", 3000)}))
		}))
		r, err := stores[0].GetRun(t.Context(), run)
		require.NoError(t, err)
		require.Len(t, r.Params, 16)
		require.Len(t, r.Tags, 5+32)
		e, err := stores[1].GetExperiment(t.Context(), exp)
		require.NoError(t, err)
		require.Len(t, e.Tags, 16)
		look(t, stores[1])
	})
}

// TestOneParamWins lets 16 writers log one param with different values.
func TestOneParamWins(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		stores := pair(t, tab, clock)
		exp := experiment(t, stores[0], "immutable")
		for _, frozen := range []bool{false, true} {
			run := newRun(t, stores[0], exp, 1)
			if frozen {
				require.NoError(t, logBatch(stores[0], run, nil, longParams(5))(t.Context()))
			}
			errs := together(16, func(i int) error {
				return stores[i%2].LogParam(t.Context(), run, dynamodbstore.Param{Key: "contended", Value: fmt.Sprint(i)})
			})
			winner := requireOneWinner(t, errs, dynamodbstore.CodeInvalidParameterValue)
			want := fmt.Sprintf("Changing param values is not allowed. Param with key='contended' was already logged"+
				" with value='%d' for run ID='%s'. Attempted logging new value '", winner, run)
			for i, err := range errs {
				if i != winner {
					require.ErrorContains(t, err, want+fmt.Sprint(i))
				}
			}
			r, err := stores[1].GetRun(t.Context(), run)
			require.NoError(t, err)
			require.Contains(t, r.Params, dynamodbstore.Param{Key: "contended", Value: fmt.Sprint(winner)})
		}
	})
}

// TestLatestUnderContention lets writers of two Stores log overlapping steps.
func TestLatestUnderContention(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		stores := pair(t, tab, clock)
		run := newRun(t, stores[0], experiment(t, stores[0], "latest"), 1)
		requireAll(t, together(16, func(i int) error {
			for step := range int64(8) {
				values := []float64{float64(i), math.NaN(), -float64(i)}
				for k, v := range values {
					m := dynamodbstore.Metric{Key: fmt.Sprintf("m%d", k), Step: (step + int64(i)) % 12, Timestamp: int64(i % 3), Value: v}
					if err := stores[i%2].LogMetric(t.Context(), run, m); err != nil {
						return err
					}
				}
			}
			return nil
		}))
		r, err := stores[1].GetRun(t.Context(), run)
		require.NoError(t, err)
		// Step 11 is logged by writers 4 to 11; timestamp 2 by 5, 8 and 11.
		require.Len(t, r.Metrics, 3)
		require.Equal(t, dynamodbstore.Metric{Key: "m0", Step: 11, Timestamp: 2, Value: 11}, r.Metrics[0])
		require.True(t, math.IsNaN(r.Metrics[1].Value))
		require.Equal(t, []int64{11, 2}, []int64{r.Metrics[1].Step, r.Metrics[1].Timestamp})
		require.Equal(t, dynamodbstore.Metric{Key: "m2", Step: 11, Timestamp: 2, Value: -5}, r.Metrics[2])
		require.Len(t, history(t, stores[0], run, "m0"), 16*8)
	})
}

// TestGroupCommit lets 16 goroutines log to one run: they write together.
// TestCommitterGathers has the exact number, on a clock of its own.
func TestGroupCommit(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		s := open(t, tab, clock)
		run := newRun(t, s, experiment(t, s, "busy"), 1)
		u := cost(t, func(ctx context.Context) error {
			return errors.Join(together(16, func(i int) error {
				for step := range int64(100) {
					m := dynamodbstore.Metric{Key: "loss", Step: step, Timestamp: int64(i), Value: float64(i)}
					if err := s.LogMetric(ctx, run, m); err != nil {
						return err
					}
				}
				return nil
			})...)
		})
		t.Logf("1600 points: %v", u)
		require.Less(t, u.Requests, int64(1600))
		require.Len(t, history(t, s, run, "loss"), 1600)
	})
}

// TestOneNameWins races creations and renames for one name.
func TestOneNameWins(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		stores := pair(t, tab, clock)
		ids := make([]string, 32)
		errs := together(32, func(i int) (err error) {
			ids[i], err = stores[i%2].CreateExperiment(t.Context(), dynamodbstore.CreateExperimentParams{Name: "contended"})
			return err
		})
		winner := requireOneWinner(t, errs, dynamodbstore.CodeResourceAlreadyExists)
		e, err := stores[0].GetExperimentByName(t.Context(), "contended")
		require.NoError(t, err)
		require.Equal(t, ids[winner], e.ID)

		seen := map[string]bool{}
		requireAll(t, together(16, func(i int) (err error) {
			ids[i], err = stores[i%2].CreateExperiment(t.Context(), dynamodbstore.CreateExperimentParams{Name: fmt.Sprint("own-", i)})
			return err
		}))
		for _, id := range ids[:16] {
			require.False(t, seen[id], "id %s was given out twice", id)
			seen[id] = true
		}
		winner = requireOneWinner(t, together(16, func(i int) error {
			return stores[i%2].RenameExperiment(t.Context(), ids[i], "renamed")
		}), dynamodbstore.CodeResourceAlreadyExists)
		e, err = stores[1].GetExperimentByName(t.Context(), "renamed")
		require.NoError(t, err)
		require.Equal(t, ids[winner], e.ID)
		checkTable(t, tab, stores[0], "default", false)
	})
}

// TestRunUnderFire changes one run in all ways at once, many times over, then
// looks whether what is left agrees with itself.
func TestRunUnderFire(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		stores := pair(t, tab, clock)
		exp := experiment(t, stores[0], "fire")
		for round := range int64(3) {
			sc := scene{exp: exp, run: newRun(t, stores[0], exp, round)}
			names := []string{
				"UpdateRun end", "LogMetric", "SetTag", "DeleteRun", "RestoreRun", "settle", "UpdateRun resume", "LogParam",
				"set other tag", "LogInputs", "DeleteTag", "beat",
			}
			for _, err := range together(2*len(names), func(i int) error {
				return rivalOf(names[i/2])(t.Context(), stores[i%2], sc)
			}) {
				requireNoFault(t, err)
			}
		}
		look(t, stores[0])
		checkTable(t, tab, stores[1], "default", false)
	})
}
