package dynamodbstore_test

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/dynamo"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/pebbletable"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/tabletest"
)

func dynamoOptions(clock *tabletest.Clock) dynamo.Options { return dynamo.Options{Clock: clock.Now} }

// budget is the most that an operation may cost.
type budget struct {
	requests    int64
	read, write float64
}

// within fails the test if units pass the budget, and prints both.
func within(t *testing.T, name string, u table.Units, b budget) {
	t.Helper()
	t.Logf("%-45s %3d requests %5.1f RCU %5.1f WCU", name, u.Requests, u.Read, u.Write)
	if b.requests > 0 {
		require.LessOrEqual(t, u.Requests, b.requests, "%s: requests", name)
	}
	require.LessOrEqual(t, u.Read, b.read, "%s: RCU", name)
	require.LessOrEqual(t, u.Write, b.write, "%s: WCU", name)
}

// TestBudgets holds operations to what testdata/units.json says, on
// DynamoDB Local, whose units are DynamoDB's own.
func TestBudgets(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		now := clock.Now() // stands still: reading the configuration again would count
		s := open(t, tab, clock, dynamodbstore.WithClock(func() time.Time { return now }))
		exp := experiment(t, s, "budgets")
		warm := newRun(t, s, exp, 1)
		finish(t, s, warm)
		t.Run("logging", func(t *testing.T) { budgetLogging(t, s, exp) })
		t.Run("reading", func(t *testing.T) { budgetReading(t, s, exp) })
		t.Run("whole run", func(t *testing.T) { budgetWholeRun(t, s, exp) })
		t.Run("histories", func(t *testing.T) { budgetHistories(t, s, exp) })
		t.Run("deleting", func(t *testing.T) { budgetDeleting(t, s, exp) })
	})
}

func logBatch(s *dynamodbstore.Store, run string, m []dynamodbstore.Metric, p []dynamodbstore.Param) func(context.Context) error {
	return func(ctx context.Context) error {
		return s.LogBatch(ctx, dynamodbstore.LogBatchParams{RunID: run, Metrics: m, Params: p})
	}
}

func budgetLogging(t *testing.T, s *dynamodbstore.Store, exp string) {
	var run string
	u := cost(t, func(ctx context.Context) error {
		r, err := s.CreateRun(ctx, runParams(exp, 10))
		if err == nil {
			run = r.Info.RunID
		}
		return err
	})
	held(t, "create_run with 5 tags", u, budget{3, 1, 5})
	m := metrics(1, 1, 0)[0]
	u = cost(t, func(ctx context.Context) error { return s.LogMetric(ctx, run, m) })
	held(t, "log one metric point", u, budget{2, 0, 2})
	u = cost(t, logBatch(s, newRun(t, s, exp, 11), metrics(20, 1, 0), nil))
	held(t, "log_batch, 20 keys x 1 step", u, budget{2, 0, 3})
	u = cost(t, logBatch(s, newRun(t, s, exp, 12), metrics(10, 10, 0), nil))
	held(t, "log_batch, 10 keys x 10 steps", u, budget{2, 0, 5})
	u = cost(t, logBatch(s, newRun(t, s, exp, 13), metrics(1, 1000, 0), nil))
	held(t, "log_batch, 1,000 points of one key", u, budget{2, 0, 20})
	u = cost(t, logBatch(s, newRun(t, s, exp, 14), nil, params(50, 0)))
	held(t, "log_batch, 50 params", u, budget{1, 0, 4})

	wide := newRun(t, s, exp, 15)
	all := metrics(2000, 1, 0)
	require.NoError(t, logBatch(s, wide, all[:1000], nil)(t.Context()))
	require.NoError(t, logBatch(s, wide, all[1000:], nil)(t.Context()))
	next := metrics(1, 1, 1)[0]
	u = cost(t, func(ctx context.Context) error { return s.LogMetric(ctx, wide, next) })
	held(t, "log one point to a run with 2,000 metric keys", u, budget{2, 0, 10})
	r, err := s.GetRun(t.Context(), wide)
	require.NoError(t, err)
	require.Len(t, r.Metrics, 2000)
	require.Equal(t, int64(1), r.Metrics[0].Step)
}

