package dynamodbstore_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
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

const gcSpace = "default"

// onStillTables runs a test on the embedded table and on DynamoDB Local, with
// a clock that stands still.
func onStillTables(t *testing.T, test func(t *testing.T, tab table.Table, clock *stillClock)) {
	t.Helper()
	t.Run("embedded", func(t *testing.T) {
		t.Parallel()
		clock := newStillClock()
		test(t, memoryTable(t, clock), clock)
	})
	t.Run("dynamodb", func(t *testing.T) {
		t.Parallel()
		clock := newStillClock()
		test(t, ddblocal.NewTableWith(t, dynamo.Options{Clock: clock.Now}), clock)
	})
}

// gcStore is a ready Store of the workspace that is collected.
func gcStore(t *testing.T, tab table.Table, clock *stillClock) *dynamodbstore.Store {
	t.Helper()
	s := view(t, tab, clock.Now, gcSpace)
	require.NoError(t, s.Init(t.Context()))
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// home fills a workspace with what has to stay: every kind of item. The first
// run stays open.
func home(t *testing.T, s *dynamodbstore.Store, name string) (exp string, runs []string) {
	t.Helper()
	tags := []dynamodbstore.Tag{{Key: "team", Value: "vision"}, {Key: "a", Value: strings.Repeat("a", 4000)}}
	exp, err := s.CreateExperiment(t.Context(), dynamodbstore.CreateExperimentParams{Name: name, Tags: tags})
	require.NoError(t, err)
	for _, key := range []string{"first", "second"} {
		require.NoError(t, s.SetExperimentTag(t.Context(), exp, dynamodbstore.Tag{Key: key, Value: strings.Repeat("x", 15000)}))
	}
	require.NoError(t, s.SetTagPatterns(t.Context(), exp, []string{"colour"}))
	for i, fill := range []func(run string){
		func(string) {},
		func(run string) { finish(t, s, run) },
		func(run string) { // frozen, wide, with a dataset in chunks
			big := dynamodbstore.Dataset{Name: "big", Digest: "d", SourceType: "local", Source: "file", Profile: noise(900 << 10)}
			require.NoError(t, s.LogInputs(t.Context(), dynamodbstore.LogInputsParams{
				RunID: run, Datasets: []dynamodbstore.DatasetInput{{Dataset: big}}, Models: []string{"m-1"},
			}))
			require.NoError(t, s.LogBatch(t.Context(), dynamodbstore.LogBatchParams{RunID: run, Params: longParams(5)}))
			require.NoError(t, s.LogBatch(t.Context(), dynamodbstore.LogBatchParams{RunID: run, Metrics: manyMetrics(80, 0)}))
			finish(t, s, run)
		},
		func(run string) { // settled, reopened, settled again
			finish(t, s, run)
			require.NoError(t, s.SetTag(t.Context(), run, dynamodbstore.Tag{Key: "colour", Value: "blue"}))
			finish(t, s, run)
		},
	} {
		run := newRun(t, s, exp, int64(i))
		require.NoError(t, s.LogBatch(t.Context(), dynamodbstore.LogBatchParams{
			RunID: run, Metrics: metrics(2, 2, 0), Params: params(2, 0), Tags: []dynamodbstore.Tag{{Key: "colour", Value: "red"}},
		}))
		fill(run)
		runs = append(runs, run)
	}
	return exp, runs
}

// noise is text that does not compress.
func noise(n int) string {
	var b strings.Builder
	for i := 0; b.Len() < n; i++ {
		b.WriteString(keys.Hash(string(rune('a'+i%26)), strings.Repeat("n", i%1000), string(rune(i))))
	}
	return b.String()[:n]
}

// litter makes garbage of every kind beside what lives in experiment exp, whose
// settled runs are given.
func litter(t *testing.T, tab table.Table, s *dynamodbstore.Store, clock *stillClock, exp string, runs []string) {
	t.Helper()
	expired, _ := home(t, s, "expired")
	run := newRun(t, s, exp, 50)
	require.NoError(t, s.LogBatch(t.Context(), dynamodbstore.LogBatchParams{RunID: run, Metrics: metrics(3, 3, 0), Params: params(2, 0)}))
	finish(t, s, run)
	require.NoError(t, s.DeleteRun(t.Context(), run))
	require.NoError(t, s.DeleteExperiment(t.Context(), expired))

	// Creations that were cut off.
	ft := faulty.Wrap(tab, func(c faulty.Call) faulty.Fault {
		if c.Op == "Put" || c.Op == "Transact" {
			return faulty.Fault{Before: faulty.ErrStopped}
		}
		return faulty.Fault{}
	})
	cut := view(t, ft, clock.Now, gcSpace)
	tags := make([]dynamodbstore.Tag, 7)
	for i := range tags {
		tags[i] = dynamodbstore.Tag{Key: fmt.Sprint("long", i), Value: strings.Repeat("a", 4900)}
	}
	_, err := cut.CreateRun(t.Context(), dynamodbstore.CreateRunParams{ExperimentID: exp, StartTime: 60, Tags: tags})
	require.Error(t, err)
	_, err = cut.CreateExperiment(t.Context(), dynamodbstore.CreateExperimentParams{Name: "cut off", Tags: tags})
	require.Error(t, err)
	require.NoError(t, cut.Close())
	staleRows(t, tab, s, exp, runs)
	clock.Advance(100 * 24 * time.Hour) // both retentions but that of histories
}

// staleRows puts rows that the documents do not have: what crashes leave.
func staleRows(t *testing.T, tab table.Table, s *dynamodbstore.Store, exp string, runs []string) {
	t.Helper()
	ks := keys.Workspace(gcSpace)
	e, err := s.GetExperiment(t.Context(), exp)
	require.NoError(t, err)
	var rows []table.Item
	for _, run := range runs {
		r, err := s.GetRun(t.Context(), run)
		require.NoError(t, err)
		place := keys.RunRowSK(r.Info.StartTime, r.Info.RunID)
		gen := table.Attr{Name: keys.Gen, Value: table.Number(1)}
		for kind, name := range map[keys.IndexKind]string{
			keys.IndexMetric: "metric-00000", keys.IndexParam: "param-000000", keys.IndexTag: "colour", keys.IndexTrigram: "run_name",
		} {
			rows = append(rows, table.NewItem(table.Key{PK: ks.IndexPK(exp, kind, name), SK: keys.IndexSK("zzz", place)}, gen))
		}
	}
	rows = append(rows,
		table.NewItem(table.Key{PK: ks.TrigramPK("experiment_name"), SK: keys.IndexSK("zzz", keys.ExperimentPlace(e.CreationTime, exp))},
			table.Attr{Name: keys.Rev, Value: table.Number(1)}),
		table.NewItem(ks.ExperimentUpdated(e.LastUpdateTime-1, exp), table.Attr{Name: keys.ExpID, Value: table.String(exp)}))
	require.NoError(t, tab.BatchWrite(t.Context(), rows, nil))
}

// dump returns the items of a table that do not expire by themselves as
// tombstones do, without what every write of a document changes.
func dump(t *testing.T, tab table.Table) map[table.Key]table.Item {
	t.Helper()
	out := map[table.Key]table.Item{}
	for it, err := range table.ScanItems(t.Context(), tab, table.Scan{}) {
		require.NoError(t, err)
		if it.Str(keys.Stage) == "TOMBSTONE" || it.Str(keys.Status) == "TOMBSTONE" || it.Key == keys.Sequence() {
			continue
		}
		it = it.Clone()
		it.Remove(keys.Rev)
		it.Remove(keys.Writes)
		it.Remove(keys.By) // which Store it was
		out[it.Key] = it
	}
	return out
}

func equalTables(t *testing.T, want, got map[table.Key]table.Item) {
	t.Helper()
	for k, it := range got {
		was, ok := want[k]
		require.True(t, ok, "%q %q should be gone", k.PK, k.SK)
		require.True(t, was.Equal(it), "%q %q\nis %.2000v\nnot %.2000v", k.PK, k.SK, it, was)
	}
	for k := range want {
		_, ok := got[k]
		require.True(t, ok, "%q %q should be there", k.PK, k.SK)
	}
}

func collect(t *testing.T, s *dynamodbstore.Store, p dynamodbstore.GCParams) dynamodbstore.GCReport {
	t.Helper()
	r, err := s.CollectGarbage(t.Context(), p)
	require.NoError(t, err)
	return r
}

// TestCollectGarbage: garbage of every kind goes, and nothing else.
func TestCollectGarbage(t *testing.T) {
	t.Parallel()
	onStillTables(t, func(t *testing.T, tab table.Table, clock *stillClock) {
		t.Helper()
		s := gcStore(t, tab, clock)
		other := view(t, tab, clock.Now, "other")
		require.NoError(t, other.Init(t.Context()))
		home(t, other, "of others")
		require.NoError(t, other.Close())
		exp, runs := home(t, s, "home")
		clock.Advance(time.Hour) // open rows of settled runs are gone
		want := dump(t, tab)
		litter(t, tab, s, clock, exp, runs[1:])

		before := dump(t, tab)
		dry := collect(t, s, dynamodbstore.GCParams{DryRun: true})
		equalTables(t, before, dump(t, tab))

		report := collect(t, s, dynamodbstore.GCParams{})
		equalTables(t, want, dump(t, tab))
		require.Equal(t, dry.Removed, report.Removed)
		require.Equal(t, dry.Runs, report.Runs)
		require.Zero(t, report.Left)
		require.Equal(t, int64(len(before)-len(want)), sum(report.Removed)+report.Runs)
		require.Subset(t, slices.Collect(maps.Keys(report.Removed)), []string{
			"config", "experiment, overflow", "experiment lists", "run, latest metrics", "run, overflow", "dataset bodies",
			"metric history", "run list", "open runs", "run index", "run trigrams", "experiment trigrams",
		})

		again := collect(t, s, dynamodbstore.GCParams{})
		require.Empty(t, again.Removed)
		require.Zero(t, again.Runs)
		equalTables(t, want, dump(t, tab))
	})
}

func sum(counts map[string]int64) int64 {
	var n int64
	for _, c := range counts {
		n += c
	}
	return n
}

// TestCollectKeepsSight: what clients see is the same before and after.
func TestCollectKeepsSight(t *testing.T) {
	t.Parallel()
	for name, prepare := range scenes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := newStillClock()
			tab := memoryTable(t, clock)
			s := gcStore(t, tab, clock)
			prepare(t, s)
			clock.Advance(2 * time.Hour)
			want := look(t, s)
			dynamodbstore.WaitSettled(s)
			report := collect(t, s, dynamodbstore.GCParams{})
			require.Empty(t, report.Removed)
			require.Equal(t, want, look(t, view(t, tab, clock.Now, gcSpace)))
		})
	}
}

