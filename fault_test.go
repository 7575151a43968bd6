package dynamodbstore_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/ddblocal"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/faulty"
)

// TestFaultyRequests does the work of a few clients while requests are
// throttled, refused, answered in part, or applied with the reply lost: what
// is there in the end is what is there without faults.
func TestFaultyRequests(t *testing.T) {
	t.Parallel()
	clock := newStillClock()
	s := view(t, memoryTable(t, clock), clock.Now, "work")
	workload(t, s, s)
	want := look(t, s)
	require.NoError(t, s.Close())

	for name, rates := range map[string]faulty.Rates{
		"refused": {Throttle: 0.15, ServerError: 0.1, Conflict: 0.1},
		"lost":    {Lost: 0.3, Unprocessed: 0.5},
		"all":     {Throttle: 0.05, ServerError: 0.05, Conflict: 0.1, Lost: 0.1, Unprocessed: 0.3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := faulty.New(1, rates)
			tab := ddblocal.NewTableWith(t, faulty.Options(clock.Now), in.Configure)
			stores := [2]*dynamodbstore.Store{view(t, tab, clock.Now, "work"), view(t, tab, clock.Now, "work")}
			workload(t, stores[0], stores[1])
			require.Equal(t, want, look(t, stores[1]))
			checkTable(t, tab, stores[0], "work", false)
			require.Positive(t, in.Faults())
			t.Logf("%d faults", in.Faults())
			require.NoError(t, stores[0].Close())
			require.NoError(t, stores[1].Close())
		})
	}
}

// workload is what two clients do in turn.
func workload(t *testing.T, a, b *dynamodbstore.Store) {
	t.Helper()
	sc := openScene(t, a)
	for i := range 3 {
		other := b
		if i%2 == 0 {
			other = a
		}
		r, err := other.CreateRun(t.Context(), dynamodbstore.CreateRunParams{ExperimentID: sc.exp, Name: fmt.Sprint("run ", i), StartTime: int64(i)})
		require.NoError(t, err)
		id := r.Info.RunID
		require.NoError(t, a.LogBatch(t.Context(), dynamodbstore.LogBatchParams{RunID: id, Metrics: manyMetrics(30*i, 0), Params: longParams(2 * i)}))
		require.NoError(t, b.LogBatch(t.Context(), dynamodbstore.LogBatchParams{RunID: id, Metrics: metrics(3, 5, i), Params: params(3, 0)}))
		require.NoError(t, endRun(t.Context(), a, id))
		require.NoError(t, b.SetTag(t.Context(), id, dynamodbstore.Tag{Key: "late", Value: "tag"}))
		require.NoError(t, a.DeleteRun(t.Context(), id))
		if i > 0 {
			require.NoError(t, b.RestoreRun(t.Context(), id))
			require.NoError(t, a.LogMetric(t.Context(), id, point("after", 1, 1)))
		}
	}
	for _, name := range []string{"SetExperimentTag", "LogInputs", "SetTag of the name", "RenameExperiment", "DeleteExperiment", "RestoreExperiment"} {
		require.NoError(t, rivalOf(name)(t.Context(), a, sc), name)
	}
	_, err := b.CreateExperiment(t.Context(), dynamodbstore.CreateExperimentParams{Name: "lab"})
	require.NoError(t, err, "a name that was released")
	require.ErrorIs(t, rivalOf("CreateExperiment of a name taken")(t.Context(), a, sc), dynamodbstore.ErrAlreadyExists)
}

// TestEndedContext ends the context of a call while its k-th table call is
// under way, for every k: the caller gets the context's error at once, and the
// Store works on when the table answers again.
func TestEndedContext(t *testing.T) {
	t.Parallel()
	for _, state := range []string{"open", "settled", "frozen", "both deleted"} {
		t.Run(state, func(t *testing.T) {
			t.Parallel()
			clock := newStillClock()
			ended := 0
			for _, a := range acts {
				sw := &sweep{tab: memoryTable(t, clock), clock: clock, state: state}
				o := sw.outcome(t, a)
				for k := 1; sw.hangAt(t, a, o, k); k++ {
					ended++
				}
			}
			t.Logf("%d contexts ended", ended)
		})
	}
}

// hangAt lets the k-th call of an act hang until its caller has gone.
func (sw *sweep) hangAt(t *testing.T, a act, o outcome, k int) bool {
	t.Helper()
	name := fmt.Sprintf("%s %s, %s, ended at call %d", a.method, a.label, sw.state, k)
	ft := faulty.Wrap(sw.tab, nil)
	workspace, sc := sw.workspace(t, ft)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	gone := make(chan struct{}) // the caller has returned
	release := sync.OnceFunc(func() { close(gone) })
	defer release()
	ft.SetPlan(func(c faulty.Call) faulty.Fault {
		if c.N != k {
			return faulty.Fault{}
		}
		return faulty.Fault{Wait: func(callCtx context.Context) error {
			cancel()
			if callCtx.Err() == nil { // of a group commit, whose callers may go
				<-gone
				return table.ErrThrottled
			}
			return callCtx.Err()
		}}
	})
	err := a.do(ctx, sc.s, sc)
	release()
	if ctx.Err() == nil {
		require.NoError(t, sc.s.Close())
		return false
	}
	if err != nil { // else it had nothing more to do
		require.ErrorIs(t, err, context.Canceled, "%s", name)
	}
	dynamodbstore.WaitWritten(sc.s)
	ft.SetPlan(nil)
	sw.checkPoint(t, name, workspace, a, o, sc)
	require.NoError(t, sc.s.Close())
	return true
}