// noisy is as metrics, with values and times as runs have them: hardly to be
// compressed.
func noisy(keys, steps, from int) []dynamodbstore.Metric {
	random := rand.New(rand.NewPCG(uint64(from), 0))
	points := metrics(keys, steps, from)
	for i := range points {
		points[i].Value = random.NormFloat64()
		points[i].Timestamp += random.Int64N(100)
	}
	return points
}

func budgetHistories(t *testing.T, s *dynamodbstore.Store, exp string) {
	const batches = 1000
	run := newRun(t, s, exp, 50)
	require.NoError(t, logBatch(s, run, noisy(20, 1, 0), nil)(t.Context()))
	u := cost(t, func(ctx context.Context) error {
		for i := range batches {
			if err := logBatch(s, run, noisy(20, 1, i+1), nil)(ctx); err != nil {
				return err
			}
		}
		dynamodbstore.WaitRolledUp(s)
		return nil
	})
	u = table.Units{Requests: u.Requests / batches, Read: u.Read / batches, Write: u.Write / batches}
	within(t, "log_batch, 20 keys x 1 step, over 1,000 steps", u, budget{3, 0.5, 4})
}

// TestHistoryBudgets holds the reading of a long history to what
// testdata/units.json says. The history is written on a table in memory, and its
// items are copied: what is measured are its reads.
func TestHistoryBudgets(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		const batches = 1000
		now := clock.Now()
		still := dynamodbstore.WithClock(func() time.Time { return now })
		memory, err := pebbletable.OpenMemory(pebbletable.Options{Clock: clock.Now})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, memory.Close()) })
		s := open(t, memory, clock, still)
		run := newRun(t, s, experiment(t, s, "budgets"), 51)
		for i := range batches {
			require.NoError(t, logBatch(s, run, noisy(100, 10, 10*i), nil)(t.Context()))
			dynamodbstore.WaitRolledUp(s)
		}
		require.NoError(t, tab.Init(t.Context(), true))
		copyTable(t, memory, tab)
		reader := open(t, tab, clock, still)
		read := func(ctx context.Context) error {
			page, err := reader.MetricHistory(ctx, dynamodbstore.MetricHistoryParams{RunID: run, Key: "metric-00042"})
			require.Len(t, page.Items, 10*batches)
			return err
		}
		held(t, "history of one key: 10,000 steps, 100 keys", cost(t, read), budget{4, 100, 0})
		finish(t, s, run)
		dynamodbstore.WaitRolledUp(s)
		copyTable(t, memory, tab)
		held(t, "history of one key: 10,000 steps, 100 keys, finished", cost(t, read), budget{4, 50, 0})
		from, to := int64(4000), int64(4999)
		u := cost(t, func(ctx context.Context) error {
			points, err := reader.MetricHistoryBulkInterval(ctx, dynamodbstore.MetricHistoryIntervalParams{
				RunIDs: []string{run}, Key: "metric-00042", StartStep: &from, EndStep: &to,
			})
			require.Len(t, points, 1000)
			return err
		})
		held(t, "history of one key: 1,000 steps of 10,000, finished", u, budget{10, 15, 0})
	})
}

// copyTable makes the items of one table those of another.
func copyTable(t *testing.T, from, to table.Table) {
	t.Helper()
	var items []table.Item
	is := map[table.Key]bool{}
	for it, err := range table.ScanItems(t.Context(), from, table.Scan{}) {
		require.NoError(t, err)
		items, is[it.Key] = append(items, it), true
	}
	var gone []table.Key
	for it, err := range table.ScanItems(t.Context(), to, table.Scan{}) {
		require.NoError(t, err)
		if !is[it.Key] {
			gone = append(gone, it.Key)
		}
	}
	require.NoError(t, to.BatchWrite(t.Context(), items, gone))
}