// TestDeleteForGood deletes on request: names are free at once, nothing of
// what was deleted is left.
func TestDeleteForGood(t *testing.T) {
	t.Parallel()
	onStillTables(t, func(t *testing.T, tab table.Table, clock *stillClock) {
		t.Helper()
		s := gcStore(t, tab, clock)
		exp, _ := home(t, s, "home")
		clock.Advance(time.Hour)
		want := dump(t, tab)
		lab, _ := home(t, s, "lab")
		run := newRun(t, s, exp, 70)
		require.NoError(t, s.LogBatch(t.Context(), dynamodbstore.LogBatchParams{RunID: run, Metrics: metrics(3, 3, 0), Params: params(2, 0)}))
		finish(t, s, run)
		for _, p := range []dynamodbstore.GCParams{{RunIDs: []string{run}}, {ExperimentIDs: []string{lab}}} {
			_, err := s.CollectGarbage(t.Context(), p)
			require.ErrorIs(t, err, dynamodbstore.ErrInvalid)
		}
		require.NoError(t, s.DeleteRun(t.Context(), run))
		require.NoError(t, s.DeleteExperiment(t.Context(), lab))
		clock.Advance(48 * time.Hour)
		require.Empty(t, collect(t, s, dynamodbstore.GCParams{OlderThan: new(72 * time.Hour)}).Removed)

		var uris []string
		artifacts := func(_ context.Context, uri string) error { uris = append(uris, uri); return nil }
		dry := collect(t, s, dynamodbstore.GCParams{RunIDs: []string{run}, ExperimentIDs: []string{lab}, DryRun: true, DeleteArtifacts: artifacts})
		require.Equal(t, int64(1), dry.Experiments)
		require.Equal(t, int64(5), dry.Runs)
		require.Empty(t, uris)
		report := collect(t, s, dynamodbstore.GCParams{RunIDs: []string{run}, ExperimentIDs: []string{lab}, DeleteArtifacts: artifacts})
		require.Equal(t, dry.Removed, report.Removed)
		require.Equal(t, dry.Runs, report.Runs)
		require.Equal(t, dry.Artifacts, report.Artifacts)
		require.Len(t, uris, 5)
		require.Contains(t, uris, "mlflow-artifacts:/"+exp+"/"+run+"/artifacts")
		equalTables(t, want, dump(t, tab))
		require.NotEqual(t, lab, experiment(t, s, "lab"))
		_, err := s.GetExperiment(t.Context(), lab)
		require.ErrorIs(t, err, dynamodbstore.ErrNotFound)
		_, err = s.GetRun(t.Context(), run)
		require.ErrorIs(t, err, dynamodbstore.ErrNotFound)
		require.ErrorIs(t, s.RestoreRun(t.Context(), run), dynamodbstore.ErrNotFound)
		require.ErrorIs(t, s.RestoreExperiment(t.Context(), lab), dynamodbstore.ErrNotFound)
	})
}
