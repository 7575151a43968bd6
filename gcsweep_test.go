package dynamodbstore_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/ddblocal"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/dynamo"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/faulty"
)

// littered is a table full of garbage of which copies are made.
type littered struct {
	clock   *stillClock
	items   []table.Item
	exp     string
	open    string // a run that lives and is open
	settled string // a run that lives and is settled
	params  dynamodbstore.GCParams
}

func newLittered(t *testing.T) *littered {
	t.Helper()
	l := &littered{clock: newStillClock()}
	tab := memoryTable(t, l.clock)
	s := gcStore(t, tab, l.clock)
	exp, runs := home(t, s, "home")
	l.exp, l.open, l.settled = exp, runs[0], runs[1]
	litter(t, tab, s, l.clock, exp, runs[1:])
	lab, _ := home(t, s, "lab")
	require.NoError(t, s.DeleteExperiment(t.Context(), lab))
	run := newRun(t, s, exp, 80)
	require.NoError(t, s.LogBatch(t.Context(), dynamodbstore.LogBatchParams{RunID: run, Metrics: metrics(1, 2, 0)}))
	require.NoError(t, s.DeleteRun(t.Context(), run))
	l.clock.Advance(3 * time.Hour)
	for it, err := range table.ScanItems(t.Context(), tab, table.Scan{}) {
		require.NoError(t, err)
		l.items = append(l.items, it)
	}
	now := time.Duration(0)
	l.params = dynamodbstore.GCParams{
		OlderThan: &now, DeleteArtifacts: func(context.Context, string) error { return nil },
	}
	return l
}

// table is a copy of the table.
func (l *littered) table(t *testing.T) table.Table {
	t.Helper()
	return l.fill(t, memoryTable(t, l.clock))
}

// brief is table with what drops the copy.
func (l *littered) brief(t *testing.T) (tab table.Table, drop func()) {
	t.Helper()
	tab, drop = briefTable(t, l.clock)
	return l.fill(t, tab), drop
}

// remote is a copy of the table on DynamoDB Local.
func (l *littered) remote(t *testing.T) table.Table {
	t.Helper()
	return l.fill(t, ddblocal.NewTableWith(t, dynamo.Options{Clock: l.clock.Now}))
}

func (l *littered) fill(t *testing.T, tab table.Table) table.Table {
	t.Helper()
	require.NoError(t, tab.BatchWrite(t.Context(), slices.Clone(l.items), nil))
	return tab
}

// write is what a server does meanwhile.
func (l *littered) write(t *testing.T, tab table.Table) {
	t.Helper()
	s := view(t, tab, l.clock.Now, gcSpace)
	require.NoError(t, s.LogMetric(t.Context(), l.open, point("metric-00000", 99, 5)))
	require.NoError(t, s.SetTag(t.Context(), l.settled, dynamodbstore.Tag{Key: "colour", Value: "green"}))
	finish(t, s, l.settled)
	require.NoError(t, s.SetExperimentTag(t.Context(), l.exp, dynamodbstore.Tag{Key: "team", Value: "sound"}))
	require.NoError(t, s.Close())
}

// collect runs a pass in small pages, so that it notes its place often.
func (l *littered) collect(ctx context.Context, t *testing.T, tab table.Table) (dynamodbstore.GCReport, error) {
	t.Helper()
	s := view(t, tab, l.clock.Now, gcSpace)
	report, err := dynamodbstore.CollectInPages(ctx, s, l.params, 40)
	require.NoError(t, s.Close())
	return report, err
}

// dumpAll is dump with tombstones.
func dumpAll(t *testing.T, tab table.Table) map[table.Key]table.Item {
	t.Helper()
	out := dump(t, tab)
	for it, err := range table.ScanItems(t.Context(), tab, table.Scan{}) {
		require.NoError(t, err)
		if _, ok := out[it.Key]; !ok && it.Key != keys.Sequence() {
			out[it.Key] = it
		}
	}
	return out
}

// TestStopCollection stops a pass at every table call, with and without that
// call's effect, lets a server write, and begins again; and lets a server
// write within a pass. The table is in the end what a pass that nobody
// disturbed makes of it.
func TestStopCollection(t *testing.T) {
	t.Parallel()
	l := newLittered(t)
	undisturbed := l.table(t)
	l.write(t, undisturbed)
	report, err := l.collect(t.Context(), t, undisturbed)
	require.NoError(t, err)
	require.Equal(t, int64(1), report.Experiments)
	require.Equal(t, int64(9), report.Runs)
	want := dumpAll(t, undisturbed)
	points, resumed := 0, 0
	for k := 1; l.disturb(t, k, want); k = nextCallOfPass(k) {
		for _, applied := range []bool{false, true} {
			tab, drop := l.brief(t)
			if l.stop(t, tab, k, applied, want) {
				resumed++
			}
			drop()
			points++
		}
	}
	require.Greater(t, resumed, points/4)
	t.Logf("%d crash points, %d resumed", points, resumed)
}

