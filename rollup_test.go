package dynamodbstore_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/ddblocal"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/dynamo"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/faulty"
)

// smallPages is a table whose queries read one item a page, so that others can
// write between any two.
type smallPages struct{ table.Table }

// Query reads one item.
func (p smallPages) Query(ctx context.Context, q table.Query) (table.Page, error) {
	q.Limit = 1
	return p.Table.Query(ctx, q)
}

// historyMachine logs to runs through two Stores, rolls their histories up,
// stops that half way, and compares what can be read with a model.
type historyMachine struct {
	tab    *faulty.Table
	stores [2]*dynamodbstore.Store
	runs   []*modelRun
}

var historyKeys = []string{"m0", "m1", "m2", strings.Repeat("長", 200)}

// TestHistoryModel does random work on histories.
func TestHistoryModel(t *testing.T) {
	t.Parallel()
	historyTables(t, func(t *testing.T, tab table.Table, clock *stillClock, slow bool) {
		if slow {
			for seed := range 3 {
				work := func(rt *rapid.T) int {
					runHistoryMachine(rt, tab, clock, fmt.Sprintf("w%d", seed), 40)
					return 0
				}
				rapid.Custom(work).Example(seed)
			}
			return
		}
		spaces := 0
		rapid.Check(t, func(rt *rapid.T) {
			spaces++
			runHistoryMachine(rt, tab, clock, fmt.Sprintf("w%d", spaces), 40)
		})
	})
}

// historyTables runs a test on the embedded table, and less of it on DynamoDB
// Local, which is slow.
func historyTables(t *testing.T, test func(t *testing.T, tab table.Table, clock *stillClock, slow bool)) {
	t.Helper()
	t.Run("embedded", func(t *testing.T) {
		t.Parallel()
		clock := newStillClock()
		test(t, memoryTable(t, clock), clock, false)
	})
	t.Run("dynamodb", func(t *testing.T) {
		t.Parallel()
		clock := newStillClock()
		test(t, ddblocal.NewTableWith(t, dynamo.Options{Clock: clock.Now}), clock, true)
	})
}

func runHistoryMachine(t *rapid.T, tab table.Table, clock *stillClock, workspace string, steps int) {
	m := &historyMachine{tab: faulty.Wrap(smallPages{tab}, nil)}
	for i := range m.stores {
		m.stores[i] = view(t, m.tab, clock.Now, workspace)
		defer func() { require.NoError(t, m.stores[i].Close()) }()
	}
	exp, err := m.stores[0].CreateExperiment(t.Context(), dynamodbstore.CreateExperimentParams{Name: "lab"})
	require.NoError(t, err)
	for i := range 2 {
		r, err := m.stores[i].CreateRun(t.Context(), dynamodbstore.CreateRunParams{ExperimentID: exp, Name: "r"})
		require.NoError(t, err)
		m.runs = append(m.runs, &modelRun{
			id: r.Info.RunID, latest: map[string]dynamodbstore.Metric{}, history: map[string][]dynamodbstore.Metric{},
		})
	}
	work := []func(*rapid.T){m.log, m.log, m.log, m.log, m.rollUp, m.stopRollUp, m.merge, m.stopMerge, m.check}
	for range steps {
		rapid.SampledFrom(work).Draw(t, "step")(t)
	}
	m.check(t)
	for _, r := range m.runs {
		require.NoError(t, dynamodbstore.RollUp(t.Context(), m.stores[0], r.id))
		for _, it := range partition(t, tab, keys.Workspace(workspace).HistoryPK(r.id)) {
			require.False(t, strings.HasPrefix(it.Key.SK, keys.RecordPrefix), "record %q is left", it.Key.SK)
		}
	}
	m.check(t)
}

func (m *historyMachine) any(t *rapid.T) (*dynamodbstore.Store, *modelRun, string) {
	return m.stores[rapid.IntRange(0, 1).Draw(t, "store")], rapid.SampledFrom(m.runs).Draw(t, "run"),
		rapid.SampledFrom(historyKeys).Draw(t, "key")
}

func drawHistoryPoint(t *rapid.T) dynamodbstore.Metric {
	p := drawPoint(t)
	p.Key = rapid.SampledFrom(historyKeys).Draw(t, "key")
	p.Step = rapid.SampledFrom([]int64{p.Step, p.Step * 20, p.Step << 40, p.Step << 61}).Draw(t, "far")
	return p
}