func budgetReading(t *testing.T, s *dynamodbstore.Store, exp string) {
	run := newRun(t, s, exp, 20)
	require.NoError(t, logBatch(s, run, metrics(10, 1, 0), params(10, 0))(t.Context()))
	u := cost(t, func(ctx context.Context) error { _, err := s.GetRun(ctx, run); return err })
	held(t, "get_run", u, budget{2, 2, 0})

	pages := experiment(t, s, "pages")
	for i := range 122 {
		run := newRun(t, s, pages, int64(i))
		require.NoError(t, logBatch(s, run, metrics(10, 1, i), params(10, 0))(t.Context()))
		finish(t, s, run)
	}
	u = cost(t, func(ctx context.Context) error {
		page, err := s.SearchRuns(ctx, dynamodbstore.SearchRunsParams{ExperimentIDs: []string{pages}, MaxResults: 100})
		require.Len(t, page.Items, 100)
		require.NotEmpty(t, page.NextPageToken)
		return err
	})
	held(t, "search, first page of 100 finished runs", u, budget{2, 36, 0})
}

func budgetWholeRun(t *testing.T, s *dynamodbstore.Store, exp string) {
	open := newRun(t, s, exp, 29)
	require.NoError(t, logBatch(s, open, metrics(10, 1, 0), params(10, 0))(t.Context()))
	end := cost(t, func(ctx context.Context) error {
		_, err := s.UpdateRun(ctx, dynamodbstore.UpdateRunParams{RunID: open, Status: dynamodbstore.StatusFinished})
		return err
	})
	held(t, "end a run of 10 metrics and 10 params", end, budget{9, 1, 50})
	u := cost(t, func(ctx context.Context) error {
		r, err := s.CreateRun(ctx, runParams(exp, 30))
		if err != nil {
			return err
		}
		if err := logBatch(s, r.Info.RunID, metrics(10, 1, 0), params(10, 0))(ctx); err != nil {
			return err
		}
		_, err = s.UpdateRun(ctx, dynamodbstore.UpdateRunParams{RunID: r.Info.RunID, Status: dynamodbstore.StatusFinished})
		return err
	})
	held(t, "whole run: 5 tags, 10 metrics, 10 params", u, budget{0, 1, 64})
}

// loggedModelJSON is what the history of a run keeps of a scikit-learn model.
const loggedModelJSON = `{"run_id": "0199d0f4c0de7000a000000000000001", "artifact_path": "model", ` +
	`"utc_time_created": "2026-11-24 03:33:05.063271", "model_uuid": "8b1f0c2b7d5e4a0f9f8f4f1d2c3b4a59", "flavors": ` +
	`{"python_function": {"model_path": "model.pkl", "predict_fn": "predict", "loader_module": "mlflow.sklearn", ` +
	`"python_version": "3.11.9", "env": {"conda": "conda.yaml", "virtualenv": "python_env.yaml"}}, "sklearn": ` +
	`{"pickled_model": "model.pkl", "sklearn_version": "1.5.0", "serialization_format": "cloudpickle", "code": null}}}`

func budgetDeleting(t *testing.T, s *dynamodbstore.Store, exp string) {
	run := newRun(t, s, exp, 40)
	require.NoError(t, logBatch(s, run, metrics(10, 30, 0), nil)(t.Context()))
	finish(t, s, run)
	u := cost(t, func(ctx context.Context) error {
		return s.SetTag(ctx, run, dynamodbstore.Tag{Key: "late", Value: "1"})
	})
	held(t, "set_tag on a finished run", u, budget{4, 0, 7})
	u = cost(t, func(ctx context.Context) error { return s.LogModel(ctx, run, loggedModelJSON) })
	held(t, "log_model", u, budget{1, 0, 1})
	finish(t, s, run)
	u = cost(t, func(ctx context.Context) error { return s.LogModel(ctx, run, loggedModelJSON) })
	held(t, "log_model on a finished run", u, budget{4, 0, 7})
	finish(t, s, run)
	u = cost(t, func(ctx context.Context) error { return s.DeleteRun(ctx, run) })
	held(t, "delete_run, 300 points of history", u, budget{0, 3, 20})
	open := newRun(t, s, exp, 41)
	u = cost(t, func(ctx context.Context) error { return s.DeleteRun(ctx, open) })
	held(t, "delete_run, open", u, budget{0, 3, 20})
	u = cost(t, func(ctx context.Context) error { return s.RestoreRun(ctx, run) })
	held(t, "restore_run", u, budget{0, 3, 20})
	u = cost(t, func(ctx context.Context) error { return s.DeleteExperiment(ctx, exp) })
	held(t, "delete_experiment", u, budget{0, 2, 10})
}