// disturb lets a server write at a call of a pass. It reports whether the pass
// has that many calls.
func (l *littered) disturb(t *testing.T, k int, want map[table.Key]table.Item) bool {
	t.Helper()
	tab, drop := l.brief(t)
	defer drop()
	ft := faulty.Wrap(tab, atCall(k, func() { l.write(t, tab) }))
	_, err := l.collect(t.Context(), t, ft)
	require.NoError(t, err, "written at call %d", k)
	if ft.Calls() >= k {
		equalTables(t, want, dumpAll(t, tab))
	}
	return ft.Calls() >= k
}

// stop stops a pass, lets a server write, and begins again. It reports whether
// the second pass went on where the first had stopped.
func (l *littered) stop(t *testing.T, tab table.Table, k int, applied bool, want map[table.Key]table.Item) bool {
	t.Helper()
	_, err := l.collect(t.Context(), t, faulty.Wrap(tab, faulty.StopAt(k, applied)))
	require.Error(t, err, "stopped at call %d", k)
	l.write(t, tab)
	report, err := l.collect(t.Context(), t, tab)
	require.NoError(t, err)
	equalTables(t, want, dumpAll(t, tab))
	return report.Resumed
}

// TestStopRemoteCollection is TestStopCollection for a few calls on DynamoDB
// Local, whose order of items is another one.
func TestStopRemoteCollection(t *testing.T) {
	t.Parallel()
	l := newLittered(t)
	undisturbed := l.remote(t)
	l.write(t, undisturbed)
	_, err := l.collect(t.Context(), t, undisturbed)
	require.NoError(t, err)
	want := dumpAll(t, undisturbed)
	resumed := 0
	for _, k := range []int{2, 20, 45, 70, 95} {
		if l.stop(t, l.remote(t), k, k%2 == 0, want) {
			resumed++
		}
	}
	require.Positive(t, resumed)
}

// atCall does something right before the k-th call.
func atCall(k int, do func()) faulty.Plan {
	return func(c faulty.Call) faulty.Fault {
		if c.N != k {
			return faulty.Fault{}
		}
		return faulty.Fault{Wait: func(context.Context) error { do(); return nil }}
	}
}

// TestCollectionGoesOn: what was noted counts for the same parameters only,
// and not when the pass is to begin anew.
func TestCollectionGoesOn(t *testing.T) {
	t.Parallel()
	l := newLittered(t)
	for name, tt := range map[string]struct {
		change func(p *dynamodbstore.GCParams)
		goesOn bool
	}{
		"same":    {func(*dynamodbstore.GCParams) {}, true},
		"restart": {func(p *dynamodbstore.GCParams) { p.Restart = true }, false},
		"other":   {func(p *dynamodbstore.GCParams) { p.OlderThan = nil }, false},
		"dry run": {func(p *dynamodbstore.GCParams) { p.DryRun = true }, false},
	} {
		tab := l.table(t)
		puts := 0
		_, err := l.collect(t.Context(), t, faulty.Wrap(tab, func(c faulty.Call) faulty.Fault {
			if c.Op == "Put" && c.Keys[0] == keys.GarbageCursor(gcSpace) {
				puts++
			}
			if puts > 2 {
				return faulty.Fault{Before: faulty.ErrStopped}
			}
			return faulty.Fault{}
		}))
		require.Error(t, err)
		s := view(t, tab, l.clock.Now, gcSpace)
		p := l.params
		tt.change(&p)
		report, err := s.CollectGarbage(t.Context(), p)
		require.NoError(t, err, name)
		require.Equal(t, tt.goesOn, report.Resumed, name)
		_, found, err := tab.Get(t.Context(), keys.GarbageCursor(gcSpace), table.Strong)
		require.NoError(t, err)
		require.Equal(t, p.DryRun, found, name)
		_, err = s.TagPatterns(t.Context(), "")
		require.NoError(t, err, "the note is no configuration")
		require.NoError(t, s.Close())
	}
}