func (m *historyMachine) log(t *rapid.T) {
	s, r, _ := m.any(t)
	points := rapid.SliceOfN(rapid.Custom(drawHistoryPoint), 1, 12).Draw(t, "points")
	require.NoError(t, s.LogBatch(t.Context(), dynamodbstore.LogBatchParams{RunID: r.id, Metrics: points}))
	r.log(points...)
}

func (m *historyMachine) rollUp(t *rapid.T) {
	s, r, _ := m.any(t)
	require.NoError(t, dynamodbstore.RollUp(t.Context(), s, r.id))
}

func (m *historyMachine) merge(t *rapid.T) {
	s, r, key := m.any(t)
	require.NoError(t, dynamodbstore.MergeBlocks(t.Context(), s, r.id, key))
}

// stopRollUp stops a roll-up at some call, or loses the reply of one.
func (m *historyMachine) stopRollUp(t *rapid.T) {
	s, r, _ := m.any(t)
	m.stop(t, func() error { return dynamodbstore.RollUp(t.Context(), s, r.id) })
}

func (m *historyMachine) stopMerge(t *rapid.T) {
	s, r, key := m.any(t)
	m.stop(t, func() error { return dynamodbstore.MergeBlocks(t.Context(), s, r.id, key) })
}

func (m *historyMachine) stop(t *rapid.T, work func() error) {
	k, applied := rapid.IntRange(1, 20).Draw(t, "call"), rapid.Bool().Draw(t, "applied")
	m.tab.SetPlan(faulty.StopAt(k, applied))
	if err := work(); err != nil {
		require.ErrorIs(t, err, faulty.ErrStopped)
	}
	m.tab.SetPlan(nil)
}

// check compares every read of every history with the model, with the page
// sizes and steps that it draws.
func (m *historyMachine) check(t *rapid.T) {
	s, _, key := m.any(t)
	size := rapid.SampledFrom([]int{0, 1, 3, 100}).Draw(t, "size")
	from := drawHistoryPoint(t).Step
	to := max(from, drawHistoryPoint(t).Step)
	for _, r := range m.runs {
		requireHistory(t, s, r, key, size)
		requireSample(t, s, r, key, nil, nil, size)
		requireSample(t, s, r, key, &from, &to, size)
	}
	requireBulk(t, s, m.runs, key, size)
}

func requireHistory(t tester, s *dynamodbstore.Store, r *modelRun, key string, size int) {
	t.Helper()
	var got []dynamodbstore.Metric
	for q := (dynamodbstore.MetricHistoryParams{RunID: r.id, Key: key, MaxResults: size}); ; {
		page, err := s.MetricHistory(t.Context(), q)
		require.NoError(t, err)
		got = append(got, page.Items...)
		if q.PageToken = page.NextPageToken; q.PageToken == "" {
			break
		}
	}
	require.Equal(t, pointsText(r.history[key]), pointsText(got), "history of %.10s", key)
}

// pointsText is points as text, in which NaN equals itself.
func pointsText(points []dynamodbstore.Metric) string {
	return fmt.Sprint(len(points), points)
}

func requireSample(t tester, s *dynamodbstore.Store, r *modelRun, key string, from, to *int64, size int) {
	t.Helper()
	got, err := s.MetricHistoryBulkInterval(t.Context(), dynamodbstore.MetricHistoryIntervalParams{
		RunIDs: []string{r.id}, Key: key, StartStep: from, EndStep: to, MaxResults: size,
	})
	require.NoError(t, err)
	want := slices.SortedFunc(slices.Values(r.history[key]), func(a, b dynamodbstore.Metric) int {
		return cmp.Or(cmp.Compare(a.Step, b.Step), historyOrder(a, b))
	})
	want = slices.DeleteFunc(want, func(p dynamodbstore.Metric) bool { return from != nil && (p.Step < *from || p.Step > *to) })
	require.Equal(t, pointsText(modelSample(want, size)), pointsText(ofRun(t, got, r.id)), "samples of %.10s", key)
}

