package dynamodbstore_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/ddblocal"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/faulty"
)

// reading is something that is read, as text. Searches say by which plan.
type reading struct {
	name, plan string
	do         func(ctx context.Context, s *dynamodbstore.Store) ([]string, error)
}

// readings are reads of every kind, searches by every plan.
func (w *searchWorld) readings(logged string) []reading {
	out := []reading{
		w.runs("run ids", fmt.Sprintf("attributes.run_id IN ('%s', '%s')", w.ids[3], w.ids[8])),
		w.runs("run list", ""),
		w.runs("candidates from indexes in the order of the run list", "metrics.m > 2"),
		w.runs("few candidates from indexes, sorted", "metrics.m > 6", "attributes.end_time"),
		w.runs("index in the order of the search", "", "metrics.m DESC"),
		w.runs("all runs, sorted", "", "attributes.status"),
		w.experiments("list by creation", ""),
		w.experiments("list by update", "", "last_update_time ASC"),
		w.experiments("names in order", "", "name ASC"),
		w.experiments("all experiments, sorted", "", "experiment_id"),
		w.experiments("experiment ids", "experiment_id = '1'"),
		w.experiments("experiment name", "name = 'experiment 1'"),
		w.experiments("few candidates from indexes", "name LIKE '%ment 1%'"),
	}
	for _, key := range []string{"loss", "acc"} {
		out = append(out, reading{"history of " + key, "", func(ctx context.Context, s *dynamodbstore.Store) ([]string, error) {
			page, err := s.MetricHistory(ctx, dynamodbstore.MetricHistoryParams{RunID: logged, Key: key, MaxResults: 7})
			return []string{fmt.Sprint(page)}, err
		}})
	}
	return append(out,
		reading{"bulk", "", func(ctx context.Context, s *dynamodbstore.Store) ([]string, error) {
			points, err := s.MetricHistoryBulk(ctx, dynamodbstore.MetricHistoryBulkParams{
				RunIDs: []string{logged, w.ids[1]}, Key: "loss", MaxResults: 100,
			})
			return []string{fmt.Sprint(points)}, err
		}},
		reading{"run", "", func(ctx context.Context, s *dynamodbstore.Store) ([]string, error) {
			r, err := s.GetRun(ctx, logged)
			if err != nil {
				return nil, err
			}
			return []string{runText(r)}, nil
		}})
}

func (w *searchWorld) runs(plan, where string, order ...string) reading {
	p := dynamodbstore.SearchRunsParams{
		ExperimentIDs: w.exps, Filter: where, OrderBy: order, MaxResults: 20, View: dynamodbstore.ViewAll,
	}
	return reading{"runs: " + plan, plan, func(ctx context.Context, s *dynamodbstore.Store) ([]string, error) {
		var out []string
		for r, err := range s.AllRuns(ctx, p) {
			if err != nil {
				return nil, err
			}
			out = append(out, runText(r))
		}
		return out, nil
	}}
}

func (w *searchWorld) experiments(plan, where string, order ...string) reading {
	p := dynamodbstore.SearchExperimentsParams{Filter: where, OrderBy: order, MaxResults: 1}
	return reading{"experiments: " + plan, plan, func(ctx context.Context, s *dynamodbstore.Store) ([]string, error) {
		var out []string
		for e, err := range s.AllExperiments(ctx, p) {
			if err != nil {
				return nil, err
			}
			out = append(out, fmt.Sprint(*e))
		}
		return out, nil
	}}
}

// faultWorld is a world with a history that is in part rolled up.
func faultWorld(t *testing.T, tab table.Table, clock *stillClock) (w *searchWorld, logged string) {
	t.Helper()
	w = newSearchWorld(t, configured(t, tab, clock), clock)
	s := w.stores[0]
	logged = w.ids[6] // open
	for i := range 30 {
		points := []dynamodbstore.Metric{point("loss", int64(i), 1), point("acc", int64(i), 2)}
		require.NoError(t, s.LogBatch(t.Context(), dynamodbstore.LogBatchParams{RunID: logged, Metrics: points}))
		if i == 20 {
			require.NoError(t, dynamodbstore.RollUp(t.Context(), s, logged))
		}
	}
	clock.Advance(5 * time.Minute) // most runs have not settled just now
	return w, logged
}

// TestFaultyReads fails each table call of reads by every plan, and ends
// their context there: a read says so, in words that a client can go by, or
// has the result that it has without faults; repeated it has that.
func TestFaultyReads(t *testing.T) {
	t.Parallel()
	clock := newStillClock()
	ft := faulty.Wrap(memoryTable(t, clock), nil)
	w, logged := faultWorld(t, ft, clock)
	faults := 0
	plans := []string{""}
	for _, r := range w.readings(logged) {
		plans = append(plans, r.plan)
	}
	for _, r := range w.readings(logged) {
		for i := range 2 {
			f := faultyRead{ft: ft, clock: clock, r: r, small: i}
			ft.SetPlan(nil)
			var e dynamodbstore.Explanation
			s := f.store(t)
			var err error
			f.want, err = r.do(dynamodbstore.WithExplanation(t.Context(), &e), s)
			require.NoError(t, err, r.name)
			require.NoError(t, s.Close())
			if i == 0 && r.plan != "" {
				require.Contains(t, e.Plan, r.plan, r.name)
			}
			require.Subset(t, plans, strings.Split(e.Plan, "; "), "phrases without any value of a filter")
			for k := 1; f.failAt(t, k); k = nextCall(k) {
				faults += 3
			}
		}
	}
	t.Logf("%d faults", faults)
}