// TestFailedCalls fails calls of every mutating method one by one: the caller
// is told to come back, and does.
func TestFailedCalls(t *testing.T) {
	t.Parallel()
	for _, state := range []string{"open", "settled", "both deleted"} {
		t.Run(state, func(t *testing.T) {
			t.Parallel()
			clock := newStillClock()
			failed := 0
			for _, a := range acts {
				sw := &sweep{tab: memoryTable(t, clock), clock: clock, state: state}
				o := sw.outcome(t, a)
				for k := 1; sw.refuseAt(t, a, o, k); k = nextCall(k) {
					failed++
				}
			}
			t.Logf("%d calls failed", failed)
		})
	}
}

// refuseAt lets the k-th call of an act be throttled, or not answered. It
// reports whether there was one.
func (sw *sweep) refuseAt(t *testing.T, a act, o outcome, k int) bool {
	t.Helper()
	cause, class := table.ErrThrottled, dynamodbstore.ErrThrottled
	if k%2 == 0 {
		cause, class = table.ErrUnavailable, dynamodbstore.ErrUnavailable
	}
	name := fmt.Sprintf("%s %s, %s, call %d: %v", a.method, a.label, sw.state, k, cause)
	ft := faulty.Wrap(sw.tab, nil)
	workspace, sc := sw.workspace(t, ft)
	ft.SetPlan(faulty.FailAt(k, false, cause))
	err := a.do(t.Context(), sc.s, sc)
	reached := ft.Calls() >= k
	ft.SetPlan(nil)
	if !sameError(err, o.err) { // else it has not mattered
		require.True(t, reached, "%s: %v", name, err)
		if !strings.HasPrefix(a.method, "Create") || !errors.Is(err, dynamodbstore.ErrUnavailable) { // see TestThrottledCreations
			require.ErrorIs(t, err, class, "%s", name)
		}
	}
	if reached {
		sw.checkPoint(t, name, workspace, a, o, sc)
	}
	require.NoError(t, sc.s.Close())
	return reached
}

// TestThrottledCreations: a creation that fails because the table throttles has
// made nothing, whichever call it was: clients make it again.
func TestThrottledCreations(t *testing.T) {
	t.Parallel()
	creations := map[string]func(s *dynamodbstore.Store) error{
		"experiment": func(s *dynamodbstore.Store) error {
			_, err := s.CreateExperiment(t.Context(), dynamodbstore.CreateExperimentParams{Name: "new"})
			return err
		},
		"run": func(s *dynamodbstore.Store) error {
			_, err := s.CreateRun(t.Context(), dynamodbstore.CreateRunParams{ExperimentID: "0"})
			return err
		},
		"logged model": func(s *dynamodbstore.Store) error {
			_, err := s.CreateLoggedModel(t.Context(), dynamodbstore.CreateLoggedModelParams{ExperimentID: "0", SourceRunID: "r"})
			return err
		},
		"registered model": func(s *dynamodbstore.Store) error {
			_, err := s.CreateRegisteredModel(t.Context(), dynamodbstore.CreateRegisteredModelParams{Name: "new"})
			return err
		},
		"model version": func(s *dynamodbstore.Store) error {
			_, err := s.CreateModelVersion(t.Context(), dynamodbstore.CreateModelVersionParams{Name: "old", Source: "s3://b/m"})
			return err
		},
	}
	for name, create := range creations {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for k, reached := 1, true; reached; k++ {
				clock := newStillClock()
				tab, drop := briefTable(t, clock)
				ft := faulty.Wrap(tab, nil)
				s := view(t, ft, clock.Now, "ww")
				require.NoError(t, s.Init(t.Context()))
				_, err := s.CreateRegisteredModel(t.Context(), dynamodbstore.CreateRegisteredModelParams{Name: "old"})
				require.NoError(t, err)
				before := entities(t, s)
				ft.SetPlan(faulty.FailAt(k, false, table.ErrThrottled))
				err = create(s)
				reached = ft.Calls() >= k
				ft.SetPlan(nil)
				if errors.Is(err, dynamodbstore.ErrThrottled) {
					require.Equal(t, before, entities(t, s), "throttled at call %d", k)
				} else if err != nil {
					require.ErrorIs(t, err, dynamodbstore.ErrUnavailable, "call %d", k)
				}
				require.NoError(t, s.Close())
				drop()
			}
		})
	}
}

// entities counts what can be found in a Store.
func entities(t *testing.T, s *dynamodbstore.Store) (n [5]int) {
	t.Helper()
	count := func(i int, err error) {
		require.NoError(t, err)
		n[i]++
	}
	for _, err := range s.AllExperiments(t.Context(), dynamodbstore.SearchExperimentsParams{}) {
		count(0, err)
	}
	for _, err := range s.AllRuns(t.Context(), dynamodbstore.SearchRunsParams{ExperimentIDs: []string{"0"}}) {
		count(1, err)
	}
	for _, err := range s.AllLoggedModels(t.Context(), dynamodbstore.SearchLoggedModelsParams{ExperimentIDs: []string{"0"}}) {
		count(2, err)
	}
	for _, err := range s.AllRegisteredModels(t.Context(), dynamodbstore.SearchRegisteredModelsParams{}) {
		count(3, err)
	}
	for _, err := range s.AllModelVersions(t.Context(), dynamodbstore.SearchModelVersionsParams{}) {
		count(4, err)
	}
	return n
}