// modelSample is the first row of each bucket of SQL's NTILE, and the last row.
func modelSample(rows []dynamodbstore.Metric, n int) []dynamodbstore.Metric {
	if n == 0 || len(rows) <= n {
		return rows
	}
	bucket := func(i int) int {
		size, larger := len(rows)/n, len(rows)%n
		if i < larger*(size+1) {
			return i / (size + 1)
		}
		return larger + (i-larger*(size+1))/size
	}
	var out []dynamodbstore.Metric
	for i := range rows {
		if i == 0 || bucket(i) != bucket(i-1) {
			out = append(out, rows[i])
		}
	}
	out[n-1] = rows[len(rows)-1]
	return out
}

func ofRun(t tester, points []dynamodbstore.RunMetric, run string) []dynamodbstore.Metric {
	t.Helper()
	var out []dynamodbstore.Metric
	for _, p := range points {
		require.Equal(t, run, p.RunID)
		out = append(out, p.Metric)
	}
	return out
}

func requireBulk(t tester, s *dynamodbstore.Store, runs []*modelRun, key string, size int) {
	t.Helper()
	var ids []string
	var want []dynamodbstore.RunMetric
	for _, r := range slices.SortedFunc(slices.Values(runs), func(a, b *modelRun) int { return cmp.Compare(a.id, b.id) }) {
		ids = append([]string{r.id}, ids...)
		for _, p := range r.history[key] {
			want = append(want, dynamodbstore.RunMetric{Metric: p, RunID: r.id})
		}
	}
	if size > 0 {
		want = want[:min(size, len(want))]
	}
	got, err := s.MetricHistoryBulk(t.Context(), dynamodbstore.MetricHistoryBulkParams{RunIDs: ids, Key: key, MaxResults: size})
	require.NoError(t, err)
	require.Equal(t, fmt.Sprint(want), fmt.Sprint(got), "bulk history of %.10s", key)
}

// TestRollUpStopsAnywhere stops rolling up and merging at every table call,
// with and without its reply: nothing is lost or doubled, and the repetition
// finishes the work.
func TestRollUpStopsAnywhere(t *testing.T) {
	t.Parallel()
	historyTables(t, func(t *testing.T, tab table.Table, clock *stillClock, slow bool) {
		stops := 0
		for name, work := range map[string]func(ctx context.Context, s *dynamodbstore.Store, run string) error{
			"roll up": dynamodbstore.RollUp,
			"merge": func(ctx context.Context, s *dynamodbstore.Store, run string) error {
				return dynamodbstore.MergeBlocks(ctx, s, run, "metric-00000")
			},
		} {
			for k, reached := 1, true; reached; k++ {
				for _, plan := range []faulty.Plan{
					faulty.StopAt(k, false), faulty.StopAt(k, true),
					faulty.FailAt(k, false, table.ErrThrottled), faulty.FailAt(k, true, table.ErrThrottled),
				} {
					stops++
					reached = stopHistory(t, tab, clock, fmt.Sprintf("w%d", stops), name == "merge", k, plan, work)
				}
				if slow {
					k += 2
				}
			}
		}
		t.Logf("%d stops", stops)
		require.Greater(t, stops, 30)
	})
}

// stopHistory does work on a prepared history with a plan of faults, and
// reports whether it made k calls.
func stopHistory(
	t *testing.T, tab table.Table, clock *stillClock, workspace string, rolled bool, k int, plan faulty.Plan,
	work func(ctx context.Context, s *dynamodbstore.Store, run string) error,
) bool {
	t.Helper()
	ft := faulty.Wrap(smallPages{tab}, nil)
	s := view(t, ft, clock.Now, workspace)
	defer func() { require.NoError(t, s.Close()) }()
	r := pileOf(t, s, 15, 2, rolled)
	ft.SetPlan(plan)
	_ = work(t.Context(), s, r.id) // it fails or not, depending on the call
	reached := ft.Calls() >= k
	ft.SetPlan(nil)
	for range 3 {
		for _, key := range []string{"metric-00000", "metric-00001"} {
			requireHistory(t, s, r, key, 0)
			requireSample(t, s, r, key, new(int64), new(int64(3)), 0)
		}
		require.NoError(t, work(t.Context(), s, r.id))
	}
	items := len(partition(t, tab, keys.Workspace(workspace).HistoryPK(r.id)))
	require.Less(t, items, 10, "items after the repetition")
	return reached
}