// faultyRead is a reading whose calls fail.
type faultyRead struct {
	ft    *faulty.Table
	clock *stillClock
	r     reading
	small int
	want  []string
}

func (f *faultyRead) store(t *testing.T) *dynamodbstore.Store {
	t.Helper()
	return view(t, f.ft, f.clock.Now, "world", smallSearches(f.small)...)
}

// failAt fails the k-th call, in three ways. It reports whether there was one.
func (f *faultyRead) failAt(t *testing.T, k int) bool {
	t.Helper()
	reached := true
	for cause, want := range map[error]error{
		table.ErrThrottled: dynamodbstore.ErrThrottled, table.ErrUnavailable: dynamodbstore.ErrUnavailable,
		context.Canceled: context.Canceled,
	} {
		name := fmt.Sprintf("%s, small %d, call %d: %v", f.r.name, f.small, k, cause)
		s := f.store(t)
		ctx, cancel := context.WithCancel(t.Context())
		f.ft.SetPlan(faulty.FailAt(k, false, cause))
		if errors.Is(cause, context.Canceled) {
			f.ft.SetPlan(cancelAt(k, cancel))
		}
		got, err := f.r.do(ctx, s)
		reached = f.ft.Calls() >= k
		if err != nil {
			require.ErrorIs(t, err, want, name)
			require.True(t, reached, name)
		} else {
			require.Equal(t, f.want, got, name)
		}
		f.ft.SetPlan(nil)
		got, err = f.r.do(t.Context(), s)
		require.NoError(t, err, name)
		require.Equal(t, f.want, got, "%s, repeated", name)
		cancel()
		require.NoError(t, s.Close())
	}
	return reached
}

// cancelAt ends the caller's context at the k-th call.
func cancelAt(k int, cancel context.CancelFunc) faulty.Plan {
	return func(c faulty.Call) faulty.Fault {
		if c.N != k {
			return faulty.Fault{}
		}
		return faulty.Fault{Wait: func(ctx context.Context) error { cancel(); return ctx.Err() }}
	}
}

// TestFaultyReadsOnDynamoDB reads while requests are throttled, refused or
// answered in part: tried again, they have the result that they have without.
func TestFaultyReadsOnDynamoDB(t *testing.T) {
	t.Parallel()
	clock := newStillClock()
	in := faulty.New(7, faulty.Rates{Throttle: 0.1, ServerError: 0.1, Conflict: 0.1, Lost: 0.1, Unprocessed: 0.4})
	w, logged := faultWorld(t, ddblocal.NewTableWith(t, faulty.Options(clock.Now), in.Configure), clock)
	for _, r := range w.readings(logged) {
		var e dynamodbstore.Explanation
		got, err := r.do(dynamodbstore.WithExplanation(t.Context(), &e), w.stores[0])
		require.NoError(t, err, r.name)
		require.Contains(t, e.Plan, r.plan)
		want, err := r.do(t.Context(), w.plain)
		require.NoError(t, err, r.name)
		require.Equal(t, want, got, r.name)
	}
	t.Logf("%d faults", in.Faults())
}

// TestSearchDeadline has a table that hangs: a search without a deadline of
// its caller's ends all the same, in words that tell the client to come back;
// one with a deadline ends with that.
func TestSearchDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, err := dynamodbstore.OpenTable(faulty.Wrap(nil, faulty.Hang(1)))
		require.NoError(t, err)
		began := time.Now()
		_, err = s.SearchRuns(t.Context(), dynamodbstore.SearchRunsParams{ExperimentIDs: []string{"0"}})
		require.ErrorIs(t, err, dynamodbstore.ErrUnavailable)
		require.ErrorContains(t, err, "The search took longer than 2 minutes.")
		require.Equal(t, 2*time.Minute, time.Since(began))

		s, err = dynamodbstore.OpenTable(faulty.Wrap(nil, faulty.Hang(1)))
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = s.SearchRuns(ctx, dynamodbstore.SearchRunsParams{ExperimentIDs: []string{"0"}})
		require.Equal(t, context.DeadlineExceeded, err)

		for name, search := range map[string]func(s *dynamodbstore.Store) error{
			"experiments": func(s *dynamodbstore.Store) error {
				_, err := s.SearchExperiments(t.Context(), dynamodbstore.SearchExperimentsParams{})
				return err
			},
			"registered models": func(s *dynamodbstore.Store) error {
				_, err := s.SearchRegisteredModels(t.Context(), dynamodbstore.SearchRegisteredModelsParams{})
				return err
			},
			"versions": func(s *dynamodbstore.Store) error {
				_, err := s.SearchModelVersions(t.Context(), dynamodbstore.SearchModelVersionsParams{})
				return err
			},
			"logged models": func(s *dynamodbstore.Store) error {
				_, err := s.SearchLoggedModels(t.Context(), dynamodbstore.SearchLoggedModelsParams{ExperimentIDs: []string{"0"}})
				return err
			},
		} {
			s, err := dynamodbstore.OpenTable(faulty.Wrap(nil, faulty.Hang(1)))
			require.NoError(t, err)
			require.ErrorIs(t, search(s), dynamodbstore.ErrUnavailable, name)
		}
	})
}