// pileOf is a new run with records of keys and one step each; rolled: with
// several blocks for each key besides.
func pileOf(t tester, s *dynamodbstore.Store, records, keyCount int, rolled bool) *modelRun {
	t.Helper()
	exp, err := s.CreateExperiment(t.Context(), dynamodbstore.CreateExperimentParams{Name: "lab"})
	require.NoError(t, err)
	r, err := s.CreateRun(t.Context(), dynamodbstore.CreateRunParams{ExperimentID: exp, Name: "r"})
	require.NoError(t, err)
	m := &modelRun{id: r.Info.RunID, latest: map[string]dynamodbstore.Metric{}, history: map[string][]dynamodbstore.Metric{}}
	for i := range records {
		points := metrics(keyCount, 1, i)
		require.NoError(t, s.LogBatch(t.Context(), dynamodbstore.LogBatchParams{RunID: m.id, Metrics: points}))
		m.log(points...)
		if rolled && i%4 == 3 {
			require.NoError(t, dynamodbstore.RollUp(t.Context(), s, m.id))
		}
	}
	if rolled {
		require.NoError(t, dynamodbstore.RollUp(t.Context(), s, m.id))
	}
	return m
}

// TestRollUpInterleaved lets readers meet servers that roll up, merge and log,
// with their table calls in random orders: a reader sees every point that was
// there before it began, and none twice.
func TestRollUpInterleaved(t *testing.T) {
	t.Parallel()
	historyTables(t, func(t *testing.T, tab table.Table, clock *stillClock, slow bool) {
		sch := newScheduler()
		orders := uint64(150)
		if slow {
			orders = 6
		}
		for seed := range orders {
			meetRollUps(t, tab, clock, sch, seed)
		}
	})
}

func meetRollUps(t *testing.T, tab table.Table, clock *stillClock, sch *scheduler, seed uint64) {
	t.Helper()
	const key = "metric-00000"
	var stores [4]*dynamodbstore.Store
	for i := range stores {
		stores[i] = view(t, smallPages{scheduled{tab, sch}}, clock.Now, fmt.Sprintf("w%d", seed))
	}
	r := pileOf(t, stores[0], 12, 2, seed%2 == 0)
	for i := range 3 { // records beside the blocks
		late := metrics(2, 1, 100+i)
		require.NoError(t, logBatch(stores[0], r.id, late, nil)(t.Context()))
		r.log(late...)
	}
	more := point(key, 50, 0.5)
	var all, some []dynamodbstore.Metric
	errs := interleave(t, seed, sch,
		func(ctx context.Context) error {
			page, err := stores[0].MetricHistory(ctx, dynamodbstore.MetricHistoryParams{RunID: r.id, Key: key})
			all = page.Items
			return err
		},
		func(ctx context.Context) error {
			got, err := stores[1].MetricHistoryBulkInterval(ctx, dynamodbstore.MetricHistoryIntervalParams{
				RunIDs: []string{r.id}, Key: key, StartStep: new(int64(2)), EndStep: new(int64(9)),
			})
			some = ofRun(t, got, r.id)
			return err
		},
		func(ctx context.Context) error { return rollUpAndMerge(ctx, stores[2], r.id, key) },
		func(ctx context.Context) error { return rollUpAndMerge(ctx, stores[3], r.id, key) },
		func(ctx context.Context) error { return stores[3].LogMetric(ctx, r.id, more) })
	require.NoError(t, errors.Join(errs...))
	all = slices.DeleteFunc(all, func(p dynamodbstore.Metric) bool { return p == more }) // seen or not
	require.Equal(t, r.history[key], all, "seed %d\n%s", seed, strings.Join(sch.trace, "\n"))
	require.Equal(t, r.history[key][2:10], some, "seed %d\n%s", seed, strings.Join(sch.trace, "\n"))
	r.log(more)
	for _, s := range stores {
		requireHistory(t, s, r, key, 0)
		require.NoError(t, s.Close())
	}
}

func rollUpAndMerge(ctx context.Context, s *dynamodbstore.Store, run, key string) error {
	for range 2 {
		if err := dynamodbstore.RollUp(ctx, s, run); err != nil {
			return err
		}
		if err := dynamodbstore.MergeBlocks(ctx, s, run, key); err != nil {
			return err
		}
	}
	return nil
}
